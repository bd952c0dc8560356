"""The state of a session, computed from the journal and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpers import console, events, journal, paths
from helpers.events import Comparison, Config, Finished, Lock, Note, Run, Submitted, Wave, WorkerEvent
from helpers.job import JUDGED as JUDGED
from helpers.job import Job as Job
from helpers.scale import RATIO, TINIEST, Scale, proposed
from helpers.typed_line import Event


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

    def votes(self, compared: Comparison) -> int:
        """Return by how much the comparisons that found this content good outnumber those that did not."""
        return sum(c.vote for c in self.alike(compared))

    def undecided(self) -> list[str]:
        """Return the experiments that have a result and wait for a decision, oldest first."""
        seen = [j.experiment for j in self.jobs.values() if j.is_experiment and j.finished]
        seen += [c.experiment_id for c in self.comparisons if c.experiment_id and not c.against]
        return [name for name in dict.fromkeys(seen) if not self.decision(name)]

    def screens(self) -> list[Job]:
        """Return all experiment jobs (without controls), oldest first."""
        return [job for job in self.jobs.values() if job.is_experiment]


def fold(lines: list[Event]) -> State | None:
    """Compute the state from the events; None without a config line."""
    state: State | None = None
    for event in lines:
        if isinstance(event, Config):
            state = _begun(state, event) if state else State(event)
        elif state is not None:
            _apply(state, event)
    if state is not None:
        state.last = lines[-1].line
    return state


def _begun(state: State, event: Config) -> State:
    """Return the session that the line begins, or resumes, with the one before set aside."""
    if not state.runs and state.config.name == event.name:
        return replace(state, config=event)
    own = {*(job.experiment for job in state.jobs.values() if job.is_experiment), *state.decisions, *state.compared}
    everybodys = {**state.earlier, **dict.fromkeys(own, state.config.name)}
    aside = {**state.aside, state.config.name: state}
    before = aside.pop(event.name, None) if event.resumed else None
    known = before or State(event, segment=max(each.segment for each in aside.values()) + 1)
    known.last_run, known.aside = state.last_run, aside
    known.earlier = {name: its for name, its in everybodys.items() if its != event.name or known is not before}
    return known


def _apply(state: State, event: Event) -> None:
    if isinstance(event, Submitted):  # first those of which there are many
        state.jobs[event.job] = Job(event)
    elif isinstance(event, Finished):
        _finish(state, event)
    elif isinstance(event, Run):
        _ran(state, event)
    elif isinstance(event, Lock):
        if not state.has_baseline:
            state.began = event.timestamp
        state.before_lock = state.lock, state.standing, state.has_baseline
        state.lock = state.standing = event
        state.has_baseline = False
    elif isinstance(event, Comparison):
        state.comparisons.append(event)
        state.outcomes.append(event)
        state.compared[event.experiment_id] = event
    elif isinstance(event, WorkerEvent):
        state.workers.append(event)
        if event.what in ("up", "calibrated"):
            state.outcomes.append(event)
        _sent(state, event)
    elif isinstance(event, Wave):
        state.waves[event.name] = event
    elif isinstance(event, Note):
        _noted(state, event)


def _noted(state: State, event: Note) -> None:
    state.notes.append(event)
    if event.lock == "failed":
        state.lock, state.standing, state.has_baseline = state.before_lock
    if event.changed:  # options changed after results: another config line would say new segment
        state.config = Config.from_line({**state.config.line, **event.changed})


def _ran(state: State, event: Run) -> None:
    if event.description == "baseline" and not state.tried:
        state.runs.clear()  # locked again before the first experiment
    state.runs.append(event)
    state.last_run = max(state.last_run, event.run)
    if event.experiment_id:
        state.decisions[event.experiment_id] = event
    if event.status == "keep":
        state.has_baseline = True
        state.standing = event if event.experiment_id else state.standing


def _sent(state: State, event: WorkerEvent) -> None:
    """Note on a job of the fleet which worker it was given to, that it came back unsent, or that it is to be ended."""
    job = state.jobs.get(event.job)
    if job is None:
        return
    if event.what in ("sent", "unsent"):
        job.sent = event if event.what == "sent" else None
    elif event.what == "cancelling":
        job.cancelling = True


def _finish(state: State, event: Finished) -> None:
    job = state.jobs.get(event.job)
    if job is None or job.finished is not None:
        return
    job.finished, role = event, job.submitted.role
    if role not in JUDGED:
        state.outcomes.append(event)
    if role == "experiment" and not (event.error == "cancelled" and event.experiment_id in state.results):
        state.results[job.submitted.experiment_id] = event


_loaded: dict[Path, tuple[int, Event, State]] = {}
"""Of each journal: how many events it had, the last of them, and the state that they make."""


def load(root: Path) -> State:
    """Read the journal of `root` and compute the state; raises Failure (2) when there is no session."""
    lines, known = events.held(root), _loaded.get(root)
    if lines and known and known[0] == len(lines) and known[1] is lines[-1]:
        return known[2]
    state = fold(lines)
    if state is None:
        raise console.usage(
            "there is no session in this repository", "start_session.py --help  # how to begin one, with an example"
        )
    _loaded[root] = len(lines), lines[-1], state
    return state
