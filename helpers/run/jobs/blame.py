"""Whose fault a failure is: what the baseline fails at as well is the environment's, and counts against no experiment.

Failures since the last success on a worker are looked at: any success there clears them.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.events import Comparison, Finished, WorkerEvent
from helpers.run.jobs import log
from helpers.state import State

LEAST_EXPERIMENTS = 3
"""This many experiments, ended by one error of the environment, stop the session."""
SUSPICIOUS = 2
"""After this many that failed alike the baseline is run before the next: does it fail too?"""
ASKED, PATIENCE = 5, 60.0
"""How often the baseline is asked whether it fails too, and for how many seconds: what it does once proves little."""
_BASELINE = "the baseline: "
_MACHINE = ("no space left on", "executor:", "setup failed", _BASELINE)
"""Errors that no experiment can cause: the disk's, the executor's own, the set-up's, what a screen saw beside it."""


@dataclass(frozen=True)
class Fault:
    """An error of the environment on a worker, and the experiments that it ended since the last success there."""

    worker: str
    experiments: list[str]
    event: Finished | Comparison

    def words(self) -> str:
        """Say what has happened and whose fault it is."""
        event, names = self.event, self.experiments
        error, said = _said(event), log.telling_line(Path(event.log)) if isinstance(event, Finished) else ""
        some = ", ".join(names[-5:]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return (
            f"{some} ended with one error on {self.worker}, and it is the environment's: the baseline fails like them: "
            f"{error}" + (f": {said}" if said and said not in error else "") + "; it cost no budget"
        )


@dataclass
class _Worker:
    failed: dict[str, list[Finished | Comparison]] = field(default_factory=dict)
    shared: dict[str, Finished | Comparison] = field(default_factory=dict)
    """Kinds of failure that the baseline showed as well."""


def often(most: int = ASKED, seconds: float = PATIENCE) -> Iterator[int]:
    """Yield for each time that something is to be asked, the baseline as a rule: once at least."""
    until = time.monotonic() + seconds
    for count in range(most):
        if count and time.monotonic() > until:
            return
        yield count


def excused(now: State) -> set[str]:
    """Return the jobs that an error of the environment ended: they cost no budget and may be run again."""
    return _walk(now)[1]


def standing(now: State, worker: str | None = None) -> Fault | None:
    """Return the error of the environment that stops the session on a worker, or on any; None where nothing does."""
    for name, seen in _walk(now)[0].items():
        for kind, event in seen.shared.items():
            failed = seen.failed.get(kind, [])
            if len(failed) >= LEAST_EXPERIMENTS and worker in (None, name):
                return Fault(name, list(dict.fromkeys(e.experiment_id for e in failed)), event)
    return None


def suspected(now: State, worker: str) -> bool:
    """Tell whether the last experiments on a worker failed alike and the baseline was not run there since."""
    seen = _walk(now)[0].get(worker, _Worker())
    return any(len(events) >= SUSPICIOUS and kind not in seen.shared for kind, events in seen.failed.items())


_walked: list[tuple[list[Finished | Comparison | WorkerEvent], int, tuple[dict[str, _Worker], set[str]]]] = []
"""The last answer of `_walk`, and of which outcomes: one command asks for it several times."""


def _walk(now: State) -> tuple[dict[str, _Worker], set[str]]:
    for outcomes, count, found in _walked:
        if outcomes is now.outcomes and count == len(outcomes):
            return found
    _walked[:] = [(now.outcomes, len(now.outcomes), _fold(now))]
    return _walked[0][2]


def _fold(now: State) -> tuple[dict[str, _Worker], set[str]]:
    workers: dict[str, _Worker] = {}
    ended: set[str] = set()
    for event in now.outcomes:
        worker = workers.get(event.worker) or workers.setdefault(event.worker, _Worker())
        kind = _kind(event)
        if kind is None or isinstance(event, WorkerEvent):
            worker.failed.clear()
            worker.shared.clear()
        elif isinstance(event, Finished) and event.role == "control":
            worker.shared[kind] = event
            ended |= {e.job for e in worker.failed.get(kind, [])}
        elif kind:
            worker.failed.setdefault(kind, []).append(event)
            if isinstance(event, Comparison) or (event.error or "").startswith(_MACHINE):
                worker.shared.setdefault(kind, event)  # a comparison's error was seen on the baseline
            if kind in worker.shared:
                ended |= {e.job for e in worker.failed[kind]}
    return workers, ended


def _kind(event: Finished | Comparison | WorkerEvent) -> str | None:
    """Return what kind of failure an outcome was; None for a success, empty for what says nothing."""
    if isinstance(event, Comparison):
        return _alike(f"the comparison: {event.reason}") if event.verdict == "error" else None
    if isinstance(event, WorkerEvent) or event.status == "done":
        return None
    return "" if event.error == "cancelled" else _alike(_said(event))


def _said(event: Finished | Comparison) -> str:
    error = event.error if isinstance(event, Finished) else event.reason
    return (error or f"checks {event.checks or 'unknown'}").removeprefix(_BASELINE)


def _alike(text: str) -> str:
    """Return an error without what differs from run to run: folders and numbers."""
    return re.sub(r"[0-9a-f]*[0-9][0-9a-f]*", "0", re.sub(r"\S*/runs/[^/\s]+", "", text))[:300]
