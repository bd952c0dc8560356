"""A comparison spread over the fleet: what the keeper's round brought is judged, and jobs are made of what follows.

Run by the keeper as `python3 -m helpers.judge.compare.spread_fleet ROOT` between collecting and sending. The
comparison's own job waits for the file of its pairs; its parts are jobs of the role `part`, whose pairs lie in their
logs. Whatever it does is journaled first or can be done again, so it may be killed at any time. Prints the seconds that
a pair is expected to take, where that is known: asking a worker disturbs what it measures.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpers import events, files, journal, replay
from helpers.events import Submitted
from helpers.judge.compare import durations, spread
from helpers.judge.compare.spread import Part
from helpers.judge.measure.plan import Plan
from helpers.run import cancel
from helpers.run.fleet import assign, results
from helpers.run.jobs import result, workers
from helpers.state import Job, State


def advance(root: Path) -> None:
    """Take every spread comparison that is under way one step further."""
    with journal.locked(root):
        _strand(root, replay.load(root))
        now = replay.load(root)
        heads = [job for job in now.jobs.values() if job.role == "comparison" and job.is_spread]
        for head in heads:
            mine = [job for job in now.jobs.values() if job.submitted.part.get("of") == head.name]
            is_over, given = head.finished or head.cancelling, results.given_path(root, head.name)
            unwanted = mine if is_over or given.exists() else _further(root, now, head, mine)
            if given.exists() and not is_over and all(job in (head, *mine) for job in workers.waiting(now)):
                unwanted = [job for job in mine if head.sent and job.worker == head.worker]  # nobody waits for others
            left = [(job, _part(root, job)) for job in unwanted if not (job.finished or job.cancelling)]
            cancel.end_locked(root, [j for j, part in left if len(part.pairs) < len(part.numbers)])  # or it ends itself


def _strand(root: Path, now: State) -> None:
    """Journal parts as lost that wait for a worker which is not there any more."""
    up = [worker.name for worker in workers.up(now)]
    for job in workers.waiting(now):
        if job.role == "part" and job.submitted.worker not in up:
            events.append_locked(root, results.lost(job, f"its worker {job.submitted.worker} is gone"))


def _further(root: Path, now: State, head: Job, mine: list[Job]) -> list[Job]:
    """Begin parts, or let the comparison itself begin or end; return the parts that nobody needs any more."""
    plan = Plan(**assign.asked(now, head)[0])
    able = [worker.name for worker in workers.up(now) if worker.name in plan.spread]
    parts = [_part(root, job) for job in mine]
    its = spread.step(plan, parts, able, durations.pair_seconds(now))
    if its.error:
        ended = result.finished(head, metric=None, status="crash", error=its.error)
        events.append_locked(root, ended)
        return mine
    if its.ready:
        files.replace(results.given_path(root, head.name), json.dumps(spread.in_json(its.given)))
        return mine
    print(durations.pair_seconds(now) or 0.0)
    for number, part in enumerate(its.begin, len(mine) + 1):
        events.append_locked(root, _submitted(head, part, number))
    return [job for job in mine if job.submitted.part["phase"] != list(its.given)[-1]]


def _part(root: Path, job: Job) -> Part:
    numbers: dict[str, Any] = job.submitted.part["numbers"]
    reason = (job.finished.error or "it ended early") if job.finished else ""
    return Part(
        job.submitted.worker,
        {int(number): draw for number, draw in numbers.items()},
        job.submitted.part["phase"],
        spread.read_pairs(results.log_path(root, job.name)),
        is_open=job.finished is None,
        reason=reason,
    )


def _submitted(head: Job, part: Part, number: int) -> Submitted:
    of = head.submitted
    return replace(
        of,
        line={},
        timestamp=0,
        job=f"{of.job.replace('comparison', 'part', 1)}.{number}",
        worker=part.worker,
        role="part",
        description=f"pairs of {of.job}",
        part={"of": of.job, "phase": part.phase, "numbers": {str(n): draw for n, draw in part.numbers.items()}},
    )


if __name__ == "__main__":
    advance(Path(sys.argv[1]))
