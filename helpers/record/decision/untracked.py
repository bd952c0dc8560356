"""The person's untracked files, ignored ones too, that a new commit in the work tree would replace.

git itself spares untracked files when a branch moves, but takes ignored ones for rubbish (git-read-tree(1)): a local
configuration or a data set may be among them.
"""

import os
from pathlib import Path

from helpers import git, git_objects
from helpers.git_objects import ABSENT


def would_be_lost(root: Path, old: str, new: str) -> list[str]:
    """Return the untracked paths in the way of what `new` adds to `old`."""
    added = [row.path for row in git_objects.differences(root, old, new) if row.old_mode == ABSENT]
    if not added:
        return []
    tracked = set(git.run(root, ["ls-files", "-z"]).stdout.split(b"\0"))
    lost: dict[bytes, None] = {}
    for path in added:
        for place in _places(path):
            full = os.fsencode(root) + b"/" + place
            if not os.path.lexists(full):
                break
            folder = os.path.isdir(full) and not os.path.islink(full)  # noqa: PTH112, PTH114 - bytes paths
            if folder and place != path:
                continue
            below = f":(literal){os.fsdecode(place)}/"
            listed = git.run(root, ["ls-files", "-z", "--others", "--", below]).stdout if folder else place
            inside = [name for name in listed.split(b"\0") if name]
            lost.update(dict.fromkeys(name for name in inside if name not in tracked))
            break
    return [os.fsdecode(path) for path in lost]


def _places(path: bytes) -> list[bytes]:
    """Return the folders that lead to a path, outermost first, and the path itself."""
    parts = path.split(b"/")
    return [b"/".join(parts[: number + 1]) for number in range(len(parts))]
