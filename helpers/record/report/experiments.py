"""One experiment of a session as its journal tells it: what was tried, every measurement of it, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from helpers.events import Run
from helpers.journal import Event
from helpers.json_fields import mapping, text, values
from helpers.judge.compare.figures import Comparison, Estimate, number
from helpers.record.report import marks
from helpers.state import Job, State

OUTCOMES = {
    "kept": "kept",
    "no_gain": "no gain shown",
    "undecided": "undecided",
    "screened": "turned down on a screen, never compared",
    "failed": "failed (crash, checks, void)",
    "refused": "refused, or never run",
    "waiting": "waits for a decision",
    "running": "runs or waits for a worker",
}
"""Where an experiment stands, and the words for it."""


@dataclass(frozen=True)
class Screen:
    """One quick look: raw numbers that rank and decide nothing."""

    job: str
    worker: str
    status: str
    metric: float | None
    gain: float | None
    checks: str
    error: str
    log: str
    seconds: float | None
    at_ms: int


@dataclass(frozen=True)
class Experiment:
    """One experiment as the journal tells it; times in ms, None for what is unknown."""

    name: str
    description: str
    outcome: str
    status: str = ""
    began_ms: int = 0
    at_ms: int = 0
    comparisons: tuple[Comparison, ...] = ()
    decisive: Comparison | None = None
    screens: tuple[Screen, ...] = ()
    sources: tuple[str, ...] = ()
    why: str = ""
    problem: str = ""
    solution: str = ""
    changed: str = ""
    places: tuple[str, ...] = ()
    reviewed: str = ""
    marks: tuple[str, ...] = ()
    """What had been loosened after the lock when it was kept."""
    doubt: str = ""
    """What of its keep its evidence does not carry, looked at anew."""
    commit: str = ""
    tree: str = ""
    metric: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    cost_usd: float | None = None
    run: int = 0
    number: int = 0

    @property
    def estimate(self) -> Estimate | None:
        """The gain of the comparison that decided."""
        return self.decisive.estimate if self.decisive else None

    @property
    def gain(self) -> float | None:
        """The gain that is shown, None where nothing was compared: a screen's is never taken for it."""
        return self.estimate.gain if self.estimate else None

    @property
    def near_miss(self) -> bool:
        """Whether it may be a gain that its pairs could not show."""
        return self.outcome in ("undecided", "waiting") and (self.gain or 0) > 0

    @property
    def seconds(self) -> float:
        """What its screens and comparisons took."""
        return sum(p.seconds or 0 for p in self.screens) + sum(p.seconds or 0 for p in self.comparisons)


def experiments(now: State, compared: dict[str, list[Comparison]], whole: set[str]) -> Iterator[Experiment]:
    """Yield every experiment in the order in which they were first heard of."""
    jobs: dict[str, list[Job]] = {}
    for job in now.jobs.values():
        if job.is_experiment:
            jobs.setdefault(job.experiment, []).append(job)
    runs = {run.experiment_id: run.line for run in now.runs if run.experiment_id}
    refused = {text(note.line["refused"]): note.line for note in now.notes if text(note.line.get("refused"))}
    began = [
        (int(number(event.get("timestamp")) or 0), name)
        for name, event in (
            *((name, each[0].submitted.line) for name, each in jobs.items()),
            *((name, {"timestamp": each[0].at_ms}) for name, each in compared.items()),
            *runs.items(),
            *refused.items(),
        )
    ]
    doubts = marks.doubts(now)
    first = {name: at for at, name in sorted(began, reverse=True)}
    for order, (name, at) in enumerate(sorted(first.items(), key=lambda row: (row[1], row[0])), 1):
        if name and name not in whole:
            its, run = compared.get(name, []), runs.get(name, {})
            found = _experiment(name, at, order, jobs.get(name, []), its, run, refused.get(name, {}))
            kept = tuple(marks.of_run(now, Run.from_line(run))) if found.outcome == "kept" else ()
            yield replace(found, marks=kept, doubt=doubts.get(name, ""))


def _experiment(
    name: str, began: int, order: int, jobs: list[Job], parts: list[Comparison], run: Event, refused: Event
) -> Experiment:
    screens = tuple(_screen(job) for job in jobs if job.finished)
    submitted = jobs[0].submitted.line if jobs else {}
    given = [text(each) for job in jobs for each in job.submitted.source]
    cited = [each for each in text(run.get("literature_source")).split(", ") if each]
    decisive = _decisive(parts, run)
    ended = [int(number(run.get("timestamp")) or 0), *(p.at_ms for p in parts), *(s.at_ms for s in screens)]
    return Experiment(
        name=name,
        description=text(run.get("description"))
        or text(submitted.get("description"))
        or text(refused.get("title"))
        or name,
        outcome=_outcome(jobs, decisive, run),
        status=text(run.get("status")),
        began_ms=began,
        at_ms=max([ended[0] or max(ended), began]),
        comparisons=tuple(parts),
        decisive=decisive,
        screens=screens,
        sources=tuple(dict.fromkeys([*cited, *given])),
        why=text(mapping(run.get("asi")).get("why")) or text(refused.get("text")),
        problem=text(run.get("problem")),
        solution=text(run.get("solution")),
        changed=text(run.get("changed")),
        places=tuple(map(str, values(run.get("places")) or values(refused.get("places")))),
        reviewed=text(run.get("reviewed")),
        commit=text(run.get("commit_full")) or text(run.get("commit")),
        tree=text(run.get("tree")) or text(submitted.get("tree")),
        metric=number(run.get("metric")) or next((s.metric for s in reversed(screens) if s.metric), None),
        metrics={
            str(k): v for k, v in ((k, number(v)) for k, v in mapping(run.get("metrics")).items()) if v is not None
        },
        cost_usd=number(run.get("cost_usd")),
        run=int(number(run.get("run")) or 0),
        number=order,
    )


def _decisive(parts: list[Comparison], run: Event) -> Comparison | None:
    """Return the comparison that the decision rests on: for a kept change the one whose verdict its run carries."""
    seed = mapping(run.get("verdict")).get("seed")
    return next((part for part in reversed(parts) if seed and part.seed == seed), parts[-1] if parts else None)


def _outcome(jobs: list[Job], decisive: Comparison | None, run: Event) -> str:
    status = text(run.get("status"))
    if status == "keep":
        return "kept"
    if status in ("crash", "checks_failed"):
        return "failed"
    if not run:
        if any(job.finished is None for job in jobs):
            return "running"
        return "waiting" if jobs or decisive else "refused"
    if decisive is None:
        if not jobs:
            return "refused"
        return "screened" if any(job.finished and job.finished.status == "done" for job in jobs) else "failed"
    by_checks = decisive.checks.startswith(("failed", "timeout")) or decisive.reason.startswith("crash")
    if by_checks or decisive.verdict in ("void", "error"):
        return "failed"
    return "undecided" if decisive.verdict == "undecided" else "no_gain"


def _screen(job: Job) -> Screen:
    done = mapping(job.finished.line if job.finished else None)
    durations = [number(each) for each in mapping(done.get("durations")).values()]
    return Screen(
        job=text(done.get("job")),
        worker=text(done.get("worker")) or "local",
        status=text(done.get("status")) or "unknown",
        metric=number(done.get("metric")),
        gain=number(done.get("gain")),
        checks=text(done.get("checks")),
        error=text(done.get("error")),
        log=text(done.get("log")),
        seconds=sum(each or 0 for each in durations) if durations else None,
        at_ms=int(number(done.get("timestamp")) or 0),
    )
