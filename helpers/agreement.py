"""What a session is about, as the journal holds it: the agreement with the person, and what the lock fixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpers.typed_line import Event, TypedLine

OF_THE_LOCK = {
    "metricName": "--metric",
    "bestDirection": "--direction",
    "envs": "--build or the time that a run may take",
    "network": "--network",
    "metricUnit": "--unit",
    "scale": "--scale",
}
"""Keys by which results compare, and their options: once something was tried they stay.

Until then a change takes the lock back.
"""


@dataclass(frozen=True, kw_only=True)
class Budget(TypedLine):
    """What was agreed to be spent at most; None is no limit."""

    experiments: float | None = None
    hours: float | None = None
    usd: float | None = None


@dataclass(frozen=True, kw_only=True)
class Config(Event):
    """What the session is about, as agreed with the person."""

    TYPE = "config"
    KEYS: ClassVar[dict[str, str]] = {
        "came_from": "from",
        "metric": "metricName",
        "unit": "metricUnit",
        "direction": "bestDirection",
        "off_limits": "offLimits",
        "review_above": "reviewAbove",
        "least_difference": "leastDifference",
        "max_pairs": "maxPairs",
        "limits": "guards",
        "pass_env": "passEnv",
        "screen_env": "screenEnv",
        "no_checks": "noChecks",
        "outputs_seconds": "outputsSeconds",
    }
    name: str = ""
    resumed: bool = False
    """Whether this line takes up a session again that another one was begun in place of."""
    branch: str = ""
    came_from: str = ""
    base: str = ""
    metric: str = ""
    unit: str = ""
    direction: str = ""
    scale: str = ""
    """As agreed; empty where the first values propose one."""
    margin: float = 0.01
    least_difference: float | None = None
    """The margin by difference, in the metric's unit; None: the share `margin` of the first baseline."""
    review_above: float = 3.0
    """A gain of more than this many times is looked at by a reader, whatever the policy found."""
    max_pairs: int = 0
    """0: as many as the host needs."""
    layouts: int = 1
    outputs_seconds: int = 0
    repeats: int = 0
    """Calls that make one measurement; 0: as calibration chose."""
    scope: list[str] = field(default_factory=list)
    off_limits: list[str] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    pass_env: list[str] = field(default_factory=list)
    screen_env: list[str] = field(default_factory=list)
    """What screens run with besides, NAME=VALUE: a shorter budget than a comparison's."""
    envs: dict[str, Any] = field(default_factory=dict)
    no_checks: bool = False
    network: bool = False
    objective: str = ""
    constraints: str = ""
    infra: str = ""
    web: str = ""
    workers: int | None = None
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, kw_only=True)
class Lock(Event):
    """The protected files (path to SHA-256), the task, and the baseline's commit and tree."""

    TYPE = "lock"
    protected: dict[str, str]
    task: dict[str, Any]
    commit_full: str
    tree: str
    bundle: str = ""
