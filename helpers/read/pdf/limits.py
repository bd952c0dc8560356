"""The bounds of the process that reads a PDF: memory, processor time, time for a step.

And what it says when one is met.
"""

import contextlib
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

MEMORY, CPU = 1_000_000_000, 60
"""Bytes of address space beyond what the process has when it begins, seconds of processor time."""


class TooLong(Exception):  # noqa: N818
    """The time for one step is over."""


class Bad(Exception):  # noqa: N818
    """What was asked for cannot be had from this file; the message says why. `do` is the next step."""

    def __init__(self, message: str, do: str = "", code: int = 2) -> None:
        super().__init__(message)
        self.do, self.code = do, code


def limit() -> None:
    """Bound this process.

    Where the system cannot (macOS knows no such memory limit), the clock of the parent remains.
    """
    import resource

    try:  # what began it lends it all that it has mapped itself
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        mapped = 0
    for what, most in ((resource.RLIMIT_AS, mapped + MEMORY), (resource.RLIMIT_CPU, CPU), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    sys.setrecursionlimit(1500)
    signal.signal(signal.SIGALRM, _alarm)


def _alarm(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a handler
    raise TooLong


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block when it takes longer."""
    signal.setitimer(signal.ITIMER_REAL, max(0.05, seconds))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def plainly(error: BaseException) -> str:
    """Return what went wrong in plain words, on one line."""
    if isinstance(error, TooLong):
        return "it took too long"
    if isinstance(error, MemoryError):
        return "it needs more than 1 GB of memory"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    text = re.sub(r"[^\x20-\x7e]+", " ", str(error)).strip()
    return (text or type(error).__name__)[:160]
