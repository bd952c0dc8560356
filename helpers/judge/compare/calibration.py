"""Calibrating this host: how small a gain can be resolved here."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers import console, events, git, state
from helpers.events import WorkerEvent
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.judge.rule import noise
from helpers.run.copies.copies import Workdirs
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import environment
from helpers.run.jobs.task import from_dict
from helpers.run.local import slots

RUNS = 24


@dataclass(frozen=True)
class Calibration:
    """The journaled event, its words, and whether the host resolves the session's margin."""

    event: WorkerEvent
    text: str
    quiet: bool


def calibrate(work: Workdirs) -> Calibration:
    """Measure the baseline again and again; raises Failure (3) when it cannot be measured."""
    now = state.load(work.root)
    task = from_dict(now.require_lock().task)
    folder = work.folder / "runs" / "calibrate"
    side = Side(work.root, now.baseline.tree, folder, task, now.config.pass_env)
    environment.adopt_orphans()
    try:
        with slots.hold_all(work.root):
            samples = measure(side, Shadow(git.find(work.root), work.folder), now.metric, console.note)
    except SideError as error:
        raise console.outside(
            f"the baseline cannot be measured: {error}", "correct it, then: compare.py --calibrate"
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    event = WorkerEvent.of({"worker": "local", "event": "calibrated", **resolved(samples, now.margin)})
    return of_event(events.append(work.root, event), now.margin)


def measure(side: Side, trees: Trees, metric: str, say: Callable[[str], None]) -> list[float]:
    """Build the baseline and measure it again and again; raises SideError."""
    say("building the baseline")
    side.build(trees)
    side.measure(metric)
    samples = []
    for number in range(RUNS):
        samples.append(side.measure(metric)[metric])
        if number % 6 == 5:
            say(f"{number + 1} of {RUNS} measurements")
    return samples


def resolved(samples: list[float], margin: float) -> dict[str, Any]:
    """Return what is journaled of a calibration: the samples and what they say about their host."""
    found = noise.calibrate(samples, margin)
    return {"sigma_pair": found.sigma_pair, "resolves": found.resolves, "samples": samples, "noisy": found.noisy}


def of_event(event: WorkerEvent, margin: float) -> Calibration:
    """Return a journaled calibration with its words for this margin."""
    found = noise.calibrate(event.samples, margin)
    return Calibration(event, found.text, not found.noisy)
