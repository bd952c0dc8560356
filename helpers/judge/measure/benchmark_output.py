"""What one call of the benchmark printed: who wrote it, and its METRIC lines, read in little memory.

The program under test must not reach that file. Behind walls it cannot find it by name; that somebody opened it all the
same, through another process's descriptors, is seen (inotify(7)), and so is a metric hidden behind the beginning of
another line.
"""

import ctypes
import errno
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from helpers.run.isolation.libc import LIBC
from helpers.run.jobs import metric_line

_OPENED = 0x20
_HIDDEN = re.compile(rb"METRIC[ \t]+[A-Za-z0-9_.-]+=")


class Watch:
    """Notices every opening of a file by somebody else, where the system can tell.

    One descriptor serves all calls: closing it makes the kernel wait, 8 ms that a measurement every second would feel.
    """

    def __init__(self) -> None:
        self._used_up = 0
        try:
            self._descriptor = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            self._require(self._descriptor)
        except AttributeError:  # not Linux
            self._descriptor = -1

    def begin(self, file: Path) -> None:
        """Watch a file from now on; the watcher's own descriptor must be open already.

        Raises OSError where the system could watch, and what it has for that is used up: nobody would be seen.
        """
        if self._descriptor >= 0:
            self._require(LIBC.inotify_add_watch(self._descriptor, os.fsencode(file), _OPENED))
            self.opened()  # what was before does not count
        if self._used_up:
            said = f"inotify: {os.strerror(self._used_up)}; raise fs.inotify.max_user_instances and max_user_watches"
            raise OSError(self._used_up, said)

    def _require(self, result: int) -> None:
        if result < 0 and ctypes.get_errno() in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC):
            self._used_up = ctypes.get_errno()

    def opened(self) -> bool:
        """Tell whether somebody opened it since the last time that this was asked."""
        try:
            return self._descriptor >= 0 and bool(os.read(self._descriptor, 1 << 16))
        except BlockingIOError:
            return False

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


@dataclass
class Printed:
    """The metrics of one call; `twice` names one that was printed again, `hidden` says that a line hides another."""

    metrics: dict[str, float] = field(default_factory=dict)
    twice: str | None = None
    hidden: bool = False


def parse_output(file: Path) -> Printed:
    """Read the METRIC lines of a benchmark's output, however large it is."""
    found = Printed()
    with file.open("rb") as lines:
        begins = True
        while raw := lines.readline(metric_line.READ_AT_ONCE):
            at_start, begins = begins, raw.endswith(b"\n")
            raw = metric_line.clean(raw)  # what the other readers do not see counts for none
            hidden = _HIDDEN.search(raw)
            if hidden and (hidden.start() > 0 or not at_start):
                found.hidden = True
            if not (at_start and raw.startswith(b"METRIC")):
                continue
            parsed = metric_line.parse_line(raw)
            if parsed.name is None or parsed.value is None:
                continue
            if parsed.name in found.metrics:
                found.twice = parsed.name
            elif len(found.metrics) < metric_line.MAX_METRICS:
                found.metrics[parsed.name] = parsed.value
    return found
