"""Turning an experiment down: the reason goes on record, its content stays in git."""

from __future__ import annotations

from helpers import console, git, journal, state
from helpers.journal import Event
from helpers.record.decision import commit, run_line
from helpers.run.copies.copies import Workdirs


def decide(
    repository: git.Repository, work: Workdirs, name: str, verb: str, why: str, *, dry_run: bool = False
) -> Event:
    """Journal `discard` or `crash` with its reason; return the run line.

    A discarded experiment whose checks failed is recorded as `checks_failed`. Raises Failure (2) when the experiment
    is unknown, decided already, or still runs.
    """
    root = repository.root
    if not why.strip():
        raise console.usage("--why is empty", "say why, for whoever comes later")
    with journal.locked(root):
        if dry_run:
            commit.refuse_interrupted(root)
        commit.finish(repository, state.load(root))
        now = state.load(root)
        if name not in work.names():
            work.sealed(name)  # says which ones there are
        before = now.decision(name)
        if before is not None:
            if before["status"] == "keep":
                raise console.usage(
                    f"{name} was kept as {before['commit']}", "to take it back: git revert it, and begin a new session"
                )
            console.note(f"{name} was recorded already as {before['status']}; the reason given then stays")
            return before
        under_way = [job.name for job in now.open_jobs() if job.experiment == name]
        if under_way:
            raise console.usage(f"{name} still waits or runs ({under_way[0]})", f"submit_experiment.py {name} --cancel")
        result = now.result(name) or {}
        compared = now.comparison(name) or {}
        failed = result.get("status") == "checks_failed" or str(compared.get("checks", "")).startswith("failed")
        status = "crash" if verb == "crash" else "checks_failed" if failed else "discard"
        described = work.sealed(name).description if work.is_sealed(name) else name
        event = run_line.run_event(now, name, status, described, asi={"why": why.strip()})
        return event if dry_run else journal.append_locked(root, event)
