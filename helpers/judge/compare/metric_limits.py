"""Limits: how much worse a secondary metric (memory, size, tail latency) may be. `--guard` is the flag."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from helpers import console
from helpers.judge.measure.pairs import Measured, Plan
from helpers.judge.rule.sign_test import TABLE, gains
from helpers.run.jobs import metric_line


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
    if not match or not 0 <= float(match[3]) < 100:
        raise ValueError("NAME=+PCT% (may rise), NAME=-PCT% (may fall) or NAME=same (a checksum) is expected")
    return Limit(match[1], float(match[3]) / 100, "lower" if match[2] == "+" else "higher")


def limit_holds(
    allowed: Limit, baseline: Sequence[float], candidate: Sequence[float], max_pairs: int
) -> tuple[float, bool]:
    """Return the median change for the worse (a fraction) and whether the limit holds.

    It does not when the median pair is worse than allowed, or when so many pairs are that the table would call it
    shown; a metric that must be the same must be so in every pair.
    """
    if allowed.same:
        differing = [(b, c) for b, c in zip(baseline, candidate, strict=True) if b != c]
        return (differing[0][1] / differing[0][0] - 1 if differing and differing[0][0] else 0.0), not differing
    found = gains(baseline, candidate, allowed.direction)
    looks = [n for n in TABLE if n <= min(len(found), max_pairs)]
    limit = -math.log1p(allowed.limit) if allowed.direction == "lower" else math.log1p(-allowed.limit)
    used = found[: looks[-1]] if looks else found
    beyond = sum(gain < limit for gain in used)
    middle = statistics.median(used)
    shown = bool(looks) and beyond >= TABLE[looks[-1]][0]
    return math.expm1(-middle), middle >= limit - 1e-12 and not shown


def limits_result(plan: Plan, measured: Measured) -> dict[str, Any]:
    """Judge every limited metric by the same rule; returns what changes in the outcome.

    A limit holds unless its metric is shown to be worse than allowed, or its median is. A missing metric is unknown,
    and unknown does not pass.
    """
    rows: list[dict[str, Any]] = []
    for text in plan.guards:
        wanted = parse_limit(text)
        try:
            base, cand = measured.of(wanted.name)
            change, holds = limit_holds(wanted, base, cand, plan.max_pairs)
        except KeyError:
            rows.append({"guard": text, "holds": False, "reason": f"METRIC {wanted.name} was not printed every time"})
            continue
        except ValueError:
            rows.append(
                {"guard": text, "holds": False, "reason": "0 or less has no ratio; NAME=same compares any values"}
            )
            continue
        said = _difference(base, cand) if wanted.same else f"changed by {change:+.2%}"
        rows.append({"guard": text, "holds": holds, "change": change, "reason": None if holds else said})
    broken = [row for row in rows if not row["holds"]]
    if broken:
        said = "; ".join(f"{row['guard']}: {row['reason']}" for row in broken)
        return {"guards_result": rows, "verdict": "not_improved", "reason": f"a limit does not hold: {said}"}
    return {"guards_result": rows} if rows else {}


def _difference(base: list[float], cand: list[float]) -> str:
    number = next((n for n, (b, c) in enumerate(zip(base, cand, strict=True)) if b != c), None)
    return "" if number is None else f"differs in pair {number + 1}: {base[number]:.10g} against {cand[number]:.10g}"


def require_valid(guards: list[str]) -> None:
    """Raise Failure (2) for a limit that cannot be read."""
    for text in guards:
        try:
            parse_limit(text)
        except ValueError as error:  # noqa: PERF203
            raise console.usage(f"--guard {text!r}: {error}", "for example --guard rss_mb=+2%") from None
