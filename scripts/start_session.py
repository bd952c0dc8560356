#!/usr/bin/env python3
"""Begin, lock or resume a session."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step, printable, scale

EXAMPLES = """\
  start_session.py --goal faster-parse --metric time_s --unit s --direction lower --build "make" --scope "src/"
  start_session.py --lock        # after validating benchmark and checks: protect them and take the baseline
  start_session.py --goal faster-parse --allow "build-file:setup.py"   # later: journaled, on the person's word
"""
NO_OPTIONS = {"lock", "adopt", "wait", "dry_run", "new", "on_top", "workdir_root"}
"""What says how to begin or lock, and nothing of what is agreed."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Begin a session on the branch autoresearch/GOAL; run again it resumes.", EXAMPLES)
    p.add_argument("--lock", action="store_true", help="hash the protected files and take the baseline")
    p.add_argument("--adopt", action="store_true", help="with --lock: take the person's own commits in as the baseline")
    p.add_argument("--wait", type=float, default=3600, metavar="SECONDS", help="with --lock: for the baseline's run")
    p.add_argument("--goal", metavar="SLUG", help="names the session and its branch")
    p.add_argument("--new", action="store_true", help="begin, or resume, another session in place of the one under way")
    on_top = "begin from what the session before kept, not from the branch that it began from"
    p.add_argument("--on-top", action="store_true", help=on_top)
    p.add_argument("--metric", metavar="NAME", help="the METRIC that decides")
    p.add_argument("--unit", default="", type=arguments.unit, metavar="U", help="its unit, for people")
    p.add_argument("--direction", choices=["lower", "higher"], help="which is better")
    p.add_argument("--scope", action="append", metavar="GLOB", help="only these files may change; may repeat")
    p.add_argument("--off-limits", action="append", metavar="GLOB", help="these may not; may repeat")
    p.add_argument("--allow", action="append", metavar="RULE[:GLOB]", help="open what the policy refuses, on record")
    p.add_argument("--scale", choices=scale.KINDS, help="judge by ratio or difference (proposed from the first values)")
    least = "smallest gain worth keeping: percent (default 1), with --scale difference in the metric's unit"
    p.add_argument("--margin", type=arguments.percentage, metavar="N", help=least)
    p.add_argument(
        "--review-above", type=arguments.amount, metavar="TIMES", help="a reader looks at larger gains (default 3)"
    )
    p.add_argument(
        "--max-pairs", type=int, choices=arguments.PAIRS, help="pairs of a comparison (default 48; 144 on a noisy host)"
    )
    calls = "calls that make one measurement of a comparison (default: what compare.py --calibrate chose, else 1)"
    p.add_argument("--repeats", type=arguments.whole(1, 100), metavar="N", help=calls)
    p.add_argument("--layouts", type=arguments.whole(1, 16), metavar="N", help="code layouts to cycle in comparisons")
    p.add_argument(
        "--guard", action="append", metavar="NAME=+PCT%|same", help="a secondary metric and how much worse it may be"
    )
    answers = "how long a winner's answers are compared with the baseline's (default 30)"
    p.add_argument("--outputs-seconds", type=arguments.whole(1), metavar="SECONDS", help=answers)
    p.add_argument("--max-experiments", type=arguments.whole(1), metavar="N")
    p.add_argument("--budget-usd", type=arguments.amount, metavar="X")
    p.add_argument("--budget-hours", type=arguments.amount, metavar="H")
    p.add_argument("--build", metavar="CMD", help="builds the program, in the copy (BUILD_CMD of experiment.yaml)")
    p.add_argument("--bench-timeout", type=arguments.whole(1), metavar="SECONDS")
    p.add_argument("--check-timeout", type=arguments.whole(1), metavar="SECONDS")
    p.add_argument("--pass-env", action="append", metavar="NAME", help="a variable of yours that experiments may see")
    short = "what screens run with, a shorter budget: TRAIN_SECONDS=60; trusted once its ranks are shown to hold"
    p.add_argument("--screen-env", action="append", metavar="K=V", help=short)
    p.add_argument("--network", action="store_true", help="benchmark and checks may use the network, as builds may")
    p.add_argument("--no-checks", action="store_true", help="accept that nothing checks correctness")
    for name, text in {
        "objective": "the goal in the person's words",
        "constraints": "dependencies, API stability, time per run, memory",
        "simplicity": "simpler beats marginally faster? removing code at equal speed?",
        "infra": "where experiments run",
    }.items():
        p.add_argument(f"--{name}", metavar="TEXT", type=arguments.words, help=text)
    p.add_argument("--web", choices=["yes", "ask", "no"], help="may the agent search the web")
    p.add_argument("--workers", type=arguments.whole(1), metavar="N", help="agreed number of workers")
    p.add_argument("--dry-run", action="store_true", help="check and show what would be recorded")
    arguments.add_workdir_root(p)
    return p


def entry(argv: list[str]) -> int:
    """Begin or lock."""
    args = build_parser().parse_args(argv)
    from helpers import events, git, replay, session_branch
    from helpers.record.session import config as session_config
    from helpers.record.session import lifecycle, lock, step_table
    from helpers.run.copies.copies import Workdirs

    repository = git.find(dry_run=args.dry_run)
    asked = {key for key, value in vars(args).items() if value != build_parser().get_default(key)} - NO_OPTIONS
    if asked and not args.goal:
        under_way = replay.fold(events.held(repository.root))
        args.goal = under_way.config.name if under_way else None  # options alone are of the session under way
    if args.lock and asked:
        lifecycle.begin(repository, session_config.config_from(repository.root, args))
    if args.lock:
        work = Workdirs(repository, args.workdir_root)
        now = lock.lock_session(repository, work, args.wait, adopt=args.adopt)
        names = sorted(now.protected)
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        would = "would be " if args.dry_run and not now.runs else ""
        print(f"{would}locked: {', '.join(map(printable.name, names[:20]))}{more}")
        if would:
            print("the baseline would be built, measured and checked, and again in copies that are broken on purpose")
        base = now.taken
        if base:
            print(f"baseline: {now.metric}={scale.with_unit(base.metric or 0, now.config.unit)} at {base.commit}")
        return console.DONE
    config = session_config.config_from(repository.root, args)
    now, resumed = lifecycle.begin(repository, config, new=args.new, on_top=args.on_top)
    if args.dry_run:
        console.emit_json(config)
        return console.DONE
    print(f"{'resumed' if resumed else 'began'} session {now.config.name} on {now.branch}")
    if resumed:
        session_branch.say(repository.root, now)
    step = "status.py" if now.lock else step_table.SESSION["unlocked"]
    print(next_step.runnable(f"next: {step}"))
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
