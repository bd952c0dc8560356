#!/usr/bin/env python3
"""Start-up, a long journal and a comparison, of this tree beside an older commit: repetitions take turns, CPU counts.

python3 benchmarks/beside.py COMMIT        # about three minutes; a loaded machine changes both sides alike
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE / "benchmarks"))

from spine import GIT, journal_of, repository, timed  # noqa: E402

APPEND = "import sys; from pathlib import Path; from helpers import journal; root = Path(sys.argv[1])\n"
APPEND += "for _ in range(500): journal.append(root, {'type': 'note', 'text': 'x' * 300})"
LOAD = "import sys; from pathlib import Path\n"
LOAD += "try: from helpers.replay import load\nexcept ImportError: from helpers.state import load  # an older commit\n"
LOAD += "for _ in range(40): load(Path(sys.argv[1]))"


def cpu(action: Callable[[], object]) -> float:
    """Return the processor seconds of the processes that an action starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def python(tree: Path, *arguments: str, cwd: Path) -> None:
    """Run an interpreter that finds the helpers of `tree`."""
    subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(tree)},
        check=True,
        capture_output=True,
    )


def session(tree: Path, folder: Path) -> None:
    """Lock a session whose benchmark sleeps, and seal a candidate that is the same."""
    repository(folder, 20)
    (folder / "work.sh").write_text("sleep 0.1\n")
    begun = "a=${EPOCHREALTIME/./}\nbash work.sh || exit 1\nb=${EPOCHREALTIME/./}\necho METRIC us=$((b - a))\n"
    (folder / "autoresearch.sh").write_text(begun)
    (folder / "autoresearch.checks.sh").write_text("bash work.sh\n")
    subprocess.run([*GIT, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*GIT, "commit", "-qm", "w"], cwd=folder, check=True)
    for row in ("--goal g --metric us --direction lower --max-pairs 8", "--lock"):
        python(tree, str(tree / "scripts/start_session.py"), *row.split(), cwd=folder)
    script = str(tree / "scripts/snapshot_workdir.py")
    done = subprocess.run([sys.executable, script, "create", "exp-1"], cwd=folder, capture_output=True, text=True)
    (Path(done.stdout.strip()) / "work.sh").write_text("sleep 0.1 # candidate\n")
    python(tree, script, "seal", "exp-1", "--desc", "x", cwd=folder)


def compared(tree: Path, folder: Path) -> float:
    """Return the seconds of a comparison that were not spent inside its measurements."""
    run = [sys.executable, str(tree / "scripts/compare.py"), "exp-1"]
    wall = timed(lambda: subprocess.run(run, cwd=folder, capture_output=True, check=False))
    lines = [json.loads(line) for line in (folder / "autoresearch.jsonl").read_text().splitlines()]
    return wall - next(e for e in reversed(lines) if e.get("type") == "comparison")["measured_seconds"]


def main() -> None:
    """Print each figure of both trees, and their ratio."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("commit")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--lines", type=int, default=100_000)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        trees = {"then": folder / "then", "now": BUNDLE}
        add = ["worktree", "add", "-q", "--detach", str(trees["then"]), args.commit]
        subprocess.run(["git", *add], cwd=BUNDLE, check=True)
        if (BUNDLE / ".venv").exists():
            (trees["then"] / ".venv").symlink_to((BUNDLE / ".venv").resolve())
        try:
            measure(folder, trees, args.rounds, args.lines)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(trees["then"])], cwd=BUNDLE, check=True)


def measure(folder: Path, trees: dict[str, Path], rounds: int, lines: int) -> None:
    """Take turns between the trees, figure by figure."""
    long, short = (journal_of(folder / name, trees["then"], count) for name, count in (("long", lines), ("short", 961)))
    for name, tree in trees.items():
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(tree / "helpers")], check=False)
        session(tree, folder / f"session-{name}")
        (folder / f"append-{name}").mkdir()
    names = sorted(
        {f.name for f in (trees["then"] / "scripts").glob("*.py")} & {f.name for f in (BUNDLE / "scripts").glob("*.py")}
    )
    helps = {name: {which: list[float]() for which in trees} for name in names}
    figures: dict[str, Callable[[str, Path], float]] = {
        f"status.py, ms CPU on a journal of {lines:,} lines": lambda _, tree: (
            cpu(lambda: python(tree, str(tree / "scripts/status.py"), cwd=long)) * 1000
        ),
        "the state of a session, ms CPU of 961 lines": lambda _, tree: (
            cpu(lambda: python(tree, "-c", LOAD, str(short), cwd=short)) * 1000 / 40
        ),
        "500 journal appends, ms CPU": lambda which, tree: (
            cpu(lambda: python(tree, "-c", APPEND, str(folder / f"append-{which}"), cwd=folder)) * 1000
        ),
        "comparison beside its measurements, ms by the clock": lambda which, tree: (
            compared(tree, folder / f"session-{which}") * 1000
        ),
    }
    for _ in range(rounds):
        for name, rows in helps.items():
            for which, tree in trees.items():
                rows[which].append(cpu(partial(python, tree, "-S", str(tree / "scripts" / name), "--help", cwd=folder)))
    slowest = {which: 1000 * max(statistics.median(rows[which]) for rows in helps.values()) for which in trees}
    tell("slowest --help, ms CPU", slowest)
    for figure, action in figures.items():
        found = {which: list[float]() for which in trees}
        for number in range(rounds):
            for which in list(trees)[:: 1 if number % 2 else -1]:
                found[which].append(action(which, trees[which]))
        tell(figure, {which: statistics.median(values) for which, values in found.items()})


def tell(figure: str, medians: dict[str, float]) -> None:
    """Print one figure."""
    then, now = medians["then"], medians["now"]
    print(f"{figure:55} then {then:8.1f}  now {now:8.1f}  {now / then:.2f} times", flush=True)


if __name__ == "__main__":
    main()
