"""Room on the disk of a job's log: a full disk is noticed while it runs, with some held back for its end."""

import contextlib
import os
from pathlib import Path

from helpers import files

HELD_BYTES = 1 << 16
PROBE_BYTES = 1 << 12


class Room:
    """What is held back in one folder."""

    def __init__(self, folder: Path) -> None:
        """Hold it; raises OSError where even that is not to be had."""
        self._held, self._probe = folder / ".room", folder / ".probe"
        files.replace(self._held, os.urandom(HELD_BYTES))  # zeros may take no room at all

    def is_gone(self) -> bool:
        """Tell whether nothing can be written here any more: no space, a quota, a disk that fails."""
        try:
            files.replace(self._probe, os.urandom(PROBE_BYTES), durable=False)
            self._probe.unlink()
        except OSError:
            return True
        return False

    def release(self) -> None:
        """Let go of what was held."""
        with contextlib.suppress(OSError):
            self._held.unlink(missing_ok=True)
