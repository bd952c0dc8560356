"""The C library, opened once: the fresh child of a measurement does not look its functions up again."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)

PDEATHSIG, DUMPABLE, CAPBSET_DROP, CHILD_SUBREAPER, NO_NEW_PRIVILEGES = 1, 4, 24, 36, 38
"""Options of prctl(2)."""


def children() -> list[int]:
    """Return the processes whose parent this one is; none where the system cannot tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 - safe after a fork
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def ensure(result: int, what: str) -> None:
    """Raise OSError with the C library's errno when a call did not return 0."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
