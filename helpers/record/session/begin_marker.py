"""The note of a session that is about to begin: killed before its first journal line, the same command goes on."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from helpers import files, paths


def intend(root: Path, branch: str, here: str) -> None:
    """Note that `branch` is about to be made and that the person comes from the branch `here`."""
    paths.state_folder(root)
    files.replace(_file(root), json.dumps({"branch": branch, "from": here}))


def interrupted(root: Path, branch: str) -> str | None:
    """Return where the person came from when a session that was to begin on `branch` did not get to its first line."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(_file(root).read_text(encoding="utf-8"))
        if noted["branch"] == branch:
            return str(noted["from"])
    return None


def forget(root: Path) -> None:
    """Forget the note: the session is journaled."""
    _file(root).unlink(missing_ok=True)


def _file(root: Path) -> Path:
    return root / paths.STATE / "begin.json"
