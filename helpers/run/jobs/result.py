"""What a job gave: its log as one `finished` event, the verdict it brought, both journaled once.

And its line for agents.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from helpers import journal, next_step, paths, state
from helpers.journal import Event
from helpers.run.jobs import log, metric_mistakes, screening
from helpers.state import Job, State

PROTECTED_CHANGED = "protected file changed"
_NOT_ITS_OWN = ("cancelled", "no space left", "executor:", "setup failed")
"""How the errors of runs begin that the machine, or somebody's wish, ended."""


def should_be_reported(event: Event) -> bool:
    """Tell whether an agent must see it: a control that went well shows in the gains of the experiments beside it."""
    return bool(event["role"] == "experiment" or event["status"] != "done")


def says_nothing(event: Event) -> bool:
    """Tell whether a finished experiment was not measured at all: lost, cancelled, or ended by its machine."""
    error = str(event.get("error") or "")
    return event["status"] == "lost" or (event["status"] == "crash" and error.startswith(_NOT_ITS_OWN))


def not_built(event: Event) -> bool:
    """Tell whether a finished experiment did not get past its build: a slip, to be corrected in another copy."""
    return event["status"] == "crash" and str(event.get("error") or "").startswith("build failed")


def record(root: Path, event: Event) -> bool:
    """Journal a `finished` event unless another process was first; returns whether it was this one.

    What a comparison or a calibration answered comes before it: killed in between, the job is still open and is read
    again.
    """
    with journal.locked(root):
        now = state.load(root)
        job = now.jobs.get(event["job"])
        if job is None or job.finished is not None:
            return False
        if job.is_experiment:
            event.update(screening.screen(now, event, job.worker))
        for answer in _answers(now, job, event):
            journal.append_locked(root, answer)
        journal.append_locked(root, event)
    return True


def missing_answers(now: State) -> list[Event]:
    """Return answers of the fleet that no event holds: an earlier version left them to a shell."""
    judged = [job for job in now.jobs.values() if job.is_judged and job.finished]
    return [event for job in judged for event in _answers(now, job, job.finished or {})]


def _answers(now: State, job: Job, finished: Event) -> list[Event]:
    """Return the event that the answer in `finished` is journaled as.

    None without an answer, or when it is journaled.
    """
    answer = finished.get("answer")
    if not answer or any(event.get("fleet_job") == job.name for event in (*now.comparisons, *now.workers)):
        return []
    event = {"worker": job.worker, "fleet_job": job.name}
    if job.role == "comparison":
        plan = job.submitted["plan"]
        return [{"type": "comparison", "experiment_id": job.experiment, **event, **plan, **answer}]
    return [{"type": "worker", **event, "event": "calibrated", **answer}] if "resolves" in answer else []


def begun(job: Job) -> Event:
    """Return what every `finished` event of the job says, whatever came of it."""
    return {
        "type": "finished",
        "experiment_id": job.experiment,
        "job": job.name,
        "worker": job.worker,
        "role": job.role,
        "tree": job.tree,
    }


def from_log(now: State, job: Job, path: Path, *, lost: bool = False) -> Event:
    """Turn a job's log into its `finished` event. A missing metric is unknown, never 0."""
    event = {**begun(job), "log": str(path)}
    if lost or not path.exists():
        return {**event, "status": "lost", "error": "its runner died before it ended; submit it again"}
    parsed = log.parse(path)
    metric = parsed.metrics.get(now.metric)
    event.update(
        status=parsed.status,
        metric=metric,
        metrics=parsed.metrics,
        samples=parsed.samples.get(now.metric, []),
        checks=parsed.checks,
        error=parsed.error,
        host=parsed.host,
        durations=parsed.durations,
        warnings=parsed.warnings[:5],
    )
    changed = changed_protected(now.protected, parsed.protected)
    if changed and (parsed.status != "crash" or parsed.protected):  # an early crash reports no hashes
        event.update(status="crash", error=f"{PROTECTED_CHANGED}: {', '.join(changed)}")
    elif metric is None and (parsed.status == "done" or parsed.error == log.NO_METRIC):
        event.update(status="crash", error=missing(path, now.metric, parsed.metrics))
    elif parsed.repeated:
        name = parsed.repeated[0]
        event.update(
            status="crash",
            error=f"METRIC {name} was printed more than once, last as {parsed.metrics[name]:g}: which one is the "
            "benchmark's? The program's own output may reach its stdout",
        )
    elif parsed.status == "done" and metric is not None and metric <= 0:
        event.update(status="crash", error=f"METRIC {now.metric} is {metric}, not positive")
    return event


def missing(log_file: Path, metric: str, printed: Iterable[str]) -> str:
    """Say why a job's log gives no value of a metric."""
    return metric_mistakes.why(metric_mistakes.in_log(log_file), metric, printed)


def changed_protected(locked: dict[str, str], seen: dict[str, str]) -> list[str]:
    """Return the protected files whose hash after the run is not the locked one, or that were not reported.

    A log reports those of fixed names; the others are looked at in what is sealed, and after a comparison.
    """
    named = {path for path in locked if path in paths.PROTECTED}
    return sorted(path for path in {*named, *seen} if locked.get(path) != seen.get(path))


def result_line(event: Event, metric: str, unit: str) -> str:
    """Return one line for an agent: id, worker, metric, gain against its control, checks, status, promotion."""
    value = event.get("metric")
    shown = f"{metric}={value:.6g}{unit}" if isinstance(value, (int, float)) else f"{metric}=unknown"
    gain = event.get("gain")
    ratio = (
        f"{gain:+.2%} vs control"
        if isinstance(gain, float)
        else "no control"
        if event["role"] == "experiment"
        else "control"
    )
    parts = [
        event["experiment_id"],
        event["worker"],
        shown,
        ratio,
        f"checks {event.get('checks') or 'unknown'}",
        event["status"],
    ]
    if event["role"] == "experiment" and event["status"] == "done":
        parts.append("promoted: compare it" if event.get("promoted") else "not promoted")
    if event.get("error"):
        parts.append(str(event["error"])[:400])
    if event["status"] != "done" and event.get("log"):
        parts.append(next_step.runnable(f"why: parse_log.py {shlex.quote(str(event['log']))}"))
    return "  ".join(parts)


def last_words(event: Event) -> str:
    """Return the line of a job's log in which build, benchmark or checks tell most, empty where there is none."""
    return log.said(Path(str(event.get("log", ""))))
