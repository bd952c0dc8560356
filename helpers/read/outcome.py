"""What asking one source came to, papers and findings alike: what it found, or why that is not known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from helpers import console
from helpers.read.web.response import RequestsSpent, SourceThrottled, Unreachable

T = TypeVar("T")
F = TypeVar("F")
Status = Literal["ok", "empty", "throttled", "error"]


@dataclass
class Outcome(Generic[F]):
    """What a source answered. One that is throttled, or failed, is never one that found nothing."""

    found: list[F] = field(default_factory=list)
    total: int = 0
    """How many the source says that it has; 0 where it does not say."""
    status: Status = "empty"
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False
    retry_after: float | None = None
    hit: int = 0
    """How many were found before the best of them were kept."""
    source: str = ""
    age: float | None = None
    """Seconds since it was remembered, where it comes from the cache."""

    def tried(self, step: Callable[..., T], *args: Any, **more: Any) -> T | None:  # noqa: ANN401 - whatever the step takes
        """Run one step of the search; None, with the reason noted, when the service did not answer it."""
        try:
            return step(*args, **more)
        except (SourceThrottled, Unreachable, RequestsSpent) as failure:
            self.failed(failure)
            self.say(f"{failure.message}; {failure.do}")
            return None

    def failed(self, failure: console.Failure) -> None:
        """Note that the source did not answer."""
        throttled = isinstance(failure, SourceThrottled)
        self.status, self.incomplete = "throttled" if throttled else "error", True
        self.retry_after = failure.retry_after if isinstance(failure, SourceThrottled) else None

    @property
    def silent(self) -> bool:
        """Whether the source has not answered, so that asking more of the same is idle."""
        return self.status in ("throttled", "error")

    def say(self, note: str) -> None:
        """Note something once."""
        if note not in self.notes:
            self.notes.append(note)


def nothing(outcomes: Sequence[Outcome[F]]) -> str:
    """Say what it means that nothing was found."""
    if silent := [o.source or "the service" for o in outcomes if o.silent]:
        return f"NOT the same as no results: {', '.join(silent)} did not answer; ask again later"
    return "nothing found: try fewer or other words"


def exit_code(outcomes: Sequence[Outcome[F]], found: Sequence[F]) -> int:
    """Return the exit code: 0 found, 1 all answered and nothing is there, 3 not known since a source did not answer."""
    if found:
        return console.DONE
    return console.OUTSIDE if any(o.silent for o in outcomes) else console.NO
