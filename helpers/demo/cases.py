"""Cases: whole sessions on a target, from prepared patches, worked with the scripts as an agent would.

A case is a folder with case.json, the patches, and the benchmark and checks where the target brings none (`scripts`
names another case's folder that has them). Its must_keep and may_keep (near the margin) are looked at when all is
over, for the exit code: the verdicts are measured each time.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import console, next_step, paths


@dataclass(frozen=True)
class Case:
    """A folder of examples/ and what its case.json says."""

    folder: Path
    data: dict[str, Any]


def find_case(name: str) -> Case:
    """Return the case of that name; raises Failure (2) naming those that exist."""
    folders = {path.parent.name: path.parent for path in (paths.BUNDLE / "examples").rglob("case.json")}
    if name not in folders:
        raise console.usage(
            f"there is no case {name!r}{next_step.did_you_mean(name, folders)}", f"one of: {', '.join(sorted(folders))}"
        )
    return Case(folders[name], json.loads((folders[name] / "case.json").read_text(encoding="utf-8")))


class Work:
    """The agent's part: each method is what an agent would type."""

    def __init__(self, case: Case, repository: Path) -> None:
        self.case, self.repository = case, repository

    def begin(self) -> None:
        """Make the repository, start and lock the session; raises Failure (3) when the target cannot be had."""
        fetch(self.case, self.repository)
        for file in (self.case.folder / self.case.data.get("scripts", ".")).glob("autoresearch*.sh"):
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

    def experiment(self, name: str, what: dict[str, str]) -> None:
        """Copy, edit, submit, collect, compare, decide. `what`: why, and a patch or another release's folder."""
        why, source = what["why"], what.get("source", "own")
        print(f"\n=== {name}: {why}", flush=True)
        copy = self.output("snapshot_workdir", "create", name)
        if "wheel" in what:
            release(what["wheel"], what["folder"], Path(copy))
        elif subprocess.run(["git", "apply", str(self.case.folder / what["patch"])], cwd=copy, check=False).returncode:
            print(f"{what['patch']} does not apply to the current baseline: left out", flush=True)
            return
        if self.run("submit_experiment", name, "--desc", why, "--source", source) == console.REFUSED:
            self.run("record_result", "discard", name, "--why", "the policy refuses it")
            return
        self.run("collect_results", "--wait", "900", "--all")
        if self.run("compare", name) == console.DONE:
            reviewed = ["--reviewed", what["reviewed"]] if "reviewed" in what else []
            self.run("record_result", "keep", name, "--solution", why, *reviewed)
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


def release(wheel: str, folder: str, copy: Path) -> None:
    """Put a folder of another release into the copy, in place of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        unpack_wheel(wheel, Path(temporary))
        shutil.rmtree(copy / folder)
        shutil.copytree(Path(temporary) / folder, copy / folder)


def unpack_wheel(wheel: str, target: Path) -> None:
    """Fetch a released wheel and unpack its packages, without its metadata."""
    with tempfile.TemporaryDirectory() as temporary:
        file = _fetched([*_pip(), "download", "--quiet", "--no-deps", wheel], "*.whl", Path(temporary))
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if ".dist-info/" not in name]
            archive.extractall(target, names)  # noqa: S202 - zipfile itself keeps every name inside


def _fetched(command: list[str], pattern: str, folder: Path) -> Path:
    """Return the file of this pattern that a package manager puts into the folder; raises Failure (3) without one."""
    console.note(f"fetching {command[-1]}")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if file := next(folder.glob(pattern), None):
        return file
    raise console.outside(
        f"{command[-1]} could not be fetched: {done.stderr.strip()[-300:]}",
        "it needs the package index (pip), or apt-get with source packages enabled (deb-src)",
    )


def unpack(file: Path, folder: Path) -> None:
    """Unpack an archive, nothing of it outside of `folder`; raises tarfile.TarError for a broken or hostile one."""
    with tarfile.open(file) as archive:
        inside = []  # files only, for links could lead outside; Python before 3.10.12 and 3.11.4 has no filters
        for member in archive:
            if (member.isfile() or member.isdir()) and not {"", ".."} & set(member.name.split("/")):
                member.mode &= 0o755
                inside.append(member)
        archive.extractall(folder, inside)  # noqa: S202


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    return [shutil.which("pip3") or shutil.which("pip") or "pip"]


def fetch(case: Case, target: Path) -> None:
    """Put the case's target into the new folder `target`: a folder of ours, or a released source package.

    Raises Failure (3) when a package cannot be had.
    """
    source = case.data["source"]
    if "folder" in source:
        shutil.copytree((case.folder / source["folder"]).resolve(), target)
        return
    if "wheel" in source:
        unpack_wheel(source["wheel"], target)
        return
    with tempfile.TemporaryDirectory() as temporary:
        command = ["apt-get", "source", "--download-only", "-qq", source["debian"]]
        archive = _fetched(command, "*.orig.tar.?z", Path(temporary))
        try:
            unpack(archive, Path(temporary) / "unpacked")
        except tarfile.TarError as error:
            raise console.outside(f"{archive.name} cannot be unpacked: {error}") from None
        shutil.copytree(next((Path(temporary) / "unpacked").iterdir()), target, symlinks=True)
