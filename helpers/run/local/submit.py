"""Sending experiments to a worker: journaled first, queued then, so that nothing runs that is not on record."""

from dataclasses import dataclass, field

from helpers import console, events, journal, next_step, replay
from helpers.events import Submitted
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.isolation.reach import BESIDE
from helpers.run.jobs import blame, budget, screening, task
from helpers.run.local import executor, slots
from helpers.run.local.job_folder import Spec
from helpers.state import State


@dataclass(frozen=True)
class Request:
    """What a submission asks for beyond the experiment itself."""

    sources: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    slots: int = 1
    gpus: list[str] = field(default_factory=list)
    again: bool = False
    kind: str = ""
    """The type of worker that may run it, of the fleet; empty for any."""
    trees: tuple[str, str] = ("", "")
    """The current baseline, and the change merged onto it: what is measured in turns."""

    def event(self, now: State, sealed: Experiment, worker: str, executor: str) -> Submitted:
        """Return what is journaled of the submission of an experiment to a worker."""
        return Submitted(
            experiment_id=sealed.name,
            job=now.next_job(sealed.name),
            worker=worker,
            executor=executor,
            tree=self.trees[1] or sealed.tree,
            baseline=self.trees[0],
            description=sealed.description,
            kind=self.kind,
            source=self.sources,
            env=self.env,
        )


def submit_locally(work: Workdirs, sealed: Experiment, request: Request) -> list[str]:
    """Journal and queue the experiment on this machine; return its jobs, none where it waits or runs already.

    Raises Failure (2) when the same content was run before, (3) while the environment is at fault, (4) when the budget
    is spent.
    """
    require_environment(work)
    with journal.locked(work.root):
        now = replay.load(work.root)
        lock = now.require_lock()
        its = task.from_dict(lock.task)
        slots.require_slots(request.slots, its.cpus)
        if is_under_way(now, sealed, request, here=True):
            executor.kick(work.root)
            return []
        specs = []
        if screening.needs_control(now, executor.WORKER):
            specs.append(_control(work, now, Request(slots=request.slots, gpus=request.gpus)))
        specs.append(_journal(work, now, request.event(now, sealed, executor.WORKER, "local"), request))
        for spec in specs:  # under the lock: who collects meanwhile must not see a journaled job without its folder
            executor.submit(work.root, spec)
    return [spec.job for spec in specs]


def submit_control(work: Workdirs) -> str:
    """Journal and queue a run of the current baseline; returns the job."""
    with journal.locked(work.root):
        spec = _control(work, replay.load(work.root), Request())
        executor.submit(work.root, spec)
    return spec.job


def _control(work: Workdirs, now: State, request: Request) -> Spec:
    return _journal(work, now, screening.control(now, executor.WORKER, "local"), request)


def require_environment(work: Workdirs) -> None:
    """Raise Failure (3) while an error of the environment stops the session; a run of the baseline tries it."""
    now = replay.load(work.root)
    fault = blame.standing(now, executor.WORKER)
    if fault is None:
        return
    if not any(job.is_control for job in now.open_jobs()) and not work.repository.scratch:
        submit_control(work)
    raise console.outside(
        f"{fault.words()}. The baseline is run again: when it passes, the same command goes on",
        "collect_results.py --wait 600  # when you have repaired it",
    )


def is_under_way(now: State, sealed: Experiment, request: Request, *, here: bool) -> bool:
    """Note that the experiment waits or runs already; else it may be sent.

    Raises Failure (2) when the same content was run before, (4) when the budget is spent.
    """
    open_job = next((j for j in now.open_jobs() if j.experiment == sealed.name and j.is_experiment), None)
    if open_job:
        step = next_step.runnable("collect_results.py --wait 600")
        console.note(f"{sealed.name} is under way as {open_job.name}: {step}")
        return True
    refuse_repetition(now, sealed, request)
    budget.require_budget(now, sealed.name, here=here)
    return False


def refuse_repetition(now: State, sealed: Experiment, request: Request) -> None:
    """Raise Failure (2) when the experiment was decided, or this content was run, and nobody said again."""
    decided = now.decision(sealed.name)
    if decided and not request.again:
        raise console.usage(
            f"{sealed.name} has been decided: {decided.status}", "take a new experiment, or run it again with --again"
        )
    excused = blame.excused(now)
    for job in now.screens():
        done = job.finished
        same = job.name not in excused and job.tree == (request.trees[1] or sealed.tree) and job.env == request.env
        if same and done and done.status in ("done", "checks_failed") and not request.again:
            raise console.usage(
                f"this content was run as {job.name}: {done.status}",
                f"change it, or run it again with --again, or compare it:\ncompare.py {sealed.name}",
            )


def _journal(work: Workdirs, now: State, event: Submitted, request: Request) -> Spec:
    its = task.from_dict(now.require_lock().task)
    events.append_locked(work.root, event)
    env = {"EXPERIMENT_ID": event.experiment_id, "EXPERIMENT_DESC": event.description, **event.env}
    if event.baseline:
        env |= screening.env(now, executor.WORKER, f"../{BESIDE}")
    return Spec(
        event.job,
        event.experiment_id,
        event.tree,
        vars(its),
        env,
        its.limit(),
        max(its.cpus, len(slots.cores()) // request.slots) if request.gpus else its.cpus,
        request.slots,
        now.config.pass_env,
        str(work.folder),
        event.baseline,
        request.gpus,
    )
