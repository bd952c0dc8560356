"""The events of the journal: what each kind of line says, read and written in one place."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from helpers import journal, journal_index
from helpers.agreement import Budget as Budget
from helpers.agreement import Config as Config
from helpers.agreement import Lock as Lock
from helpers.comparison import Comparison as Comparison
from helpers.job_events import Finished as Finished
from helpers.job_events import Submitted as Submitted
from helpers.scale import RATIO
from helpers.typed_line import Event, TypedLine

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, kw_only=True)
class Run(Event):
    """A decision, or the baseline of the lock, in the form that other readers of the journal share."""

    KEPT = "timestamp run experiment_id status description"
    KEYS: ClassVar[dict[str, str]] = {"judged_by": "scale"}
    run: int
    commit: str
    metric: float | None
    metrics: dict[str, float]
    status: str
    description: str
    segment: int
    confidence: float | None
    samples: list[float]
    worker: str | None
    host: dict[str, Any] | None
    tests: dict[str, Any] | None = None
    unproven: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    judged_by: str = RATIO
    """The scale, as the baseline's values proposed it or the person agreed."""
    literature_source: str = ""
    problem: str = ""
    solution: str = ""
    changed: str = ""
    places: list[str] = field(default_factory=list)
    experiment_id: str = ""
    tree: str = ""
    commit_full: str = ""
    verdict: Comparison | None = None
    cost_usd: float | None = None
    reviewed: str = ""
    marks: list[str] = field(default_factory=list)
    asi: dict[str, Any] = field(default_factory=dict)

    @property
    def unread(self) -> str:
        """What is said before its figure where no reader judged the places that its diff has; empty elsewhere."""
        return "no reader judged its places: " if self.status == "keep" and self.places and not self.reviewed else ""

    @property
    def is_measured(self) -> bool:
        """Whether it ran or was compared before it was decided: what was turned down unseen says nothing of gains."""
        return self.status != "discard" or self.verdict is not None or bool(self.metrics or self.samples or self.metric)

    @property
    def cited(self) -> list[str]:
        """The ids of what it came from."""
        return [each for each in self.literature_source.split(", ") if each]

    @property
    def gain(self) -> float | None:
        """The gain that its comparison measured."""
        return self.verdict.gain if self.verdict else None

    @property
    def why(self) -> str:
        """The reason that was given for turning it down."""
        return str(self.asi.get("why") or "")


@dataclass(frozen=True, kw_only=True)
class WorkerEvent(Event):
    """`what` happened to a worker (its new state, replaced, calibrated) or to its job (sent, unsent, cancelling)."""

    TYPE = "worker"
    KEYS: ClassVar[dict[str, str]] = {"what": "event"}
    worker: str = "local"
    what: str
    reason: str = ""
    job: str = ""
    fleet_job: str = ""
    name: str = ""
    launch: str = ""
    host: str = ""
    resources: dict[str, Any] = field(default_factory=dict)
    autostop: int | None = None
    usd_hour: float | None = None
    accelerators: dict[str, float] | None = None
    sigma_pair: float | None = None
    resolves: float | None = None
    samples: list[float] = field(default_factory=list)
    noisy: bool = False
    repeats: int = 1
    calls: int = 1
    """Calls of each measurement of a calibration; `repeats`: of one in a comparison, as it chose."""
    wall: list[float] = field(default_factory=list)
    """Seconds of each measurement by the clock, of a calibration; `cpu`: by the processors."""
    cpu: list[float] = field(default_factory=list)
    others: dict[str, float] = field(default_factory=dict)
    """sigma_pair of what the benchmark printed beside the metric and may be steadier."""
    build_s: float = 0.0
    checks_s: float = 0.0
    checks: str = ""
    notices: list[str] = field(default_factory=list)
    """Which ways to less noise the benchmark takes already."""
    benchmark: str = ""
    """The SHA-256 of the benchmark that was calibrated."""


@dataclass(frozen=True, kw_only=True)
class Literature(Event):
    """A paper or a finding that was read; `source` is its id."""

    TYPE = "literature"
    source: str
    title: str = ""
    url: str = ""
    kind: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Idea(Event):
    """An idea that was added or done."""

    TYPE = "idea"
    KEYS: ClassVar[dict[str, str]] = {"what": "event"}
    what: str
    id: str
    text: str = ""
    result: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Wave(Event):
    """A designed wave: its factors with their values, and the values of each of its experiments (`cells`).

    `template`: the experiment that its copies are made from; `by`: where the values go, `source` or `env`. A later
    event of the same name holds the cells of the earlier ones too.
    """

    TYPE = "wave"
    name: str
    factors: dict[str, Any]
    cells: dict[str, Any] = field(default_factory=dict)
    template: str = ""
    by: str = "source"
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Cost(TypedLine):
    """What the agent itself is reported to have cost."""

    usd: float | None = None
    tokens: float | None = None


@dataclass(frozen=True, kw_only=True)
class Note(Event):
    """Anything else on record; `changed` holds keys of the config that have another value from here on.

    `closed`: why the session is over; `cost`: usd and tokens of the agent; `refused`: an experiment that the policy
    refused, with its tree, title and places.
    """

    TYPE = "note"
    KEYS: ClassVar[dict[str, str]] = {"changed": "set"}
    text: str = ""
    title: str = ""
    refused: str = ""
    places: list[str] = field(default_factory=list)
    whole: str = ""
    closed: str = ""
    cost: Cost | None = None
    experiment_id: str = ""
    source: list[str] = field(default_factory=list)
    lock: str = ""
    instead: str = ""
    """What leads on where a lock failed that would fail again."""
    tree: str = ""
    lacked: list[str] = field(default_factory=list)
    """Files without which the commit of this `tree`, checked out alone, was seen to fail."""
    was: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)


NO_RESULT, NO_COMPARISON, NO_RUN = Finished.from_line({}), Comparison.from_line({}), Run.from_line({})
"""What is known of an experiment that never finished, was never compared, or never decided."""
KINDS = (Config, Lock, Submitted, Finished, Comparison, WorkerEvent, Literature, Idea, Wave, Note)
_BY_TYPE: dict[object, type[Event]] = {kind.TYPE: kind for kind in KINDS}


def from_line(line: dict[str, Any]) -> Event:
    """Return the event that a line of the journal says, whatever wrote it."""
    return _kind(line).from_line(line)


def _kind(line: dict[str, Any]) -> type[Event]:
    kind = line.get("type")
    if "run" in line and kind != Config.TYPE:
        return Run
    return _BY_TYPE.get(kind, Event) if isinstance(kind, str) else Event


def read_events(root: Path) -> list[Event]:
    """Return all events of the journal, oldest first."""
    return list(map(from_line, journal.read_events(root)))


_held: dict[Path, tuple[int, bytes, list[Event]]] = {}
"""Of each journal that this process read: up to where, what stood before that place, and its events."""
_REMEMBERED = {kind.__name__: kind for kind in (Run, *KINDS) if kind.KEPT}


def held(root: Path) -> list[Event]:
    """Return the same, holding of most events little more than what the session's state is made from.

    Asked again it reads on where it stopped, in another process where `journal_index` did, or everything where that is
    no longer the same journal.
    """
    good, (end, before, found) = -1, _held.get(root, (0, b"", list[Event]()))
    if not end or before != journal.before(root, end):
        found, end, good = journal_index.read(root, _REMEMBERED, from_line)
    start, new, more, again = end, list[tuple[int, Event]](), list[Event](), functools.partial(journal.read_line, root)
    for behind, line in journal.read_from(root, end, found[-1].timestamp if found else 0, samples=False):
        kind = _kind(line)
        if not behind:
            more.append(kind.from_line(line))
            continue
        kept = kind.remembered(line, again, behind) if kind.KEPT else kind.from_line(again(behind) | _at(line))
        new.append((behind, kept))
        end = behind
    if good >= 0 and end - start >= journal_index.PART:
        journal_index.write(root, _REMEMBERED, new, start, good)
    found = [*found, *(event for _, event in new)]
    _held[root] = end, journal.before(root, end), found
    return found + more


def _at(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key == "timestamp"}


def append(root: Path, event: E) -> E:
    """Append one event, durably, and return it with its timestamp."""
    with journal.locked(root):
        return append_locked(root, event)


def append_locked(root: Path, event: E) -> E:
    """Append while the caller holds `journal.locked(root)`."""
    return type(event).from_line(journal.append_locked(root, event.to_line()))
