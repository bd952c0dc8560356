"""Whole simulated sessions with an agent that obeys: what screening is worth, this one and the one before.

60 experiments, 15% of them truly faster (1% and more, 3% in the mean), three of them always waiting, on hosts of
judge_hosts.py (quiet, typical, noisy: three times typical, bursty) and two recorded ones of traces.py. Printed are the
share of the true gain that ends up committed, the measurements spent and the commits without effect. The agent compares
what a screen calls promising (or unclear, now), discards the rest, and keeps what a comparison with its confirmation
and its holdout, which gains as much, allows.

    python benchmarks/sessions.py                  # about two minutes
    python benchmarks/sessions.py --sessions 20    # coarse
"""

from __future__ import annotations

import argparse
import functools
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import traces
from judge_error_rates import MARGIN, timing, twice
from judge_hosts import Host, bursts, restless, typical

from helpers.judge.rule import noise, sign_test
from helpers.run.jobs import screening

EXPERIMENTS, REAL, WAITING = 60, 0.15, 3


def loaded(draw: Random) -> Host:
    """Calm while it is calibrated; then a neighbour wakes up again and again."""
    count, later = 0, bursts(draw, start=0.15, end=0.2)

    def measure(first: bool) -> float:
        nonlocal count
        count += 1
        return draw.gauss(0, 0.005) if count <= 24 else later(first)

    return measure


HOSTS: dict[str, Callable[[Random], Host]] = {
    "quiet": lambda draw: lambda _: draw.gauss(0, 0.003),
    "typical": typical,
    "noisy": restless,
    "bursty": bursts,
    "calm, then loaded": loaded,
    **{name: make for name, make in traces.hosts().items() if name in ("json (Python), processor", "awk, processor")},
}
Session = tuple[float, int, int]
"""True log gain committed, commits without effect, measurements spent."""


class Agent:
    """One session on one host; `effects` are the true log gains of its experiments."""

    def __init__(self, host: Host, effects: list[float], draw: Random) -> None:
        self.host, self.effects, self.draw = host, effects, draw
        self.kept, self.false, self.spent = 0.0, 0, 0
        self.spreads = list[float]()

    def run(self, effect: float) -> float:
        """What one run of autoresearch.sh prints: the median of five measurements."""
        self.spent += 5
        return statistics.median(timing(self.host, effect, first=number == 0) for number in range(5))

    def compare(self, effect: float, max_pairs: int) -> bool:
        """Compare, confirm where that is called for, measure a holdout that gains as much, and keep what has won."""
        good, _, spent = twice(
            lambda: self.host, effect, self.draw, max_pairs=max_pairs, second=True, spreads=self.spreads
        )
        self.spent += spent
        if good:
            self.kept, self.false = self.kept + effect, self.false + (effect == 0)
        return good

    def before(self) -> None:
        """A single run of an unmerged copy against a control of up to five experiments ago; under half a margin: no."""
        began, control, used = [0.0], 0.0, 5
        tip = -1.0
        for effect in self.effects:
            if used >= 5 or tip != self.kept:
                control, used, tip = self.run(self.kept), 0, self.kept
            copied = began[-WAITING] if len(began) >= WAITING else 0.0  # the baseline of the day it was made
            used += 1
            if control / self.run(copied + effect) - 1 >= MARGIN / 2:
                self.compare(effect, 48)
            began.append(self.kept)

    def now(self, *, screened: bool | None = None) -> None:
        """Calibrated first; a few pairs beside the current baseline, or none where they cannot tell."""
        self.spreads.append(noise.sigma_pair([timing(self.host, 0.0) for _ in range(24)]) or 0.0)
        self.spent += 24
        for effect in self.effects:
            sigma = max(screening.settled(self.spreads), screening.LEAST_SPREAD)
            pays = screening.tells(sigma) <= MARGIN if screened is None else screened
            most = sign_test.MOST_PAIRS if noise.PER_48 * sigma > MARGIN else sign_test.USUAL_PAIRS
            if not pays or self.screen(effect, sigma) != "slower":
                self.compare(effect, most)

    def screen(self, effect: float, sigma: float) -> str:
        """Measure in turns until a look can tell."""
        gains: list[float] = []
        for _ in range(screening.LOOKS[-1]):
            first = self.draw.random() < 0.5
            both = [
                timing(self.host, effect if side == first else 0.0, first=not n) for n, side in enumerate((True, False))
            ]
            gains.append(math.log(both[1] / both[0]) * (1 if first else -1))
            self.spent += 2
            word = screening.word(sigma, MARGIN, gains)
            if word != "unclear":
                break
        return word


WAYS: dict[str, Callable[[Agent], None]] = {
    "the screening of before": Agent.before,
    "this screening": Agent.now,
    "every one compared": functools.partial(Agent.now, screened=False),
    "every one screened": functools.partial(Agent.now, screened=True),
}


def turned_down(make: Callable[[Random], Host], name: str, sessions: int) -> float:
    """The share of changes that gain two margins to whose discard a screen advises, where one is made at all."""
    said = list[str]()
    for number in range(sessions):
        draw = Random(f"{name} screens {number}")
        agent = Agent(make(draw), [], draw)
        sigma = max(noise.sigma_pair([timing(agent.host, 0.0) for _ in range(24)]) or 0.0, screening.LEAST_SPREAD)
        count = 20 if screening.tells(sigma) <= MARGIN else 0
        said += [agent.screen(math.log1p(2 * MARGIN), sigma) for _ in range(count)]
    return said.count("slower") / max(len(said), 1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=150, metavar="N", help="sessions a row (default: 150)")
    count = parser.parse_args().sessions
    print(f"{count} sessions of {EXPERIMENTS} experiments, {REAL:.0%} real, margin {MARGIN:.0%}")
    print(f"{'host':25}{'':26}{'captured':>10}{'false commits':>15}{'measurements':>14}{'before':>8}")
    for name, make in HOSTS.items():
        before = 0
        for words, way in WAYS.items():
            possible, kept, false, spent = 0.0, 0.0, 0, 0
            for number in range(count):
                plan, draw = Random(f"effects {number}"), Random(f"{name} {number}")
                effects = [
                    0.01 + plan.expovariate(1 / 0.02) if plan.random() < REAL else 0.0 for _ in range(EXPERIMENTS)
                ]
                agent = Agent(make(draw), effects, draw)
                way(agent)
                possible += sum(effects)
                kept, false, spent = kept + agent.kept, false + agent.false, spent + agent.spent
            before = before or spent
            shown = f"{100 * kept / possible:9.1f}% {false / count:14.2f} {spent / count:13.0f} {before / count:7.0f}"
            print(f"{name:25}{words:26}{shown}", flush=True)
        down = turned_down(make, name, count)
        print(f"{name:25}screened, a change that gains two margins is turned down in {down:.1%}", flush=True)


if __name__ == "__main__":
    main()
