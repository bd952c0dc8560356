"""The journal: append-only, one JSON object a line, the only truth of a session.

Whole lines are appended under a lock and flushed to disk before the caller goes on. A torn last line (a crash) is set
aside on the next append, never a reason to lose the rest.
"""

import contextlib
import functools
import json
import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers import console, files, locks, paths, printable

Event = dict[str, Any]
_DECODER = json.JSONDecoder()
_NUMBERS = re.compile(rb'\[(?:(?<=[^\\]":\[)|(?<=[^\\]": \[))[-+0-9.eE, ]{100,}\]')
_LONG = 600
"""Bytes of a line from which on looking for its lists of numbers pays."""
STATUSES = ("keep", "discard", "crash", "checks_failed")
"""The only statuses of a run line; other readers take an unknown one for a keep."""
EXACT = ("task", "env", "envs", "log", "branch", "from")
"""Keys whose texts are run or looked up as they are, not shown.

Every other text in the journal is one printable line.
"""
TYPES = ("config", "lock", "submitted", "finished", "comparison", "worker", "literature", "idea", "wave", "note")


def now_ms(last: Event | None = None) -> int:
    """Milliseconds since the epoch, the journal's unit of time, as they go on from its `last` event.

    In one boot they follow the clock that nobody sets: a wall clock that is put forward or back changes no order and
    no duration. From one boot to the next they follow the wall clock, and never go back.
    """
    wall = time.time_ns() // 1_000_000
    if last is None:
        return wall
    at = its if type(its := last.get("timestamp")) is int else 0
    boot, _, before = str(last.get("clock", "")).partition(":")
    here, _, after = clock().partition(":")
    if boot == here and before.isdecimal() and int(after) >= int(before):
        return at + int(after) - int(before)
    return max(wall, at)


def clock() -> str:
    """Return which boot of the machine this is, and its milliseconds so far, suspended ones too where they count."""
    return f"{_boot()}:{int(time.clock_gettime(getattr(time, 'CLOCK_BOOTTIME', time.CLOCK_MONOTONIC)) * 1000)}"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        return ""


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the session's lock: for a read of the journal and an append that depends on it."""
    with locks.held(paths.state_folder(root) / "journal.lock", wait=True):
        yield


def append(root: Path, event: Event) -> Event:
    """Append one event, durably, and return it with its timestamp.

    Raises Failure (2) on an event that other readers of the journal would misread.
    """
    with locked(root):
        return append_locked(root, event)


def append_locked(root: Path, event: Event) -> Event:
    """Append while the caller holds `locked(root)`."""
    descriptor = files.own(root / paths.JOURNAL, os.O_RDWR)
    try:
        size = _set_torn_aside(root, descriptor)
        last = _last(descriptor, size)
        event = {"timestamp": now_ms(last), **event, "clock": clock()}
        line = _encode(event)
        try:
            _write_all(descriptor, line, size)
            os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)  # a half line of a full disk must not stay
            raise
        if size == 0:
            files.sync_folder(root)
    finally:
        os.close(descriptor)
    return event


def read_events(root: Path) -> list[Event]:
    """Return all events, oldest first. A line that is not a JSON object is left where it is and warned of."""
    return [event for _, event in read_from(root)]


def read_from(root: Path, offset: int = 0, at: int = 0, *, samples: bool = True) -> Iterator[tuple[int, Event]]:
    """Yield each event that begins at `offset` of the journal or later, with the offset behind it.

    Behind an unfinished last line that is 0. `at`: the time of the event before. Without `samples` long lists of
    numbers, which are most of a journal, are empty. A line that is not a JSON object is left and warned of.
    """
    bad = []
    with contextlib.suppress(FileNotFoundError), (root / paths.JOURNAL).open("rb") as file:
        file.seek(offset)
        for line in file:
            start, offset, whole = offset, offset + len(line), line.endswith(b"\n")
            event = _decode(line if samples or not whole or len(line) < _LONG else _NUMBERS.sub(b"[]", line))
            if isinstance(event, dict):
                its = event.get("timestamp", at)
                if type(its) is int and its > at:
                    at = its
                elif its != at:  # a clock was put back: the journal's order counts
                    event["timestamp"] = at
                yield offset if whole else 0, event
            elif whole and line.strip():  # an unfinished last line is somebody writing, or a crash: not yet part of it
                bad.append(start)
    if bad:
        with (root / paths.JOURNAL).open("rb") as file:
            numbers = [file.read(start).count(b"\n") + 1 for start in bad[:5] if not file.seek(0)]
        some = ", ".join(map(str, numbers)) + (" ..." if len(bad) > 5 else "")
        console.note(f"warning: {paths.JOURNAL}: line {some} cannot be read and is passed over; correct it by hand")


def read_line(root: Path, end: int) -> Event:
    """Return the event whose line ends before the offset `end`, an empty one where there is none."""
    with (root / paths.JOURNAL).open("rb") as file:
        return _last(file.fileno(), end)


def before(root: Path, end: int) -> bytes:
    """Return what stands before an offset of the journal: whether it is still the same one, and as long."""
    with contextlib.suppress(FileNotFoundError), (root / paths.JOURNAL).open("rb") as file:
        return os.pread(file.fileno(), min(end, 300), max(0, end - 300))
    return b""


def _decode(line: bytes) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Return the JSON value of a line, None when there is none."""
    try:
        text = line.decode("utf-8", "surrogatepass").strip("\ufeff \t\r\n")
        value, end = _DECODER.raw_decode(text)  # json.loads asks each line for its encoding, at half the speed
    except ValueError:
        return None
    if end != len(text):
        return None
    return value if line.isascii() and b"\\" not in line and b"\x7f" not in line else in_place(value)


def _encode(event: Event) -> bytes:
    if ("type" in event) == ("run" in event):
        raise console.usage("a journal event carries either a type or a run number, never both")
    if "run" in event and event.get("status") not in STATUSES:
        raise console.usage(f"a run's status is one of {', '.join(STATUSES)}, not {event.get('status')!r}")
    if "type" in event and event["type"] not in TYPES:
        raise console.usage(f"an event's type is one of {', '.join(TYPES)}, not {event['type']!r}")
    try:
        line = printable.shown(json.dumps(in_place(event), ensure_ascii=False, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise console.usage(f"this event cannot be journaled: {error}") from None
    return line.encode("utf-8", "backslashreplace") + b"\n"


def in_place(value: Any, *, exact: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value as the journal holds it: each text one printable line, no number that JSON does not know."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value if exact else printable.flat(value)
    if isinstance(value, dict):
        return {in_place(k, exact=exact): in_place(v, exact=exact or k in EXACT) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_place(v, exact=exact) for v in value]
    return value


def _set_torn_aside(root: Path, descriptor: int) -> int:
    """Return the size up to which the journal is whole; what stands after it is completed or moved to a file."""
    size = os.fstat(descriptor).st_size
    if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n":
        return size
    start = _last_newline(descriptor, size) + 1
    tail = os.pread(descriptor, size - start, start)
    try:
        whole = isinstance(json.loads(tail), dict)
    except ValueError:
        whole = False
    if whole:  # only its newline is missing: an editor, or a crash at the very end
        os.pwrite(descriptor, b"\n", size)
        return size + 1
    aside = paths.state_folder(root) / f"torn-{now_ms()}.txt"
    files.replace(aside, tail)
    os.ftruncate(descriptor, start)
    console.note(f"warning: the journal's last line was torn (a crash); set aside in {aside}")
    return start


def _last(descriptor: int, size: int) -> Event:
    """Return the last event, an empty one where there is none to be read."""
    start = _last_newline(descriptor, size - 1) + 1
    found = _decode(os.pread(descriptor, size - start, start).rstrip(b"\n"))
    return found if isinstance(found, dict) else {}


def _last_newline(descriptor: int, size: int) -> int:
    end = size
    while end > 0:
        begin = max(0, end - 4096)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found
        end = begin
    return -1


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
