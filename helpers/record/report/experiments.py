"""One experiment of a session as its journal tells it: what was tried, every measurement of it, and how it stands."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from helpers.comparison import Comparison, Content, Estimate
from helpers.events import NO_RESULT, NO_RUN, Finished, Note, Run
from helpers.record.report import marks
from helpers.state import Job, State

OUTCOMES = {
    "kept": "kept",
    "small": "a gain shown, below the margin",
    "no_gain": "no gain shown",
    "declined": "turned down, though a gain was shown",
    "undecided": "undecided",
    "screened": "turned down, never compared",
    "failed": "failed",
    "refused": "refused, or never run",
    "waiting": "waits for a decision",
    "running": "runs or waits for a worker",
}
"""Where an experiment stands, and the words for it."""


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
    estimate: Estimate | None = None
    """The gain of the comparison that decided, and of all others of the same content with it."""
    screens: tuple[Finished, ...] = ()
    """Quick looks: raw numbers that rank and decide nothing."""
    sources: tuple[str, ...] = ()
    why: str = ""
    problem: str = ""
    solution: str = ""
    changed: str = ""
    places: tuple[str, ...] = ()
    reviewed: str = ""
    unread: str = ""
    marks: tuple[str, ...] = ()
    """What had been loosened after the lock when it was kept."""
    doubt: str = ""
    """What of its keep its evidence does not carry, looked at again."""
    commit: str = ""
    tree: str = ""
    metric: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    cost_usd: float | None = None
    run: int = 0
    number: int = 0
    value: float | None = None
    """What its gain makes of the first baseline's metric, through the gains kept before it; None where nothing was
    compared. Medians of other hours are no level to draw: the machine was in another mood then, on both sides."""
    value_range: tuple[float, float] | None = None

    @property
    def gain(self) -> float | None:
        """The gain that is shown, None where nothing was compared: a screen's is never taken for it."""
        return self.estimate.gain if self.estimate else None

    @property
    def near_miss(self) -> bool:
        """Whether it shows a gain below the margin, or may be one that its pairs could not show."""
        return self.outcome == "small" or (self.outcome in ("undecided", "waiting") and (self.gain or 0) > 0)

    @property
    def fault(self) -> str:
        """What of a failed one was wrong, in a word."""
        found = _fault(self.decisive or (self.screens[-1] if self.screens else NO_RESULT))
        return found or ("checks" if self.status == "checks_failed" else "crash")

    @property
    def stands(self) -> str:
        """How it stands, in words; a screen is named as the reason only where it spoke against the change."""
        word = self.screens[-1].screen if self.outcome == "screened" else ""
        said = {"": "", "slower": " (its screen was slower)"}.get(word, f" (not for its screen, which was {word})")
        return OUTCOMES[self.outcome] + said

    @property
    def seconds(self) -> float:
        """What its screens and comparisons took."""
        return sum(sum(p.durations.values()) for p in self.screens) + sum(p.seconds or 0 for p in self.comparisons)


def experiments_of(
    now: State, compared: dict[str, list[Comparison]], whole: set[str], together: dict[Content, Estimate]
) -> Iterator[Experiment]:
    """Return every experiment in the order in which they were first heard of."""
    jobs: dict[str, list[Job]] = {}
    for job in now.jobs.values():
        if job.is_experiment:
            jobs.setdefault(job.experiment, []).append(job)
    runs = {run.experiment_id: run for run in now.runs if run.experiment_id}
    refused = {note.refused: note for note in now.notes if note.refused}
    began = [
        *((each[0].submitted.timestamp, name) for name, each in jobs.items()),
        *((each[0].timestamp - int(1000 * (each[0].seconds or 0)), name) for name, each in compared.items()),
        *((event.timestamp, name) for events in (runs, refused) for name, event in events.items()),
    ]
    sources = now.sources
    first = {name: at for at, name in sorted(began, reverse=True)}
    rows = []
    for order, (name, at) in enumerate(sorted(first.items(), key=lambda row: (row[1], row[0])), 1):
        if name and name not in whole:
            its, run = compared.get(name, []), runs.get(name)
            found = _experiment(name, at, order, jobs.get(name, []), its, run, refused.get(name, Note()))
            found = replace(found, sources=tuple(dict.fromkeys([*found.sources, *sources.get(name, [])])))
            kept = tuple(marks.of_run(now, run)) if run and found.outcome == "kept" else ()
            last = found.decisive
            shown = (together.get(last.content) or last.estimate) if last else None
            rows.append(replace(found, marks=kept, estimate=shown))
    levels = {run.commit[:7]: run.metric for run in now.runs if not run.experiment_id and run.metric is not None}
    for exp in sorted((exp for exp in rows if exp.outcome == "kept"), key=lambda exp: exp.at_ms):
        if (value := _placed(exp, levels).value) is not None:
            levels[exp.commit[:7]] = value
    return (_placed(exp, levels) for exp in rows)


def _placed(exp: Experiment, levels: dict[str, float]) -> Experiment:
    """Give the experiment its value, where it was compared with one of the baselines whose values are `levels`."""
    its, level = exp.estimate, levels.get(exp.decisive.baseline_commit[:7]) if exp.decisive else None
    if exp.decisive is None or its is None or level is None:
        return exp
    value, *ends = (exp.decisive.scale.moved(level, gain) for gain in (its.gain, its.low, its.high))
    if not all(map(math.isfinite, (value, *ends))):
        return exp
    return replace(exp, value=value, value_range=(min(ends), max(ends)))


def _experiment(
    name: str, began: int, order: int, jobs: list[Job], parts: list[Comparison], decided: Run | None, refused: Note
) -> Experiment:
    screens = tuple(job.finished for job in jobs if job.finished)
    decisive, run = _decisive(parts, decided), decided or NO_RUN
    ended = max([*(p.timestamp for p in parts), *(s.timestamp for s in screens)], default=0)
    return Experiment(
        name=name,
        description=run.description or (jobs[0].submitted.description if jobs else "") or refused.title or name,
        outcome=_outcome(jobs, decisive, decided),
        status=run.status,
        began_ms=began,
        at_ms=max(run.timestamp if run.status == "keep" else ended or run.timestamp, began),
        comparisons=tuple(parts),
        decisive=decisive,
        screens=screens,
        sources=tuple(run.cited),
        why=run.why or refused.text,
        problem=run.problem,
        solution=run.solution,
        changed=run.changed,
        places=tuple(run.places or refused.places),
        reviewed=run.reviewed,
        unread=run.unread,
        commit=run.commit_full or run.commit,
        tree=run.tree or (jobs[0].tree if jobs else ""),
        metric=run.metric or next((s.metric for s in reversed(screens) if s.metric), None),
        metrics=run.metrics,
        cost_usd=run.cost_usd,
        run=run.run,
        number=order,
    )


def _decisive(parts: list[Comparison], run: Run | None) -> Comparison | None:
    """Return the comparison that the decision rests on: for a kept change the one whose verdict its run carries."""
    seed = run.verdict.seed if run and run.verdict else ""
    return next((part for part in reversed(parts) if seed and part.seed == seed), parts[-1] if parts else None)


def _outcome(jobs: list[Job], decisive: Comparison | None, run: Run | None) -> str:
    if run is None:
        if any(job.finished is None for job in jobs):
            return "running"
        return "waiting" if jobs or decisive else "refused"
    if run.status == "keep":
        return "kept"
    if run.status in ("crash", "checks_failed"):
        return "failed"
    if decisive is None:
        if not jobs:
            return "refused"
        return "screened" if any(job.finished and job.finished.status == "done" for job in jobs) else "failed"
    if _fault(decisive):
        return "failed"
    if decisive.is_good:
        return "declined"
    return "undecided" if decisive.verdict == "undecided" else "small" if decisive.is_small else "no_gain"


def _fault(last: Comparison | Finished) -> str:
    """Return what a comparison, or a run, that failed says was wrong; empty for one that did not."""
    said = (last.reason if isinstance(last, Comparison) else last.error) or ""
    if isinstance(last, Comparison) and last.verdict in ("void", "error"):
        return "void" if last.verdict == "void" else "no verdict"
    if (last.checks or "").startswith(("failed", "timeout")) or said.startswith("checks: "):
        return "checks"
    return "answers" if said.startswith("outputs ") else "crash" if said.startswith("crash") else ""
