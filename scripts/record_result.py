#!/usr/bin/env python3
"""Decide an experiment: keep, discard or crash; put on record what the agent itself cost."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step

EXAMPLES = """\
  record_result.py keep exp-07 --problem "two passes over the row" --solution "one fused pass" --source arXiv:2205.14135
  record_result.py discard exp-08 --why "no gain: the row fits the cache anyway"
  record_result.py crash exp-09 --why "the new table needs 3 GB"
  record_result.py cost --usd 4.20 --tokens 1200000 --why "the agent, until midnight"   # adds up; unknown is never 0
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Journal the decision; keep also commits the change to the session's branch.", EXAMPLES)
    sub = p.add_subparsers(dest="verb", required=True, metavar="keep|discard|crash|cost")
    kept = sub.add_parser("keep", help="commit what a standing comparison has shown to be better")
    kept.add_argument("experiment")
    kept.add_argument("--problem", default="", type=arguments.words, metavar="TEXT", help="what was slow and why")
    kept.add_argument("--solution", default="", type=arguments.words, metavar="TEXT", help="what the change does")
    kept.add_argument(
        "--source", action="append", default=[], metavar="ID", help="where the idea comes from; may repeat"
    )
    kept.add_argument(
        "--reviewed",
        default="",
        type=arguments.words,
        metavar="TEXT",
        help="why the places that the policy wants reviewed are honest",
    )
    for verb in ("discard", "crash"):
        other = sub.add_parser(verb, help="journal the reason; nothing is lost")
        other.add_argument("experiment")
        other.add_argument(
            "--why", required=True, type=arguments.words, metavar="TEXT", help="the reason, for those who come later"
        )
    cost = sub.add_parser("cost", help="what the agent itself cost since the last such line")
    cost.add_argument("--usd", type=arguments.amount, metavar="X")
    cost.add_argument("--tokens", type=arguments.whole(0), metavar="N")
    cost.add_argument("--why", default="the agent", type=arguments.words, metavar="TEXT", help="what for")
    for each in sub.choices.values():
        each.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
        arguments.add_workdir_root(each)
        each.epilog = console.EXIT_CODES
    return p


def entry(argv: list[str]) -> int:
    """Decide."""
    args = build_parser().parse_args(argv)
    from helpers import git
    from helpers.judge.compare import screens
    from helpers.read.ideas import queue
    from helpers.record.decision import discard, keep
    from helpers.record.report import spend
    from helpers.record.session import next_steps
    from helpers.run.copies.copies import Workdirs

    repository = git.find(dry_run=args.dry_run)
    if args.verb == "cost":
        said = spend.report(repository.root, args.usd, args.tokens, args.why, dry_run=args.dry_run)
        print(f"{'would be ' if args.dry_run else ''}on record: {said}")
        return console.DONE
    work, open_before = Workdirs(repository, args.workdir_root), len(queue.waiting(repository.root))
    name = args.experiment
    if args.verb == "keep":
        words = keep.Explanation(args.problem, args.solution, args.source, args.reviewed)
        event = keep.keep_experiment(repository, work, work.experiment(name), words, dry_run=args.dry_run)
        for job in [] if args.dry_run else screens.renew(work):
            console.note(f"{job}: screened again, on top of {name}")
    else:
        event = discard.decide(repository, work, name, args.verb, args.why, dry_run=args.dry_run)
    would = "would be " if args.dry_run else ""
    print(f"{name}: {would}recorded as {event.status} (run {event.run}, commit {event.commit})")
    if not args.dry_run:
        left = queue.waiting(repository.root)
        if left and len(left) == open_before:
            done = "kept" if event.status == "keep" else "discarded"
            said = f"no idea was closed by it; if it was one of these, `done IDEA --result {done}` closes that one"
            console.note(next_step.runnable(f"{said}: ideas.py list"))
        console.note(next_steps.told(repository))
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
