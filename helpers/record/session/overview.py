"""The state of a session in at most forty lines: all that a fresh agent with no memory needs to go on."""

from collections import Counter
from pathlib import Path
from typing import Any

from helpers import events, git, next_step, paths, session_branch
from helpers.events import NO_COMPARISON, NO_RESULT, Idea, Literature, Run
from helpers.judge.compare import figures
from helpers.judge.rule import noise
from helpers.printable import one_line
from helpers.read.ideas import queue
from helpers.record import protected
from helpers.record.decision import evidence
from helpers.record.report import marks
from helpers.record.session import next_steps
from helpers.run.fleet import last_round
from helpers.run.jobs import blame, budget, screening
from helpers.run.local import executor
from helpers.scale import with_unit
from helpers.state import State

MOST_LINES = 40


def overview_lines(repository: git.Repository, now: State | None) -> list[str]:
    """Return the lines; without a session (None) how to begin one."""
    if now is None:
        lost = ["look: the journal's line that begins the session is gone: put it back"]
        its = [each for each in events.held(repository.root) if not isinstance(each, (Idea, Literature))]
        return [
            "no session is under way here",
            *lost * bool(its),  # what was read and queued may come before it
            *next_steps.lines(repository, now),
        ]
    root = repository.root
    head = [*_goal(now), *_standing(root, now)]
    tail = [
        *_ideas(root),
        f"budget left: {budget.describe_rest(now)}",
        *_integrity(repository, now),
        *next_steps.lines(repository, now),
    ]
    middle = [*_running(root, now), *_waiting(now), *_results(now)]
    room = MOST_LINES - len(head) - len(tail)
    if len(middle) > room:
        middle = [
            *middle[: room - 1],
            f"  ... {len(middle) - room + 1} more lines: {next_step.runnable('status.py --json')}",
        ]
    return head + middle + tail


def _goal(now: State) -> list[str]:
    config = now.config
    metric = f"{now.metric} ({config.unit or 'no unit'})"
    lines = [
        f"session {config.name} on {now.branch}: make {metric} {now.direction}, margin {now.scale.size(now.margin)}"
    ]
    if config.objective:
        lines.append(f"objective: {one_line(config.objective, 200)}")
    limits = [f"scope {', '.join(config.scope)}"] if config.scope else []
    limits += [f"off limits {', '.join(config.off_limits)}"] if config.off_limits else []
    limits += [f"allowed {', '.join(config.allow)}"] if config.allow else []
    limits += [f"web {config.web}"] if config.web else []
    limits += [f"constraints: {one_line(config.constraints, 150)}"] if config.constraints else []
    return [*lines, *(["; ".join(limits)] if limits else [])]


def _standing(root: Path, now: State) -> list[str]:
    first = next(iter(now.runs), None)
    if first is None:
        said = "baseline: none yet (not locked)" if now.lock is None else "baseline: locked, but not yet measured"
        return [said, *_calibrated(root, now)]
    unit = now.config.unit
    lines = [f"first baseline: {now.metric} {with_unit(first.metric or 0, unit)} at {first.commit}"]
    if now.kept:
        best, locked = now.kept[-1], now.lock.task if now.lock else {}
        verdict, n = best.verdict or NO_COMPARISON, (now.comparison(best.experiment_id) or NO_COMPARISON).repeats
        by = one_line(str((locked.get("envs") or {}).get("AUTORESEARCH_REPEATS", "1")), 20)
        calls = f", by {by} calls and the current one by {n}, where the benchmark honours it" * (by != str(n))
        lines[0] += f" (measured at another time{calls}: no gain can be told from it and the current one)"
        lines.append(
            f"current baseline: {with_unit(best.metric or 0, unit)} at {best.commit} after {len(now.kept)} kept; "
            f"the last ({best.experiment_id}) gained {now.scale.words(verdict.gain or 0.0, verdict.interval or ())}"
        )
    lines += [
        f"look at {run.experiment_id} first: {run.unread.strip() or f'reviewed: {run.reviewed}; a large gain:'}"
        f"{_gain(now, run.gain, 0)}"
        for run in now.kept
        if (its := now.comparison(run.experiment_id) or run.verdict)
        if run.unread or (run.reviewed and evidence.implausible(now, its))
    ]
    counts = Counter(run.status for run in now.runs)
    told = ", ".join(f"{counts[status]} {status}" for status in ("discard", "crash", "checks_failed"))
    lines.append(f"decided: {len(now.kept)} kept, {told}")
    if now.config.screen_env:
        lines.append(screening.fidelity(now).line(now.config.screen_env))
    if fault := blame.standing(now):
        lines.append(f"stopped: {fault.words()}")
    return [*lines, *_calibrated(root, now)]


def _calibrated(root: Path, now: State) -> list[str]:
    """Return what the last calibration found; that it is stale where the benchmark, or the host, is not the same."""
    last = next((w for w in reversed(now.workers) if w.what == "calibrated"), None)
    if last is None:
        return []
    by, sigma, benchmark = now.judged(last.samples)[0], screening.spread(now, last.worker), root / paths.BENCHMARK
    said = f"host {last.worker} resolves gains of {by.size(last.resolves or 0.0)} and more"
    if became := noise.became(last.sigma_pair, sigma):
        said += (
            f", as it was calibrated; it became {became}: {by.size(noise.PER_24 * (sigma or 0.0))} by what it did since"
        )
    if last.benchmark and benchmark.is_file() and protected.digest(benchmark) != last.benchmark:
        said = f"{paths.BENCHMARK} was changed since it was calibrated ({said}): compare.py --calibrate"
    return [next_step.runnable(said)]


def _running(root: Path, now: State) -> list[str]:
    jobs = [job for job in now.open_jobs() if job.role != "part"]
    states: dict[str, str] = {**executor.poll(root, [j.name for j in jobs if j.is_local])}
    fleet = [j for j in jobs if j.on_fleet]
    if fleet:
        states.update(last_round.state_words(root, fleet))
    words = {job.name: one_line(job.submitted.description, 80) for job in jobs}
    told = [f"{states.get(job.name, 'submitted')}: {job.name} on {job.worker}: {words[job.name]}" for job in jobs]
    return told + budget.fleet_line(now)


def _waiting(now: State) -> list[str]:
    lines = []
    runs = {job.experiment for job in now.open_jobs()}  # screened again: told among what runs
    waiting = [name for name in now.undecided() if name not in runs]
    if len(waiting) > MOST_LINES:
        lines.append(f"{len(waiting)} experiments wait for a decision; the newest:")
    for name in waiting[-MOST_LINES:]:
        compared, done = now.comparison(name), now.result(name) or NO_RESULT
        if compared:
            its = figures.together(now.alike(compared)) or compared
            words = f"compared: {compared.why_not or compared.verdict_words}" + _gain(now, its.gain)
        else:
            words = f"screened: {'cancelled' if done.error == 'cancelled' else done.status}" + _gain(now, done.gain)
            words += ", promoted" if done.promoted else ""
        lines.append(f"waits for a decision: {name}: {words}")
    return lines


def _gain(now: State, gain: float | None, digits: int = 2) -> str:
    return "" if gain is None else f" {now.scale.words(gain, digits=digits)}"


def _results(now: State) -> list[str]:
    lines = []
    runs = [r for r in now.runs if r.experiment_id]
    kept = [r for r in now.kept[-5:] if r not in runs[-8:]]  # what stands is seen however many were turned down since
    for run in [*reversed(kept), *reversed(runs[-8:])]:
        compared = now.comparison(run.experiment_id) if run.status != "keep" else None
        said = f" {compared.why_not}," if compared and compared.why_not else ""
        title = one_line(run.description, 70)
        why = f" - {one_line(run.why, 80)}" if run.why else ""
        lines.append(f"{run.status}: {run.experiment_id}{said}{_gain(now, run.gain)} {title}{why}")
    return lines


def _ideas(root: Path) -> list[str]:
    best = queue.waiting(root)[:3]
    told = [f"idea: {idea.name} {one_line(idea.text, 100)}" for idea in best]
    return told or [f"ideas: none open in {paths.IDEAS}"]


def _integrity(repository: git.Repository, now: State) -> list[str]:
    if now.lock is None:
        return ["protected files: not locked yet", *(f"look: {said}" for said in _marks(repository, now))]
    changed = protected.changed(repository.root, now)
    lines = [f"protected files: {'CHANGED: ' + ', '.join(changed) if changed else f'{len(now.protected)} intact'}"]
    if found := session_branch.moved(repository.root, now):
        lines.append(f"note: {found.text}")
    elif git.branch(repository.root) != now.branch and not budget.closed(now):
        lines.append(
            f"note: the work tree is on {git.branch(repository.root) or 'a detached HEAD'}, not on {now.branch}"
        )
    return lines + [f"look: {said}" for said in _marks(repository, now)]


def _marks(repository: git.Repository, now: State) -> list[str]:
    """Return what a person should look at: keys that were used, keeps that do not bear out, what nobody measured."""
    every = [*marks.loosened(now), *(mark for run in now.kept for mark in run.marks if mark != marks.BUNDLE)]
    loose, found = list(dict.fromkeys(every)), marks.looks(repository.root, now, marks.doubts(repository.root, now))
    shown = [*found[:4], *([f"{len(found) - 4} more that are not borne out"] if len(found) > 4 else [])]
    shown += [marks.BUNDLE] if protected.is_other_bundle(now) else []
    if loose:
        kept = [run.experiment_id for run in now.kept if marks.of_run(now, run)]
        shown.append(f"loosened after the lock: {'; '.join(loose)[:300]} ({len(kept)} kept under it)")
    return shown


def document(repository: git.Repository, now: State | None) -> dict[str, Any]:
    """Return the same as data."""
    if now is None:
        return {"config": None, "next": next_steps.lines(repository, now)}
    return {
        "config": now.config.line,
        "locked": now.lock is not None,
        "protected_changed": protected.changed(repository.root, now),
        "look": _marks(repository, now) if now.lock else [],
        "baseline": {k: getattr(now.baseline, k, None) for k in ("commit_full", "tree", "metric")}
        if now.lock
        else None,
        "runs": [
            {
                k: line.get(k)
                for k in ("run", "experiment_id", "status", "metric", "commit", "description", "verdict", "asi")
            }
            for line in map(Run.to_line, now.runs)
        ],
        "open_jobs": [job.name for job in now.open_jobs()],
        "undecided": now.undecided(),
        "budget_left": budget.describe_rest(now),
        "next": next_steps.lines(repository, now),
    }
