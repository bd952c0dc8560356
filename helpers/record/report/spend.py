"""What a session took: hours, dollars of workers, what was reported of the agent's own cost, and how busy it was."""

from dataclasses import dataclass
from pathlib import Path

from helpers import console, events, progress, replay
from helpers.events import Cost, Note
from helpers.run.jobs import workers
from helpers.state import State


@dataclass(frozen=True)
class Spend:
    """Hours from the first event to the last; dollars and tokens are None while they are unknown, never 0.

    `busy` is the share of the machines' time in which a job or a comparison ran.
    """

    hours: float
    workers_usd: float | None
    agent_usd: float | None
    agent_tokens: int | None
    busy: float | None
    budget: dict[str, float]

    @property
    def usd(self) -> float | None:
        """All dollars, None while a part of them is unknown."""
        if self.workers_usd is None or self.agent_usd is None:
            return None
        return self.workers_usd + self.agent_usd

    def words(self) -> str:
        """Return it in one line; what nobody reported is said to be unknown."""
        paid = "workers: cost unknown" if self.workers_usd is None else f"workers ${self.workers_usd:.2f}"
        agent = "agent: dollars unknown" if self.agent_usd is None else f"agent ${self.agent_usd:.2f}"
        tokens = "tokens unknown" if self.agent_tokens is None else f"{self.agent_tokens:,} tokens"
        busy = "" if self.busy is None else f", machines busy {self.busy:.0%} of it"
        return f"{progress.span(self.hours * 3600)}{busy}; {paid}; {agent}, {tokens}"


def report(root: Path, usd: float | None, tokens: int | None, why: str, *, dry_run: bool) -> str:
    """Journal what the agent cost, which no script can know; return it in words. Raises Failure (2) without one."""
    cost = {name: value for name, value in (("usd", usd), ("tokens", tokens)) if value is not None}
    if not cost:
        raise console.usage("neither --usd nor --tokens: what is unknown stays unknown", "record_result.py cost --help")
    replay.load(root)
    if not dry_run:
        events.append(root, Note(text=f"cost of {why}", cost=Cost(usd=usd, tokens=tokens)))
    return f"{why}: {', '.join(f'{value:,} {name}' for name, value in cost.items())}"


def spend_of(now: State, began_ms: int, last_ms: int) -> Spend:
    """Compute it from the journal, up to its newest event."""
    reported = [note.cost for note in now.notes if note.cost]
    dollars = [cost.usd for cost in reported if cost.usd is not None]
    tokens = [cost.tokens for cost in reported if cost.tokens is not None]
    hours = (last_ms - began_ms) / 3_600_000
    return Spend(
        hours,
        workers.spend_of_all(now, last_ms),
        sum(dollars) if dollars else None,
        int(sum(tokens)) if tokens else None,
        _busy(now, hours * 3600),
        {name: value for name, value in vars(now.config.budget).items() if name != "line" and value is not None},
    )


def _busy(now: State, span: float) -> float | None:
    """Return the share of the machines' time in use; every machine that ran something counts for the whole span."""
    used: dict[str, float] = {}
    for job in now.jobs.values():
        if job.finished:
            seconds = sum(job.finished.durations.values())
            used[job.finished.worker] = used.get(job.finished.worker, 0) + seconds
    for event in now.comparisons:
        used[event.worker] = used.get(event.worker, 0) + (event.seconds or 0)
    machines = [seconds for name, seconds in used.items() if name]
    return min(1.0, sum(machines) / (span * len(machines))) if machines and span > 0 else None
