"""What a copy carries that no commit holds: edits of tracked files, and files that git does not know yet."""

import os
from collections.abc import Sequence
from pathlib import Path

from helpers import console, git, paths, printable, session_branch

NEW = "?"
"""The state of a file that git does not know yet."""


def listing(root: Path) -> dict[str, str]:
    """Return path to git's letter of state (NEW, M, A, D ...) of what differs from HEAD, the session's files aside."""
    command = ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"]
    rows = os.fsdecode(git.run(root, command).stdout).split("\0")
    found = {row[3:]: row[:2].strip()[-1:] for row in rows if row and not row.endswith("/")}
    return {name: state for name, state in found.items() if name not in (*paths.PROTECTED, *paths.EXCLUDED)}


def named(names: Sequence[str]) -> str:
    """Say what is in no commit: the same words where a copy is made and where a change that needs it is refused."""
    some = ", ".join(map(printable.name, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return f"{some}: uncommitted work that copies carry and no commit of the session has"


def refused(name: str, why: str, branch: str) -> console.Failure:
    """Return the refusal of an experiment that needs what is in no commit, with the way out."""
    do = f"git add and commit those on {branch}, then:\n{session_branch.ADOPT}\ncompare.py {name}"
    return console.refused(why, do)
