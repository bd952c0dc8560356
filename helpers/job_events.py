"""What the journal says of a job: the tree that was submitted, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from helpers.typed_line import Event


@dataclass(frozen=True, kw_only=True)
class Submitted(Event):
    """A tree that was submitted to a worker, as a job."""

    TYPE = "submitted"
    KEPT = "timestamp experiment_id job worker executor role tree"
    experiment_id: str
    job: str
    worker: str = "local"
    executor: str
    tree: str
    role: str = "experiment"
    description: str
    source: list[str]
    env: dict[str, str]
    baseline: str = ""
    """The tree that is measured beside it, of a screen."""
    plan: dict[str, Any] = field(default_factory=dict)
    part: dict[str, Any] = field(default_factory=dict)
    """Of which job it measures some pairs, in which phase, and which numbers."""
    kind: str = ""
    """The type of worker that it waits for; empty for any."""
    retry_of: str = ""
    avoid: str = ""


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """What a job gave. `screen`: its word, with `gain`; `answer`: the verdict of a comparison on a worker."""

    TYPE = "finished"
    KEPT = "timestamp experiment_id job worker role status error checks"
    experiment_id: str
    job: str
    worker: str
    role: str
    tree: str
    log: str = ""
    status: str
    metric: float | None
    metrics: dict[str, float] = field(default_factory=dict)
    samples: list[float] = field(default_factory=list)
    baseline_samples: list[float] = field(default_factory=list)
    checks: str | None = None
    error: str | None
    host: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    gain: float | None = None
    interval: tuple[float, float] = (0.0, 0.0)
    pairs: int = 0
    screen: str = ""
    promoted: bool = False
    seconds: float | None = None
    cost_usd: float | None = None
    answer: dict[str, Any] = field(default_factory=dict)
