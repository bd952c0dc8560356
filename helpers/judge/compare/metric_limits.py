"""Limits: how much worse a secondary metric (memory, size, tail latency) may be. `--guard` is the flag."""

import math
import re
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TextIO

from helpers import console, events, paths
from helpers.comparison import Comparison, LimitResult
from helpers.events import Note
from helpers.judge.measure.pairs import Measured, input_seed
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError
from helpers.judge.rule import noise
from helpers.judge.rule.sign_test import TABLE
from helpers.run.jobs import metric_line
from helpers.scale import DIFFERENCE, RATIO, Scale
from helpers.state import State


@dataclass(frozen=True)
class Limit:
    """A secondary metric and by which fraction it may be worse; `direction` says which way worse lies.

    With `same` it may not differ at all within a pair: a checksum of the output.
    """

    name: str
    limit: float
    direction: Literal["lower", "higher"]
    same: bool = False


def parse_limit(text: str) -> Limit:
    """Read NAME=+2% (lower is better, may rise by 2%), NAME=-2% (higher is better, may fall by 2%) or NAME=same.

    Raises ValueError for anything else.
    """
    text = metric_line.name_of(text)
    if match := re.fullmatch(f"({metric_line.NAME})=same", text):
        return Limit(match[1], 0.0, "lower", same=True)
    match = re.fullmatch(rf"({metric_line.NAME})=([+-])([0-9]+(?:\.[0-9]+)?)%?", text)
    if not match or not (match[2] == "+" or float(match[3]) < 100):
        said = "NAME=+PCT% (may rise), NAME=-PCT% (may fall, by less than 100%) or NAME=same (a checksum) is expected"
        raise ValueError(said)
    return Limit(match[1], float(match[3]) / 100, "lower" if match[2] == "+" else "higher")


def limit_holds(
    allowed: Limit, baseline: Sequence[float], candidate: Sequence[float], max_pairs: int
) -> tuple[float, bool]:
    """Return the median change for the worse (a fraction, or a difference) and whether the limit holds.

    It does not when the median pair is worse than allowed, or when as many pairs are as the table would call
    shown; a metric that must be the same must be so in every pair.
    """
    if allowed.same:
        differing = [(b, c) for b, c in zip(baseline, candidate, strict=True) if b != c]
        return (differing[0][1] / differing[0][0] - 1 if differing and differing[0][0] else 0.0), not differing
    by, limit = _scale(allowed, baseline, candidate)
    found = by.gains(baseline, candidate)
    looks = [n for n in TABLE if n <= min(len(found), max_pairs)]
    used = found[: looks[-1]] if looks else found
    beyond = sum(gain < limit for gain in used)
    middle = statistics.median(used)
    shown = bool(looks) and beyond >= TABLE[looks[-1]][0]
    return by.told(-middle), middle >= limit and not shown


def _scale(allowed: Limit, one: Sequence[float], other: Sequence[float]) -> tuple[Scale, float]:
    """Return the scale, and what gains may not fall below: by difference where a value is 0 or less.

    The share that is allowed is then one of the baseline's median: of 0 errors none.
    """
    by = Scale(RATIO if min((*one, *other)) > 0 else DIFFERENCE, allowed.name, allowed.direction)
    if not by.by_ratio:
        return by, -allowed.limit * abs(statistics.median(one)) - 1e-12 * max(map(abs, (*one, *other)))
    share = 1 / (1 + allowed.limit) if allowed.direction == "lower" else 1 - allowed.limit
    return by, by.added(share - 1) - 1e-12


def result(so_far: Comparison, plan: Plan, base: Side, measured: Measured, log: TextIO) -> Comparison:
    """Hold the candidate against the limits; raises SideError where the baseline does not keep a broken one itself."""
    found = limits_result(so_far, plan, measured)
    broken = [row.limit for row in found.limit_results if not row.holds]
    if broken:
        print("a limit does not hold; measuring the baseline twice, to see whether it keeps it", file=log)
        numbers = dict.fromkeys([_first_difference(plan, measured), *range(ROUNDS)])
        if rows := unkept(base, plan.metric, broken, (input_seed(plan.seed, number) for number in numbers)):
            said = "; ".join(map(str, rows))
            raise SideError(f"the baseline does not keep its own limit, so it is no verdict: {said}")
    return found


def limits_result(so_far: Comparison, plan: Plan, measured: Measured) -> Comparison:
    """Judge every limited metric by the same rule.

    A limit holds unless its metric is shown to be worse than allowed, or its median is. A missing metric is unknown,
    and unknown does not pass.
    """
    found = replace(so_far, limit_results=[_limit_result(text, plan, measured) for text in plan.guards])
    broken = [f"{row.limit}: {row.reason}" for row in found.limit_results if not row.holds]
    return found.ending("not_improved", f"a limit does not hold: {'; '.join(broken)}") if broken else found


def _limit_result(text: str, plan: Plan, measured: Measured) -> LimitResult:
    wanted = parse_limit(text)
    try:
        base, cand = measured.of(wanted.name)
        change, holds = limit_holds(wanted, base, cand, plan.max_pairs)
        by = Scale() if wanted.same else _scale(wanted, base, cand)[0]
    except KeyError:
        reason = f"METRIC {wanted.name} was not printed every time"
        return LimitResult(limit=text, holds=False, change=None, reason=reason)
    except ValueError as error:
        return LimitResult(limit=text, holds=False, change=None, reason=str(error))
    changed = f"changed by {by.words(change if by.by_ratio else -change)}"
    why = None if holds else _difference(base, cand) if wanted.same else changed
    return LimitResult(limit=text, holds=holds, change=change, reason=why, said="" if by.by_ratio else changed)


def broken_at_once(plan: Plan) -> Callable[[Measured], bool]:
    """Return what tells whether the newest pair differs in a metric that must be the same: then no other pair helps."""
    names = [wanted.name for wanted in map(parse_limit, plan.guards) if wanted.same]

    def differs(measured: Measured) -> bool:
        base, cand = measured.baseline[-1], measured.candidate[-1]
        return any(name in base and name in cand and base[name] != cand[name] for name in names)

    return differs


ROUNDS, ROUNDS_SECONDS = 4, 120.0
"""Inputs on which the baseline is measured twice, and the seconds after which two of them must do."""


@dataclass(frozen=True)
class Unkept:
    """A limit that the baseline does not keep against itself, why, and the one that it would; empty where none."""

    limit: str
    words: str
    wider: str = ""

    def __str__(self) -> str:
        return f"{self.limit}: {self.words}"


def unkept(side: Side, metric: str, limits: Sequence[str], seeds: Iterable[int]) -> list[Unkept]:
    """Measure the baseline twice on each input; return which limits it does not keep against itself.

    A bound is not kept where 48 pairs could not tell the noise from what it allows. Raises SideError.
    """
    began, one, other = time.monotonic(), list[dict[str, float]](), list[dict[str, float]]()
    for seed in seeds:
        if len(one) >= ROUNDS or (len(one) >= 2 and time.monotonic() - began > ROUNDS_SECONDS):
            break
        one.append(side.measure(metric, seed=seed))
        other.append(side.measure(metric, seed=seed))
    said = [(text, *_unkept(parse_limit(text), one, other)) for text in limits]
    return [Unkept(*row) for row in said if row[1]]


def _unkept(wanted: Limit, one: list[dict[str, float]], other: list[dict[str, float]]) -> tuple[str, ...]:
    try:
        first, second = [m[wanted.name] for m in one], [m[wanted.name] for m in other]
    except KeyError:
        return (f"METRIC {wanted.name} is not printed every time",)
    if wanted.same:
        varies = next((f"{_plain(a)}, then {_plain(b)}" for a, b in zip(first, second, strict=True) if a != b), "")
        return (varies and f"two runs of the baseline on the same input are not the same ({varies})",)
    try:
        by, limit = _scale(wanted, first, second)
        middle = statistics.median(abs(gain) for gain in by.gains(first, second))
    except ValueError as error:
        return (str(error),)
    least = noise.PER_48 * 1.4826 * middle
    said = f"two runs of the baseline differ by {by.size(middle)}, and 48 pairs hold that to {by.size(least)} at best"
    if least <= (wanted.limit if by.by_ratio else -limit):
        return ("",)
    held, sign = 5 * math.ceil(30 * least), "+" if wanted.direction == "lower" else "-"
    return said, f"{wanted.name}={sign}{held}%" if by.by_ratio and (sign == "+" or held < 100) else ""


def require_kept(root: Path, now: State, side: Side, own: Sequence[str]) -> None:
    """Raise Failure (1) for a limit that the locked baseline, built in `side`, does not keep itself.

    Or for a holdout that gives no figure.

    One of `own`, which nobody asked for, is made as wide as this host can hold, or goes where what should stay the same
    never does. (3) when it cannot be measured.
    """
    broken: list[Unkept] = []
    try:
        if now.config.limits:
            console.note("measuring the baseline again: does it keep its own limits?")
            broken = unkept(side, now.metric, now.config.limits, range(1, ROUNDS + 1))
        if paths.HOLDOUT in now.protected:
            _require_figure(side, now.metric)
    except SideError as error:
        raise console.outside(f"the baseline cannot be measured again: {error}", "start_session.py --lock") from None
    mine = [row for row in broken if row.limit in own]
    if loose := {row.limit: row.wider for row in mine if row.wider or parse_limit(row.limit).same}:
        held = [by for limit in now.config.limits if (by := loose.get(limit, limit))]
        by = ", ".join(filter(None, loose.values())) or "nothing, as it differs from run to run: is that meant?"
        console.note(f"this host cannot hold {', '.join(loose)}; agreed in its place: {by}")
        events.append(root, Note(text="limits as wide as this host can hold", changed={"guards": held}))
        broken = [row for row in broken if row.limit not in loose]
    if broken:
        first = parse_limit(broken[0].limit)
        sign = "+" if first.direction == "lower" else "-"
        held_by = broken[0].wider or f"{first.name}={sign}20%"
        wider = f"start_session.py --guard {held_by} --lock  # with a limit that it keeps"
        same = (
            "make the benchmark print what is the same in every run (sorted, no times or addresses, a fixed seed), or\n"
        )
        said = "; --guard ".join(map(str, broken))
        raise console.answer_no(
            f"the baseline does not keep its own limits, so no candidate could: --guard {said}",
            same * first.same + wider,
        )


def _require_figure(side: Side, metric: str) -> None:
    console.note(f"running {paths.HOLDOUT}: every winner will be measured by it")
    try:
        side.measure(metric, paths.HOLDOUT)
    except SideError as error:
        raise console.answer_no(
            f"{paths.HOLDOUT} gives no figure on the baseline, so no winner could be kept: {error}",
            f"make it print METRIC {metric}=NUMBER, or take it away, then\nstart_session.py --lock",
        ) from None


def _first_difference(plan: Plan, measured: Measured) -> int:
    """Return the first pair in which a metric that must be the same is not; 0 where none is."""
    names = [wanted.name for wanted in map(parse_limit, plan.guards) if wanted.same]
    each = enumerate(zip(measured.baseline, measured.candidate, strict=True))
    return next((n for n, (b, c) in each if any(b.get(name) != c.get(name) for name in names)), 0)


def _difference(base: list[float], cand: list[float]) -> str:
    number = next((n for n, (b, c) in enumerate(zip(base, cand, strict=True)) if b != c), None)
    return (
        "" if number is None else f"differs in pair {number + 1}: {_plain(base[number])} against {_plain(cand[number])}"
    )


def _plain(value: float) -> str:
    return f"{value}" if isinstance(value, int) else f"{value:.10g}"


def require_valid(guards: list[str]) -> None:
    """Raise Failure (2) for a limit that cannot be read."""
    for text in guards:
        try:
            parse_limit(text)
        except ValueError as error:  # noqa: PERF203
            raise console.usage(f"--guard {text!r}: {error}", "for example --guard rss_mb=+2%") from None
