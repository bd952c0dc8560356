"""Cases: whole sessions on a target, from prepared patches, worked with the scripts as an agent would.

A case is a folder with case.json, the patches, and the benchmark and checks where the target brings none. Its must_keep
and may_keep (near the margin) are looked at when all is over, for the exit code: the verdicts are measured anew each time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import console, paths


@dataclass(frozen=True)
class Case:
    """A folder of examples/ and what its case.json says."""

    folder: Path
    data: dict[str, Any]


def find(name: str) -> Case:
    """Return the case of that name; raises Failure (2) naming those that exist."""
    folders = {path.parent.name: path.parent for path in (paths.BUNDLE / "examples").glob("*/case.json")}
    folders |= {path.parent.name: path.parent for path in (paths.BUNDLE / "examples" / "cases").glob("*/case.json")}
    if name not in folders:
        raise console.usage(f"there is no case {name!r}", f"one of: {', '.join(sorted(folders))}")
    return Case(folders[name], json.loads((folders[name] / "case.json").read_text(encoding="utf-8")))


class Work:
    """The agent's part: each method is what an agent would type."""

    def __init__(self, case: Case, repository: Path) -> None:
        """`repository` is made from the case's target."""
        self.case, self.repository = case, repository

    def begin(self) -> None:
        """Make the repository, start and lock the session; raises Failure (3) when the target cannot be had."""
        fetch(self.case, self.repository)
        for file in self.case.folder.glob("autoresearch*.sh"):
            shutil.copy(file, self.repository)
        identity = ["-c", "user.name=demo", "-c", "user.email=demo@localhost"]
        for command in (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            [*identity, "commit", "-q", "-m", self.case.data["title"]],
        ):
            subprocess.run(["git", *command], cwd=self.repository, check=True)
        self.run("start_session", *self.case.data["session"])
        if self.run("start_session", "--lock") != console.DONE:
            raise console.outside("the baseline could not be taken", "see the messages above")

    def experiment(self, name: str, patch: str, why: str, source: str = "own") -> None:
        """Copy, edit, submit, collect, compare, decide."""
        print(f"\n=== {name}: {why}", flush=True)
        copy = self.output("snapshot_workdir", "create", name)
        file = self.case.folder / patch
        if subprocess.run(["git", "apply", str(file)], cwd=copy, check=False).returncode != 0:
            print(f"{patch} does not apply to the current baseline: left out", flush=True)
            return
        if self.run("submit_experiment", name, "--desc", why, "--source", source) == console.REFUSED:
            self.run("record_result", "discard", name, "--why", "the guard refuses it")
            return
        self.run("collect_results", "--wait", "900", "--all")
        if self.run("compare", name) == console.DONE:
            self.run("record_result", "keep", name, "--solution", why)
        else:
            self.run("record_result", "discard", name, "--why", "the comparison does not show it to be better")

    def end(self) -> list[str]:
        """Show what the session left; return the kept experiments."""
        print("\n=== in the morning", flush=True)
        self.run("status")
        document = json.loads(self.output("status", "--json", "--full"))
        kept = [run["experiment_id"] for run in document["runs"] if run["status"] == "keep" and run["experiment_id"]]
        page = self.repository / paths.IMPROVEMENTS
        print("\n" + (page.read_text(encoding="utf-8") if page.exists() else "nothing was kept"), flush=True)
        return kept

    def run(self, script: str, *args: str) -> int:
        """Run a script in the repository, shown as it would be typed; return its exit code."""
        print(f"$ {script}.py {' '.join(a if ' ' not in a else repr(a) for a in args)}", flush=True)
        return subprocess.run(self._command(script, *args), cwd=self.repository, check=False).returncode

    def output(self, script: str, *args: str) -> str:
        """Run a script and return what it printed; raises Failure (3) when it failed."""
        done = subprocess.run(
            self._command(script, *args), cwd=self.repository, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            raise console.outside(
                f"{script}.py {' '.join(args)} ended with exit {done.returncode}", "see the message above"
            )
        return done.stdout.strip()

    @staticmethod
    def _command(script: str, *args: str) -> list[str]:
        return [sys.executable, str(paths.BUNDLE / "scripts" / f"{script}.py"), *args]


def fetch(case: Case, target: Path) -> None:
    """Put the case's target into the new folder `target`: a folder of ours, or a released source package.

    Raises Failure (3) when a package cannot be had.
    """
    source = case.data["source"]
    if "folder" in source:
        shutil.copytree((case.folder / source["folder"]).resolve(), target)
        return
    with tempfile.TemporaryDirectory() as temporary:
        if "pypi" in source:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                       "-d", temporary, source["pypi"]]  # fmt: skip
        else:
            command = ["apt-get", "source", "--download-only", "-qq", source["debian"]]
        console.note(f"fetching {source}")
        done = subprocess.run(command, cwd=temporary, capture_output=True, text=True, check=False)
        found = sorted(
            [*Path(temporary).glob("*.orig.tar.*"), *Path(temporary).glob("*.tar.gz"), *Path(temporary).glob("*.tgz")]
        )
        archives = [path for path in found if not path.name.endswith(".asc")]
        if not archives:
            raise console.outside(
                f"{source} could not be fetched: {done.stderr.strip()[-300:]}",
                "it needs the package index (pip), or apt-get with source packages enabled (deb-src)",
            )
        with tarfile.open(archives[0]) as archive:
            archive.extractall(Path(temporary) / "unpacked", filter="data")
        inner = next((Path(temporary) / "unpacked").iterdir())
        shutil.copytree(inner, target, symlinks=True)
