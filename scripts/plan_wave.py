#!/usr/bin/env python3
"""Designed waves: lay out many experiments at once, run them, say what each factor does and what to try next."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step

if TYPE_CHECKING:
    from helpers.events import Wave
    from helpers.judge.wave.design import Design
    from helpers.run.copies.copies import Workdirs
    from helpers.state import State

EXAMPLES = """\
  plan_wave.py run --from exp-10 --factor aspect=48,64,72,80,90,96,112 --factor fuse=on,off --runs 12 --on sky
                       # exp-10 is a copy with @aspect@ and @fuse@ in its source
  plan_wave.py effects wave-01
  plan_wave.py suggest wave-01 --count 4      # the next points
  plan_wave.py design --factor fuse=off,on --factor tile=off,on --factor unroll=1,2,4    # the cells alone"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the arguments."""
    p = console.parser("Designed waves: many values or changes at once, and what each of them adds.", EXAMPLES)
    verbs = p.add_subparsers(dest="verb", required=True, metavar="design|run|effects|suggest|add ...")
    lay = verbs.add_parser("design", help="which values each experiment of the wave holds; runs nothing")
    run = verbs.add_parser("run", help="make the copies of a wave, submit them, and put it on record")
    run.add_argument("--from", dest="template", required=True, metavar="EXP", help="the copy with the placeholders")
    run.add_argument("--env", action="store_true", help="factors are environment variables, not @NAME@ in the source")
    run.add_argument("--dry-run", action="store_true", help="show the cells, run nothing")
    got = verbs.add_parser("effects", help="what the factors do, against the baseline beside each experiment")
    got.add_argument("wave", metavar="WAVE")
    ask = verbs.add_parser("suggest", help="the next points, by an optimizer for noisy parallel runs (Optuna)")
    ask.add_argument("wave", metavar="WAVE")
    ask.add_argument("--count", type=arguments.whole(1, 64), default=4, metavar="N", help="how many (default 4)")
    add = verbs.add_parser("add", help="run more cells of a wave")
    add.add_argument("wave", metavar="WAVE")
    add.add_argument("--cell", action="append", required=True, metavar="A=V,B=V", help="the values; may repeat")
    for sub in (lay, run):
        sub.add_argument("--factor", action="append", default=[], metavar="A=V,V,...", help="a factor with its values")
        sub.add_argument("--sweep", action="store_true", help="one factor at a time, the others at their first value")
        few = "experiments (default: few; where all factors have two values a power of two)"
        sub.add_argument("--runs", type=arguments.whole(2, 64), metavar="N", help=few)
    for sub in (run, add):
        usual = "local" if sub is run else None
        sub.add_argument("--on", choices=["local", "sky"], default=usual, help="executor (default: the wave's, local)")
        sub.add_argument("--kind", default="", metavar="TYPE", help="with --on sky: on which type, for example L4")
        arguments.add_slots(sub)
        arguments.add_workdir_root(sub)
    for sub in (lay, run, got, ask, add):
        console.add_output_options(sub)
    return p


def entry(argv: list[str]) -> int:
    """Carry out a verb."""
    args = build_parser().parse_args(argv)
    verbs = {"design": show_design, "run": run, "effects": effects, "suggest": suggest, "add": add}
    try:
        return verbs[args.verb](args)
    except ValueError as error:
        raise console.usage(str(error), "plan_wave.py --help") from None


def laid_out(args: argparse.Namespace, workers: int = 0) -> "Design":
    """Return the design that is asked for."""
    from helpers.judge.wave import design, waves

    return design.lay_out(list(map(waves.factor, args.factor)), args.runs, sweep=args.sweep, workers=workers)


def show_design(args: argparse.Namespace) -> int:
    """Print the cells and the aliases."""
    from helpers.judge.wave import report

    document, lines = report.layout(laid_out(args))
    console.show(args, document, "\n".join(lines))
    return console.DONE


def run(args: argparse.Namespace) -> int:
    """Lay out a wave, make and submit its experiments."""
    from helpers.judge.wave import report, waves
    from helpers.run.jobs import workers

    work, now = session(args)
    plan = laid_out(args, len(workers.up(now)) if args.on == "sky" else 0)
    wave = waves.begun(work, now, plan, args.template, "env" if args.env else "source")
    if args.dry_run:
        document, lines = report.layout(plan)
        console.show(args, document, "\n".join(lines))
        return console.DONE
    return send(args, work, now, wave, list(map(plan.values, plan.cells)))


def add(args: argparse.Namespace) -> int:
    """Run more cells of a wave."""
    from helpers.judge.wave import waves
    from helpers.run.jobs import workers

    work, now = session(args)
    wave = waves.require(now, args.wave)
    args.on = args.on or workers.where(now, wave.cells)
    return send(args, work, now, wave, [waves.cell(wave, text) for text in args.cell])


def session(args: argparse.Namespace) -> "tuple[Workdirs, State]":
    """Return the copies and the state of a session that can run experiments."""
    from helpers import git, replay
    from helpers.run.copies.copies import Workdirs

    arguments.check_worker(args)
    work = Workdirs(git.find(dry_run=args.verb == "run" and args.dry_run), args.workdir_root)
    now = replay.load(work.root)
    now.require_baseline()
    return work, now


def send(args: argparse.Namespace, work: "Workdirs", now: "State", wave: "Wave", cells: "list[dict[str, str]]") -> int:
    """Make and submit cells; print what the wave holds now."""
    from helpers import venv
    from helpers.judge.wave import report, waves
    from helpers.run.local import slots
    from helpers.run.local.submit import Request

    if args.on == "sky":
        venv.require("sky", extra="--with-sky")
    request = Request([], {}, *slots.asked(args.slots), again=True, kind=args.kind)
    wave = waves.start(work, now, wave, cells, None if args.on == "local" else "", request)
    document = {"wave": wave.name, "kind": wave.kind, "cells": wave.cells}
    console.show(args, document, "\n".join(report.sent(wave)))
    return console.DONE


def effects(args: argparse.Namespace) -> int:
    """Print the effects; the answer is "no" when none stands out."""
    from helpers import git, replay
    from helpers.judge.wave import report, waves

    now = replay.load(git.find().root)
    wave = waves.require(now, args.wave)
    found, silent = waves.analysed(now, wave)
    lines = [*report.effect_lines(found), *report.steps(wave, found, silent)]
    console.show(args, report.as_dict(found), "\n".join(lines))
    return console.DONE if any(row.stands for row in found.shown) else console.NO


def suggest(args: argparse.Namespace) -> int:
    """Print the next points of a wave."""
    from helpers import git, replay, venv
    from helpers.judge.wave import optimizer, report, waves

    now = replay.load(git.find().root)
    wave = waves.require(now, args.wave)
    venv.require("optuna", extra="--with-waves")
    points = optimizer.next_points(wave, *waves.observations(now, wave), args.count)
    if not points:
        raise console.answer_no(
            "whatever the optimizer proposes has failed before", f"plan_wave.py effects {wave.name}"
        )
    cells = " --cell ".join(map(report.shell_word, points))
    console.show(args, points, next_step.runnable(f"plan_wave.py add {wave.name} --cell {cells}"))
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
