"""Running one bash text of an experiment to its end, within its limit, leaving nothing behind."""

import contextlib
import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers import paths, progress
from helpers.run.isolation import environment
from helpers.run.isolation.detached import ends
from helpers.run.isolation.pids import Orphans, new_pid_namespace, run_as_first_process
from helpers.run.jobs.task import Task

LOOK_SECONDS = 2.0
"""Between two questions whether to go on, and two words that it does; a full disk is told within a minute."""


@dataclass
class Seen:
    """What a run showed besides what it printed."""

    orphans: Orphans = field(default_factory=Orphans)
    peak: int = 0
    """Bytes that the largest of its processes held, by wait4(2); no less than ours, which they were forked off."""


def bash(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    limit: float,
    out: int,
    err: int | None = None,
    *,
    cores: Sequence[int] = (),
    walls: Callable[[], None] | None = None,
    seen: Seen | None = None,
    stop: Callable[[], bool] | None = None,
) -> int | None:
    """Run `command` in `cwd`, stdout and stderr going to the descriptors.

    Return its exit code, None past `limit` seconds.

    `walls` (helpers/run/isolation/mounts.py) is called in the fresh child, whose processes are then a world of their
    own. Its process group and everything it left behind have ended when this returns; `seen` is told what outlived its
    parent, and the memory it took. `stop` is asked every LOOK_SECONDS whether there is a reason to end it before its
    limit, which returns None as well.
    """
    seen = seen or Seen()
    counted = seen.orphans

    def child() -> None:
        environment.die_with_parent()
        if cores:
            os.sched_setaffinity(0, cores)
        if walls:
            walls()
            run_as_first_process(command, env, counted)

    try:
        with new_pid_namespace() if walls else contextlib.nullcontext():
            process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out if err is None else err,
                start_new_session=True,
                preexec_fn=child,  # noqa: PLW1509 - this process has no threads
            )
    except subprocess.SubprocessError:
        raise OSError("the walls around a measurement could not be built: is the disk full or broken?") from None
    code = _wait(process, limit, stop, seen)
    progress.still()
    counted.add(environment.reap())
    environment.end_group(
        process.pid, 0.0 if walls else 2.0
    )  # a first process behind walls only heeds the second signal
    counted.add(environment.end_children())
    return code


def _wait(process: subprocess.Popen[bytes], limit: float, stop: Callable[[], bool] | None, seen: Seen) -> int | None:
    """Wait without the polling of Popen.wait(timeout), whose pauses of up to 50 ms would add to every measurement."""
    until = time.monotonic() + limit
    while (left := until - time.monotonic()) > 0:
        step = min(left, LOOK_SECONDS)
        ended = ends(process.pid, step)
        if ended:
            _, status, used = os.wait4(process.pid, 0)
            seen.peak = used.ru_maxrss * 1024
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        if ended is None:  # the system cannot tell
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=step)
        progress.still()
        if stop and stop():
            break
    return None


def script(text: str, folder: Path, name: str = "script.sh") -> Path:
    """Write a bash text into a file of the run's own folder and return it."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def setup_digest(task: Task, copy: Path) -> str:
    """Return what a set-up depends on, as a digest: the section's text, the script in the copy, and the task's envs."""
    own = copy / paths.SETUP_DEPS
    parts = [task.setup, own.read_text(errors="replace") if own.is_file() else "", repr(sorted(task.envs.items()))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def set_up(root: Path, task: Task, copy: Path, env: Mapping[str, str], slot: int, log: int) -> bool:
    """Run the setup section once for a slot, and again when its text, its script or the task's envs changed."""
    if not task.setup.strip():
        return True
    digest = setup_digest(task, copy)
    stamp = paths.state_folder(root) / "slots" / f"setup-{slot}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return True
    prefixed = f"set -o pipefail\n{{\n{task.setup}\n}} 2>&1 </dev/null | sed -u 's/^/setup| /'\n"
    file = script(prefixed, copy.parent, "setup.sh")  # what a setup prints is no result, hence the prefix
    code = bash(["bash", str(file)], copy, env, task.seconds("SETUP_TIMEOUT", 3600), log)
    if code == 0:
        stamp.write_text(digest, encoding="utf-8")
    return code == 0
