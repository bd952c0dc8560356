"""One projection of a session's journal: terminal, page, picture and exports read it, so that they cannot disagree."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import console, events, paths, replay
from helpers.comparison import Comparison, Content, Estimate
from helpers.events import Finished, Run
from helpers.json_fields import text_at
from helpers.judge.compare import figures, tiers
from helpers.judge.compare.figures import number
from helpers.read.ideas import queue
from helpers.record.report import experiments, marks
from helpers.record.report.experiments import OUTCOMES, Experiment
from helpers.record.report.spend import Spend, spend_of
from helpers.run.jobs import budget
from helpers.scale import Scale
from helpers.state import State


@dataclass(frozen=True)
class Session:
    """The session since its last configuration: what was agreed, what came of it, and what it took."""

    name: str
    branch: str
    objective: str
    metric: str
    unit: str
    direction: str
    margin: float
    scale: Scale
    segment: int
    began_ms: int
    last_ms: int
    base: str
    first: float | None
    first_commit: str
    first_metrics: dict[str, float]
    experiments: tuple[Experiment, ...]
    headline: Comparison | None
    spend: Spend
    closed: str
    unproven: tuple[str, ...]
    has_holdout: bool
    hosts: dict[str, str] = field(repr=False)
    """Worker to what is known of the machine behind it, in words."""
    together: dict[Content, Estimate] = field(repr=False)
    """What several comparisons of one content say in all."""
    tiers: tuple[str, ...] = ()
    """What one type of worker promoted to another, in words."""
    ideas: tuple[dict[str, object], ...] = ()
    looks: tuple[str, ...] = ()
    """What the journal says and commits, refs or evidence do not, in words."""
    outside: int = 0
    """How many experiments name a source that is no idea of the agent's own."""

    def estimate(self, compared: Comparison) -> Estimate | None:
        """Return the figures of a comparison, with all others of the same content."""
        return self.together.get(compared.content) or compared.estimate

    def of(self, *outcomes: str) -> list[Experiment]:
        """Return the experiments that stand so, oldest first."""
        return [exp for exp in self.experiments if exp.outcome in outcomes]

    @property
    def kept(self) -> list[Experiment]:
        """The kept experiments, oldest first."""
        return self.of("kept")

    @property
    def best_first(self) -> list[Experiment]:
        """The kept experiments by effect."""
        return sorted(self.kept, key=lambda exp: -(exp.gain or 0))

    @property
    def counts(self) -> dict[str, int]:
        """How many experiments stand where."""
        found = Counter(exp.outcome for exp in self.experiments)
        return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}


def load(root: Path, *more: Run) -> Session:
    """Read the journal of `root`, and `more` that is about to be written, and project its last session.

    Raises Failure (2) where there is none.
    """
    return read_session(root, *more)[1]


def read_session(root: Path, *more: Run) -> tuple[State, Session]:
    """Return the state as well."""
    lines = [*events.read_events(root), *more]
    now = replay.fold(lines)
    if now is None:
        raise console.usage(
            f"there is no session in this repository: {paths.JOURNAL} has no line that begins one",
            "start_session.py --help  # how to begin one, with an example",
        )
    ideas = tuple(idea.as_dict() for idea in queue.waiting(root))
    last_ms = max((event.timestamp for event in lines), default=0)
    session, kind_of = project(now, budget.ended_ms(now) or last_ms), queue.kind_of(root)
    outside = [exp for exp in session.experiments if not {"own", "profile"}.issuperset(map(kind_of, exp.sources))]
    session = replace(session, ideas=ideas, outside=len(outside))
    if not (root / ".git").exists():  # a journal alone
        return now, session
    doubts = marks.doubts(root, now)
    held = tuple(replace(exp, doubt=doubts.get(exp.name, "")) for exp in session.experiments)
    return now, replace(session, experiments=held, looks=tuple(marks.looks(root, now, doubts)))


def project(now: State, last_ms: int) -> Session:
    """Project a session's state; `last_ms` is when it was closed, or the time of its newest event."""
    first = now.runs[0] if now.runs else None
    began = now.config.timestamp or last_ms
    last_ms = max(last_ms, began)
    base = (now.lock.commit_full if now.lock else "") or now.config.base
    compared, together = dict[str, list[Comparison]](), _together(now)
    for event in now.comparisons:
        compared.setdefault(event.experiment_id, []).append(event)
    whole = _whole(now, base, compared)
    return Session(
        name=now.config.name or "unnamed",
        branch=now.branch,
        objective=now.config.objective,
        metric=now.metric or "metric",
        unit=now.config.unit,
        direction="higher" if now.direction == "higher" else "lower",
        margin=now.margin,
        scale=now.scale,
        segment=now.segment,
        began_ms=began,
        last_ms=last_ms,
        base=base,
        first=first.metric if first else None,
        first_commit=first.commit if first else "",
        first_metrics=first.metrics if first else {},
        experiments=tuple(experiments.experiments_of(now, compared, whole, together)),
        headline=_headline(now, base, [part for name in whole for part in compared.get(name, ())]),
        hosts=_hosts(now),
        together=together,
        spend=spend_of(now, began, last_ms),
        closed=budget.closed(now),
        unproven=tuple(first.unproven if first else ()),
        has_holdout=now.lock is not None and paths.HOLDOUT in now.lock.protected,
        tiers=tuple(tiers.summary(now)),
    )


def _together(now: State) -> dict[Content, Estimate]:
    found: dict[Content, list[Comparison]] = {}
    for event in now.comparisons:
        if event.vote:
            found.setdefault(event.content, []).append(event)
    return {content: its for content, parts in found.items() if (its := figures.together(parts))}


def _hosts(now: State) -> dict[str, str]:
    """Return worker to what is known of the machine behind it, in words."""
    found = {}
    measured: list[Run | Finished] = [*now.runs, *(job.finished for job in now.jobs.values() if job.finished)]
    for event in measured:
        host = event.host or {}
        if cpu := text_at(host.get("cpu")):
            cores = number(host.get("cores"))
            found[event.worker or ""] = cpu + (f", {cores:g} cores" if cores else "")
    for up in now.workers:
        if up.host:
            found.setdefault(up.worker, up.host)
    return found


def _whole(now: State, base: str, compared: dict[str, list[Comparison]]) -> set[str]:
    """Return the names under which the whole branch was compared with the first baseline: they are no experiments."""
    trees = {run.tree for run in now.kept} - {""}
    decided = {run.experiment_id for run in now.runs}
    against = {event.experiment_id for event in now.comparisons if event.against}
    return {
        name
        for name, parts in compared.items()
        if name not in decided
        and (name in against or any(part.baseline_commit == base and part.candidate_tree in trees for part in parts))
    }


def _headline(now: State, base: str, parts: list[Comparison]) -> Comparison | None:
    """Return the newest comparison of the branch as it stands with the first baseline, preferring one with a figure."""
    tree = now.kept[-1].tree if now.kept else ""
    fresh = [part for part in parts if tree and part.candidate_tree == tree and part.baseline_commit == base]
    return max(fresh, key=lambda part: (part.estimate is not None, part.timestamp), default=None)
