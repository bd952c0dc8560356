"""The keeper's process: started by whoever submits or collects, at most one for a session, gone when nothing is open.

Run as `python3 -m helpers.run.keeper ROOT [--loop]` with the bundle on the path and SkyPilot in its environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from helpers import console, git, journal, paths, state, venv
from helpers.journal import Event
from helpers.run import sky
from helpers.run.fleet import Keeper
from helpers.run.workdir import Workdirs
from helpers.state import State

PAUSE = 6.0
"""Seconds between two rounds."""
SHOWN, TROUBLE = "sky-shown", "sky-trouble"


def has_work(now: State) -> bool:
    """Tell whether a job of the fleet is open."""
    return any(job.submitted.get("executor") == "sky" for job in now.open_jobs())


@contextlib.contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Try to be the session's only keeper; yields whether this process is."""
    descriptor = os.open(paths.state_folder(root) / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def kick(root: Path) -> None:
    """Make sure that a keeper is at work; returns at once."""
    with alone(root) as free:
        if not free:
            return
    venv.require("sky", extra="--with-sky")
    with (paths.state_folder(root) / sky.LOG).open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "helpers.run.keeper", str(root)],
            cwd=paths.BUNDLE, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(paths.BUNDLE)},
        )  # fmt: skip


def keep(root: Path, *, loop: bool = False) -> None:
    """Collect and feed until no job of the fleet is open; with `loop` until ended from outside."""
    with alone(root) as mine:
        if not mine:
            if loop:
                raise console.refused("this session's keeper is at work already", "collect_results.py --wait 600")
            return
        keeper = Keeper(root, Workdirs(git.find(root)).folder)
        with sky.quiet(root) as api:
            while loop or has_work(state.load(root)):
                try:
                    new = keeper.round(api)
                    if loop:
                        for event in new:
                            sky.note(f"{event['experiment_id']} on {event['worker']}: {event['status']}")
                except console.Failure as failure:
                    keeper.trouble.append(failure.message)
                except Exception as error:  # noqa: BLE001 - a server that restarts must not end the night's work
                    keeper.trouble.append(f"{type(error).__name__}: {sky.plain(error)}")
                _say(root, keeper.trouble)
                if loop or has_work(state.load(root)):
                    time.sleep(PAUSE)


def _say(root: Path, trouble: list[str]) -> None:
    file = paths.state_folder(root) / TROUBLE
    if trouble:
        file.write_text("\n".join(trouble[:5]) + "\n", encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def trouble(root: Path) -> str:
    """Return what the keeper's last round could not do, empty when all went well."""
    with contextlib.suppress(OSError):
        return (paths.state_folder(root) / TROUBLE).read_text(encoding="utf-8").strip()
    return ""


def news(root: Path) -> list[Event]:
    """Return the fleet's `finished` events that were not returned before."""
    file = paths.state_folder(root) / SHOWN
    with journal.locked(root):
        events = [e for e in journal.read(root) if e.get("type") == "finished" and _on_fleet(e)]
        try:
            seen = int(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            seen = 0
        if len(events) > seen:
            partial = file.with_name(f".{SHOWN}")
            partial.write_text(str(len(events)), encoding="utf-8")
            partial.rename(file)
    return events[seen:]


def _on_fleet(event: Event) -> bool:
    return event.get("worker") != "local" and event.get("role") in ("experiment", "control")


if __name__ == "__main__":
    keep(Path(sys.argv[1]), loop="--loop" in sys.argv[2:])
