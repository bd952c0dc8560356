#!/usr/bin/env python3
"""A whole session on a throw-away repository, worked with the scripts as an agent would."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers import console, paths

EXAMPLES = "  demo.py                 # about two minutes; everything it measures, it measures here\n"
PATCHES = {
    "1-larger-table": "a hash table with 64 times the buckets: chains of one instead of sixty",
    "2-pointer-loop": "hash with a pointer instead of an index",
    "3-no-sort": "leave the words unsorted",
    "4-smaller-benchmark": "a text of a tenth of the words",
    "5-build-flag": "compile with -O3 -march=native",
}


def entry(argv: list[str]) -> int:
    """Run the demonstration; exit 0 when exactly one change was kept."""
    p = console.parser(__doc__ or "", EXAMPLES)
    p.add_argument("--dir", type=Path, metavar="DIR", help="where to make the repository (default: a temporary folder)")
    args = p.parse_args(argv)
    missing = [tool for tool in ("git", "make", "cc", "awk") if shutil.which(tool) is None]
    if missing:
        raise console.outside(f"the demonstration needs {', '.join(missing)}", "install them (Debian: git make gcc)")
    folder = (args.dir or Path(tempfile.mkdtemp(prefix="autoresearch-demo-"))).resolve()
    if folder.exists() and any(folder.iterdir()):
        raise console.usage(f"{folder} is not empty", "name a new folder")
    demo = Demo(folder / "wordstat")
    began = time.monotonic()
    demo.begin()
    for number, (patch, why) in enumerate(PATCHES.items(), 1):
        demo.experiment(f"exp-{number:02d}", patch, why)
    kept = demo.end()
    console.note(f"\n{time.monotonic() - began:.0f} seconds; the repository is in {demo.repository}")
    return console.DONE if kept == 1 else console.NO


class Demo:
    """The agent's part: each method is what an agent would type."""

    def __init__(self, repository: Path) -> None:
        """`repository` is made from examples/target."""
        self.repository = repository

    def begin(self) -> None:
        """Make the repository, start and lock the session."""
        shutil.copytree(paths.BUNDLE / "examples" / "target", self.repository)
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=demo", "-c", "user.email=demo@localhost",
                        "commit", "-q", "-m", "wordstat"]):  # fmt: skip
            subprocess.run(["git", *command], cwd=self.repository, check=True)
        self.run(
            "start_session", "--goal", "faster-wordstat", "--metric", "time_s", "--unit", "s", "--direction", "lower",
            "--build", "make", "--scope", "src/", "--margin", "2", "--max-pairs", "24", "--objective", "count words faster",
        )  # fmt: skip
        if self.run("start_session", "--lock") != console.DONE:
            raise console.outside("the baseline could not be taken", "see the messages above")

    def experiment(self, name: str, patch: str, why: str) -> None:
        """Copy, edit, submit, collect, compare, decide."""
        print(f"\n=== {name}: {why}", flush=True)
        copy = Path(self.output("snapshot_workdir", "create", name))
        file = paths.BUNDLE / "examples" / "demo" / f"{patch}.patch"
        subprocess.run(["git", "apply", str(file)], cwd=copy, check=True)  # an agent would edit the files there
        if self.run("submit_experiment", name, "--desc", why, "--source", "own") == console.REFUSED:
            self.run("record_result", "discard", name, "--why", "the guard refuses it")
            return
        self.run("collect_results", "--wait", "600", "--all")
        if self.run("compare", name) == console.DONE:
            self.run("record_result", "keep", name, "--problem", "chains of dozens of words are walked for every word",
                     "--solution", why)  # fmt: skip
        else:
            self.run("record_result", "discard", name, "--why", "the comparison does not show it to be better")

    def end(self) -> int:
        """Show what the session left; return the number of kept commits."""
        print("\n=== in the morning", flush=True)
        self.run("status")
        log = ["git", "log", "--format=%h %s", "main..autoresearch/faster-wordstat"]
        subprocess.run(log, cwd=self.repository, check=True)
        page = self.repository / paths.IMPROVEMENTS
        print("\n" + (page.read_text(encoding="utf-8") if page.exists() else "nothing was kept"), flush=True)
        return page.read_text(encoding="utf-8").count("\n## ") if page.exists() else 0

    def run(self, script: str, *args: str) -> int:
        """Run a script in the repository, shown as it would be typed."""
        print(f"$ {script}.py {' '.join(a if ' ' not in a else repr(a) for a in args)}", flush=True)
        command = [sys.executable, str(paths.BUNDLE / "scripts" / f"{script}.py"), *args]
        return subprocess.run(command, cwd=self.repository, check=False).returncode

    def output(self, script: str, *args: str) -> str:
        """Run a script and return what it printed."""
        print(f"$ {script}.py {' '.join(args)}", flush=True)
        command = [sys.executable, str(paths.BUNDLE / "scripts" / f"{script}.py"), *args]
        return subprocess.run(command, cwd=self.repository, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    console.main(entry)
