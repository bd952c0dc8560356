"""papers/index.jsonl: a line for each paper that was fetched, written whole or not at all."""

import json
from pathlib import Path
from typing import Any

from helpers import files, locks

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
