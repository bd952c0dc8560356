"""Screening: a few interleaved pairs of a change and the baseline beside it. It ranks and decides nothing."""

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.events import Finished, Submitted
from helpers.run.jobs import blame, task
from helpers.scale import Scale
from helpers.state import Job, State

LOOKS = (2, 3, 4)
"""Pairs after which a screen may end: not one, which cannot show that its candidate alone met a burst of load."""
WIDTH, SURE, PAYS = 0.5, 1.3, 0.75
"""How far a screen looks to either side of its median, in standard errors.

It is `promising` or `slower` where what lies within WIDTH is so alike, `slower` only where no gain of two margins lies
within SURE, which its interval shows: its advice to discard is final. `benchmarks/sessions.py` prints how many changes
that gain two margins are turned down all the same. A screen pays where PAYS lies within the margin.
"""
UNKNOWN, OWN = 1.5, 0.85
"""How much of its own pairs' spread is taken where nothing is known of the host; and where that is more than the
host's, which may be busier than it was."""
LEAST_SPREAD = 0.002
"""A host is taken to differ by so much at the least: a handful of equal numbers proves nothing."""
RECENT = 9
"""Comparisons by whose spread a host's is known."""
CLOSE = 1.25
"""Where a comparison's first look takes less than this many times the time of a screen, the screen is left out."""
ENOUGH, HOLDS = 8, 0.3
"""Experiments with a screen and a comparison, and the least correlation, before a shorter budget is trusted."""
_RATIO = Scale()
FIRST_LOOK, WARM = 16, 2
"""Measurements until a comparison's first look, and those that do not count before it."""


@dataclass(frozen=True)
class Screen:
    """What a screen says: `promising`, `unclear` or `slower` (than the margin asks for), and its gain (a fraction)."""

    word: str
    gain: float
    interval: tuple[float, float]
    pairs: int


def needs_control(now: State, worker: str) -> bool:
    """Tell whether the baseline must be run there alone before the next experiment: the last ones failed alike."""
    waits = any(job.is_control and job.worker == worker for job in now.open_jobs())
    return not waits and blame.suspected(now, worker)


def control(now: State, worker: str, executor: str) -> Submitted:
    """Return the next run of the current baseline there, to be journaled."""
    number = sum(1 for job in now.jobs.values() if job.is_control) + 1
    return Submitted(
        experiment_id="baseline",
        job=f"control-{now.segment}.{number}",
        worker=worker,
        executor=executor,
        tree=now.baseline.tree,
        role="control",
        description="the current baseline",
        source=[],
        env={},
    )


def spread(now: State, worker: str) -> float | None:
    """Return sigma_pair of this worker by its calibration and its last comparisons, as `settled` takes it.

    None where that is unknown. What an earlier machine of the same name showed counts no more.
    """
    made = max((e.timestamp for e in now.workers if e.worker == worker and e.what == "up"), default=0)
    calibrated = now.calibrations(worker, made)
    made = max((e.timestamp for e in calibrated), default=made)
    compared = [e for e in now.comparisons if e.worker == worker and e.timestamp >= made]
    found = [e.sigma_pair for e in (*calibrated[-1:], *compared[-RECENT:]) if e.sigma_pair is not None]
    return max(settled(found), _least(now)) if found else None


def settled(found: Sequence[float]) -> float:
    """Return which of the spreads found so far is the host's: the middle of the last ones, of two the larger.

    One does not say it alone: so few differences tell it to a third, and a candidate may scatter by itself. Too large a
    spread costs a comparison, too small a one turns a gain down.
    """
    return statistics.median_high(found[-RECENT:])


def _least(now: State) -> float:
    return LEAST_SPREAD if now.scale.by_ratio else now.margin / 5


def scatter(sigma: float, gains: Sequence[float]) -> float:
    """Return the standard error of the median of so many pairs: of the host's spread or, where larger, their own."""
    own = OWN * statistics.stdev(gains) if len(gains) > 1 else 0.0
    return max(sigma, own) / math.sqrt(len(gains))


def word(sigma: float, margin: float, gains: Sequence[float], by: Scale = _RATIO) -> str:
    """Return what pairs say: promising, slower (than the margin asks), or unclear, as too few always are."""
    if len(gains) < LOOKS[0]:
        return "unclear"
    middle, error, least = statistics.median(gains), scatter(sigma, gains), by.bound(margin)
    if middle + max(WIDTH * error, SURE * error - least) < least:
        return "slower"
    return "promising" if middle - WIDTH * error > by.bound(margin / 2) else "unclear"


def tells(sigma: float) -> float:
    """Return the gain to which all pairs of a screen tell."""
    return PAYS * sigma / math.sqrt(LOOKS[-1])


def env(now: State, worker: str, beside: str) -> dict[str, str]:
    """Return the variables that make experiment.yaml measure in turns with the baseline in the folder `beside`."""
    sigma = spread(now, worker)
    rule = (LOOKS[0], sigma, OWN, WIDTH, SURE, now.scale.bound(now.margin), now.scale.bound(now.margin / 2))
    return {
        **task.overrides(now.config.screen_env),
        "AUTORESEARCH_BASELINE": beside,
        "AUTORESEARCH_ORDER": "".join(random.SystemRandom().choice("01") for _ in range(LOOKS[-1])),
        "AUTORESEARCH_RULE": " ".join(f"{value or 0:.9g}" for value in rule) if sigma else "",
        "AUTORESEARCH_METRIC": f"{now.metric} {now.direction}" + ("" if now.scale.by_ratio else f" {now.scale.kind}"),
    }


def judge(now: State, worker: str, baseline: Sequence[float], candidate: Sequence[float]) -> Screen | None:
    """Return what the pairs of a screen say; None where they are no pairs of numbers that have a gain."""
    by, sigma = now.scale, spread(now, worker)
    try:
        gains = by.gains(baseline, candidate)
    except ValueError:
        return None
    if not gains or (sigma is None and len(gains) < LOOKS[-1]):
        return None
    sigma = sigma or max(UNKNOWN * statistics.stdev(gains), _least(now))
    said = word(sigma, now.margin, gains, by)
    if now.config.screen_env and not fidelity(now).trusted:
        said = "unclear"
    middle, off = statistics.median(gains), SURE * scatter(sigma, gains)
    return Screen(said, by.told(middle), (by.told(middle - off), by.told(middle + off)), len(gains))


@dataclass(frozen=True)
class Fidelity:
    """How screens of a shorter budget rank experiments beside their comparisons: Spearman's correlation at 95%."""

    count: int
    correlation: float = 0.0
    interval: tuple[float, float] = (-1.0, 1.0)

    @property
    def trusted(self) -> bool:
        """Whether the ranks are shown to hold well enough to go by."""
        return self.count >= ENOUGH and self.interval[0] > HOLDS

    def line(self, budget: Sequence[str]) -> str:
        """Say it."""
        low, high = self.interval
        said = f"screens at {' '.join(budget)}: rank correlation with comparisons "
        said += f"{self.correlation:+.2f} [{low:+.2f}, {high:+.2f}] over {self.count}" if self.count > 3 else "unknown"
        wanted = f"not trusted before {ENOUGH} of both and more than {HOLDS:+.1f} shown: compare whatever they say"
        return f"{said}; {'trusted' if self.trusted else wanted}"


def fidelity(now: State) -> Fidelity:
    """Compare the ranks of the experiments that have both a screen's gain and a comparison's."""
    both = [(done.gain, c.gain) for name, c in now.compared.items() if (done := now.results.get(name))]
    known = [(a, b) for a, b in both if a is not None and b is not None]
    if len(known) < 4:
        return Fidelity(len(known))
    ranks = [
        [statistics.fmean(i for i, w in enumerate(sorted(c)) if w == v) for v in c] for c in zip(*known, strict=True)
    ]
    if any(len(set(column)) == 1 for column in ranks):
        return Fidelity(len(known))
    found, count = statistics.correlation(*ranks), len(known)
    most = 1 - 12 / (count**3 - count)  # with two of them the other way round: few that agree by chance prove little
    half, middle = 1.96 * 1.03 / math.sqrt(count - 3), math.atanh(max(-most, min(most, found)))
    return Fidelity(count, found, (math.tanh(middle - half), math.tanh(middle + half)))


def left_out(now: State, worker: str) -> str:
    """Say why an experiment goes straight to its comparison there, empty where a screen pays."""
    sigma, needed = spread(now, worker), LOOKS[-1]
    least = tells(sigma or 0.0)
    if least > now.margin:
        told, margin = now.scale.size(least), now.scale.size(now.margin)
        return f"{needed} pairs on {worker} tell a gain to {told} only, the margin is {margin}"
    base = next((j.finished for j in now.jobs.values() if j.is_control and j.finished and j.worker == worker), None)
    if base is None or not base.durations:
        return ""
    each = base.durations.get("bench", 0.0) / max(len(base.samples), 1)
    fixed = 2 * base.durations.get("build", 0.0) + base.durations.get("checks", 0.0)
    whole, screen = fixed + (FIRST_LOOK + WARM) * each, fixed + 2 * needed * each
    if whole > CLOSE * screen or fixed < 1:
        return ""
    return f"a comparison's first look takes {whole:.0f} s, a screen {screen:.0f} s"


def screen(now: State, job: Job, event: Finished) -> dict[str, object]:
    """Return what a finished experiment's `event` says beyond its log: the screen's word, gain and interval."""
    found = judge(now, job.worker, event.baseline_samples, event.samples)
    if event.status != "done" or found is None:
        return {"gain": None, "promoted": False, "screen": "unclear"}
    said = {"gain": found.gain, "interval": list(found.interval), "pairs": found.pairs, "screen": found.word}
    return {**said, "promoted": found.word == "promising"}


def answered(now: State, name: str, tree: str) -> bool:
    """Tell whether a comparison with the current baseline gave this content a verdict: a screen adds nothing."""
    its = now.comparison(name)
    same = its is not None and its.verdict != "error" and its.candidate_tree == tree
    return same and its is not None and its.baseline_commit == now.baseline.commit_full


def standing(now: State, done: Finished) -> tuple[str, str]:
    """Return what a finished screen is worth now, one of `promising`, `unclear`, `slower` and `stale`, and why."""
    word = done.screen or "unclear"
    if word == "unclear":
        said = "the baseline was not measured beside it" if done.gain is None else now.scale.words(done.gain, (), 1)
        return word, said
    job = now.jobs.get(done.job)
    moved = job is not None and job.submitted.baseline != now.baseline.tree
    return ("stale" if moved and word == "promising" else word), ""
