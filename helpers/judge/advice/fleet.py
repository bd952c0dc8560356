"""How large a fleet pays: how far returns have fallen, what going on costs, whom to add or to release. Advice only."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers import next_step
from helpers.judge.advice import estimates
from helpers.run.jobs import workers
from helpers.scale import Scale
from helpers.state import State

WINDOW, SHARE = 40, 5
"""Recent are the last 40 decided experiments, or a fifth of them all where that is more."""
FALLEN, AT_LEAST = 20.0, 5.0
"""From this fall of what an experiment gains on, and at its interval's low end from this one, the advice is to end."""


@dataclass(frozen=True)
class Returns:
    """What an experiment gains now (log, with an interval of about 90%), and how many times more it gained at best."""

    gain: float
    interval: tuple[float, float]
    fall: float
    falls: tuple[float, float]
    recent: int

    @property
    def spent(self) -> bool:
        """Whether returns have fallen so far that going on has to be asked for."""
        return self.fall >= FALLEN and self.falls[0] >= AT_LEAST

    def line(self, by: Scale, margin: float, usd: float | None, hours: float | None) -> str:
        """Say it, with what one more gain of the margin costs at this rate."""
        low, high = self.falls
        top = "no end" if math.isinf(high) else f"{high:.0f}"
        fall = "more than can be told" if math.isinf(self.fall) else f"{self.fall:.0f}-fold"
        text = f"an experiment of the last {self.recent} gained {by.size(by.told(self.gain), 3)}: "
        text += f"returns have fallen {fall} [{low:.1f}, {top}] since the best time"
        each = by.bound(margin) / (self.gain or self.interval[1])
        costs = [f"{each:.0f} experiments{'' if self.gain else ' at the least'}"]
        costs += [f"{each * hours:.1f} hours"] if hours else []
        costs += [f"${each * usd:.0f}"] if usd else []
        return f"{text}; another {by.size(margin)} costs {', '.join(costs)}"


def returns(gains: Sequence[float]) -> Returns | None:
    """Compare what the last experiments gained (log gains, 0 where not kept) with the best time; None when too early.

    The interval is computed as if one more experiment of them had gained nothing and one a typical gain, as that of
    the outlook is. The best time is counted from the beginning on: the luckiest stretch would overstate any fall.
    """
    recent = max(WINDOW, len(gains) // SHARE)
    kept = [gain for gain in gains if gain > 0]
    if len(gains) < 2 * recent or not kept:
        return None
    total, best = 0.0, 0.0
    for count, gain in enumerate(gains, 1):
        total += gain
        best = max(best, total / count if count >= recent else 0.0)
    found = estimates.expected(gains[-recent:], statistics.fmean(kept), math.inf)
    assert found  # noqa: S101 - for the type checker: there are more than enough
    mean, low, high = found
    falls = (best / high, best / low if low else math.inf)
    return Returns(mean, (low, high), best / mean if mean else math.inf, falls, recent)


def per_experiment(now: State, hours: float | None) -> float | None:
    """Return the dollars of one experiment: all workers that stand, busy or idle, for the hours that one takes."""
    rates = [worker.usd_hour for worker in workers.up(now)]
    known = [rate for rate in rates if rate is not None]
    return None if not hours or not known or len(known) < len(rates) else hours * math.fsum(known)


def sizing(now: State, *, stop: bool | None, spent: bool, over: bool = False) -> list[str]:
    """Say whom to release or how many to add, within the agreed number; nothing where there is no fleet.

    `over`: nothing new is sent, and who is busy ends what was sent before.
    """
    up, busy, waiting = workers.up(now), workers.busy(now), workers.waiting(now)
    if not up:
        return []
    idle = [worker for worker in up if worker.name not in busy and not waiting]
    agreed = now.config.workers or len(up)
    if (stop or spent) and not over:
        why = "an experiment costs more than it is expected to gain" if stop else "returns have fallen too far"
        names = " ".join(worker.name for worker in up)
        return [f"release all {len(up)} workers: {why}", next_step.runnable(f"workers.py stop {names}")]
    if idle:
        ends = ", ".join(f"{w.name} {f'after {w.autostop} idle minutes' if w.autostop else 'never'}" for w in idle)
        names = " ".join(worker.name for worker in idle)
        return [
            f"release {len(idle)} of {len(up)} workers, nothing waits for them (they stop themselves: {ends})",
            next_step.runnable(f"workers.py stop {names}{'' if over else '  # or submit more'}"),
        ]
    more = 0 if over else min(agreed - len(up), len(waiting) - len(up))
    if more > 0:
        text = f"add {more} workers: {len(waiting)} jobs wait; gain per hour grows with them, per dollar stays as it is"
        return [text, next_step.runnable(f"workers.py up --count {len(up) + more}")]
    return [f"{len(up)} workers of {agreed} agreed: as many as there is work for"]
