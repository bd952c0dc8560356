"""Processes that outlive the command that started them: runners, keepers, drivers of comparisons."""

import os
import select
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from helpers import files, paths


def start(module: str, *arguments: str, log: Path) -> None:
    """Run `python3 -m MODULE ARGUMENTS` in a session of its own, its output appended to `log`."""
    with files.appending(log) as output:
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=paths.BUNDLE,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(paths.BUNDLE), "PYTHONDONTWRITEBYTECODE": "1"},
        )


def fork(action: Callable[[], object], log: Path) -> None:
    """Run `action` in a copy of this process, in a session of its own, its output appended to `log`.

    Cheaper than `start` by the 80 ms that a second interpreter takes to load the same modules. Call it without threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    output = files.own(log, os.O_WRONLY | os.O_APPEND)  # where the disk is full the caller says so
    if os.fork():
        os.close(output)
        return
    try:
        os.setsid()
        os.chdir(paths.BUNDLE)
        for descriptor, source in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
            os.dup2(source, descriptor)
        os.closerange(3, 1 << 16)  # a pipe of our caller's must not stay open
        action()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is must not go on as the caller
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def ends(pid: int, seconds: float) -> bool | None:
    """Wait until a process has ended, `seconds` at the most, without looking again and again; tell whether it has.

    Answers None at once where the system cannot tell (it needs pidfd_open(2)).
    """
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except (AttributeError, OSError):
        return None
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)
