"""Where sealed experiments stand in git: refs/autoresearch/EXP, in a linked worktree refs/autoresearch/@WORKTREE/EXP.

Refs of a repository are shared by all its worktrees; so each linked one has names of its own, and two sessions in two
worktrees may both have an exp-01.
"""

from __future__ import annotations

from helpers import git, git_objects, paths, printable
from helpers.git_objects import Commit


class Refs:
    """The experiments of one work tree, as refs."""

    def __init__(self, repository: git.Repository) -> None:
        """Choose the names for this work tree."""
        self.root = repository.root
        linked = repository.git_dir != repository.common_dir
        self.own = f"@{repository.git_dir.name}/" if linked else ""

    def experiment(self, name: str) -> str:
        """Return the ref of a sealed experiment."""
        return f"{paths.EXPERIMENT_REF}{self.own}{name}"

    def start(self, name: str) -> str:
        """Return the ref of what it started from, where that is not simply a commit's tree."""
        return f"{paths.START_REF}{self.own}{name}"

    def sealed(self, name: str) -> str | None:
        """Return the commit of a sealed experiment, None when there is none of that name."""
        commit = self.read(name)
        return commit.id if commit else None

    def read(self, name: str) -> Commit | None:
        """Return the commit of a sealed experiment with its tree and message, None when there is none of that name."""
        return git_objects.commits(self.root, [self.experiment(name)])[0]

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
                found[name] = commit, tree, printable.line(title)
        return found

    def _own_name(self, ref: str, prefix: str) -> str:
        """Return the experiment's name, empty for one of another worktree."""
        name = ref.removeprefix(prefix + self.own)
        return "" if "/" in name else name
