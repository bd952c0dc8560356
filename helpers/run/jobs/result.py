"""What a job gave: its log as one `finished` event, the verdict it brought, both journaled once.

And its line for agents.
"""

import shlex
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers import events, journal, next_step, paths, replay
from helpers.events import Comparison, Finished, WorkerEvent
from helpers.run.jobs import log, metric_mistakes, screening, workers
from helpers.scale import Scale, with_unit
from helpers.state import Job, State

PROTECTED_CHANGED = "protected file changed"
_NOT_ITS_OWN = ("cancelled", "the baseline", "no space left", "executor:", "setup failed")
"""How the errors of runs begin that the machine, or somebody's wish, ended."""


def should_be_reported(event: Finished) -> bool:
    """Tell whether an agent must see it: a control that went well shows in the gains of the experiments beside it."""
    return event.role == "experiment" or event.status != "done"


def says_nothing(event: Finished, *, slips: bool = False) -> bool:
    """Tell whether a finished experiment was not measured: lost, cancelled, ended by its machine; a build's `slips`."""
    causes = (*_NOT_ITS_OWN, "build failed") if slips else _NOT_ITS_OWN
    return event.status == "lost" or (event.status == "crash" and (event.error or "").startswith(causes))


def record(root: Path, event: Finished) -> Finished | None:
    """Journal a `finished` event, an experiment's with its screen; None where another process was first.

    What a comparison or a calibration answered comes before it: killed in between, the job is still open and is read
    again.
    """
    with journal.locked(root):
        now = replay.load(root)
        job = now.jobs.get(event.job)
        if job is None or job.finished is not None:
            return None
        if job.is_experiment:
            event = Finished.from_line({**event.to_line(), **screening.screen(now, job, event)})
        for answer in _answers(now, job, event):
            events.append_locked(root, answer)
        return events.append_locked(root, event)


def _answers(now: State, job: Job, finished: Finished) -> list[Comparison | WorkerEvent]:
    """Return the event that the answer in `finished` is journaled as.

    None without an answer, or when it is journaled.
    """
    answer = finished.answer
    if not answer or any(event.fleet_job == job.name for events in (now.comparisons, now.workers) for event in events):
        return []
    its = {"worker": job.worker, "fleet_job": job.name}
    if job.role == "comparison":
        on = workers.known_workers(now).get(job.worker)
        its |= {"kind": on.kind} if on and on.kind and not job.is_spread else {}
        return [Comparison.of({"experiment_id": job.experiment, **its, **job.submitted.plan, **answer})]
    return [WorkerEvent.of({**its, "event": "calibrated", **answer})] if "resolves" in answer else []


def finished(job: Job, **more: Any) -> Finished:  # noqa: ANN401 - JSON values
    """Return a `finished` event of the job: what each of them says, and what came of it."""
    its = {"experiment_id": job.experiment, "job": job.name, "worker": job.worker, "role": job.role, "tree": job.tree}
    return Finished.of({**its, **more})


def cancelled(job: Job, path: Path | None = None) -> Finished:
    """Return the `finished` event of a job that was cancelled; `path`: its log, where it began."""
    return finished(job, log=str(path or ""), metric=None, status="crash", error="cancelled")


def from_log(now: State, job: Job, path: Path, *, lost: bool = False) -> Finished:
    """Turn a job's log into its `finished` event. A missing metric is unknown, never 0."""
    if lost or not path.exists():
        return finished(job, log=str(path), status="lost", error="its runner died before it ended; submit it again")
    parsed = log.parse(path)
    status, error, metric = parsed.status, parsed.error, parsed.metrics.get(now.metric)
    changed = changed_protected(now.protected, parsed.protected)
    if changed and (parsed.status != "crash" or parsed.protected):  # an early crash reports no hashes
        status, error = "crash", f"{PROTECTED_CHANGED}: {', '.join(changed)}"
    elif metric is None and (parsed.status == "done" or parsed.error == log.NO_METRIC):
        status, error = "crash", missing(path, now.metric, parsed.metrics)
    elif parsed.repeated:
        name, status = parsed.repeated[0], "crash"
        error = f"METRIC {name} was printed more than once, last as {parsed.metrics[name]:g}: which one is the "
        error += "benchmark's? The program's own output may reach its stdout"
    elif parsed.status == "done" and metric is not None and metric <= 0 and now.runs and now.scale.by_ratio:
        status, error = "crash", f"METRIC {now.metric} is {metric:g}, and only what is above 0 has a ratio"
    samples, beside = parsed.samples.get(now.metric, []), parsed.baseline.get(now.metric, [])
    unread = status == "crash" and not changed and parsed.error in (None, log.NO_METRIC)
    if job.submitted.baseline and unread and (not beside or (min(beside) <= 0 and now.scale.by_ratio)):
        error = f"the baseline: {error}"  # it gives no figure either
    return finished(
        job,
        log=str(path),
        status=status,
        metric=metric,
        metrics=parsed.metrics,
        samples=samples,
        baseline_samples=beside,
        checks=parsed.checks,
        error=error,
        host=parsed.host,
        durations=parsed.durations,
        warnings=parsed.warnings[:5],
    )


def missing(log_file: Path, metric: str, printed: Iterable[str]) -> str:
    """Say why a job's log gives no value of a metric."""
    return metric_mistakes.why(metric_mistakes.in_log(log_file), metric, printed)


def changed_protected(locked: dict[str, str], seen: dict[str, str]) -> list[str]:
    """Return the protected files whose hash after the run is not the locked one, or that were not reported.

    A log reports those of fixed names; the others are looked at in what is sealed, and after a comparison.
    """
    named = {path for path in locked if path in paths.PROTECTED}
    return sorted(path for path in {*named, *seen} if locked.get(path) != seen.get(path))


def result_line(event: Finished, now: State) -> str:
    """Return one line for an agent: id, worker, metric, what the screen says, checks, status."""
    if event.error == "cancelled":
        return f"{event.experiment_id}  {event.worker}  cancelled"
    by, unit, answered = now.scale, now.config.unit, screening.answered(now, event.experiment_id, event.tree)
    shown = f"{by.metric}=unknown" if event.metric is None else f"{by.metric}={with_unit(event.metric, unit)}"
    if event.role == "experiment" and event.baseline_samples:  # no baseline of another run compares with a screen
        shown += f" against {with_unit(statistics.median(event.baseline_samples), unit)}"
    ratio = _screened(event, by) if event.role == "experiment" else "the baseline"
    parts = [event.experiment_id, event.worker, shown, ratio, f"checks {event.checks or 'unknown'}", event.status]
    if event.role == "experiment" and event.status == "done" and event.screen != "slower" and not answered:
        parts.append(next_step.runnable(f"compare.py {event.experiment_id}"))
    if event.error:
        parts.append(event.error[:400])
    if event.status != "done" and Path(event.log).is_file():
        parts.append(next_step.runnable(f"why: {look(event)}"))
    return "  ".join(parts)


def look(event: Finished) -> str:
    """Return what shows why a job ended as it did."""
    return f"parse_log.py {shlex.quote(event.log)}" if Path(event.log).is_file() else event.error or event.status


def _screened(event: Finished, by: Scale) -> str:
    if event.gain is None:
        return "unclear: nothing was measured beside it"
    few = event.screen == "slower" and event.interval[1] >= 0  # it lies below the margin, and may be no loss
    pairs = f"{event.pairs} pair{'s' * (event.pairs != 1)}, which only rank{'s' * (event.pairs == 1)}"
    word = "below the margin" if few else event.screen or "unclear"
    return f"{word} {by.words(event.gain, event.interval, 1)} by {pairs}"
