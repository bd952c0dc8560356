"""Locks between processes: held by a process as long as it works, let go of by the kernel however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(file: Path, *, wait: bool = False, shared: bool = False) -> Iterator[bool]:
    """Hold the lock `file` while the block runs; yields whether it could be had (always, with `wait`).

    `shared`: beside others that hold it so, for who only looks whether somebody works.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
