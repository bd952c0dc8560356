#!/usr/bin/env python3
"""Turn a checkout in the layout of karpathy/autoresearch (train.py, prepare.py, val_bpb) into a locked session.

    cd CHECKOUT && python3 .agents/skills/autoresearch/examples/gpu-training/adopt.py [options of start_session.py]

Writes autoresearch.sh and autoresearch.checks.sh, begins the session, lets train.py take its seed from TRAIN_SEED
(on the session's branch: with one seed for ever a change can win by its luck alone), and locks.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parent.parent / "scripts"
SEED = re.compile(r"((?:manual_seed|\.seed|manual_seed_all)\()(\d+)\)")


def main() -> None:
    """Adopt the checkout in the current folder."""
    root = Path.cwd()
    train, prepare = root / "train.py", root / "prepare.py"
    budget = re.search(r"^TIME_BUDGET\s*=\s*([\d.]+)", prepare.read_text() if prepare.is_file() else "", re.MULTILINE)
    if budget is None or not train.is_file() or "val_bpb" not in train.read_text():
        sys.exit(
            "error: no checkout of that layout: train.py that prints val_bpb, prepare.py with TIME_BUDGET = seconds"
        )
    own = root / ".venv/bin/python"
    values = {"@PYTHON@": own if own.exists() else sys.executable, "@DATA@": Path.home() / ".cache/autoresearch"}
    for name in ("autoresearch.sh", "autoresearch.checks.sh"):
        text = (HERE / name).read_text()
        for mark, value in values.items():
            text = text.replace(mark, f"'{value}'")
        if (root / name).exists() and (root / name).read_text() != text:
            sys.exit(f"error: {name} is there already and is another: move it away")
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    limit = str(int(2 * float(budget[1]) + 300))
    agreed = ["--goal", "lower-bpb", "--metric", "val_bpb", "--unit", "bpb", "--direction", "lower", "--margin", "0.1"]
    agreed += ["--scope", "train.py", "--guard", "memory_gb=+10%", "--bench-timeout", limit, *sys.argv[1:]]
    start(*agreed)
    text = train.read_text()
    seeded = SEED.sub(r'\1int(__import__("os").environ.get("TRAIN_SEED", "\2")))', text)
    if seeded != text:
        train.write_text(seeded)
        subprocess.run(["git", "commit", "-q", "-m", "The seed comes from the environment", "train.py"], check=True)
    start("--lock")


def start(*args: str) -> None:
    """Call start_session.py; end with its exit code where it says no."""
    done = subprocess.run([sys.executable, str(SCRIPTS / "start_session.py"), *args], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
