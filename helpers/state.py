"""The state of a session, computed from the journal and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers import console, journal, paths
from helpers.events import Comparison, Config, Finished, Lock, Note, Run, Wave, WorkerEvent
from helpers.job import JUDGED as JUDGED
from helpers.job import Job as Job
from helpers.scale import RATIO, TINIEST, Scale, proposed


@dataclass
class State:
    """Everything that the journal says about the current segment (the events since the last config line)."""

    config: Config
    lock: Lock | None = None
    runs: list[Run] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    workers: list[WorkerEvent] = field(default_factory=list)
    waves: dict[str, Wave] = field(default_factory=dict)
    segment: int = 0
    last_run: int = 0
    results: dict[str, Finished] = field(default_factory=dict)
    decisions: dict[str, Run] = field(default_factory=dict)
    compared: dict[str, Comparison] = field(default_factory=dict)
    outcomes: list[Finished | Comparison | WorkerEvent] = field(default_factory=list)
    """What ended, well or not, in the journal's order: experiments, controls, comparisons, calibrations."""
    standing: Lock | Run | None = None
    """The lock or kept run that is the current baseline."""
    has_baseline: bool = False
    """Whether that has been measured: a lock may have failed."""
    before_lock: tuple[Lock | None, Lock | Run | None, bool] = (None, None, False)
    began: int | None = None
    """When the session was locked first, from which its hours count."""
    last: dict[str, Any] = field(default_factory=dict)
    """The journal's last line."""
    earlier: dict[str, str] = field(default_factory=dict)
    """Experiments of the other sessions, and the name of each one's session."""
    aside: dict[str, State] = field(default_factory=dict)
    """The other sessions by name, which can be resumed."""

    @property
    def metric(self) -> str:
        """The name of the metric that decides."""
        return self.config.metric

    @property
    def direction(self) -> str:
        """`lower` or `higher`."""
        return self.config.direction

    def judged(self, values: Sequence[float] = ()) -> tuple[Scale, float]:
        """Return how values are held against each other, and the margin there; before the lock as `values` propose."""
        config, first = self.config, self.runs[0] if self.runs else None
        kind = first.judged_by if first else config.scale
        if not kind and values:
            kind = proposed(values, self.metric, config.unit, self.direction)[0]
        base = first.metric if first else values[0] if values else 0
        by = Scale(kind or RATIO, self.metric, self.direction)
        share = config.margin * abs(base or 1.0) or TINIEST
        return by, config.margin if by.by_ratio else config.least_difference or share

    @property
    def scale(self) -> Scale:
        """How values are held against each other, as locked."""
        return self.judged()[0]

    @property
    def margin(self) -> float:
        """The smallest gain worth keeping: a fraction, or in the metric's unit where it is judged by difference."""
        return self.judged()[1]

    @property
    def branch(self) -> str:
        """The session's branch."""
        return self.config.branch

    @property
    def kept(self) -> list[Run]:
        """The kept runs without the first baseline."""
        return [run for run in self.runs if run.status == "keep" and run.experiment_id]

    @property
    def baseline(self) -> Lock | Run:
        """The current baseline: the event (lock or kept run) that carries its `commit_full` and `tree`."""
        return self.standing or self.require_lock()

    @property
    def protected(self) -> dict[str, str]:
        """Path to SHA-256 of every protected file as locked."""
        return self.require_lock().protected

    @property
    def taken(self) -> Run | None:
        """The run that took the baseline at the newest lock."""
        return next((run for run in reversed(self.runs) if run.status == "keep" and not run.experiment_id), None)

    def calibrations(self, worker: str, since: int = 0) -> list[WorkerEvent]:
        """Return the calibrations of a worker, oldest first, that were of the locked benchmark."""
        locked = "", self.lock.protected.get(paths.BENCHMARK) if self.lock else None
        made = [e for e in self.workers if e.what == "calibrated" and e.worker == worker and e.timestamp >= since]
        return [event for event in made if not self.lock or event.benchmark in locked]

    def require_lock(self) -> Lock:
        """Return the lock event; raises Failure (2) before the session is locked."""
        if self.lock is None:
            raise console.usage(
                "the session is not locked: benchmark and checks are not protected yet",
                "start_session.py --lock  # when you have run both by hand",
            )
        return self.lock

    def require_baseline(self) -> None:
        """Raise Failure (2) where the last lock failed: nothing says then what a candidate is measured against."""
        self.require_lock()
        if not self.has_baseline:
            raise console.usage(
                "the session is not locked: the last try ended before the baseline was taken", "start_session.py --lock"
            )

    def now_ms(self) -> int:
        """Return the time as the journal counts it."""
        return journal.now_ms(self.last)

    def named(self, name: str) -> State | None:
        """Return the session of that name, be it this one or one set aside."""
        return self if self.config.name == name else self.aside.get(name)

    def require_own(self, experiment: str) -> None:
        """Raise Failure (2) for an experiment of an earlier session: what that one recorded stays as it is."""
        if experiment in self.earlier:
            raise console.usage(
                f"{experiment} is of the session {self.earlier[experiment]}, not of {self.config.name}",
                f"snapshot_workdir.py create --from {experiment}  # to try its change again, under a new name",
            )

    def open_jobs(self) -> list[Job]:
        """Return the jobs without a result, oldest first."""
        return [job for job in self.jobs.values() if job.finished is None]

    def next_job(self, experiment: str) -> str:
        """Return the name of the experiment's next job."""
        return f"{experiment}.{self.segment}.{sum(job.experiment == experiment for job in self.screens()) + 1}"

    def result(self, experiment: str) -> Finished | None:
        """Return the last finished event of the experiment itself (not of a control)."""
        return self.results.get(experiment)

    def decision(self, experiment: str) -> Run | None:
        """Return the run line that decided the experiment."""
        return self.decisions.get(experiment)

    def comparison(self, experiment: str) -> Comparison | None:
        """Return the last comparison of the experiment."""
        return self.compared.get(experiment)

    @property
    def sources(self) -> dict[str, list[str]]:
        """Where each experiment's idea comes from, as given when it was submitted."""
        found: dict[str, list[str]] = {}
        given = [(job.experiment, job.submitted.source) for job in self.screens()]
        for name, source in [*given, *((note.experiment_id, note.source) for note in self.notes)]:
            if source:
                found.setdefault(name, []).extend(source)
        return found

    @property
    def tried(self) -> bool:
        """Whether an experiment was run, compared or decided since the lock: from then on results must compare."""
        return bool(self.screens() or self.comparisons or self.decisions)

    def alike(self, compared: Comparison) -> list[Comparison]:
        """Return the comparisons of this content that said something for or against it."""
        return [c for c in self.comparisons if c.content == compared.content and c.vote]

    def undecided(self) -> list[str]:
        """Return the experiments that have a result and wait for a decision, oldest first."""
        seen = [j.experiment for j in self.jobs.values() if j.is_experiment and j.finished]
        seen += [c.experiment_id for c in self.comparisons if c.experiment_id and not c.against]
        return [name for name in dict.fromkeys(seen) if not self.decision(name)]

    def screens(self) -> list[Job]:
        """Return all experiment jobs (without controls), oldest first."""
        return [job for job in self.jobs.values() if job.is_experiment]
