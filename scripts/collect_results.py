#!/usr/bin/env python3
"""Journal whatever finished and print a line for each experiment."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console, next_step

EXAMPLES = """\
  collect_results.py                # what has finished by now
  collect_results.py --wait 600     # until something finishes, 10 minutes at most
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Parse and journal the results of all jobs that ended.", EXAMPLES)
    p.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="wait until something finishes")
    p.add_argument("--all", action="store_true", help="with --wait: until nothing waits or runs any more")
    p.add_argument(
        "--loop",
        action="store_true",
        help="keep feeding and collecting the fleet until ended (run it in the background)",
    )
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Collect; exit 1 when nothing has finished."""
    args = build_parser().parse_args(argv)
    from helpers import git, replay
    from helpers.judge.compare import local, screens
    from helpers.record.session import next_steps
    from helpers.run import collect
    from helpers.run.copies.copies import Workdirs
    from helpers.run.jobs import blame, budget, result

    repository = git.find()
    root = repository.root
    now = replay.load(root)
    if args.loop:
        from helpers.run.fleet import keeper_process

        keeper_process.loop(root)
        ended = "ended; what was sent goes on there, and this collects it: collect_results.py --wait 600"
        console.note(next_step.runnable(ended))
        return console.DONE
    new = collect.wait(root, args.wait, (lambda s: not s.open_jobs()) if args.all else None)
    told = [event for event in new if result.should_be_reported(event)]
    now = replay.load(root)
    console.show(args, [event.to_line() for event in new], "\n".join(result.result_line(event, now) for event in told))
    for job in screens.renew(Workdirs(repository)):
        console.note(f"{job}: screened again, on top of the new baseline")
    left = [job for job in replay.load(root).open_jobs() if job.role != "part"]
    if any(job.on_fleet for job in left):
        from helpers.run.fleet import last_round

        if last_round.trouble(root):
            console.note(f"the fleet's last round: {last_round.trouble(root)}")
    for line in budget.fleet_line(replay.load(root)):
        console.note(line)
    fault = blame.standing(replay.load(root))
    if fault:
        console.note(f"stopped: {fault.words()}")
    if left:
        rest = f"still waiting or running: {', '.join(job.name for job in left)}; for all of them"
        console.note(next_step.runnable(f"{rest}: collect_results.py --wait 3600 --all"))
    elif local.under_way(root):
        under_way = local.under_way(root)
        console.note(next_step.runnable(f"under way is the comparison that follows: compare.py {min(under_way)}"))
    elif not new:
        console.note("nothing was submitted that has not been collected")
    elif any(event.role == "control" and event.status == "done" for event in new):
        console.note("the baseline passes")
    if told:
        console.note(next_steps.told(repository))
    return console.DONE if told else console.NO


if __name__ == "__main__":
    console.main(entry)
