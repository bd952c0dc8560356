"""papers/index.jsonl: a line for each paper that was fetched, written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INDEX = "index.jsonl"


def read(folder: Path) -> list[dict[str, Any]]:
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
    with _locked(folder):
        others = [e for e in read(folder) if e.get("id") != entry["id"]]
        text = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in (*others, entry))
        replace_file(folder / INDEX, text.encode("utf-8", "replace"))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)  # the folder itself: no lock file is left behind
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
