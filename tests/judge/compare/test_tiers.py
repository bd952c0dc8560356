"""Two types of workers: what a verdict was shown on, what it was promoted with, and ranks that flip."""

from __future__ import annotations

import dataclasses
from typing import Any

from helpers import events
from helpers.job import Job
from helpers.judge.compare import report, tiers
from helpers.run.fleet import assign
from helpers.run.jobs.workers import Worker
from helpers.state import State


def session(screened: dict[str, float], compared: dict[str, float]) -> State:
    """A session that screened on vm-01, an L4, and compared on vm-02, an H100."""
    now = State(events.Config(metric="time_s"))
    for name, kind in (("vm-01", "L4"), ("vm-02", "H100")):
        now.workers.append(events.WorkerEvent(worker=name, what="up", accelerators={kind: 1.0}))
    for name, gain in screened.items():
        done = {"experiment_id": name, "job": name, "worker": "vm-01", "gain": gain, "status": "done"}
        now.results[name] = events.Finished.of(done)
    for name, gain in compared.items():
        its: dict[str, Any] = {"experiment_id": name, "worker": "vm-02", "kind": "H100", "metric": "time_s"}
        more = {"verdict": "improved", "gain": gain, "interval": [0.0, 0.1], "pairs": 8, "direction": "lower"}
        now.comparisons.append(events.Comparison.of({**its, **more}))
    return now


def test_what_a_verdict_was_shown_on_and_how_ranks_flip() -> None:
    """Each pair of experiments that both types measured either keeps its order or flips, and flips are named."""
    now = session({"exp-1": 0.05, "exp-2": 0.04, "exp-3": 0.01}, {"exp-1": 0.02, "exp-2": 0.03, "exp-3": 0.01})
    text = report.verdict_text(now, now.comparisons[0])

    assert "shown on H100 alone: improved" in text
    assert "promoted from L4, where it was +5.00%" in text
    assert "ranks between L4 and H100 flip in 1 of 3 pairs of experiments: exp-1 and exp-2" in text


def test_a_whole_session_says_what_one_type_promoted_to_another() -> None:
    """Also where the pairs of a comparison were spread over workers of one type."""
    now = session({"exp-1": 0.05, "exp-2": 0.04}, {"exp-1": 0.02, "exp-2": 0.03})
    now.comparisons[1] = dataclasses.replace(
        now.comparisons[1], kind="", spread={"vm-02": "H100", "vm-03": "H100"}, verdict="undecided"
    )

    assert [
        "promoted from L4 to H100: 2 experiments, 1 shown better there",
        "ranks between L4 and H100 flip in 1 of 1 pairs of experiments: exp-1 and exp-2",
    ] == tiers.summary(now)


def test_a_machine_of_another_type_behind_a_name() -> None:
    """What was screened before stays with the type that the worker had then."""
    now = session({"exp-1": 0.05}, {"exp-1": 0.02})
    now.workers.append(events.WorkerEvent(worker="vm-01", what="up", accelerators={"H100": 1.0}, timestamp=9))

    assert {"L4": {"exp-1": 0.05}, "H100": {"exp-1": 0.02}} == tiers.gains(now)


def test_one_type_alone_says_nothing_of_ranks() -> None:
    """Nor does a comparison of which nobody knows the type."""
    now = session({}, {"exp-1": 0.02, "exp-2": 0.03})

    assert ["shown on H100 alone: improved"] == tiers.lines(now, now.comparisons[0])
    assert [] == tiers.lines(now, events.Comparison.of({"verdict": "improved"}))


def test_an_experiment_waits_for_its_type() -> None:
    """A worker of another type does not take it, whatever way it is written."""
    its = {"experiment_id": "exp-1", "job": "exp-1.0.1", "executor": "sky", "kind": "h100"}
    job = Job(events.Submitted.of({**its, "worker": "", "role": "experiment"}))

    assert assign.may_run(job, Worker("vm-02", accelerators={"H100": 1.0}), 2)
    assert not assign.may_run(job, Worker("vm-01", accelerators={"L4": 1.0}), 2)
