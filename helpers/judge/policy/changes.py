"""What an experiment changed, file by file, as the policy looks at it."""

import difflib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import git_objects

_NO_BLOB = (git_objects.ABSENT, "160000")
"""Modes of what is absent, and of a submodule."""

LARGEST_BYTES = 2_000_000
"""Bytes of a text file whose added lines are looked at one by one."""


@dataclass(frozen=True)
class Change:
    """A changed path: modes as git writes them (000000: absent), contents (None: absent), and the added lines."""

    path: str
    old_mode: str
    new_mode: str
    old: bytes | None
    new: bytes | None
    added: list[tuple[int, str]] = field(default_factory=list)
    base: bytes | None = None
    """What the new content is held against: the old one, or the file that was renamed to this path."""
    moved: bool = False
    """A deleted file whose content lives on under another path."""

    @property
    def binary(self) -> bool:
        """Tell whether the new content is no text."""
        return self.new is not None and (b"\0" in self.new[:8000] or len(self.new) > LARGEST_BYTES)


def changes_between(root: Path, old_tree: str, new_tree: str) -> list[Change]:
    """Return every path that differs between two trees; a renamed file is two paths, of which one holds no new text."""
    rows = git_objects.differences(root, old_tree, new_tree)
    ids = [id_ for row in rows for mode, id_ in ((row.old_mode, row.old), (row.mode, row.new)) if mode not in _NO_BLOB]
    content = dict(zip(ids, git_objects.blobs(root, ids), strict=True))
    found = []
    for row in rows:
        old, new = content.get(row.old), content.get(row.new)
        found.append(Change(os.fsdecode(row.path), row.old_mode, row.mode, old, new, added_lines(old, new), old))
    return renamed(found)


def renamed(changes: list[Change]) -> list[Change]:
    """Hold each new file against the deleted one that it was made of, where most lines are the same."""
    gone = [change for change in changes if change.new is None and change.old]
    for at, change in enumerate(changes):
        if change.old is not None or not change.new:
            continue
        lines = set(change.new.splitlines())
        for old in gone:
            before = set((old.old or b"").splitlines())
            if old in changes and 2 * len(lines & before) >= max(len(lines), len(before)):
                changes[at] = replace(change, base=old.old, added=added_lines(old.old, change.new))
                changes[changes.index(old)] = replace(old, moved=True)
                break
    return changes


def added_lines(old: bytes | None, new: bytes | None) -> list[tuple[int, str]]:
    """Return (line number, text) of the lines that the new content has and the old has not."""
    if new is None or b"\0" in new[:8000] or len(new) > LARGEST_BYTES:
        return []
    before = (old or b"").decode("utf-8", "replace").splitlines()
    after = new.decode("utf-8", "replace").splitlines()
    if not before:
        return list(enumerate(after, 1))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False) if len(after) < 3000 else None
    if matcher is None:  # a multiset difference is enough for a long file, and linear
        rest: dict[str, int] = {}
        for line in before:
            rest[line] = rest.get(line, 0) + 1
        found = []
        for number, line in enumerate(after, 1):
            if rest.get(line, 0) > 0:
                rest[line] -= 1
            else:
                found.append((number, line))
        return found
    return [
        (number + 1, after[number])
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for number in range(start, end)
    ]
