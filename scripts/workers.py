#!/usr/bin/env python3
"""The fleet of workers: make, list, calibrate, replace, stop, take down."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console
from helpers.run.fleet import arguments

EXAMPLES = """\
  workers.py up --count 4 --infra aws --cpus 4+   # vm-01 to vm-04; each stops itself after 60 idle minutes
  workers.py list
  workers.py calibrate --all                      # which gain does each of them resolve?
  workers.py replace vm-03                        # a noisy or dead one
  workers.py down --all --yes                     # only when the person said so
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser(
        "Workers on clouds, Kubernetes or Slurm, through SkyPilot. They cost the person's money.", EXAMPLES
    )
    p.add_argument("action", choices=["up", "list", "calibrate", "replace", "stop", "down"])
    p.add_argument("worker", nargs="*", help="for calibrate, replace, stop and down: which")
    arguments.add_options(p)
    p.add_argument("--ask", action="store_true", help="list: ask the clouds for the true states")
    p.add_argument("--all", action="store_true", help="calibrate, stop and down: every worker; down needs --yes")
    p.add_argument("--yes", action="store_true", help="down --all, or with something running there: the person said so")
    p.add_argument(
        "--wait", type=float, default=7200, metavar="SECONDS", help="calibrate: follow so long (default 7200)"
    )
    p.add_argument("--dry-run", action="store_true", help="say what would be done")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Do it."""
    args = build_parser().parse_args(argv)
    if args.json and args.action != "list":
        raise console.usage(f"{args.action} prints a line for each worker, no JSON", "workers.py list --json")
    if args.worker and args.action in ("up", "list"):
        raise console.usage(f"{args.action} takes no names: {args.worker[0]!r}", "workers.py up --count 4")
    from helpers import git, replay
    from helpers.run.fleet import lifecycle, table

    root = git.find().root
    now = replay.load(root)
    if args.action == "list":
        rows = table.worker_rows(root, now, ask=args.ask)
        console.show(args, rows, "\n".join(map(table.worker_line, rows)))
        return console.DONE
    if args.action == "up":
        for line in lifecycle.fill(root, now, args.count, arguments.asked(now, args), dry_run=args.dry_run):
            print(line, flush=True)
        return console.DONE
    names = lifecycle.chosen(now, args.action, args.worker, every=args.all, sure=args.yes or args.dry_run)
    if args.dry_run:
        print(f"would {args.action}: {', '.join(names)}")
        return console.DONE
    if args.action == "calibrate":
        return calibrate(root, names, args.wait)
    for name in names:
        print(
            lifecycle.replace(root, name) if args.action == "replace" else lifecycle.end(root, name, args.action),
            flush=True,
        )
    return console.DONE


def calibrate(root: Path, names: list[str], seconds: float) -> int:
    """Measure the baseline on all of them at the same time; exit 1 when one cannot resolve the margin."""
    from helpers.judge.compare import fleet

    quiet = True
    for event, text in fleet.calibrate_all(root, names, seconds):
        print(f"{event.worker}: {text}", flush=True)
        quiet = quiet and not event.noisy
    return console.DONE if quiet else console.NO


if __name__ == "__main__":
    console.main(entry)
