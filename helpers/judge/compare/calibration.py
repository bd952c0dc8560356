"""Calibrating a host: how small a gain it resolves, what a decision costs, how many calls make a measurement."""

import hashlib
import resource
import shutil
import statistics
import time
from collections.abc import Callable
from typing import Any

from helpers import console, events, next_step, paths, progress, replay
from helpers.events import WorkerEvent
from helpers.judge.compare import calibration_advice as advice
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.judge.rule import noise
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation import environment
from helpers.run.jobs import screening
from helpers.run.jobs import task as jobs_task
from helpers.run.local import slots
from helpers.scale import Scale
from helpers.state import State

RUNS, SEVERAL = 24, 3
"""Measurements of one call, and the calls that the other kind of measurement is made of."""
FEW_RUNS, LONG_SECONDS = 8, 2.0
"""Measurements of several calls, which are left out where one call takes this many seconds: then one is enough."""
CHEAPER = 0.8
"""Several calls are taken where a decision by them costs less than this share of one by single calls."""


def calibrate(work: Workdirs) -> tuple[WorkerEvent, str]:
    """Measure the baseline again and again, the work tree where a lock may still follow; return the event, its words.

    Raises Failure (2) for a task that cannot be read, (3) when it cannot be measured.
    """
    now = replay.load(work.root)
    if now.lock is not None and now.has_baseline and now.tried:
        task, tree = jobs_task.from_dict(now.lock.task), now.baseline.tree
    else:
        envs = {key: str(value) for key, value in now.config.envs.items()}
        task, tree = jobs_task.load(work.root / paths.TASK, envs), work.refs.hold(work.capture())
    folder = work.folder / "runs" / "calibrate"
    side = Side(work.root, tree, folder, task, now.config.pass_env)
    environment.adopt_orphans()
    try:
        if slots.busy(work.root):
            console.note("waiting for a running job to end: a calibration has the machine to itself")
        with progress.told("calibrating"), slots.hold_all(work.root):
            found = measure(
                side, work.shadow, now.metric, console.note, now.config.repeats, lambda got: now.judged(got)[0]
            )
    except SideError as error:
        raise console.outside(
            f"the baseline cannot be measured: {error}", "correct it, then: compare.py --calibrate"
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    by, margin = now.judged(found["samples"])
    event = WorkerEvent.of({"worker": "local", "event": "calibrated", **resolved(found, margin, by)})
    return of_event(events.append(work.root, event), now)


def measure(
    side: Side,
    trees: Trees,
    metric: str,
    say: Callable[[str], None],
    agreed: int,
    judged: Callable[[list[float]], Scale],
) -> dict[str, Any]:
    """Build the baseline, check it, and measure it again and again by the `agreed` calls (0: by one, and by several).

    Return what was seen of the calls that a comparison will make. `judged` tells how samples compare. Raises SideError.
    """
    say("building the baseline")
    began, side.repeats = time.monotonic(), agreed or 1
    side.build(trees)
    built, checks = time.monotonic(), side.check()
    seen = {"build_s": built - began, "checks_s": time.monotonic() - built, "checks": checks}
    side.measure(metric)
    single, told = list[tuple[dict[str, float], float, float]](), time.monotonic()
    for number in range(RUNS):
        single.append(_once(side, metric))
        if time.monotonic() - told > 8 or number + 1 == RUNS:
            each = statistics.median(row[1] for row in single)
            rest = each * (RUNS - 1 - number + (0 if agreed or each >= LONG_SECONDS else FEW_RUNS * SEVERAL))
            say(f"{number + 1} of {RUNS} measurements, {each:.3g} s each; {progress.span(rest)} to go")
            told = time.monotonic()
    calls, rows = side.repeats, single
    if not agreed and statistics.median(row[1] for row in single) < LONG_SECONDS:
        side.env["AUTORESEARCH_REPEATS"] = str(SEVERAL)
        several = [_once(side, metric) for _ in range(FEW_RUNS)]
        one, more = ([(row[0][metric], row[1]) for row in rows] for rows in (single, several))
        if cheaper(one, more, judged([value for value, _ in one])):
            say(f"{SEVERAL} calls at a time decide sooner than one: they are measured on")
            calls, rows = SEVERAL, several + [_once(side, metric) for _ in range(noise.MIN_MEASUREMENTS - FEW_RUNS)]
    printed, wall, cpu = (list(column) for column in zip(*rows, strict=True))
    benchmark, names = side.copy / paths.BENCHMARK, {*filter(advice.STEADIER.fullmatch, printed[0])} - {metric}
    seen |= {
        "calls": calls,
        "samples": [row[metric] for row in printed],
        "wall": wall,
        "cpu": cpu,
        "notices": advice.notices(benchmark),
    }
    spreads = {name: advice.sigma([row.get(name, 0.0) for row in printed]) for name in sorted(names)}
    seen["others"] = {name: spread for name, spread in spreads.items() if spread is not None}
    seen["benchmark"] = hashlib.sha256(benchmark.read_bytes()).hexdigest()
    return seen


def _once(side: Side, metric: str) -> tuple[dict[str, float], float, float]:
    """Measure once; return the metrics, and the seconds by the clock and by the processors."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    printed = side.measure(metric)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    return printed, took, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def resolved(seen: dict[str, Any], margin: float, by: Scale) -> dict[str, Any]:
    """Return what is journaled of a calibration: what was seen and what it says about the host."""
    found = noise.calibrate(seen["samples"], margin, by)
    said = {"sigma_pair": found.sigma_pair, "resolves": found.resolves, "noisy": found.noisy}
    return {**said, **seen, "repeats": seen["calls"]}


def cheaper(single: list[tuple[float, float]], several: list[tuple[float, float]], by: Scale) -> bool:
    """Tell whether several calls a measurement decide sooner than one, which goes with time x spread^2.

    Each measurement is its value and its seconds.
    """
    one, more = (
        statistics.median(took for _, took in rows)
        * (noise.sigma_pair([value for value, _ in rows], by=by) or 0.0) ** 2
        for rows in (single, several)
    )
    return more < CHEAPER * one


def of_event(event: WorkerEvent, now: State) -> tuple[WorkerEvent, str]:
    """Return a journaled calibration with its words for this session."""
    by, margin = now.judged(event.samples)
    found = noise.calibrate(event.samples, margin, by)
    more = advice.advice_lines(event, now, found) if event.wall else []
    made = event.benchmark, event.calls
    alike = (each for each in now.calibrations(event.worker) if (each.benchmark, each.calls) == made)
    seen = [*alike, *(c for c in now.comparisons if (c.worker, c.repeats) == (event.worker, event.calls))]
    before = [each.sigma_pair for each in seen if each.sigma_pair and each.timestamp != event.timestamp]
    usual = screening.settled(before or [0.0])
    if became := noise.became(usual, found.sigma_pair):
        more.append(f"it is {became} than before, when it resolved {by.size(noise.PER_24 * usual)}")
    words = "\n".join([found.text, *more, *([found.last] if found.last else [])])
    return event, next_step.runnable(words)
