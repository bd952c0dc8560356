#!/usr/bin/env python3
"""The clean A/B: baseline and candidate in interleaved pairs on one host, judged by one rule."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers import console, git

EXAMPLES = """\
  compare.py exp-07                        # against the current baseline; exit 0 only when improved
  compare.py exp-07 --not-worse            # a simplification: shown to lose less than the margin?
  compare.py exp-07 --on sky --worker vm-02
  compare.py --samples traces.jsonl        # judge recorded pairs, run nothing
  compare.py --calibrate                   # which gain does this host resolve?
"""


def arguments() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Compare an experiment with the baseline in interleaved pairs.", EXAMPLES)
    p.add_argument("experiment", nargs="?")
    p.add_argument("--against", metavar="REV|EXP", help="another baseline than the current one (cannot lead to a keep)")
    p.add_argument("--margin", type=float, metavar="PCT", help="smallest gain worth keeping (default: the session's)")
    p.add_argument("--max-pairs", type=int, choices=[8, 12, 18, 24, 36, 48], help="pairs at most (default 48)")
    p.add_argument("--layouts", type=int, metavar="N", help="build each side N times in different layouts and cycle")
    p.add_argument("--guard", action="append", default=[], metavar="NAME=+PCT%|same", help="a secondary metric's limit")
    p.add_argument("--not-worse", action="store_true", help="accept when shown to lose less than the margin")
    p.add_argument(
        "--seed", metavar="TEXT", help="seed of the pairs' order, to repeat a comparison (cannot lead to a keep)"
    )
    p.add_argument("--wait", type=float, default=86400, metavar="SECONDS", help="follow so long; it goes on without us")
    p.add_argument("--samples", metavar="FILE", help="judge recorded pairs (one JSON trace a line, - for stdin)")
    p.add_argument("--calibrate", action="store_true", help="measure the baseline and say what this host resolves")
    p.add_argument(
        "--on", choices=["local", "sky"], default="local", help="measure here or on a worker (default local)"
    )
    p.add_argument("--worker", metavar="NAME", help="with --on sky: which (default: the quietest)")
    p.add_argument("--dry-run", action="store_true", help="show the plan, measure nothing")
    p.add_argument("--workdir-root", metavar="DIR", help="where the copies live (default under $TMPDIR)")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Judge traces, calibrate, or compare."""
    args = arguments().parse_args(argv)
    if args.samples:
        from helpers.judge import traces

        return traces.run(args.samples, sys.stdout)
    if args.margin is not None and not 0 < args.margin < 50:
        raise console.usage(f"--margin {args.margin}: a percentage between 0 and 50 is expected")
    if args.layouts is not None and not 1 <= args.layouts <= 16:
        raise console.usage(f"--layouts {args.layouts}: 1 to 16 are possible")
    return calibrate(args) if args.calibrate else compare(args)


def compare(args: argparse.Namespace) -> int:
    """Run or resume the comparison of one experiment."""
    from helpers.judge import compare, elsewhere, gate, secondary
    from helpers.run.workdir import Workdirs

    if not args.experiment:
        raise console.usage("which experiment?", "compare.py EXP, or --samples FILE, or --calibrate")
    secondary.check(args.guard)
    repository = git.find()
    work = Workdirs(repository, Path(args.workdir_root).resolve() if args.workdir_root else None)
    now = compare.load(repository.root)
    far = args.on == "sky"
    worker = elsewhere.choose(now, args.worker) if far else ""
    running = elsewhere.running(now, args.experiment) if far else compare.running(repository.root, args.experiment)
    job = running
    if job is None:
        copy = work.path(args.experiment).is_dir()
        sealed = (
            work.seal(args.experiment, None)
            if copy and work.is_sealed(args.experiment)
            else work.sealed(args.experiment)
        )
        for finding in gate.refuse(work, sealed, now):
            console.note(gate.line(finding))
        options = compare.Options(
            args.against, None if args.margin is None else args.margin / 100, args.max_pairs, args.layouts,
            tuple(args.guard), args.not_worse, args.seed,
        )  # fmt: skip
        plan = compare.plan(work, now, sealed, options)
        if args.dry_run:
            console.emit_json(plan.as_dict(), full=args.full)
            return console.DONE
        job = elsewhere.start(repository.root, plan, worker) if far else compare.start(repository.root, plan)
    event = (elsewhere if far else compare).follow(repository.root, job, args.wait)
    if args.json:
        console.emit_json(event, full=args.full)
    else:
        print(compare.report(event, str(now.config.get("metricUnit", ""))))
    if event["verdict"] == "error":
        raise console.outside(f"the comparison could not be made: {event['reason']}", "mend that and compare again")
    return console.DONE if event["verdict"] in ("improved", "not_worse") else console.NO


def calibrate(args: argparse.Namespace) -> int:
    """Say which gain this host resolves."""
    from helpers.judge import calibration, compare, elsewhere
    from helpers.run.workdir import Workdirs

    repository = git.find()
    work = Workdirs(repository, Path(args.workdir_root).resolve() if args.workdir_root else None)
    if args.on == "sky":
        root = repository.root
        result = elsewhere.calibrate(root, elsewhere.choose(compare.load(root), args.worker), args.wait)
    else:
        result = calibration.calibrate(work)
    if args.json:
        console.emit_json(result.event, full=args.full)
    else:
        print(result.text)
    return console.DONE if result.quiet else console.NO


if __name__ == "__main__":
    console.main(entry)
