"""Locking a session: benchmark and checks are proven, hashed and committed, and the baseline is taken."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from helpers import console, events, git, next_step, paths, progress, replay, session_branch
from helpers.events import Finished, Lock, Note, Run
from helpers.judge.compare import broken_copy, metric_limits, outputs, sound_copy, wrong_answers
from helpers.judge.policy import experiment
from helpers.record import alone, protected
from helpers.record.session import companions, needs, shape
from helpers.run import collect
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation import probe
from helpers.run.jobs import causes, log, metric_line, result, task, tests_run
from helpers.run.jobs.tests_run import Tests
from helpers.run.local import submit
from helpers.scale import DIFFERENCE, is_time
from helpers.state import State


def lock_session(repository: git.Repository, work: Workdirs, wait: float, *, adopt: bool = False) -> State:
    """Commit and hash the protected files, take the baseline and record it as the first run.

    `adopt`: of a locked session whose branch the person has changed since, measure what is there as the new baseline.
    A rehearsal runs nothing: it returns the session with the lock that would be tried.

    Raises Failure (2) when benchmark or checks are missing, (1) when the baseline does not pass, (4) when it is locked
    and a protected file has changed since.
    """
    root, now = repository.root, replay.load(repository.root)
    if locked := now.has_baseline:
        renewed = protected.is_other_bundle(now) and not now.tried
        changed = protected.changed(root, now) or ["the bundle's own scripts"] * renewed
        if changed and now.tried:
            raise console.refused(
                f"locked already, and changed since: {', '.join(changed)}",
                "put it back (git checkout), or begin a new session with another --goal: old results do not compare",
            )
        if not changed and (not adopt or session_branch.moved(root, now) is None):
            session_branch.say(root, now)
            console.note("the session is locked already; nothing to do")
            return now
        if now.open_jobs():
            raise console.usage("jobs of the former baseline still run", "collect_results.py --wait 600")
        if changed:
            console.note(f"changed since the lock: {', '.join(changed)}; nothing was tried yet, so it is locked again")
    if git.branch(root) != now.branch:
        raise console.usage(f"you are not on the session's branch {now.branch}", f"git switch {now.branch}")
    _require(root, now)
    config = {k: str(v) for k, v in now.config.envs.items()}
    config |= {task.NETWORK: "1"} if now.config.network else {}
    its = task.from_dict(now.require_lock().task) if locked and now.tried else task.load(root / paths.TASK, config)
    _look_at_scripts(root, its.envs.get(task.BUILD_CMD, ""))
    head = git.commit_of(root, "HEAD")
    own = [name for name in paths.COMMITTED if (root / name).is_file()]
    own += companions.find_companions(root, now, its.envs.get(task.BUILD_CMD, ""))
    commit = companions.commit(repository, head, own)
    named = dict.fromkeys([*paths.PROTECTED, *own])
    hashes = {name: protected.digest(root / name) for name in named if (root / name).is_file()}
    if repository.scratch:
        return replace(now, lock=Lock(protected=hashes, task={}, commit_full=commit, tree=""), runs=[])
    bundle, commit, tree = protected.bundle(), work.refs.hold(commit), work.refs.hold(work.capture())
    lock = Lock(protected=hashes, bundle=bundle, task=vars(its), commit_full=commit, tree=tree)
    events.append(root, lock)
    try:
        with needs.told_afterwards(work):
            done = take_baseline(work, wait)
        with progress.told("the lock goes on"):
            limits = shape.agree_limits(root, replay.load(root), done)
            judged_by = shape.agree_scale(replay.load(root), done)
            ran = tests_run.read_log(Path(done.log), "checks| ")
            if ran.doubtful:
                console.note(f"warning: the checks pass, but {ran}: what is not tested may break unseen")
            alone.require_lockable(work, now := replay.load(root), commit, ran)
            lacks = shape.lacks(experiment.evaluator_text(work, now, [paths.BENCHMARK]), done)
            with sound_copy.proven(work, now) as side:
                metric_limits.require_kept(root, now, side, limits)
                healthy = outputs.prove(work, now, side)
                took = progress.span(sum(done.durations.values()))
                console.note(f"a run takes {took}; lock and broken copies take a few such runs, a screen one")
                console.note("breaking a copy's source on purpose: benchmark and checks must fail there")
                unproven = broken_copy.prove(work, now, healthy)
                unproven = unproven or wrong_answers.prove(work, now, compared=healthy is not None)
    except console.Failure as failure:
        if locked:
            events.append(root, Note(text="no new baseline: the former one stands", lock="failed"))
        elif leads := re.search(r"^start_session.py --(guard [\w.=+-]+\d%|scale \w+) --lock", failure.do, re.MULTILINE):
            events.append(root, Note(text=f"not locked: {failure.message[:300]}", instead=leads[0]))
        raise
    _tell_stale(now, hashes)
    companions.place(root, commit, head, own)  # only now: a lock that fails leaves no commit
    _journal_baseline(root, now, done, ran, unproven=unproven, lacks=lacks, judged_by=judged_by)
    return replay.load(root)


def _tell_stale(now: State, hashes: dict[str, str]) -> None:
    last = [each for each in now.workers if each.what == "calibrated"][-1:]
    if last and last[0].benchmark not in ("", hashes.get(paths.BENCHMARK)):
        console.note(f"note: {paths.BENCHMARK} was changed since it was calibrated; once more: compare.py --calibrate")


def _require(root: Path, now: State) -> None:
    if not (root / paths.BENCHMARK).is_file():
        raise console.usage(f"{paths.BENCHMARK} is missing", f"start from {paths.BUNDLE}/references/templates")
    if not (root / paths.CHECKS).is_file() and not now.config.no_checks:
        raise console.usage(
            f"{paths.CHECKS} is missing: nothing would tell a faster program from a broken one",
            "write it (exit 0: correct), or accept that nothing checks:\nstart_session.py --goal "
            f"{now.config.name} --no-checks",
        )


_CONTAINERS = re.compile(r"(?<![\w./-])(docker|podman|nerdctl|kubectl|lxc|vagrant|qemu-system-\w+)(?![\w./-])")


def _look_at_scripts(root: Path, build: str) -> None:
    """Note what runs outside of the walls, in what scripts call too; raises Failure (2) for line ends of Windows."""
    texts = {name: companions.text_of(root / name) for name in paths.COMMITTED}
    for name, text in {**texts, **needs.called(root, "\n".join([build, *texts.values()]))}.items():
        if "\r\n" in text and (name in texts or name.endswith((".sh", ".bash"))):
            raise console.usage(
                f"{name} has Windows line ends (CRLF), which bash takes for part of each command",
                f"sed -i 's/\\r$//' {next_step.path(root, name)}\nstart_session.py --lock",
            )
        code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        if found := _CONTAINERS.search(code):
            console.note(
                f"warning: {name} names {found[1]}: what it starts runs outside of the copy and of the walls around a "
                "run, and behind walls its service cannot be reached; start the program itself where that can be"
            )


def take_baseline(work: Workdirs, wait: float) -> Finished:
    """Run the baseline and return its result; raises Failure (1) with the reason when it does not pass."""
    for lost in probe.missing():
        console.note(f"note: a wall around runs does not hold here: {lost} (references/isolation.md)")
    job = submit.submit_control(work)
    console.note(f"running the baseline ({job}): build, benchmark, checks")
    collect.wait(work.root, wait, lambda now: now.jobs[job].finished is not None)
    now = replay.load(work.root)
    done = now.jobs[job].finished
    if done is None:
        raise console.outside(
            f"the baseline still runs after {wait:.0f} s", "start_session.py --lock  # goes on with it"
        )
    if done.status != "done":
        said = log.telling_line(Path(done.log))
        cause = causes.known_cause(Path(done.log), offline=not now.config.network)
        if causes.FREE_SPACE in cause or (done.error or "").startswith("no space left"):
            raise console.outside(
                f"the disk is full, and runs work in {work.folder}: {done.error}; it said: {said} (log: {done.log})",
                "export TMPDIR=FOLDER  # or free some space there, then:\nstart_session.py --lock",
            )
        raise console.answer_no(
            f"the baseline does not pass: {done.status}: {done.error or done.checks}"
            + (f"; it said: {said}" if said and not (done.error or "").startswith("METRIC") else "")
            + f" (log: {done.log})"
            + cause,
            "correct benchmark or checks; run both by hand in a copy, then lock again. A copy has no .git "
            "and nothing that git ignores, and a run sees no file of the work tree outside of the copy:\n"
            "snapshot_workdir.py create trial  # prints the copy's folder\nstart_session.py --lock",
        )
    for text in now.config.limits:
        name = metric_limits.parse_limit(text).name
        if name not in done.metrics:
            raise console.answer_no(
                f"--guard {text} is unknown, and what is unknown does not pass: nothing could ever be kept. "
                + result.missing(Path(done.log), name, done.metrics),
                "print it in autoresearch.sh, then lock again:\nstart_session.py --lock",
            )
    if not (done.checks or "").startswith("passed") and not now.config.no_checks:
        raise console.answer_no(
            f"the checks did not pass on the baseline: {done.checks}",
            "correct them, then lock again:\nstart_session.py --lock",
        )
    if metric_line.MICRO in now.metric:
        console.note(f"note: {now.metric} is written with U+00B5 here; U+03BC, which looks the same, is taken for it")
    with Path(done.log).open("rb") as lines:
        printed = [text for line in lines for text in metric_line.values_as_printed(line, now.metric)]
    _require_digits(now, done.samples or [done.metric or 0.0], printed)
    return done


def _require_digits(now: State, samples: list[float], printed: list[str]) -> None:
    """Raise Failure (1) when a time is printed so coarsely that one step of its last digit is more than the margin.

    `printed`: the samples as the benchmark wrote them; of 0.110 a number knows two digits.
    """
    (former, _, accepted), its = now.before_lock, now.require_lock().protected
    known = accepted and former and former.protected.get(paths.BENCHMARK) == its.get(paths.BENCHMARK)
    if known or not is_time(now.metric, now.config.unit) or now.config.scale == DIFFERENCE or not all(samples):
        return
    digits = max((-int(Decimal(text).as_tuple().exponent) for text in printed), default=0)
    step = 10.0**-digits / min(abs(value) for value in samples)
    if all("e" not in f"{value!r}" for value in samples) and step > now.margin:
        raise console.answer_no(
            f"METRIC {now.metric}={samples[0]:g} has too few digits: a step of its last one is "
            f"{step:.1%}, the margin {now.margin:.1%}",
            "print more digits, or measure longer, in autoresearch.sh, then lock again:\nstart_session.py --lock",
        )


def _journal_baseline(root: Path, now: State, done: Finished, tests: Tests, **seen: Any) -> None:  # noqa: ANN401 - fields
    baseline = Run(
        run=now.last_run + 1,
        commit=now.require_lock().commit_full[:7],
        metric=done.metric,
        metrics=done.metrics,
        status="keep",
        description="baseline",
        segment=now.segment,
        confidence=None,
        samples=done.samples,
        worker=done.worker,
        host=done.host,
        tests=vars(tests),
        **seen,
    )
    events.append(root, baseline)
