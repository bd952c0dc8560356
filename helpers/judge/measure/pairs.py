"""Measuring pairs: baseline and candidate back to back, in an order that a fair coin decides for each pair."""

import hashlib
import itertools
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from helpers import paths
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError
from helpers.judge.rule import sign_test
from helpers.judge.rule.sign_test import Answer, Verdict


@dataclass(frozen=True)
class Pair:
    """One pair, also as another process or worker reports it: `failed` where only the candidate could not be measured.

    `void` says why it must not count, `redrawn` why it was drawn again, `signs` what was seen on the candidate's side
    alone.
    """

    number: int
    baseline: dict[str, float] = field(default_factory=dict)
    candidate: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    host: str = ""
    failed: str = ""
    void: str = ""
    redrawn: str = ""
    signs: list[str] = field(default_factory=list)


@dataclass
class Measured:
    """The metrics of every pair so far, and the seconds spent inside the measurements."""

    baseline: list[dict[str, float]] = field(default_factory=list)
    candidate: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    elsewhere: list[Pair] = field(default_factory=list)
    """The pairs among them that others measured: the first ones."""

    def of(self, name: str) -> tuple[list[float], list[float]]:
        """Return the samples of one metric, baseline and candidate, pair by pair.

        Raises KeyError when a measurement lacks it: a missing metric is unknown, never 0.
        """
        return [m[name] for m in self.baseline], [m[name] for m in self.candidate]


class CandidateError(SideError):
    """The candidate, unlike the baseline, cannot be measured: an answer, and no failure of the comparison."""


FLAKY = "a measurement failed and went through when it was repeated"
"""Sign of a candidate that fails sometimes: a reader says whether that is the program or the machine."""


ATTEMPTS = 4
"""A benchmark that fails by chance once in twelve runs fails so often in a row once in 20,000.

So often among 24 pairs, and never on the other side, in 1.7%.
"""


TIED = 4
"""Pairs after which a metric that never varied on either side is told to gain nothing."""
DECIDED = ("improved", "not_worse", "not_improved")
"""Every verdict but `undecided`."""
Early = Callable[[Measured, Plan], "Answer | None"]
"""What ends a comparison where the table leaves it open, with that answer."""
Progress = Callable[[Measured, Verdict | None], None]
"""Is told of each pair, with the verdict at a look."""
Rule = Callable[[Measured, Plan], Verdict]
Made = Callable[[Pair], object]
"""Is told of each pair that was measured here."""
forget: Made = lambda _: None  # noqa: E731


class NoSidesError(Exception):
    """The pairs that were handed over decide nothing, and there are no sides to measure more of."""


def tied(measured: Measured, plan: Plan) -> Answer | None:
    """End where a metric that never varies is no better on the candidate's side: more pairs would say the same."""
    base, cand = measured.of(plan.metric)
    still = len(base) == TIED and len(set(base)) == len(set(cand)) == 1 and plan.mode == "improved"
    return "not_improved" if still and plan.by.gains(base, cand)[0] < plan.by.bound(plan.margin) else None


def unlikely(measured: Measured, plan: Plan) -> Answer | None:
    """End a first comparison also where a gain has become unlikely, at any pair: that keeps nothing more."""
    base, cand = measured.of(plan.metric)
    least = min(sign_test.TABLE) if plan.promising else TIED
    if plan.mode == "improved" and len(base) >= least and sign_test.is_hopeless(base, cand, plan.by):
        return "not_improved"
    return tied(measured, plan)


def interleave(
    baseline: Sequence[Side],
    candidate: Sequence[Side],
    plan: Plan,
    progress: Progress,
    *,
    script: str = paths.BENCHMARK,
    seed: str | None = None,
    rule: Rule | None = None,
    ends: Collection[str] = DECIDED,
    broken: Callable[[Measured], bool] = lambda _: False,
    given: Sequence[Pair] = (),
    made: Made = forget,
    early: Early = tied,
) -> tuple[Measured, Verdict]:
    """Measure pairs until the rule (`judge` unless another is given) says one of `ends` or they are used up.

    Where the rule leaves it open `early` may end it.
    It ends at a pair that is `broken` whatever may follow. `given` are the first pairs, in the order of their numbers:
    measured elsewhere, judged as if measured here. Raises NoSidesError when more are needed and there is no side to
    measure, CandidateError for a failed one.
    """
    measured, seed = Measured(), seed or plan.seed
    for number in itertools.count():
        if number < len(given):
            pair = given[number]
            measured.elsewhere.append(pair)
            if pair.failed:
                raise CandidateError(pair.failed)
        elif not baseline:
            raise NoSidesError
        else:
            made(pair := measure_pair(baseline, candidate, plan, script, seed, number))
        measured.seconds += pair.seconds
        measured.baseline.append(pair.baseline)
        measured.candidate.append(pair.candidate)
        verdict = (rule or judge)(measured, plan) if sign_test.is_look(number + 1, plan.max_pairs) else None
        if (verdict is None or verdict.verdict == "undecided") and (answer := early(measured, plan)):
            verdict = replace(so_far(measured, plan), verdict=answer, needed_pairs=None)
        over = verdict is not None and (verdict.verdict in ends or number + 1 >= plan.max_pairs)
        progress(measured, verdict if over or verdict is None else replace(verdict, verdict="undecided"))
        if broken(measured):
            return measured, (rule or judge)(measured, plan)
        if verdict is not None and over:
            return measured, verdict
    raise AssertionError


def measure_pair(
    baseline: Sequence[Side], candidate: Sequence[Side], plan: Plan, script: str, seed: str, number: int
) -> Pair:
    """Measure pair `number` in the order of its own coin; with several layouts a side, pairs cycle through them.

    Raises CandidateError, SideError.
    """
    base, cand = baseline[number % len(baseline)], candidate[number % len(candidate)]
    began, pair = time.monotonic(), {}
    for side in (cand, base) if sign_test.order(seed, number) else (base, cand):
        pair[id(side)] = measure(side, base if side is cand else None, plan, script, input_seed(seed, number))
    return Pair(number, pair[id(base)], pair[id(cand)], time.monotonic() - began)


def input_seed(seed: str, number: int) -> int:
    """Return the seed (1 to 2^31 - 2) that both sides of a pair may make their input from; another for each pair."""
    return int(hashlib.sha256(f"{seed}/input/{number}".encode()).hexdigest()[:12], 16) % (2**31 - 2) + 1


def measure(side: Side, base: Side | None, plan: Plan, script: str, seed: int) -> dict[str, float]:
    """Measure, and again where that failed, ATTEMPTS times at most: a failure may be the machine's.

    `base` is given for a candidate: when the baseline fails the same way on this input, the environment is to blame.
    Raises CandidateError when only the candidate fails, ATTEMPTS times in a row or in all; SideError otherwise.
    """
    failed: list[str] = []
    while True:
        try:
            found = _positive(side, plan, script, seed)
        except SideError as error:
            failed.append(str(error))
            side.failed += 1
        else:
            side.signs |= {f"{FLAKY}: {failed[0]}"} if failed else set()
            if failed and base is not None and side.failed >= ATTEMPTS and not base.failed:
                raise CandidateError(f"{failed[-1]}; so it failed {side.failed} times, the baseline never")
            return found
        if len(failed) == 2:
            side.require_room()
            if base is None:
                raise SideError(f"the baseline: {failed[-1]}")
            try:
                _positive(base, plan, script, seed)
            except SideError as alike:
                raise SideError(f"the baseline fails like the candidate, so it is no verdict: {alike}") from None
        if len(failed) == ATTEMPTS or (len(failed) == 2 and "ran past" in failed[-1]):
            raise CandidateError(failed[-1])


def _positive(side: Side, plan: Plan, script: str, seed: int) -> dict[str, float]:
    found = side.measure(plan.metric, script, seed)
    if plan.by.by_ratio and not found[plan.metric] > 0:
        raise SideError(
            f"{script} printed METRIC {plan.metric}={found[plan.metric]:g}, and only what is above 0 has a ratio "
            "(where 0 can be the goal: a new session with --scale difference)"
        )
    return found


def judge(measured: Measured, plan: Plan) -> Verdict:
    """Apply the one rule to the deciding metric."""
    return sign_test.judge(*measured.of(plan.metric), **_rule(plan), max_pairs=plan.max_pairs, mode=plan.mode)


def _rule(plan: Plan) -> dict[str, Any]:
    return {"direction": plan.direction, "margin": plan.margin, "scale": plan.scale}


def confirming(measured: Measured, plan: Plan) -> Early:
    """Return what ends the confirmation of a comparison early."""
    first = judge(measured, plan)
    return lambda again, its: "improved" if sign_test.confirms(first, so_far(again, its)) else tied(again, its)


def holding(sigma: float | None) -> Early:
    """Return by what a holdout passes early, where the noise of the first workload is known to be this."""
    return lambda found, its: "not_worse" if sign_test.holds(so_far(found, its), its.margin, sigma, its.by) else None


def so_far(measured: Measured, plan: Plan) -> Verdict:
    """Return what all pairs say by now."""
    return sign_test.so_far(*measured.of(plan.metric), **_rule(plan))


def last_look(measured: Measured, plan: Plan) -> Verdict:
    """Apply the rule at the last look alone."""
    return sign_test.last_look(*measured.of(plan.metric), **_rule(plan), mode=plan.mode)


def side_name(seed: str, name: str, layout: int) -> str:
    """Return a folder name that does not say which side it is; all of one layout are of one length."""
    digest = hashlib.sha256(f"{seed}/{name}/{layout}".encode()).hexdigest()
    return digest[:8] + "x" * (layout * 7)
