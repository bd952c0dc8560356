#!/usr/bin/env python3
"""Lay out a wave that tries many changes in few experiments, and compute the effect of each."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console, next_step

if TYPE_CHECKING:
    from helpers.judge.advice import factorial

EXAMPLES = """\
  plan_wave.py design fuse tile unroll prefetch            8 experiments, the changes that each holds
  plan_wave.py effects --factors fuse,tile none=0% fuse=2.1% tile=exp-12 fuse+tile=exp-13
                                                           EXP: its gain is read from the journal"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the arguments."""
    p = console.parser("Designed waves: many changes at once, on or off, and what each one adds.", EXAMPLES)
    verbs = p.add_subparsers(dest="verb", required=True, metavar="design|effects ...")
    lay = verbs.add_parser("design", help="which changes each experiment of the wave holds")
    lay.add_argument("factors", nargs="+", metavar="FACTOR", help="a short name for each change, 2 to 12")
    got = verbs.add_parser("effects", help="the effect of each change, from the gains of the experiments")
    got.add_argument(
        "--factors", required=True, metavar="A,B,...", help="the same names in the same order as in design"
    )
    got.add_argument(
        "cells", nargs="+", metavar="A+B=GAIN", help="a cell and its gain: 2.1%%, or an experiment of the journal"
    )
    for sub in (lay, got):
        few = "experiments: a power of two (default: few, pairs kept apart from single changes)"
        sub.add_argument("--runs", type=int, metavar="N", help=few)
        console.add_output_options(sub)
    return p


def entry(argv: list[str]) -> int:
    """Design a wave or analyse one."""
    args = build_parser().parse_args(argv)
    from helpers.judge.advice import factorial

    names = args.factors if args.verb == "design" else args.factors.split(",")
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or name == "none":
            raise console.usage(
                f"{name!r} cannot name a change: letters, digits, '_', '-' and '.'", "use a name like fuse"
            )
    try:
        plan = factorial.design(names, args.runs)
        if args.verb == "design":
            return show_design(plan, args)
        return show_effects(plan, factorial.analyse(plan, factorial.measured_cells(args.cells, plan)), args)
    except ValueError as error:
        raise console.usage(str(error), "plan_wave.py --help") from None


def show_design(plan: "factorial.Design", args: argparse.Namespace) -> int:
    """Print the cells and the aliases."""
    from helpers.judge.advice import factorial

    alias = {name: [factorial.label(e) for e in plan.aliases([name])] for name in plan.factors}
    document = {
        "factors": plan.factors,
        "cells": [sorted(cell) for cell in plan.cells],
        "resolution": plan.resolution,
        "aliases": alias,
    }
    lines = [f"cell {number:2}: {factorial.label(cell)}" for number, cell in enumerate(plan.cells, 1)]
    carried = [f"{name} = {' = '.join(others)}" for name, others in alias.items() if others]
    lines += (
        ["the effect of a change cannot be told from that of:", *carried]
        if carried
        else ["no change's effect carries that of a pair"]
    )
    lines.append("none is the baseline. Measure each cell beside the baseline on its worker, then give its experiment:")
    cells = " ".join(f"{factorial.label(cell)}=exp-{n:02}" for n, cell in enumerate(plan.cells) if cell)
    lines.append(next_step.runnable(f"plan_wave.py effects --factors {','.join(plan.factors)} none=0% {cells}"))
    console.show(args, document, "\n".join(lines))
    return console.DONE


def show_effects(plan: "factorial.Design", found: "factorial.Analysis", args: argparse.Namespace) -> int:
    """Print the effects; the answer is "no" when none stands out."""
    from helpers.judge.advice import factorial

    answer = factorial.as_dict(plan, found)
    console.show(args, answer, "\n".join(factorial.effect_lines(answer)))
    return console.DONE if any(row["shown"] for row in answer["effects"]) else console.NO


if __name__ == "__main__":
    console.main(entry)
