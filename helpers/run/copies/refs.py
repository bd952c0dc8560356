"""Where experiments stand: refs/autoresearch/EXP for what was sealed, and beside the copies what each began from.

Refs of a repository are shared by all its worktrees; so each linked one has names of its own
(refs/autoresearch/@WORKTREE/EXP), and two sessions in two worktrees may both have an exp-01. What an experiment began
from is in git as well where no commit holds it: refs/autoresearch-start/EXP.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers import console, files, git, git_objects, journal, paths, printable
from helpers.git_objects import Commit


@dataclass(frozen=True)
class Start:
    """What an experiment began from: a commit, and the tree of the copy's content before any edit."""

    commit: str
    tree: str
    of: str = ""
    """The experiment that the commit sealed; empty for one of the person's."""


class Refs:
    """The experiments of one work tree, as refs."""

    def __init__(self, repository: git.Repository) -> None:
        self.root = repository.root
        linked = repository.git_dir != repository.common_dir
        self.own = f"@{repository.git_dir.name}/" if linked else ""

    def experiment(self, name: str) -> str:
        """Return the ref of a sealed experiment."""
        return f"{paths.EXPERIMENT_REF}{self.own}{name}"

    def start(self, name: str) -> str:
        """Return the ref of what it started from, where that is not simply a commit's tree."""
        return f"{paths.START_REF}{self.own}{name}"

    def hold(self, tree: str) -> str:
        """Keep a tree or commit that the journal names from `git gc`, and return it."""
        git.run(self.root, ["update-ref", f"{paths.TREE_REF}{tree}", tree])
        return tree

    def sealed(self, name: str) -> str | None:
        """Return the commit of a sealed experiment, None when there is none of that name."""
        (commit,) = git_objects.commits(self.root, [self.experiment(name)])
        return commit.id if commit else None

    def all(self, prefix: str = paths.EXPERIMENT_REF) -> dict[str, tuple[str, ...]]:
        """Return name to (commit, its parents) of every sealed experiment, or of the starts."""
        rows = git.output(self.root, ["for-each-ref", "--format=%(refname) %(objectname) %(parent)", prefix + self.own])
        found = {}
        for ref, *commits in (row.split() for row in rows.splitlines()):
            if name := self._own_name(ref, prefix):
                found[name] = tuple(commits)
        return found

    def titled(self) -> dict[str, tuple[str, str, str]]:
        """Return name to (commit, tree, first line of the description) of every sealed experiment."""
        form = "--format=%(refname)%00%(objectname)%00%(tree)%00%(contents:lines=1)"
        rows = git.output(self.root, ["for-each-ref", form, paths.EXPERIMENT_REF + self.own])
        found = {}
        for ref, commit, tree, title in (row.split("\0", 3) for row in rows.split("\n") if row):
            if name := self._own_name(ref, paths.EXPERIMENT_REF):
                found[name] = commit, tree, printable.one_line(title)
        return found

    def _own_name(self, ref: str, prefix: str) -> str:
        """Return the experiment's name, empty for one of another worktree."""
        name = ref.removeprefix(prefix + self.own)
        return "" if "/" in name else name


class Starts(Refs):
    """Where the experiments of one repository began; `folder` is where their copies live."""

    def __init__(self, repository: git.Repository, folder: Path) -> None:
        super().__init__(repository)
        self.folder = folder / "start"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def known(self) -> list[str]:
        """Return the experiments whose beginning is remembered beside the copies."""
        return [file.stem for file in self.folder.glob("*.json")]

    def standing(self, name: str) -> tuple[Commit | None, Start | None]:
        """Return the sealed commit of an experiment and what it started from, None for what is not there."""
        ref = self.experiment(name)
        commit, parent, special = git_objects.commits(self.root, [ref, f"{ref}^", self.start(name)])
        if self._file(name).exists():
            return commit, self._remembered(name)
        return commit, Start(parent.id, (special or parent).tree) if parent else None

    def _remembered(self, name: str) -> Start:
        return Start(**json.loads(self._file(name).read_text(encoding="utf-8")))

    def remember(self, name: str, start: Start) -> None:
        """Note what the experiment started from, in git too where no commit holds it."""
        self.folder.mkdir(exist_ok=True)
        files.replace(self._file(name), json.dumps(asdict(start)) + "\n")
        if start.tree != git.tree_of(self.root, start.commit):
            message = f"{name}: what it started from, uncommitted and untracked files included"
            made = git.commit_tree(self.root, start.tree, start.commit, message, git.IDENTITY)
            git.run(self.root, ["update-ref", self.start(name), made])

    def set_stale_aside(self, name: str, copy: Path) -> None:
        """Move a copy out of the way that belongs to another repository, which stood at this path before."""
        if not copy.exists() or not self._file(name).exists():
            return
        commit = f"{self._remembered(name).commit}^{{commit}}"
        if git.run(self.root, ["cat-file", "-e", commit], check=False).returncode != 0:
            aside = copy.with_name(f"{name}.of-an-earlier-repository-{journal.now_ms()}")
            copy.rename(aside)
            self._file(name).unlink()
            console.note(f"note: a copy of an earlier repository at this path was moved to {aside}")
