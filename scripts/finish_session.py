#!/usr/bin/env python3
"""End the session: the whole against the first baseline, the report, and your own branch back."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console

EXAMPLES = """\
  finish_session.py                           # run again it goes on where it was
  finish_session.py --dry-run                 # what it would do
  finish_session.py --reason "bad benchmark"  # closes a session whose figures mean nothing; measures nothing
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Compare the whole with the first baseline, report, and put the work tree back.", EXAMPLES)
    p.add_argument("--reason", default="", type=arguments.words, metavar="TEXT", help="close it as wrong, and why")
    where = "measure here or on a worker (default: a worker where one is up)"
    p.add_argument("--on", choices=["local", "sky"], help=where)
    p.add_argument("--worker", metavar="NAME", help="with --on sky: which (default: the quietest)")
    p.add_argument("--max-pairs", type=int, choices=arguments.PAIRS, help="pairs at most of the comparison")
    p.add_argument("--wait", type=float, default=86400, metavar="SECONDS", help="follow so long; it goes on without us")
    p.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    arguments.add_workdir_root(p)
    return p


def entry(argv: list[str]) -> int:
    """Finish."""
    args = build_parser().parse_args(argv)
    from helpers import files, git, paths, replay
    from helpers.record.report import html, page_data, projection, words
    from helpers.record.session import finish, next_steps
    from helpers.run.copies.copies import Workdirs
    from helpers.run.jobs import budget

    repository = git.find(dry_run=args.dry_run)
    now = replay.load(repository.root)
    measures = bool(now.kept) and not args.reason and not budget.closed(now)
    worker = finish.choose_worker(now, args.on, args.worker) if measures else ""
    how = finish.Ending(args.reason, worker, args.wait, args.max_pairs)
    if args.dry_run:
        steps = finish.outline(repository, now, how)
        console.emit("\n".join(f"would {step}" for step in steps))
        return console.DONE
    told = finish.finish_session(repository, Workdirs(repository, args.workdir_root), how)
    if not now.has_baseline:
        console.emit("\n".join(["the session is closed; it was never locked, and there is nothing to report", *told]))
        return console.DONE
    page = paths.state_folder(repository.root) / "report.html"
    files.replace(page, html.page(page_data.load(repository, next_steps.lines, detailed=True)))
    told.append(f"everything on one page, which needs no network: {paths.STATE}/{page.name}")
    ended = projection.load(repository.root)
    console.emit("\n".join([*words.summary(ended), *told, *words.following(ended)]))
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
