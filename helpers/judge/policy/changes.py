"""What an experiment changed, file by file, as the guard looks at it."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path

from helpers import git_objects

_NO_BLOB = (git_objects.ABSENT, "160000")
"""Modes of what is absent, and of a submodule."""

LARGEST = 2_000_000
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

    @property
    def binary(self) -> bool:
        """Tell whether the new content is no text."""
        return self.new is not None and (b"\0" in self.new[:8000] or len(self.new) > LARGEST)


def changes_between(root: Path, old_tree: str, new_tree: str) -> list[Change]:
    """Return every path that differs between two trees; renames are a deletion and an addition."""
    rows = git_objects.differences(root, old_tree, new_tree)
    ids = [id_ for row in rows for mode, id_ in ((row.old_mode, row.old), (row.mode, row.new)) if mode not in _NO_BLOB]
    content = dict(zip(ids, git_objects.blobs(root, ids), strict=True))
    found = []
    for row in rows:
        old, new = content.get(row.old), content.get(row.new)
        found.append(Change(os.fsdecode(row.path), row.old_mode, row.mode, old, new, added_lines(old, new)))
    return found


def added_lines(old: bytes | None, new: bytes | None) -> list[tuple[int, str]]:
    """Return (line number, text) of the lines that the new content has and the old has not."""
    if new is None or b"\0" in new[:8000] or len(new) > LARGEST:
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
