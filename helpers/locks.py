"""Locks between processes: held by a process as long as it works, let go of by the kernel however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import files

MAX_WAIT_SECONDS = 5.0
"""Seconds that those who only look are waited for."""


@contextmanager
def held(file: Path, *, wait: bool = False, shared: bool = False) -> Iterator[bool]:
    """Hold the lock `file` (or a folder) while the block runs; yields whether it could be had (always, with `wait`).

    `shared`: together with other readers, to see whether a process works. Readers never stop a worker: whoever is
    refused the lock while no process works tries again until the readers are gone.
    """
    is_folder = file.is_dir()
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC) if is_folder else files.own(file, os.O_RDWR)
    try:
        yield take(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, wait=wait)
    finally:
        os.close(descriptor)


def take(descriptor: int, kind: int = fcntl.LOCK_EX, *, wait: bool) -> bool:
    """Take the lock on an open file; tell whether it could be had. It is let go of with the descriptor."""
    if wait:
        fcntl.flock(descriptor, kind)
        return True
    until = time.monotonic() + MAX_WAIT_SECONDS
    while not _try(descriptor, kind):
        if time.monotonic() > until or not _try(descriptor, fcntl.LOCK_SH):
            return False  # a process works: it holds the lock alone
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(0.001)
    return True


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
