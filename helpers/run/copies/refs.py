"""Where experiments stand: refs/autoresearch/EXP as sealed, refs/autoresearch-start/EXP as each began.

Refs of a repository are shared by all its worktrees; so each linked one has names of its own
(refs/autoresearch/@WORKTREE/EXP), and two sessions in two worktrees may both have an exp-01.
"""

from dataclasses import dataclass
from pathlib import Path

from helpers import console, git, git_objects, journal, paths, printable
from helpers.git_objects import Commit


@dataclass(frozen=True)
class Start:
    """What an experiment began from: a commit, and the tree of the copy's content before any edit."""

    commit: str
    tree: str
    of: str = ""
    """The experiment that the commit sealed; empty for one of the person's."""


_OF = ", uncommitted and untracked files included, of "
"""What stands in the message of a start before the experiment that it was made from."""


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
        """Return the ref of what it started from: a commit of the copy's content then, on top of the one it is of."""
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

    def standing(self, name: str) -> tuple[Commit | None, Start | None]:
        """Return the sealed commit of an experiment and what it started from, None for what is not there."""
        ref = self.experiment(name)
        commit, parent, start = git_objects.commits(self.root, [ref, f"{ref}^", self.start(name)])
        if start:
            return commit, Start(start.parents[0], start.tree, start.message.partition(_OF)[2].strip())
        return commit, Start(parent.id, parent.tree) if parent else None

    def remember(self, name: str, start: Start) -> None:
        """Note what the experiment started from."""
        message = f"{name}: what it started from{_OF}{start.of}"
        made = git_objects.commit_tree(self.root, start.tree, start.commit, message, git.IDENTITY)
        git.run(self.root, ["update-ref", self.start(name), made])

    def set_stale_aside(self, name: str, copy: Path) -> None:
        """Move a copy out of the way that belongs to another repository, which stood at this path before."""
        if copy.exists() and self.standing(name) == (None, None):
            aside = copy.with_name(f"{name}.of-an-earlier-repository-{journal.now_ms()}")
            copy.rename(aside)
            console.note(f"note: a copy of an earlier repository at this path was moved to {aside}")
