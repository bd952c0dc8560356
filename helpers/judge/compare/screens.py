"""Sending experiments to be screened beside the baseline, again after a keep, or straight to their comparison."""

import re
from dataclasses import replace
from pathlib import Path

from helpers import console, events, printable, replay
from helpers.events import Note
from helpers.judge.compare import planning, session
from helpers.judge.policy.changes import changes_between
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.jobs import screening, task
from helpers.run.local import executor, slots
from helpers.run.local import submit as local_submit
from helpers.run.local.submit import Request
from helpers.state import State


def send(work: Workdirs, now: State, sealed: Experiment, request: Request, worker: str | None) -> list[str]:
    """Queue a screen of the change, merged onto the current baseline; return its job, none where it waits already.

    `worker` is None for this machine, empty for whichever of the fleet is free first. Raises Failure (1, 2, 4).
    """
    base, _, tree = planning.sides(work, now, sealed, None)
    for each in (base, tree):
        work.refs.hold(each)
    request = replace(request, trees=(base, tree))
    if worker is None:
        return local_submit.submit_locally(work, sealed, request)
    from helpers.run.fleet import keeper_process
    from helpers.run.fleet import submit as fleet_submit

    jobs = fleet_submit.submit_to_fleet(work, sealed, request, worker)
    keeper_process.kick(work.root)
    return jobs


def outlook(work: Workdirs, now: State, sealed: Experiment, request: Request, worker: str | None, why: str) -> str:
    """Say what `send`, or `straight` for the reason `why`, would do; raises what they would."""
    base, _, tree = planning.sides(work, now, sealed, None)
    if worker is None:
        local_submit.require_environment(work)
        slots.require_slots(request.slots, task.from_dict(now.require_lock().task).cpus)
    else:
        from helpers.run.fleet import submit as fleet_submit

        fleet_submit.require_workers(now, worker)
    if local_submit.is_under_way(now, sealed, replace(request, trees=(base, tree)), here=worker is None):
        return f"{sealed.name}: would go on as it is"
    how = f"compared without a screen ({why})" if why else "screened"
    where = "this machine" if worker is None else worker or "the first free worker"
    return f"{sealed.name}: would be {how} on {where}, tree {tree[:12]}"


def left_out(work: Workdirs, now: State, sealed: Experiment, worker: str | None) -> str:
    """Say why a screen would not pay there, empty where it does or nobody can tell."""
    if foreign := planning.without(work, now, sealed):
        changes = changes_between(work.root, sealed.origin.tree, sealed.tree)
        text = "\n".join(line for change in changes for _, line in change.added)
        if named := [name for name in foreign if re.search(rf"\b{re.escape(Path(name).stem)}\b", text)]:
            return (
                f"its change names {printable.name(named[0])}, which no commit has: the comparison says if it needs it"
            )
    return screening.left_out(now, executor.WORKER if worker is None else worker)


def straight(work: Workdirs, now: State, sealed: Experiment, request: Request, worker: str | None, why: str) -> str:
    """Begin the comparison of an experiment that was not screened; return its job. Raises Failure (1, 2, 4)."""
    local_submit.refuse_repetition(now, sealed, request)
    chosen = "" if worker is None else session.choose_worker(now, "sky", worker, request.kind)
    plan = session.plan(work, now, sealed, planning.Options(), chosen)
    text = f"straight to its comparison: {why}"
    events.append(work.root, Note(text=text, experiment_id=sealed.name, source=request.sources))
    return session.start(work, plan, chosen)


def renew(work: Workdirs) -> list[str]:
    """Screen again what waits with a screen of an older baseline; return the jobs. What no longer applies stays."""
    now, jobs = replay.load(work.root), list[str]()
    open_now = {job.experiment for job in now.open_jobs()}
    for name in now.undecided():
        done = now.result(name)
        if done is None or now.comparison(name) or name in open_now or done.status != "done":
            continue
        job = now.jobs[done.job]
        on = {its.submitted.baseline for its in now.screens() if its.experiment == name}  # cancelled there: by a wish
        if not job.submitted.baseline or now.baseline.tree in on or done.screen == "slower":
            continue
        worker = None if job.is_local else job.submitted.worker
        try:
            jobs += send(
                work, now, work.experiment(name), Request(env=job.env, again=True, kind=job.submitted.kind), worker
            )
        except console.Failure as failure:
            console.note(f"{name} is not screened again: {failure.message}")
    return jobs
