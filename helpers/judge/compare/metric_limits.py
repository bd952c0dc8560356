"""Guards on secondary metrics: memory, size, tail latency may get worse by so much and no more."""

from __future__ import annotations

from typing import Any

from helpers import console
from helpers.judge.measure.pairs import Measured, Plan
from helpers.judge.rule import sign_test


def guard(plan: Plan, measured: Measured) -> dict[str, Any]:
    """Judge every guarded metric by the same rule; returns what changes in the outcome.

    A guard holds unless its metric is shown to be worse than allowed, or its median is. A missing metric is unknown,
    and unknown does not pass.
    """
    rows: list[dict[str, Any]] = []
    for text in plan.guards:
        wanted = sign_test.parse_guard(text)
        try:
            base, cand = measured.of(wanted.name)
            change, holds = sign_test.guard_holds(wanted, base, cand, plan.max_pairs)
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
        return {"guards_result": rows, "verdict": "not_improved", "reason": f"a guard does not hold: {said}"}
    return {"guards_result": rows} if rows else {}


def _difference(base: list[float], cand: list[float]) -> str:
    number = next((n for n, (b, c) in enumerate(zip(base, cand, strict=True)) if b != c), None)
    return "" if number is None else f"differs in pair {number + 1}: {base[number]:.10g} against {cand[number]:.10g}"


def check(guards: list[str]) -> None:
    """Raise Failure (2) for a guard that cannot be read."""
    for text in guards:
        try:
            sign_test.parse_guard(text)
        except ValueError as error:  # noqa: PERF203
            raise console.usage(f"--guard {text!r}: {error}", "for example --guard rss_mb=+2%") from None
