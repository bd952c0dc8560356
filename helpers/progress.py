"""Words while something is waited for: at least a line every ten seconds, so that nobody wonders if it runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from helpers import console

SILENT_SECONDS = 8.0
"""Seconds without a word after which one is said, at the next look."""


class Progress:
    """Says how long it has taken whenever nothing else was said for a while."""

    def __init__(self, what: str) -> None:
        self.what, self.began = what, time.monotonic()
        self.last = self.began

    def heard(self) -> None:
        """Note that something was said."""
        self.last = time.monotonic()

    def tick(self, more: str = "") -> None:
        """Say something, and `more`, when it is time to."""
        if time.monotonic() - self.last >= SILENT_SECONDS:
            self.heard()
            console.note(f"{self.what}: {span(self.last - self.began)} so far{more}")


_told: list[Progress] = []


@contextmanager
def told(what: str) -> Iterator[None]:
    """Let the runs within, which this process waits for one after another, say that they go on."""
    _told.append(Progress(what))
    try:
        yield
    finally:
        _told.pop()


def still() -> None:
    """Say that a run goes on, where somebody is to be told."""
    if _told:
        _told[-1].tick()


def is_told() -> bool:
    """Tell whether somebody is to be told."""
    return bool(_told)


@contextmanager
def beating(what: str) -> Iterator[None]:
    """Say that a wait goes on which cannot say so itself: for a lock, for the network. Nothing is forked within."""
    beat, over = Progress(what), threading.Event()

    def say() -> None:
        while not over.wait(max(0.05, SILENT_SECONDS / 10)):
            beat.tick()

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def span(seconds: float) -> str:
    """Return a time in words."""
    short = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} minutes"
    return short if seconds < 7200 else f"{seconds / 3600:.1f} hours"
