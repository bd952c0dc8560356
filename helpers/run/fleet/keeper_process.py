"""The keeper's process: started by a submission or a collection, at most one for a session, gone when nothing is open.

Run as `python3 -m helpers.run.fleet.keeper_process ROOT` with the bundle on the path and SkyPilot in its environment.
"""

import contextlib
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from helpers import console, events, files, git, journal, locks, paths, replay, venv
from helpers.events import Finished
from helpers.run.copies.copies import Workdirs
from helpers.run.fleet import last_round, skypilot
from helpers.run.fleet.keeper import Keeper
from helpers.run.isolation import detached
from helpers.run.jobs import workers
from helpers.state import State

PAUSE_SECONDS = (6.0, 30.0)
"""Seconds between two rounds, at least and at most: a tenth of an experiment's length in between."""
SOON_SECONDS = 1.0
"""How long it waits for others when one that is followed has said something: they end together."""
SHOWN = "sky-shown"


def has_work(now: State) -> bool:
    """Tell whether a job of the fleet is open, or an answer of one is not journaled."""
    return any(job.on_fleet for job in now.open_jobs())


def pause(now: State, pair: float = 0.0) -> float:
    """Return the seconds until the next round; `pair` is what one takes of a comparison that many workers share.

    A queue costs seconds of CPU to ask for, here and on some workers, and each has its next job already.
    """
    return min(max(PAUSE_SECONDS[0], (pair or workers.typical_seconds(now) or 0.0) / 10), PAUSE_SECONDS[1])


def _lock(root: Path) -> Path:
    return paths.state_folder(root) / last_round.LOCK


def kick(root: Path) -> None:
    """Make sure that a keeper is at work where there is work for one; returns at once."""
    if not has_work(replay.load(root)):
        return
    with locks.held(_lock(root), shared=True) as free:
        if not free:
            return
    venv.require("sky", extra="--with-sky")
    detached.start("helpers.run.fleet.keeper_process", str(root), log=paths.state_folder(root) / skypilot.LOG)


def keep(root: Path) -> None:
    """Collect and feed until no job of the fleet is open; returns at once when a keeper is at work."""
    while has_work(replay.load(root)):  # looked at without the lock too: who submits while it is held starts no keeper
        with locks.held(_lock(root)) as mine:
            if not mine:
                return
            keeper = Keeper(root, Workdirs(git.find(root)).folder)
            with skypilot.quiet(root) as api:
                while has_work(replay.load(root)):
                    _round(keeper, api)
                    now = replay.load(root)
                    if has_work(now):
                        _wait(keeper, now)


def loop(root: Path) -> None:
    """Collect and feed until SIGTERM or SIGINT, which end it after the round that is under way.

    Says what ends, on stderr.

    While the session's other keeper is at work this one waits for it to end.
    """
    keeper, told, stop = Keeper(root, Workdirs(git.find(root)).folder), len(_finished(root)), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        keeper.followed.told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with skypilot.quiet(root) as api:
        while not stop.is_set():
            with locks.held(_lock(root)) as mine:
                while mine and not stop.is_set():
                    _round(keeper, api)
                    told = _tell(root, told)
                    if not stop.is_set():
                        _wait(keeper, replay.load(root))
            stop.wait(PAUSE_SECONDS[0])
            told = _tell(root, told)  # also what the other one collected


def _tell(root: Path, told: int) -> int:
    """Say what has ended since `told` results; return how many there are."""
    ended = _finished(root)
    for event in ended[told:]:
        skypilot.note(f"{event.experiment_id} on {event.worker}: {event.status}")
    return len(ended)


def _wait(keeper: Keeper, now: State) -> None:
    """Wait for the next round, shorter where one that is followed says something."""
    if keeper.followed.told.wait(pause(now, keeper.pair)):
        time.sleep(SOON_SECONDS)


def _round(keeper: Keeper, api: Any) -> None:  # noqa: ANN401 - SkyPilot's module
    """One round; whatever goes wrong is noted for people, and the next round tries again."""
    try:
        keeper.round(api)
    except Exception as error:  # noqa: BLE001 - a server that restarts must not end the night's work
        said = (
            error.message if isinstance(error, console.Failure) else f"{type(error).__name__}: {skypilot.plain(error)}"
        )
        with contextlib.suppress(OSError):  # a full disk: the next round says it
            last_round.write(keeper.root, [*keeper.trouble, said], keeper.states)


def news(root: Path) -> list[Finished]:
    """Return the fleet's `finished` events that were not returned before."""
    file = paths.state_folder(root) / SHOWN
    with journal.locked(root):
        ended = _finished(root)
        try:
            shown = int(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            shown = 0
        if len(ended) > shown:
            files.replace(file, str(len(ended)))
    return ended[shown:]


def _finished(root: Path) -> list[Finished]:
    fleet = ("experiment", "control")
    return [e for e in events.read_events(root) if isinstance(e, Finished) and e.worker != "local" and e.role in fleet]


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
