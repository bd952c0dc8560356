"""A repository that was renamed or moved finds its copies again: they move to where its new path looks for them."""

import json
import os
from pathlib import Path

from helpers import console, files, paths


def bring_along(root: Path, folder: Path, *, dry_run: bool) -> Path:
    """Move the copies of the repository, now at `root`, to `folder` when it stood somewhere else before.

    Return where they are; with `dry_run` that is where they were.
    """
    if folder.exists():
        return folder
    for place in map(Path, paths.acknowledged_folders(root)):
        if place.parent != folder.parent or place.is_symlink() or not place.is_dir() or not _left(root, place):
            continue
        if place.stat().st_uid != os.getuid():
            continue
        if dry_run:
            return place
        place.rename(folder)
        announce(root, folder)
        console.note(f"note: this repository was moved; its copies are now in {folder}")
        break
    return folder


def announce(root: Path, folder: Path) -> None:
    """Note in `folder` whose copies it holds, for scripts that are run inside of a copy."""
    paths.acknowledge(root, folder)
    if paths.origin(folder) != root:
        files.replace(folder / paths.ORIGIN, json.dumps({"repository": str(root)}) + "\n")


def _left(root: Path, place: Path) -> bool:
    """Tell whether the repository that `place` belongs to is no longer where it was, or is this one under two names."""
    before = paths.origin(place)
    return before is not None and (not before.exists() or before.samefile(root))
