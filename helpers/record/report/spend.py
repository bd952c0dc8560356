"""What a session took: hours, dollars of workers, what was reported of the agent's own cost, and how busy it was."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.json_fields import mapping, text
from helpers.judge.compare.figures import number
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
        took = f"{self.hours:.1f} hours" if self.hours >= 1 else f"{self.hours * 60:.1f} minutes"
        return f"{took}{busy}; {paid}; {agent}, {tokens}"


def spend(now: State, began_ms: int, last_ms: int) -> Spend:
    """Compute it from the journal, up to its newest event."""
    costs = [workers.spend(worker, last_ms) for worker in workers.known_workers(now).values()]
    known = [cost for cost in costs if cost is not None]
    reported = [mapping(note.get("cost")) for note in now.notes]
    dollars = [usd for usd in (number(each.get("usd")) for each in reported) if usd is not None]
    tokens = [count for count in (number(each.get("tokens")) for each in reported) if count is not None]
    hours = (last_ms - began_ms) / 3_600_000
    return Spend(
        hours,
        sum(known) if len(known) == len(costs) else None,
        sum(dollars) if dollars else None,
        int(sum(tokens)) if tokens else None,
        _busy(now, hours * 3600),
        {k: v for k, v in ((k, number(v)) for k, v in mapping(now.config.get("budget")).items()) if v is not None},
    )


def _busy(now: State, span: float) -> float | None:
    """Return the share of the machines' time in use; every machine that ran something counts for the whole span."""
    used: dict[str, float] = {}
    for job in now.jobs.values():
        done = mapping(job.finished.line if job.finished else None)
        seconds = sum(number(each) or 0 for each in mapping(done.get("durations")).values())
        used[text(done.get("worker"))] = used.get(text(done.get("worker")), 0) + seconds
    for event in now.comparisons:
        name = text(event.get("worker")) or "local"
        used[name] = used.get(name, 0) + (number(event.get("seconds")) or 0)
    machines = [seconds for name, seconds in used.items() if name]
    return min(1.0, sum(machines) / (span * len(machines))) if machines and span > 0 else None
