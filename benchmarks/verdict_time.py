#!/usr/bin/env python3
"""How long a verdict takes for a gain of 10% on the demonstration: this tree beside an older one, in turns, in one run.

The demonstration's program is slowed down by a loop for each word, as long as the asked gain; the candidate is without
it. Both trees lock a session of it with the options of examples/demo/case.json and calibrate; told are the seconds from
the submission to the verdict, those of compare.py alone, and the calls of the benchmark in it.

    python3 benchmarks/verdict_time.py                  # beside the commit before winners were told apart
    python3 benchmarks/verdict_time.py COMMIT --rounds 9
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent
BEFORE = "a28d68f"
GIT = ["git", "-c", "user.name=b", "-c", "user.email=b@localhost"]
LOOP = "    for (volatile int n = 0; n < {turns}; n++);\n"
PLACE = "    struct entry **bucket ="
TRIED = 400


@dataclass
class Tree:
    """One version of the bundle, with a session of its own."""

    bundle: Path
    folder: Path

    def run(self, script: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a script in the session's repository; return what it printed."""
        command = [sys.executable, str(self.bundle / "scripts" / f"{script}.py"), *arguments]
        temporary = {"TMPDIR": str(self.folder.parent), "HOME": str(self.folder.parent)}
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, env={**os.environ, **temporary}
        )
        if done.returncode not in codes:
            raise SystemExit(f"{script} {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def begin(self, turns: int) -> None:
        """Lock a session whose program is slowed down."""
        shutil.copytree(BUNDLE / "examples/target", self.folder)
        slowed(self.folder, turns)
        for row in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "wordstat"]):
            subprocess.run([*GIT, *row], cwd=self.folder, check=True)
        options = json.loads((BUNDLE / "examples/demo/case.json").read_text())["session"]
        if "--outputs-seconds" not in self.run("start_session", "--help"):
            at = options.index("--outputs-seconds")
            options = options[:at] + options[at + 2 :]
        self.run("start_session", *options)
        self.run("start_session", "--lock")
        self.run("compare", "--calibrate", codes=(0, 1))

    def verdict(self, number: int) -> dict[str, Any]:
        """Submit, collect and compare the faster program; return the seconds and the journaled comparison."""
        name = f"exp-{number:02d}"
        copy = Path(self.run("snapshot_workdir", "create", name))
        slowed(copy, 0)
        with (copy / "src/table.c").open("a") as file:
            file.write(f"/* {number} */\n")
        began = time.monotonic()
        self.run("submit_experiment", name, "--desc", "no loop", codes=(0, 1))
        self.run("collect_results", "--wait", "600", "--all", codes=(0, 1))
        asked = time.monotonic()
        self.run("compare", name, codes=(0, 1))
        ended = time.monotonic()
        lines = (self.folder / "autoresearch.jsonl").read_text().splitlines()
        event = next(e for e in map(json.loads, reversed(lines)) if e.get("type") == "comparison")
        parts = (event, event.get("confirmation") or {}, event.get("holdout") or {})
        calls = 2 + 2 * sum(part.get("pairs", 0) for part in parts)
        answers = event.get("outputs_seconds", 0) if event.get("outputs") else 0
        spent = {"whole": ended - began, "compare": ended - asked, "bare": ended - began - answers, "calls": calls}
        return {**event, **spent}


def slowed(folder: Path, turns: int) -> None:
    """Give the program a loop of so many turns for each word, or take it out."""
    source = folder / "src/table.c"
    lines = [line for line in source.read_text().splitlines(keepends=True) if "volatile" not in line]
    at = next(n for n, line in enumerate(lines) if line.startswith(PLACE))
    source.write_text("".join([*lines[:at], *([LOOP.format(turns=turns)] if turns else []), *lines[at:]]))


def turns_for(gain: float, folder: Path) -> int:
    """Return how many turns make the program so much slower, by the processor's seconds: the machine may be loaded."""
    shutil.copytree(BUNDLE / "examples/target", folder)
    least: dict[int, float] = {}
    for turns in (0, TRIED):
        slowed(folder, turns)
        subprocess.run(["make", "-B", "-s"], cwd=folder, check=True)
        least[turns] = min((processor(folder, 11) - processor(folder, 1)) / 10 for _ in range(3))
    return max(1, round(TRIED * gain * least[0] / (least[TRIED] - least[0])))


def processor(folder: Path, calls: int) -> float:
    """Return the processor's seconds of one run of the benchmark with so many calls of the program."""
    env, before = {**os.environ, "AUTORESEARCH_REPEATS": str(calls)}, resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["bash", "autoresearch.sh"], cwd=folder, env=env, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def told(which: str, its: list[dict[str, Any]]) -> None:
    """Print what each verdict of one tree took and said."""
    for event in its:
        parts = [f"{event['pairs']} pairs"]
        parts += [f"{len(event[key]['baseline_samples'])} to confirm" for key in ("confirmation",) if event.get(key)]
        parts += [f"{event['holdout']['pairs']} of the holdout"] if event.get("holdout") else []
        spread = f"sigma_pair {event['sigma_pair']:.1%}" if event.get("sigma_pair") else ""
        said = f"{event['whole']:6.1f} s, compare.py {event['compare']:5.1f} s: {event['verdict']} {event['gain']:+.1%}"
        print(f"  {which:5}{said}, {', '.join(parts)}  {spread}", flush=True)


def main() -> None:
    """Print both trees' seconds, round by round, and their ratio."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("commit", nargs="?", default=BEFORE)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--gain", type=float, default=0.10)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        older = place / "older"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(older), args.commit], cwd=BUNDLE, check=True)
        try:
            if (BUNDLE / ".venv").exists():
                (older / ".venv").symlink_to((BUNDLE / ".venv").resolve())
            turns = turns_for(args.gain, place / "tried")
            trees = {"then": Tree(older, place / "a" / "target"), "now": Tree(BUNDLE, place / "b" / "target")}
            for tree in trees.values():
                tree.begin(turns)
            found: dict[str, list[dict[str, Any]]] = {which: [] for which in trees}
            for number in range(1, args.rounds + 1):
                for which in list(trees)[:: 1 if number % 2 else -1]:
                    found[which].append(trees[which].verdict(number))
                    told(which, found[which][-1:])
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(older)], cwd=BUNDLE, check=True)
    rows = {"seconds from the submission to the verdict": "whole", "the same without the baseline's answers": "bare"}
    for words, key in {**rows, "seconds of compare.py": "compare", "calls of the benchmark": "calls"}.items():
        then, now = (statistics.median(event[key] for event in found[which]) for which in ("then", "now"))
        print(f"{words}: then {then:.1f}, now {now:.1f}, {now / then:.0%} (medians of {args.rounds})")


if __name__ == "__main__":
    main()
