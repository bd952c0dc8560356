"""The lines of a large log that can matter, picked by grep: its search is several times faster than Python's.

The log is searched in as many parts as there are processors. Only a filter: what it lets through is judged as if it had
been read from the log. Where grep is missing or gives up (a line longer than its memory), the caller reads the log.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

LEAST_BYTES = 16 << 20
"""Bytes from which on other processes pay."""
MAX_PARTS = 4
_PIPE = 1 << 20
_LIMITS = ["sh", "-c", 'ulimit -v 65536; exec "$@"', "sh"]
"""64 MB for a grep: a line without end must not take more."""


class UnfilteredError(Exception):
    """A grep did not read its part to the end: what was given must be dropped."""


def usable(source: Path) -> bool:
    """Tell whether filtering pays for this file, and can be done."""
    return (
        sys.platform.startswith("linux") and source.stat().st_size >= LEAST_BYTES and shutil.which("grep") is not None
    )


def blocks(source: Path, words: Sequence[bytes]) -> Iterator[bytes]:
    """Yield, in order and in pieces, the lines of `source` that hold one of `words`; raises UnfilteredError."""
    patterns = [part for word in words for part in ("-e", word.decode("ascii"))]
    with source.open("rb") as file:
        parts: list[tuple[subprocess.Popen[bytes], threading.Thread]] = []
        try:
            for bound in _bounds(file.fileno()):
                parts.append(_started(file.fileno(), *bound, patterns))  # noqa: PERF401 - those before a failure must be ended
            for process, _ in parts:
                if process.stdout is None:
                    raise UnfilteredError
                while piece := process.stdout.read(_PIPE):
                    yield piece
                if process.wait() not in (0, 1):
                    raise UnfilteredError
        finally:
            for process, feeder in parts:
                process.kill()
                process.communicate()
                feeder.join()  # before the file is closed under it


def _bounds(file: int) -> list[tuple[int, int]]:
    """Cut the file into about equal parts that end at line ends."""
    size, count = os.fstat(file).st_size, min(os.cpu_count() or 1, MAX_PARTS)
    cuts = [0]
    for number in range(1, count):
        at = max(size * number // count, cuts[-1])
        end = os.pread(file, _PIPE, at).find(b"\n")
        if end >= 0:
            cuts.append(at + end + 1)
    return list(zip(cuts, [*cuts[1:], size], strict=True))


def _started(file: int, start: int, end: int, patterns: list[str]) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    try:
        return _search(file, start, end, patterns)
    except (OSError, RuntimeError):  # no descriptor, process or thread to be had
        raise UnfilteredError from None


def _search(file: int, start: int, end: int, patterns: list[str]) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    reader, writer = os.pipe()
    with contextlib.suppress(OSError):  # the user has as much in pipes as the system grants: a small one will do
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    try:
        with open(os.devnull, "wb") as null:  # noqa: PTH123 - DEVNULL lets Python 3.11 lose a pipe where none is left
            process = subprocess.Popen(
                [*_LIMITS, "grep", "-aF", *patterns], stdin=reader, stdout=subprocess.PIPE, stderr=null, env=environment
            )
    except BaseException:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    feeder = threading.Thread(target=_feed, args=(file, start, end, writer), daemon=True)
    try:
        feeder.start()
    except RuntimeError:
        os.close(writer)
        process.kill()
        process.communicate()
        raise
    return process, feeder


def _feed(file: int, start: int, end: int, writer: int) -> None:
    """Give a part of the file to a pipe without copying it."""
    try:
        while start < end and (moved := os.splice(file, writer, min(end - start, _PIPE), offset_src=start)):
            start += moved
    except OSError:  # grep gave up, which its exit status says
        pass
    finally:
        os.close(writer)
