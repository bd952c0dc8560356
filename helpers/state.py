"""The state of a session, computed from the journal and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers import console, journal
from helpers.journal import Event

DEFAULT_MARGIN = 0.01
JUDGED = ("comparison", "calibration")
"""Roles of the jobs of the fleet that measure pairs, and end in an answer instead of a log's metrics."""
SAYS = {"improved": 1, "not_worse": 1, "error": 0, "void": 0}
"""What a comparison's verdict counts for its content; every other one speaks against it."""


@dataclass
class Job:
    """One submission of a tree to a worker.

    `finished` is None until its result is journaled, `sent` while it waits for a worker of the fleet.
    """

    submitted: Event
    finished: Event | None = None
    sent: Event | None = None
    cancelling: bool = False

    @property
    def name(self) -> str:
        """The job's id, unique in the session."""
        return str(self.submitted["job"])

    @property
    def experiment(self) -> str:
        """The experiment that it runs."""
        return str(self.submitted["experiment_id"])

    @property
    def role(self) -> str:
        """`experiment`, `control` for a run of the current baseline, or one of JUDGED."""
        return str(self.submitted.get("role", "experiment"))

    @property
    def tree(self) -> str:
        """The tree that it runs."""
        return str(self.submitted["tree"])

    @property
    def env(self) -> dict[str, str]:
        """What it sees of environment beyond the task's own."""
        return dict(self.submitted.get("env") or {})

    @property
    def is_experiment(self) -> bool:
        """Whether it measures an experiment."""
        return self.role == "experiment"

    @property
    def is_control(self) -> bool:
        """Whether it measures the baseline beside experiments."""
        return self.role == "control"

    @property
    def is_judged(self) -> bool:
        """Whether it is a whole comparison or calibration on a worker."""
        return self.role in JUDGED

    @property
    def is_local(self) -> bool:
        """Whether this machine runs it."""
        return self.submitted.get("executor") == "local"

    @property
    def on_fleet(self) -> bool:
        """Whether the fleet's keeper sends and collects it."""
        return self.submitted.get("executor") == "sky"

    @property
    def worker(self) -> str:
        """The worker that it was sent to; `any` while it waits for one."""
        return str((self.sent or self.submitted).get("worker", "local") or "any")


@dataclass
class State:
    """Everything that the journal says about the current segment (the events since the last config line)."""

    config: Event
    lock: Event | None = None
    runs: list[Event] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    comparisons: list[Event] = field(default_factory=list)
    notes: list[Event] = field(default_factory=list)
    workers: list[Event] = field(default_factory=list)
    segment: int = 0
    last_run: int = 0
    results: dict[str, Event] = field(default_factory=dict)
    decisions: dict[str, Event] = field(default_factory=dict)
    compared: dict[str, Event] = field(default_factory=dict)
    outcomes: list[Event] = field(default_factory=list)
    """What ended, well or not, in the journal's order: experiments, controls, comparisons, calibrations."""
    standing: Event | None = None
    """The lock or kept run that is the current baseline."""
    has_baseline: bool = False
    """Whether that has been measured: a lock may have failed."""
    before_lock: tuple[Event | None, Event | None, bool] = (None, None, False)
    earlier: dict[str, str] = field(default_factory=dict)
    """Experiments of sessions before this one, and the name of each one's session."""

    @property
    def metric(self) -> str:
        """The name of the metric that decides."""
        return str(self.config["metricName"])

    @property
    def direction(self) -> str:
        """`lower` or `higher`."""
        return str(self.config["bestDirection"])

    @property
    def margin(self) -> float:
        """The smallest gain worth keeping, as a fraction."""
        return float(self.config.get("margin", DEFAULT_MARGIN))

    @property
    def branch(self) -> str:
        """The session's branch."""
        return str(self.config["branch"])

    @property
    def kept(self) -> list[Event]:
        """The kept runs without the first baseline."""
        return [r for r in self.runs if r["status"] == "keep" and r.get("experiment_id")]

    @property
    def baseline(self) -> Event:
        """The current baseline: the event (lock or kept run) that carries its `commit_full` and `tree`."""
        return self.standing or self.require_lock()

    @property
    def protected(self) -> dict[str, str]:
        """Path to SHA-256 of every protected file as locked."""
        return dict(self.require_lock()["protected"])

    @property
    def allow(self) -> list[str]:
        """What the person opened with --allow."""
        return list(self.config.get("allow", []))

    def require_lock(self) -> Event:
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

    def require_own(self, experiment: str) -> None:
        """Raise Failure (2) for an experiment of an earlier session: what that one recorded stays as it is."""
        if experiment in self.earlier:
            raise console.usage(
                f"{experiment} is of the session {self.earlier[experiment]}, before {self.config['name']}",
                f"snapshot_workdir.py create --from {experiment}  # to try its change again, under a new name",
            )

    def open_jobs(self) -> list[Job]:
        """Return the jobs without a result, oldest first."""
        return [job for job in self.jobs.values() if job.finished is None]

    def result(self, experiment: str) -> Event | None:
        """Return the last finished event of the experiment itself (not of a control)."""
        return self.results.get(experiment)

    def decision(self, experiment: str) -> Event | None:
        """Return the run line that decided the experiment."""
        return self.decisions.get(experiment)

    def comparison(self, experiment: str) -> Event | None:
        """Return the last comparison of the experiment."""
        return self.compared.get(experiment)

    def votes(self, compared: Event) -> int:
        """Return by how much the comparisons that found this very content good outnumber those that did not."""
        keys = ("baseline_tree", "candidate_tree", "mode", "metric")
        same = [c for c in self.comparisons if all(c.get(key) == compared.get(key) for key in keys)]
        return sum(SAYS.get(str(c.get("verdict")), -1) for c in same)

    def undecided(self) -> list[str]:
        """Return the experiments that have a result and wait for a decision, oldest first."""
        seen = [j.experiment for j in self.jobs.values() if j.is_experiment and j.finished]
        seen += [str(c["experiment_id"]) for c in self.comparisons if c.get("experiment_id") and not c.get("against")]
        return [name for name in dict.fromkeys(seen) if not self.decision(name)]

    def screens(self) -> list[Job]:
        """Return all experiment jobs (without controls), oldest first."""
        return [job for job in self.jobs.values() if job.is_experiment]


def fold(events: list[Event]) -> State | None:
    """Compute the state from the events; None without a config line."""
    state: State | None = None
    for event in events:
        if event.get("type") == "config":
            segment = 0 if state is None else state.segment + (1 if state.runs else 0)
            last = 0 if state is None else state.last_run
            if state is None or state.runs:
                earlier = {} if state is None else _all_experiments(state)
                state = State(event, segment=segment, last_run=last, earlier=earlier)
            else:
                state.config = event
        elif state is not None:
            _apply(state, event)
    return state


def _all_experiments(state: State) -> dict[str, str]:
    own = {*(job.experiment for job in state.jobs.values() if job.is_experiment), *state.decisions, *state.compared}
    return {**state.earlier, **dict.fromkeys(own, str(state.config.get("name")))}


def _apply(state: State, event: Event) -> None:
    kind = event.get("type")
    if "run" in event:
        _ran(state, event)
    elif kind == "lock":
        state.before_lock = state.lock, state.standing, state.has_baseline
        state.lock = state.standing = event
        state.has_baseline = False
    elif kind == "submitted":
        state.jobs[str(event.get("job"))] = Job(event)
    elif kind == "finished":
        _finish(state, event)
    elif kind == "comparison":
        state.comparisons.append(event)
        state.outcomes.append(event)
        state.compared[str(event.get("experiment_id"))] = event
    elif kind == "worker":
        state.workers.append(event)
        if event.get("event") in ("up", "calibrated"):
            state.outcomes.append(event)
        _sent(state, event)
    elif kind == "note":
        state.notes.append(event)
        if event.get("lock") == "failed":
            state.lock, state.standing, state.has_baseline = state.before_lock
        if isinstance(
            event.get("set"), dict
        ):  # options changed after results: another config line would say new segment
            state.config = {**state.config, **event["set"]}


def _ran(state: State, event: Event) -> None:
    state.runs.append(event)
    state.last_run = max(state.last_run, _int(event.get("run")))
    if event.get("experiment_id"):
        state.decisions[str(event["experiment_id"])] = event
    if event.get("status") == "keep":
        state.has_baseline = True
        state.standing = event if event.get("experiment_id") else state.standing


def _sent(state: State, event: Event) -> None:
    """Note on a job of the fleet which worker it was given to, that it came back unsent, or that it shall be ended."""
    job, kind = state.jobs.get(str(event.get("job"))), event.get("event")
    if job is None:
        return
    if kind in ("sent", "unsent"):
        job.sent = event if kind == "sent" else None
    elif kind == "cancelling":
        job.cancelling = True


def _finish(state: State, event: Event) -> None:
    job = state.jobs.get(str(event.get("job")))
    if job is None or job.finished is not None:
        return
    job.finished = event
    if not job.is_judged:
        state.outcomes.append(event)
    if job.is_experiment:
        state.results[job.experiment] = event


def _int(value: Any) -> int:  # noqa: ANN401 - whatever stands in the file
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def load(root: Path) -> State:
    """Read the journal of `root` and compute the state; raises Failure (2) when there is no session."""
    state = fold(journal.read_events(root))
    if state is None:
        raise console.usage(
            "there is no session in this repository", "start_session.py --help  # how to begin one, with an example"
        )
    return state
