"""Which kept changes stand by themselves on the base, and which must go together: found by trial merges."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from helpers import console, git, git_objects, paths
from helpers.events import Run
from helpers.run.copies.raw_git import Shadow
from helpers.state import State

BRANCHES = "autoresearch-merge/"
"""Branches to merge: not below autoresearch/, where the session's own branch stands in the way."""


@dataclass(frozen=True, eq=False)
class Change:
    """A kept change: its run line, its commit and its parent, their trees without the session's files, its paths."""

    run: Run
    commit: git_objects.Commit
    before: str
    after: str
    touched: frozenset[str]

    @property
    def experiment(self) -> str:
        """The experiment that was kept."""
        return self.run.experiment_id

    @property
    def subject(self) -> str:
        """The first line of its commit message."""
        return self.commit.message.partition("\n")[0]


@dataclass(frozen=True, eq=False)
class Group:
    """Changes that go together, in the session's order, and the base's tree after each of them."""

    changes: tuple[Change, ...]
    trees: tuple[str, ...]

    @property
    def tree(self) -> str:
        """The base with all of them."""
        return self.trees[-1]

    @property
    def touched(self) -> frozenset[str]:
        """The paths that they change."""
        return frozenset().union(*(change.touched for change in self.changes))


@dataclass(frozen=True)
class Handover:
    """What would be handed over: from which commit on, which groups, and what the session has beyond their union."""

    base: str
    base_name: str
    base_tree: str
    tip: str
    groups: tuple[Group, ...]
    session_files: tuple[str, ...]
    with_session_files: bool
    beyond: tuple[str, ...]
    goal: str
    squash: bool
    """Whether all goes into one commit of one branch."""

    @property
    def fingerprint(self) -> str:
        """Changes with whatever the branches would be made of."""
        parts = [self.base, self.tip, *([c.commit.id for c in group.changes] for group in self.groups)]
        return hashlib.sha256(json.dumps([parts, self.with_session_files, self.squash]).encode()).hexdigest()[:12]

    def branch(self, group: Group) -> str:
        """The name of a group's branch."""
        if self.squash:
            return f"{BRANCHES}{self.goal}/all"
        number = self.groups.index(group) + 1
        slug = re.sub(r"[^a-z0-9]+", "-", group.changes[0].subject.lower()).strip("-")[:40].rstrip("-")
        return f"{BRANCHES}{self.goal}/{number}-{slug or group.changes[0].experiment.lower()}"

    def title(self, group: Group) -> str:
        """What a group is about, in one line."""
        return f"{self.goal}: {len(group.changes)} kept changes" if self.squash else group.changes[0].subject


def handover(root: Path, now: State, shadow: Shadow, *, session_files: bool = False, squash: bool = False) -> Handover:
    """Compute what would be handed over; writes objects, but no ref and no file.

    Of a session that began on top of another, what that one kept belongs to it as long as the person's branch lacks it.
    Raises Failure (1) when nothing was kept, (2) where the session's branch is gone.
    """
    if not now.kept:
        raise console.answer_no("nothing was kept in this session: there is nothing to merge", "status.py")
    tip = git.commit_of(root, f"refs/heads/{now.branch}")
    name, base = _base(root, now, tip)
    base_tree = git.tree_of(root, base)
    beneath = {os.fsdecode(row) for row in git.run(root, ["rev-list", f"{base}..{tip}"]).stdout.split()}
    sessions = [*(s for s in now.aside.values() if any(run.commit_full in beneath for run in s.kept)), now]
    kept = sorted((run for s in sessions for run in s.kept if s is now or run.commit_full in beneath), key=_number)
    ours = sorted({*(name for s in sessions for name in s.protected), *paths.COMMITTED, paths.IMPROVEMENTS})
    changes = _changes(root, kept, shadow, base_tree, ours)
    groups = _grouped(shadow, base_tree, changes, together=squash)
    union = base_tree
    for group in groups:
        union = _merged(shadow, base_tree, union, group.tree) or union
    rest = git_objects.differences(root, union, shadow.with_files(git.tree_of(root, tip), base_tree, ours))
    beyond = tuple(os.fsdecode(row.path) for row in rest)
    listed = git.run(root, ["ls-tree", "-r", "-z", "--name-only", tip, "--", *ours]).stdout.split(b"\0")
    held = tuple(os.fsdecode(name) for name in listed if name)
    return Handover(base, name, base_tree, tip, groups, held, session_files, beyond, now.config.name, squash)


def _base(root: Path, now: State, tip: str) -> tuple[str, str]:
    """Return the name and the commit to branch from: where the session left the person's branch."""
    origin, whose = now.config.came_from, {each.branch: each for each in now.aside.values()}
    while origin in whose:  # it began on a session's branch, which is nobody's to merge into
        origin = whose.pop(origin).config.came_from
    done = git.run(root, ["merge-base", f"refs/heads/{origin}", tip], check=False)
    if done.returncode == 0:
        return origin, os.fsdecode(done.stdout).strip()
    console.note(f"note: the branch {origin or '?'} is gone; the branches begin where the session began")
    return "the session's beginning", git.commit_of(root, now.config.base)


def _number(run: Run) -> int:
    return run.run


def _changes(root: Path, kept: list[Run], shadow: Shadow, base_tree: str, ours: list[str]) -> list[Change]:
    found = []
    for run, commit in zip(kept, git_objects.commits(root, [run.commit_full for run in kept]), strict=True):
        if commit is None or not commit.parents:
            raise console.usage(
                f"the commit of {run.experiment_id} is not in this repository", "git fetch the session's branch"
            )
        before, after = (
            shadow.with_files(tree, base_tree, ours) for tree in (git.tree_of(root, commit.parents[0]), commit.tree)
        )
        touched = frozenset(os.fsdecode(row.path) for row in git_objects.differences(root, before, after))
        found.append(Change(run, commit, before, after, touched))
    return found


def _merged(shadow: Shadow, before: str, ours: str, after: str) -> str | None:
    tree, conflicts = shadow.merge(before, ours, after)
    return None if conflicts else tree


def stacked(shadow: Shadow, base_tree: str, changes: list[Change]) -> Group | None:
    """Put changes onto the base, one after the other; None where one of them does not apply."""
    trees, tree = [], base_tree
    for change in changes:
        step = _merged(shadow, change.before, tree, change.after)
        if step is None:
            return None
        tree = step
        trees.append(step)
    return Group(tuple(changes), tuple(trees))


def _grouped(shadow: Shadow, base_tree: str, changes: list[Change], *, together: bool) -> tuple[Group, ...]:
    groups: list[Group] = []
    for change in changes:
        alone = None if together else stacked(shadow, base_tree, [change])
        groups = [*groups, alone] if alone else _join(shadow, base_tree, groups, change, together=together)
    return tuple(groups)


def _join(shadow: Shadow, base_tree: str, groups: list[Group], change: Change, *, together: bool) -> list[Group]:
    """Return the groups with `change` in one with those that it needs: the fewest that touch its files, or all."""
    near = [group for group in groups if group.touched & change.touched]
    for needed in [groups] if together else [*([group] for group in reversed(near)), near, groups]:
        wanted = {c.commit.id: c for group in needed for c in group.changes}
        ordered = [c for group in groups for c in group.changes if c.commit.id in wanted]
        made = stacked(shadow, base_tree, [*sorted(ordered, key=lambda c: _number(c.run)), change])
        if made:
            left = [group for group in groups if group not in needed]
            return sorted([*left, made], key=lambda group: _number(group.changes[0].run))
    raise console.usage(
        f"{change.experiment} does not apply to the base even after all that was kept before it",
        "the session's branch holds commits that nobody measured; merge the branch as it is",
    )
