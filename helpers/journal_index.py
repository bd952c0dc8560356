"""What commands before this one read of a long journal, so that it reads on from there: in parts, with their digests.

Never a second truth: a part counts only while the journal still holds its very bytes, and whatever is asked of an event
beyond what is held of it is read from its line.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import operator
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from helpers import files, journal, paths
from helpers.typed_line import Event

PART = 4 << 20
"""Bytes of the journal in a part: so much is read again quickly, and a short journal has no index."""
Kinds = Mapping[str, type[Event]]


def read(root: Path, kinds: Kinds, make: Callable[[dict[str, Any]], Event]) -> tuple[list[Event], int, int]:
    """Return the events that are remembered, where in the journal they end, and the bytes of the index that hold them.

    `make` reads a line of which everything is held.
    """
    found, end, good = list[Event](), 0, 0
    with (
        contextlib.suppress(OSError, ValueError, TypeError, LookupError),
        _file(root).open("rb") as index,
        (root / paths.JOURNAL).open("rb") as lines,
    ):
        if (head := index.readline()) != _head(kinds):
            return [], 0, 0
        good = len(head)
        again = functools.partial(_line, root)
        for part in index:
            digest, size, columns = part.split(b" ", 2)
            content = lines.read(int(size))
            if hashlib.sha256(content).hexdigest().encode() != digest or not part.endswith(b"\n"):
                break
            its, once = list[tuple[int, Event]](), dict[Any, Any]().setdefault  # a text that comes again is held once
            for name, (ends, *values) in json.loads(columns).items():
                shared = [column if type(column[0]) is int else map(once, column, column) for column in values]
                rows = zip(ends, *shared, strict=True)
                if name:
                    its += [(behind, kinds[name].recalled(row, again, behind)) for behind, *row in rows]
                else:
                    its += [(behind, make(again(behind, timestamp))) for behind, timestamp in rows]
            found += [event for _, event in sorted(its, key=operator.itemgetter(0))]
            end, good = end + len(content), good + len(part)
    return found, end, good


def write(root: Path, kinds: Kinds, more: Iterable[tuple[int, Event]], start: int, good: int) -> None:
    """Remember `more`, each event with the offset behind it, that were read from `start` on; whole parts alone.

    Nothing is written where that cannot be: a folder that is read-only, a line that is no event.
    """
    parts, rows = list[bytes](), list[tuple[int, Event]]()
    with contextlib.suppress(OSError, ValueError), (root / paths.JOURNAL).open("rb") as lines:
        lines.seek(start)
        for behind, event in more:
            rows.append((behind, event))
            if behind - start < PART:
                continue
            content = lines.read(behind - start)
            if content.count(b"\n") != len(rows):  # a line that cannot be read is warned of each time
                break
            said = json.dumps(_columns(rows, kinds), separators=(",", ":"))
            parts.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {said}\n".encode())
            start, rows = behind, []
        if parts:
            held = _file(root).read_bytes()[:good] if good else _head(kinds)
            files.replace(paths.state_folder(root) / _file(root).name, held + b"".join(parts), durable=False)


def _columns(rows: list[tuple[int, Event]], kinds: Kinds) -> dict[str, list[list[Any]]]:
    """Return of each kind the offsets behind its events and the values that are held, field by field."""
    found: dict[str, list[list[Any]]] = {}
    for behind, event in rows:
        name = type(event).__name__ if type(event).__name__ in kinds else ""
        fields = kinds[name].kept() if name else ["timestamp"]
        columns = found.setdefault(name, [[] for _ in range(len(fields) + 1)])
        for column, value in zip(columns, (behind, *(getattr(event, field) for field in fields)), strict=True):
            column.append(value)
    return found


def _file(root: Path) -> Path:
    return root / paths.STATE / "journal.index"


def _head(kinds: Kinds) -> bytes:
    said = repr(sorted((name, kind.kept()) for name, kind in kinds.items()))
    return f"2 {hashlib.sha256(said.encode()).hexdigest()}\n".encode()


def _line(root: Path, behind: int, timestamp: int | None = None) -> dict[str, Any]:
    line = journal.read_line(root, behind)
    return {**line, "timestamp": timestamp} if timestamp is not None and "timestamp" in line else line
