"""What was fetched before, and when each service may be asked again: two small things kept on disk.

An entry is one file, a line of JSON (never a secret) and the body; its modification time says when it was last known
to be true. Without a writable place everything still works, only nothing is remembered.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import files, locks

KEEP_DAYS = 30
"""Entries not confirmed for so long are deleted."""
_FORMAT = "1"


@dataclass(frozen=True)
class Entry:
    """A remembered answer; `age` in seconds since it was last known to be true."""

    head: dict[str, Any]
    body: bytes
    age: float


def folder() -> Path | None:
    """Return the cache folder, None when none can be written.

    $AUTORESEARCH_CACHE, else the user's cache folder, else one of ours among the temporary ones: HOME may be read-only.
    """
    own = os.environ.get("AUTORESEARCH_CACHE")
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "autoresearch"
    places = (Path(own) if own else user, Path(tempfile.gettempdir()) / f"autoresearch-cache-{os.getuid()}")
    return next(filter(_usable, places), None)


def key(*parts: object) -> str:
    """Return the name under which an answer to this question is kept. `parts` must hold no secret."""
    return hashlib.sha256(json.dumps([_FORMAT, *parts], default=str).encode()).hexdigest()


def load(name: str) -> Entry | None:
    """Return the entry `name`, None when there is none or it cannot be read."""
    place = folder()
    if place is None:
        return None
    try:
        with (place / name).open("rb") as file:
            age = time.time() - os.fstat(file.fileno()).st_mtime
            head = json.loads(file.readline())
            body = file.read()
    except (OSError, ValueError):
        return None
    if not isinstance(head, dict) or head.get("length") != len(body):
        return None
    return Entry(head, body, max(0.0, age))


def save(name: str, head: dict[str, Any], body: bytes) -> None:
    """Keep an answer; silently nothing when that is not possible."""
    place = folder()
    if place is None:
        return
    with suppress(OSError):
        content = json.dumps({**head, "length": len(body)}).encode() + b"\n" + body
        files.replace(place / name, content, durable=False)
    _prune(place)


def confirm(name: str) -> None:
    """Say that the entry is true as of now (the service answered 304)."""
    place = folder()
    if place is not None:
        with suppress(OSError):
            os.utime(place / name)


@contextmanager
def turn(service: str, seconds: float) -> Iterator[None]:
    """Hold this machine's turn to ask `service`: one at a time and `seconds` apart, across processes."""
    place, name = folder() if seconds > 0 else None, re.sub(r"[^A-Za-z0-9.-]", "_", service) + ".pace"
    descriptor = -1
    with suppress(OSError):
        descriptor = files.own(place / name, os.O_RDWR) if place else -1
    if descriptor < 0:
        yield
        return
    try:
        locks.take(descriptor, wait=True)
        last = os.fstat(descriptor)
        asked = last.st_mtime if last.st_size else 0.0
        time.sleep(min(seconds, max(0.0, asked + seconds - time.time())))
        yield
    finally:
        with suppress(OSError):
            if not os.fstat(descriptor).st_size:
                os.pwrite(descriptor, b"0", 0)
            os.utime(descriptor)
        os.close(descriptor)


def closed_until(service: str) -> float:
    """Return the time (seconds since the epoch) before which `service` said it must not be asked; 0 when it may be."""
    entry = load(key("closed", service))
    return float(entry.head["until"]) if entry else 0.0


def close_until(service: str, when: float) -> None:
    """Remember that `service` must not be asked before `when`, so that no later call spends a request on it."""
    save(key("closed", service), {"until": when}, b"")


def _usable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = place.lstat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and os.access(place, os.W_OK | os.X_OK)  # a link may be the user's own


def _prune(place: Path) -> None:
    """Once a day, delete what was not confirmed for KEEP_DAYS."""
    mark, now = place / ".pruned", time.time()
    with suppress(OSError):
        if mark.exists() and now - mark.stat().st_mtime < 86_400:
            return
        mark.touch()
        for file in place.iterdir():
            if file.suffix != ".pace" and now - file.stat().st_mtime > KEEP_DAYS * 86_400:
                file.unlink(missing_ok=True)
