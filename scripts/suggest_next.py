#!/usr/bin/env python3
"""Say from the journal whether another experiment is likely to pay, and what to build it on. It is advice."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from helpers import console

if TYPE_CHECKING:
    from helpers import git, state
    from helpers.judge import search

EXAMPLES = """\
  suggest_next.py                    what another experiment is expected to gain, what to build on
  suggest_next.py --price 0.1        is that more than 0.1%, what an experiment is worth to the person?
  suggest_next.py --like exp-12      which experiments are like it; exit 1 when one is the same idea"""


def arguments() -> argparse.ArgumentParser:
    """Describe the arguments."""
    p = console.parser("What to build on next, and whether going on pays. Advice from the journal.", EXAMPLES)
    p.add_argument(
        "--price", type=float, metavar="PCT", help="cost of an experiment as the gain in percent that would be worth it"
    )
    p.add_argument("--like", metavar="EXP", help="compare its diff with those of all other experiments")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Advise."""
    args = arguments().parse_args(argv)
    from helpers import git, state

    if args.price is not None and not 0 < args.price < 100:
        raise console.usage(f"--price {args.price}: a percentage above 0 is expected", "for example --price 0.1")
    repository = git.find()
    now = state.load(repository.root)
    return alike(repository, args) if args.like else advise(repository, now, args)


def alike(repository: git.Repository, args: argparse.Namespace) -> int:
    """Print the experiments whose diffs are most like that of --like."""
    from helpers.judge import search

    rows = search.similar(repository, args.like)[:10]
    same = bool(rows) and rows[0][1] >= search.SAME
    if args.json:
        console.emit_json(
            {"same": same, "similar": [{"experiment": n, "cosine": round(c, 4)} for n, c in rows]}, full=args.full
        )
    else:
        lines = [f"{name}: {100 * value:.0f}% alike" for name, value in rows] or ["there is no other experiment"]
        console.emit(
            "\n".join([*lines, *([f"{args.like} is the same idea as {rows[0][0]}: take another"] if same else [])]),
            full=args.full,
        )
    return console.NO if same else console.DONE


def advise(repository: git.Repository, now: state.State, args: argparse.Namespace) -> int:
    """Print outlook, parents and sources."""
    from dataclasses import asdict

    from helpers.judge import search

    found, parents, arms = search.outlook(now), search.parents(now, search.commits(repository)), search.sources(now)
    stop = None if found is None or args.price is None else found.gain < -math.log1p(-args.price / 100)
    if args.json:
        answer: dict[str, Any] = {"outlook": asdict(found) if found else None, "stop": stop, "decided": len(search.verified(now)),
                                  "parents": [asdict(p) for p in parents[:10]], "sources": [asdict(a) for a in arms]}  # fmt: skip
        console.emit_json(answer, full=args.full)
        return console.DONE
    lines = [_outlook(found, len(search.verified(now)))]
    if stop is not None:
        lines.append(
            f"advice: {'stop: an experiment costs more than it is expected to gain' if stop else 'go on'} (price {args.price:g}%)"
        )
    lines += [
        f"build on {p.name}: {math.expm1(p.score):+.2%} over the first baseline, {p.children} started from it, chance {p.chance:.0%}"
        for p in parents[:5]
    ]
    lines += [
        f"source {a.kind}: {a.tried} tried, {math.expm1(a.gain):+.2%} each, index {a.index:.2f}" for a in arms[:5]
    ]
    console.emit("\n".join(lines), full=args.full)
    return console.DONE


def _outlook(found: search.Outlook | None, decided: int) -> str:
    from helpers.judge import search

    if found is None:
        return f"too early to predict: {decided} of {search.FEWEST} decided experiments"
    rates = "".join(
        f", {math.expm1(rate):.2%} per {unit}"
        for rate, unit in ((found.per_hour, "hour"), (found.per_dollar, "dollar"))
        if rate is not None
    )
    low, high = found.interval
    return (f"the next experiment is expected to gain {math.expm1(found.gain):.2%} [{math.expm1(low):.2%}, {math.expm1(high):.2%}]"
            f"{rates} ({found.count} decided, half-life {search.HALF_LIFE})")  # fmt: skip


if __name__ == "__main__":
    console.main(entry)
