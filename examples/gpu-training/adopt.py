#!/usr/bin/env python3
"""Turn a checkout in the layout of karpathy/autoresearch (train.py, prepare.py, val_bpb) into a locked session.

    cd CHECKOUT && python3 .agents/skills/autoresearch/examples/gpu-training/adopt.py [options of start_session.py]

Writes autoresearch.sh and autoresearch.checks.sh, begins the session, lets train.py take its seed from TRAIN_SEED
(on the session's branch: with one seed for ever a change can win by its luck alone), and locks.
"""

import math
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parent.parent / "scripts"
NUMBER = r"\d[\d_]*\.?\d*"
BUDGET = re.compile(rf"^TIME_BUDGET\b[^=\n]*=\s*({NUMBER}(?:\s*\*\s*{NUMBER})*)", re.MULTILINE)
SEED = re.compile(r"((?:manual_seed|\.seed|manual_seed_all)\()(\d+)\)")


def main() -> None:
    """Adopt the checkout in the current folder."""
    root = Path.cwd()
    train, prepare = root / "train.py", root / "prepare.py"
    budget = BUDGET.search(prepare.read_text() if prepare.is_file() else "")
    if budget is None or not train.is_file() or "val_bpb" not in train.read_text():
        sys.exit(
            "error: no checkout of that layout: train.py that prints val_bpb, prepare.py with TIME_BUDGET = seconds"
        )
    own = root / ".venv/bin/python"
    values = {"@PYTHON@": own if own.exists() else sys.executable, "@DATA@": Path.home() / ".cache/autoresearch"}
    texts = {}
    for name in ("autoresearch.sh", "autoresearch.checks.sh"):
        texts[name] = (HERE / name).read_text()
        for mark, value in values.items():
            texts[name] = texts[name].replace(mark, f"'{value}'")
        if (root / name).exists() and (root / name).read_text() != texts[name]:
            sys.exit(f"error: {name} is there already and is another: move it away")
    if git("status", "--porcelain", "train.py"):
        sys.exit(
            "error: train.py has changes that no commit has, and its seed is to be committed: commit or stash them"
        )
    limit = str(int(2 * math.prod(map(float, budget[1].split("*"))) + 300))
    agreed = ["--goal", "lower-bpb", "--metric", "val_bpb", "--unit", "bpb", "--direction", "lower", "--margin", "0.1"]
    agreed += ["--scope", "train.py", "--guard", "memory_gb=+10%", "--bench-timeout", limit, *sys.argv[1:]]
    start(*agreed)
    if not git("branch", "--show-current").startswith("autoresearch/"):
        return  # it was asked for help, or what it would do: the branch is the person's own
    for name, text in texts.items():
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    text = train.read_text()
    seeded = SEED.sub(r'\1int(__import__("os").environ.get("TRAIN_SEED", "\2")))', text)
    if seeded != text:
        train.write_text(seeded)
        git("commit", "-q", "-m", "The seed comes from the environment", "train.py")
    start("--lock")


def git(*args: str) -> str:
    """Return what git says; end where it fails."""
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else sys.exit(f"error: git {args[0]}: {done.stderr.strip()}")


def start(*args: str) -> None:
    """Call start_session.py; end with its exit code where it says no."""
    done = subprocess.run([sys.executable, str(SCRIPTS / "start_session.py"), *args], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
