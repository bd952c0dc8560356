"""The end of a session: the whole against the first baseline, the page on the branch, and the person's branch back."""

from dataclasses import dataclass

from helpers import console, events, git, git_objects, paths, replay, session_branch
from helpers.events import Note
from helpers.judge.compare import planning, session
from helpers.record.decision import commit
from helpers.record.report import faces, projection, words
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.jobs import budget, workers
from helpers.state import State


@dataclass(frozen=True)
class Ending:
    """How to end: `reason` closes a session that went wrong, whose figures then mean nothing."""

    reason: str = ""
    worker: str = ""
    wait: float = 86400
    max_pairs: int | None = None


def choose_worker(now: State, on: str | None, worker: str | None) -> str:
    """Return the worker to measure on: of the fleet where one is up, unless asked otherwise; empty for this machine."""
    on = on or ("sky" if worker or workers.up(now) else "local")
    return session.choose_worker(now, on, worker)


def outline(repository: git.Repository, now: State, how: Ending) -> list[str]:
    """Return what would be done, step by step; raises Failure (2) while something still runs."""
    _require_quiet(now)
    if not now.has_baseline:
        return [
            "close the session, which was never locked: there is nothing to measure or to report",
            _back(repository, now),
        ]
    whole = projection.load(repository.root).headline
    first, there = now.require_lock().commit_full[:7], how.worker or "this machine"
    measure = f"compare the branch as it stands with the first baseline {first} on {there}: pairs, holdout, checks"
    if how.reason or not now.kept:
        measure = f"compare nothing: {'the session is closed as wrong' if how.reason else 'nothing was kept'}"
    elif whole and whole.verdict != "error":
        measure = f"compare nothing: it was measured, {words.headline(projection.load(repository.root))}"
    return [
        measure,
        f"leave it closed: {over}"
        if (over := budget.closed(now))
        else f"close the session: {how.reason or 'finished'}",
        f"commit {paths.IMPROVEMENTS} as it is at the end to {now.branch}",
        _back(repository, now),
    ]


def _back(repository: git.Repository, now: State) -> str:
    came_from = session_branch.came_from(repository.root, now)
    back = f"put the work tree back on {came_from}" if came_from else "leave the work tree: the branch before is gone"
    return f"{back}; uncommitted work stays as it is"


def finish_session(repository: git.Repository, work: Workdirs, how: Ending) -> list[str]:
    """End the session, going on where an earlier try stopped; return what to tell.

    Raises Failure (2) while something still runs, (3) while the comparison goes on, or when it could not be made.
    """
    root, now = repository.root, replay.load(repository.root)
    _require_quiet(now)
    if now.kept and not how.reason and not budget.closed(now):
        _measure(work, now, how)
    if not budget.closed(now):
        events.append(root, Note(text="the session is over", closed=how.reason or "finished"))
    told = [_commit_page(repository) if now.has_baseline else "", _put_back(repository, now)]
    return [line for line in told if line]


def _require_quiet(now: State) -> None:
    own = ("comparison-final.", "comparison-final-")  # the whole's own, on a worker: it is followed
    if open_now := [job for job in now.open_jobs() if not job.name.startswith(own)]:
        raise console.usage(
            f"{len(open_now)} jobs still wait or run ({open_now[0].name})",
            f"collect_results.py --wait 600\nsubmit_experiment.py {open_now[0].experiment} --cancel",
        )


def _measure(work: Workdirs, now: State, how: Ending) -> None:
    """Compare the branch with the first baseline unless that was done since the last keep."""
    held = projection.load(work.root).headline
    if held is not None and held.verdict != "error":
        console.note("the whole was compared since the last keep; that figure stays")
        return
    whole = _sealed(work, now)
    job = session.running_job(work, now, whole, "sky" if how.worker else "local", planning.OWN)
    if job is None:
        options = planning.Options(against=now.require_lock().commit_full, max_pairs=how.max_pairs)
        job = session.start(work, session.plan(work, now, whole, options, how.worker), how.worker)
    event = session.follow(work, job, how.wait)
    if event.verdict == "error":
        raise console.outside(f"the comparison could not be made: {event.reason}", "finish_session.py")


def _sealed(work: Workdirs, now: State) -> Experiment:
    """Return an experiment that holds what was kept, byte for byte: one that is there, or a new one."""
    tree, number = now.baseline.tree, 1
    for name, (_, held, _) in work.refs.titled().items():
        if held == tree and (name == "final" or name.startswith("final-")):
            return work.experiment(name)
    taken = {*work.names()}
    while (name := "final" if number == 1 else f"final-{number}") in taken:
        number += 1
    exp, _ = work.create(name, now.baseline.commit_full)
    sealed = work.seal(exp, "the whole session")
    work.prune(sealed)
    return sealed


def _commit_page(repository: git.Repository) -> str:
    """Commit IMPROVEMENTS.md as it is at the end to the session's branch, unless it is there; return what to tell."""
    root, now = repository.root, replay.load(repository.root)
    reference, base = f"refs/heads/{now.branch}", now.baseline.commit_full
    page = faces.improvements_page(root, projection.load(root)).encode()
    (tip,) = git_objects.commits(root, [reference])
    held, before = git_objects.blobs(root, [f"{reference}:{paths.IMPROVEMENTS}", f"{base}:{paths.IMPROVEMENTS}"])
    if tip is None:
        return f"the branch {now.branch} is gone; what was kept is in git as {base[:12]}"
    if tip.id != base and not (tip.parents == (base,) and held != before):
        return f"{now.branch} holds commits that nobody measured: {paths.IMPROVEMENTS} stays as it is there"
    if held == page or tip.id != base:
        return ""
    said = "\n".join(["autoresearch: the session's report", "", *words.standing(projection.load(root))])
    new = commit.build(repository, base, (now.baseline.tree, now.baseline.tree), page, said + "\n")
    if git.branch(root) == now.branch:
        git.run(root, ["update-index", "-q", "--refresh"], check=False)  # a touched file is no changed file
        moved = git.run(root, ["read-tree", "-m", "-u", base, new], check=False)
        if moved.returncode != 0:
            raise session_branch.in_the_way(moved.stderr, "finish_session.py")
    git.run(root, ["update-ref", "-m", "autoresearch: report", reference, new, base])
    return f"{paths.IMPROVEMENTS} is committed on {now.branch} as {new[:7]}"


def _put_back(repository: git.Repository, now: State) -> str:
    """Check out the branch that the person began from; raises Failure (2) when their own work is in the way."""
    root = repository.root
    target = session_branch.came_from(root, now)
    if git.branch(root) != now.branch:
        return f"the work tree stays on {git.branch(root) or 'a detached HEAD'}"
    if target is None:
        gone = now.config.came_from
        return f"the branch {gone} that you began from is gone: the work tree stays on {now.branch}"
    session_branch.put_back(root, target)
    return f"the work tree is on {target} again; the session's branch is {now.branch}"
