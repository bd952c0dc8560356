"""A fetched paper on record: its line in papers/index.jsonl, out of git status, noted once in the session's journal."""

import json
from pathlib import Path
from typing import Any

from helpers import console, events, files, git, locks, paths
from helpers.events import Literature

INDEX = "index.jsonl"


def read_index(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of papers/index.jsonl; what cannot be read is passed over."""
    try:
        raw = (folder / INDEX).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    entries = []
    for text in raw.splitlines():
        try:
            entry = json.loads(text)
        except ValueError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


def write(folder: Path, entry: dict[str, Any]) -> None:
    """Put a paper's line into papers/index.jsonl, in place of an earlier line with its id; whole or not at all."""
    with locks.held(folder, wait=True):  # the folder itself: no lock file is left behind
        others = [e for e in read_index(folder) if e.get("id") != entry["id"]]
        text = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in (*others, entry))
        files.replace(folder / INDEX, text.encode("utf-8", "replace"))


def repository_root() -> Path | None:
    """Return the top of the user's repository, None outside of one."""
    try:
        return git.find().root
    except console.Failure as failure:
        if failure.code == console.REFUSED:
            raise
        return None


def exclude() -> None:
    """Keep the person's git status clean of papers/."""
    try:
        git.exclude(git.find(), [paths.PAPERS + "/"])
    except (OSError, console.Failure) as error:
        console.note(f"warning: papers/ will show in git status: {error}")


def note(root: Path | None, folder: Path, found: dict[str, Any]) -> None:
    """Note the paper in the session's journal, once, where there is one."""
    if root is None or not (root / paths.JOURNAL).is_file():
        return
    kept = {k: found.get(k) for k in ("title", "authors", "year", "venue", "url", "sha256")}
    path = folder / (found["text"] or found["pdf"])
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    note_once(root, Literature.of({"source": found["id"], **kept, "path": shown}))


def note_once(root: Path, read: Literature) -> None:
    """Journal what was read unless its source and content are on record, so that commits and reports can cite it."""
    known = {(e.source, e.sha256) for e in events.read_events(root) if isinstance(e, Literature)}
    if (read.source, read.sha256) not in known:
        events.append(root, read)
