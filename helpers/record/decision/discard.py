"""Turning an experiment down: the reason goes on record, its content stays in git."""

from helpers import console, events, git, journal, replay, session_branch
from helpers.events import Run
from helpers.judge.compare import local
from helpers.record.decision import commit, run_line
from helpers.run import collect
from helpers.run.copies.copies import Workdirs


def decide(repository: git.Repository, work: Workdirs, name: str, verb: str, why: str, *, dry_run: bool = False) -> Run:
    """Journal `discard` or `crash` with its reason, though its content be gone; return the run line.

    A discarded experiment whose checks failed is recorded as `checks_failed`. Raises Failure (2) when the experiment
    is unknown, was kept, or still runs.
    """
    if not why.strip():
        raise console.usage("--why is empty", "say why, for those who come later")
    if not dry_run and any(job.experiment == name for job in replay.load(repository.root).open_jobs()):
        collect.collect_finished(repository.root)  # a job that ended is no longer under way
    with journal.locked(repository.root):
        now = commit.settled(repository, dry_run=dry_run)
        now.require_own(name)
        session_branch.say(repository.root, now)
        before = now.decision(name)
        if before is not None:
            if before.status == "keep":
                raise console.usage(
                    f"{name} was kept as {before.commit}", f"git revert {before.commit}\n{session_branch.ADOPT}"
                )
            console.note(f"{name} was recorded already as {before.status}; the reason given then stays")
            return before
        under_way = [job.name for job in now.open_jobs() if job.experiment == name]
        under_way += [job for its, job in local.under_way(repository.root).items() if its == name]
        if under_way:
            raise console.usage(f"{name} still waits or runs ({under_way[0]})", f"submit_experiment.py {name} --cancel")
        lost = name in now.undecided() and work.refs.standing(name)[0] is None
        description = name if lost else work.experiment(name).description
        result, compared = now.result(name), now.comparison(name)
        failed = result is not None and result.status == "checks_failed"
        failed = failed or (compared is not None and (compared.checks or "").startswith("failed"))
        status = "crash" if verb == "crash" else "checks_failed" if failed else "discard"
        event = run_line.run_event(now, name, description, status, asi={"why": why.strip()})
        return event if dry_run else events.append_locked(repository.root, event)
