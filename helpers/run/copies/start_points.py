"""What each experiment began from, remembered beside its copy and, where that is no commit, in git."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers import console, files, git, git_objects, journal, paths
from helpers.run.copies.refs import Refs


@dataclass(frozen=True)
class Start:
    """What an experiment began from: a commit, and the tree of the copy's content before any edit."""

    commit: str
    tree: str


class Starts:
    """Where the experiments of one repository began; `folder` is where their copies live."""

    def __init__(self, root: Path, folder: Path, refs: Refs) -> None:
        self.root, self.refs = root, refs
        self.folder = folder / "start"

    def _file(self, name: str) -> Path:
        return self.folder / f"{paths.experiment(name)}.json"

    def known(self) -> list[str]:
        """Return the experiments whose beginning is remembered beside the copies."""
        return [file.stem for file in self.folder.glob("*.json")]

    def of(self, name: str) -> Start | None:
        """Return what the experiment started from, None for an unknown one."""
        meta = self._file(name)
        if meta.exists():
            return Start(**json.loads(meta.read_text(encoding="utf-8")))
        names = [f"{self.refs.experiment(name)}^", self.refs.start(name)]
        parent, special = git_objects.commits(self.root, names)
        return Start(parent.id, (special or parent).tree) if parent else None

    def remember(self, name: str, start: Start) -> None:
        """Note what the experiment started from, in git too where no commit holds it."""
        self.folder.mkdir(exist_ok=True)
        files.replace(self._file(name), json.dumps(asdict(start)) + "\n")
        if start.tree != git.tree_of(self.root, start.commit):
            message = f"{name}: what it started from, uncommitted and untracked files included"
            git.run(
                self.root, ["update-ref", self.refs.start(name), commit(self.root, start.tree, start.commit, message)]
            )

    def set_stale_aside(self, name: str, copy: Path) -> None:
        """Move a copy out of the way that belongs to another repository, which stood at this path before."""
        meta = self._file(name)
        if not copy.exists() or not meta.exists():
            return
        start = Start(**json.loads(meta.read_text(encoding="utf-8")))
        if git.run(self.root, ["cat-file", "-e", f"{start.commit}^{{commit}}"], check=False).returncode != 0:
            aside = copy.with_name(f"{name}.of-an-earlier-repository-{journal.now_ms()}")
            copy.rename(aside)
            meta.unlink()
            console.note(f"note: a copy of an earlier repository at this path was moved to {aside}")


def commit(root: Path, tree: str, parent: str, message: str) -> str:
    """Make a commit of ours, on no branch, and return it."""
    return git.output(root, ["commit-tree", tree, "-p", parent, "-F", "-"], stdin=message.encode(), env=git.IDENTITY)
