"""The workers of the fleet as the journal knows them, and which job each of them has."""

import math
import statistics
from collections.abc import Collection
from dataclasses import dataclass, field

from helpers import console
from helpers.events import WorkerEvent
from helpers.state import Job, State

LOCAL = "local"
BUSY_MINUTES = 10.0
"""For how long the workers shall have work: as long as an agent may think, and more."""
STATES = ("launching", "up", "failed", "stopped", "down", "lost")
"""Events of a worker that are its new state.

`failed`: a launch left something behind, `lost`: it went away by itself.
"""


@dataclass
class Worker:
    """A worker: its state, what stands behind its name (`launch`), and what its calibration said (fractions)."""

    name: str
    state: str = "launching"
    launch: str = ""
    resources: str = ""
    usd_hour: float | None = None
    accelerators: dict[str, float] | None = None
    autostop: int | None = None
    asked: dict[str, object] = field(default_factory=dict)
    since_ms: int = 0
    paid: float | None = 0.0
    sigma_pair: float | None = None
    resolves: float | None = None
    noisy: bool = False

    @property
    def kind(self) -> str:
        """Its type: the accelerators, without them what SkyPilot says of it."""
        return ", ".join(self.accelerators or []) or self.resources


def known_workers(now: State) -> dict[str, Worker]:
    """Return every worker that this session ever had, by name; the local machine is not among them."""
    workers: dict[str, Worker] = {}
    for event in now.workers:
        if event.worker != LOCAL:
            _apply(workers.setdefault(event.worker, Worker(event.worker)), event)
    return workers


def _apply(worker: Worker, event: WorkerEvent) -> None:
    if event.what == "calibrated":
        worker.sigma_pair, worker.resolves, worker.noisy = event.sigma_pair, event.resolves, event.noisy
        return
    if event.what not in STATES:
        return
    worker.paid = spend(worker, event.timestamp)
    worker.state, worker.since_ms = event.what, event.timestamp
    if event.what == "launching":
        worker.asked, worker.autostop = event.resources, event.autostop
        worker.sigma_pair, worker.resolves, worker.noisy = None, None, False
    if event.what == "up":
        worker.launch, worker.usd_hour = event.launch, event.usd_hour
        worker.resources, worker.accelerators = event.host, event.accelerators


def spend(worker: Worker, at_ms: int) -> float | None:
    """Return the dollars that the worker has cost until `at_ms`, idle or not; None when a price is unknown."""
    if worker.state != "up" or worker.paid is None:
        return worker.paid
    return None if worker.usd_hour is None else worker.paid + worker.usd_hour * (at_ms - worker.since_ms) / 3_600_000


def spend_of_all(now: State, at_ms: int) -> float | None:
    """Return the dollars that all workers have cost until `at_ms`; None when the price of one is unknown."""
    costs = [spend(worker, at_ms) for worker in known_workers(now).values()]
    known = [cost for cost in costs if cost is not None]
    return sum(known, 0.0) if len(known) == len(costs) else None


def up(now: State) -> list[Worker]:
    """Return the workers that can take jobs, the quietest known ones first."""
    return sorted((w for w in known_workers(now).values() if w.state == "up"), key=lambda w: (w.noisy, w.name))


def of_kind(ready: list[Worker], kind: str) -> list[Worker]:
    """Return the workers in whose type these words stand; raises Failure (2) where there is none."""
    found = [worker for worker in ready if kind.lower() in worker.kind.lower()]
    if kind and not found:
        kinds = ", ".join(sorted({worker.kind or "unknown" for worker in ready})) or "none"
        raise console.usage(f"no worker of the type {kind!r} is up; there are: {kinds}", "workers.py list")
    return found


def standing(now: State) -> list[Worker]:
    """Return the workers that count against the agreed number: made, may come back, not taken down."""
    return [w for w in known_workers(now).values() if w.state != "down"]


def busy(now: State) -> dict[str, list[Job]]:
    """Return the open jobs of each worker in the order they were sent: a control before what it is for."""
    found: dict[str, list[Job]] = {}
    sent = [(job.sent.timestamp, job) for job in now.open_jobs() if job.sent]
    for _, job in sorted(sent, key=lambda row: row[0]):
        found.setdefault(job.worker, []).append(job)
    return found


def waiting(now: State) -> list[Job]:
    """Return the jobs that wait for a worker, oldest first."""
    return [job for job in now.open_jobs() if job.on_fleet and not job.sent]


def lacking(now: State, job: Job) -> list[str]:
    """Return the workers one of which an open job of the fleet needs, where none of them is there; else none."""
    its, known = job.submitted, known_workers(now)
    wanted = [its.worker] if its.worker and its.worker != its.avoid else list(its.plan.get("spread") or known)
    return [] if any(known[w].state in ("up", "launching") for w in wanted if w in known) else wanted


def way_back(now: State, gone: list[str]) -> str:
    """Return the command that brings one of these workers back, or makes another where all were taken down."""
    there = [worker.name for worker in standing(now) if worker.name in gone]
    return f"workers.py replace {there[-1]}" if there else "workers.py up --count 1"


def missing(now: State, minutes: float = BUSY_MINUTES) -> int:
    """Return how many experiments more would keep every worker that is up busy for so long.

    What runs is half done on average; the next one waits behind it in any case.
    """
    each = typical_seconds(now)
    for_each = max(2, math.ceil(60 * minutes / max(each or 3600.0, 1.0) + 0.5))
    return max(0, for_each * len(up(now)) - sum(job.on_fleet for job in now.open_jobs()))


def where(now: State, names: Collection[str]) -> str:
    """Return the executor of the last job of these experiments: `sky` while workers are up or it is open."""
    mine = [job for job in now.jobs.values() if job.experiment in names and job.role in ("experiment", "comparison")]
    return "sky" if mine and mine[-1].on_fleet and (up(now) or not mine[-1].finished) else "local"


def typical_seconds(now: State) -> float | None:
    """Return the seconds that an experiment takes, the median of the last eight; None before the first has ended.

    A control, which runs the baseline once, tells nothing of a screen, which runs both sides in pairs.
    """
    ended = [job.finished.durations for job in now.jobs.values() if job.is_experiment and job.finished]
    known = [sum(durations.values()) for durations in ended if durations][-8:]
    return statistics.median(known) if known else None
