#!/usr/bin/env python3
"""Seal an experiment and send it to a worker; returns at once."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step

EXAMPLES = """\
  submit_experiment.py exp-07 --desc "fuse the softmax passes" --source arXiv:2205.14135
  submit_experiment.py exp-07 --desc "..." --on sky     # whichever worker of the fleet is free first
  submit_experiment.py exp-07 --cancel
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Run an experiment as a detached job: build, benchmark, checks, report.", EXAMPLES)
    p.add_argument("experiment")
    p.add_argument(
        "--desc", type=arguments.words, metavar="TEXT", help="what it does and why, in a line; needed to seal it"
    )
    p.add_argument("--source", action="append", default=[], metavar="ID", help="where the idea comes from; may repeat")
    p.add_argument("--env", action="append", default=[], metavar="K=V", help="override an env of experiment.yaml")
    p.add_argument("--on", choices=["local", "sky"], default="local", help="executor (default local)")
    p.add_argument("--worker", metavar="NAME", help="with --on sky: this one instead of the first that is free")
    p.add_argument("--kind", default="", metavar="TYPE", help="with --on sky: of which type, for example L4")
    arguments.add_slots(p)
    p.add_argument("--screen", action="store_true", help="screen it whatever this host's spread says of screens")
    p.add_argument("--no-screen", action="store_true", help="compare it at once")
    p.add_argument("--again", action="store_true", help="run it although this content has a result or a decision")
    p.add_argument("--cancel", action="store_true", help="end its job or comparison, queued or running")
    p.add_argument("--dry-run", action="store_true", help="check it and say what would be done, submit nothing")
    arguments.add_workdir_root(p)
    return p


def entry(argv: list[str]) -> int:
    """Seal, apply the policy, submit."""
    args = build_parser().parse_args(argv)
    arguments.check_worker(args)
    from helpers import git, replay, session_branch, venv
    from helpers.judge.compare import screens, session
    from helpers.judge.policy import experiment
    from helpers.read.ideas import sources
    from helpers.run.copies.copies import Workdirs
    from helpers.run.jobs import task
    from helpers.run.local import slots
    from helpers.run.local import submit as local_submit

    repository = git.find(dry_run=args.dry_run)
    if args.cancel:
        for line in session.cancel_experiment(repository.root, args.experiment, dry_run=args.dry_run):
            print(next_step.runnable(line))
        return console.DONE
    if args.screen and args.no_screen:
        raise console.usage("--screen and --no-screen exclude each other")
    if args.on == "sky":
        venv.require("sky", extra="--with-sky")
    now = replay.load(repository.root)
    now.require_baseline()
    now.require_own(args.experiment)
    session_branch.say(repository.root, now)
    work = Workdirs(repository, args.workdir_root)
    exp = work.experiment(args.experiment)
    if exp.has_copy and not args.desc and not exp.is_sealed:
        raise console.usage("a description is missing", 'add --desc "what it does and why"')
    given = [sources.parse_source(source) for source in args.source]  # before anything is sealed: no trace of it
    its = slots.asked(args.slots)
    request = local_submit.Request(given, task.overrides(args.env), *its, again=args.again, kind=args.kind)
    sealed = work.seal(exp, args.desc) if exp.has_copy else exp
    if work.changes_nothing(sealed):
        raise console.usage(f"{sealed.name} changes nothing", f"edit {sealed.path} first")
    for finding in experiment.require_allowed(work, sealed, now, on_record=not args.dry_run):
        console.note(experiment.violation_line(finding))
    worker = None if args.on == "local" else args.worker or ""
    why = "" if args.screen else "it was asked for" if args.no_screen else screens.left_out(work, now, sealed, worker)
    if args.dry_run:
        print(screens.outlook(work, now, sealed, request, worker, why))
        return console.DONE
    if why:
        job = screens.straight(work, now, sealed, request, worker, why)
        print(next_step.runnable(f"{job}: no screen, {why}. Its comparison has begun: compare.py {sealed.name}"))
        return console.DONE
    for job in screens.send(work, now, sealed, request, worker):
        print(f"{job}: queued on local" if worker is None else f"{job}: waits for {worker or 'the first free worker'}")
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
