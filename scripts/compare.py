#!/usr/bin/env python3
"""The clean A/B: baseline and candidate in interleaved pairs on one host, judged by one rule."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, git

EXAMPLES = """\
  compare.py exp-07                        # against the current baseline; exit 0 only when improved
  compare.py exp-07 --not-worse            # a simplification: shown to lose less than the margin?
  compare.py exp-07 --on sky --worker vm-02
  compare.py exp-07 --on sky --spread      # pairs on all workers at the same time
  compare.py exp-07 --spread --slots gpu   # on all GPUs of this machine, a pair on each
  compare.py --samples traces.jsonl        # judge recorded pairs, run nothing
  compare.py --calibrate                   # which gain does this host resolve?
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Compare an experiment with the baseline in interleaved pairs.", EXAMPLES)
    p.add_argument("experiment", nargs="?")
    p.add_argument("--against", metavar="REV|EXP", help="another baseline than the current one (cannot lead to a keep)")
    least = "smallest gain worth keeping: percent, or in the metric's unit (default: the session's)"
    p.add_argument("--margin", type=arguments.percentage, metavar="N", help=least)
    p.add_argument(
        "--max-pairs", type=int, choices=arguments.PAIRS, help="pairs at most (default 48; 144 on a noisy host)"
    )
    cycle = "build each side N times in different layouts and cycle"
    p.add_argument("--layouts", type=arguments.whole(1, 16), metavar="N", help=cycle)
    p.add_argument("--guard", action="append", default=[], metavar="NAME=+PCT%|same", help="a secondary metric's limit")
    p.add_argument("--not-worse", action="store_true", help="accept when shown to lose less than the margin")
    p.add_argument(
        "--seed", metavar="TEXT", help="seed of the pairs' order, to repeat a comparison (cannot lead to a keep)"
    )
    p.add_argument("--wait", type=float, default=86400, metavar="SECONDS", help="follow so long; it goes on without us")
    p.add_argument("--samples", metavar="FILE", help="judge recorded pairs (one JSON trace a line, - for stdin)")
    p.add_argument("--calibrate", action="store_true", help="measure the baseline and say what this host resolves")
    where = "measure here or on a worker (default: where its screen ran, or its comparison runs)"
    p.add_argument("--on", choices=["local", "sky"], help=where)
    p.add_argument("--worker", metavar="NAME", help="with --on sky: which (default: the quietest)")
    p.add_argument("--kind", default="", metavar="TYPE", help="with --on sky: of which type, for example H100")
    several = "measure pairs on N workers, or slots of this machine, at the same time (default: all of them)"
    p.add_argument("--spread", nargs="?", type=arguments.whole(2), const=0, metavar="N", help=several)
    p.add_argument(
        "--slots", choices=["gpu"], help="with --spread: a slot is a GPU of this machine, with its own cores"
    )
    p.add_argument("--dry-run", action="store_true", help="show the plan, measure nothing")
    arguments.add_workdir_root(p)
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Judge traces, calibrate, or compare."""
    args = build_parser().parse_args(argv)
    arguments.check_worker(args)
    if args.samples:
        from helpers.judge.rule import recorded_pairs

        return recorded_pairs.judge_file(args.samples, sys.stdout)
    return calibrate(args) if args.calibrate else compare(args)


def compare(args: argparse.Namespace) -> int:
    """Run or resume the comparison of one experiment."""
    from helpers import replay
    from helpers.judge.compare import local, metric_limits, planning, report, session
    from helpers.record.session import next_steps
    from helpers.run.copies.copies import Workdirs
    from helpers.run.jobs import workers

    if not args.experiment:
        raise console.usage(
            "which experiment?", "compare.py --help  # an experiment, or --samples FILE, or --calibrate"
        )
    metric_limits.require_valid(args.guard)
    work = Workdirs(git.find(dry_run=args.dry_run), args.workdir_root)
    now = replay.load(work.root)
    now.require_baseline()
    exp = work.experiment(args.experiment)
    args.on = args.on or ("local" if exp.name in local.under_way(work.root) else workers.where(now, [exp.name]))
    asked = session.options_from(now, args)
    job = session.running_job(work, now, exp, args.on, asked)
    if job is None:
        worker, asked = session.placed(now, asked, args)
        plan = session.plan(work, now, exp, asked, worker)
        if args.dry_run and not session.unseen(work, plan, worker):
            console.emit_json(vars(plan) if args.full else plan.journaled(), full=args.full)
            return console.DONE
        if not args.dry_run:
            console.note(planning.planned_words(now, plan.max_pairs, worker or "local"))
        job = "" if args.dry_run else session.start(work, plan, worker)
    if args.dry_run:
        console.emit_json(
            {"experiment": exp.name, "would": "show the verdict of the comparison that was begun already"}
        )
        return console.DONE
    event = session.follow(work, job, args.wait)
    off = local.broken_off(work.root, event)
    console.show(args, event.to_line(), report.verdict_text(replay.load(work.root), event, off))
    if event.verdict == "error":
        raise console.outside(
            f"the comparison could not be made: {event.reason}",
            f"compare.py {args.experiment}{event.question}  # when that is corrected",
        )
    if event.needs:
        from helpers.run.copies import uncommitted

        raise uncommitted.refused(exp.name + event.question, f"{exp.name} does not pass: {event.reason}", now.branch)
    if not event.against:
        console.note(next_steps.told(git.find(), exp.name))
    return console.DONE if event.is_good else console.NO


def calibrate(args: argparse.Namespace) -> int:
    """Say which gain this host, or a worker, resolves."""
    from helpers import replay
    from helpers.judge.compare import session
    from helpers.run.copies.copies import Workdirs

    if args.dry_run:
        session.choose_worker(replay.load(git.find().root), args.on, args.worker)
        would = "build the baseline and measure it again and again, about as long as a comparison of 24 pairs"
        console.show(args, {"would": would}, f"would {would}")
        return console.DONE
    event, text = session.calibrate(Workdirs(git.find(), args.workdir_root), args.on, args.worker, args.wait)
    console.show(args, event.to_line(), text)
    return console.NO if event.noisy else console.DONE


if __name__ == "__main__":
    console.main(entry)
