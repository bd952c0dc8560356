"""What the journal says about the fleet: which worker has which job, what waits, what is due; no SkyPilot needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpers import console, events, replay, state
from helpers.journal import now_ms
from helpers.run.fleet import arguments, keeper_process, lifecycle, results, skypilot
from helpers.run.jobs import screening, workers


def journal(*lines: dict[str, Any]) -> state.State:
    """The state after a locked session's events, a second apart."""
    first: list[dict[str, Any]] = [
        {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b", "timestamp": 0},
        {"type": "lock", "tree": "base", "commit_full": "c", "protected": {}, "task": {}, "timestamp": 1},
    ]
    later = [{"timestamp": now_ms() - 60_000 + 1000 * n, **line} for n, line in enumerate(lines)]
    now = replay.fold(list(map(events.from_line, [*first, *later])))
    assert now is not None
    return now


def submitted(job: str, worker: str = "", role: str = "experiment", tree: str = "t1") -> dict[str, Any]:
    """A submission to the fleet."""
    return {
        "type": "submitted",
        "experiment_id": job.split(".")[0],
        "job": job,
        "worker": worker,
        "executor": "sky",
        "tree": tree,
        "role": role,
    }


def of_worker(worker: str, event: str, **more: Any) -> dict[str, Any]:
    """An event of a worker."""
    return {"type": "worker", "worker": worker, "event": event, **more}


def finished(job: str, status: str = "done", metric: float | None = 1.0) -> dict[str, Any]:
    """A result."""
    return {"type": "finished", "job": job, "experiment_id": job.split(".")[0], "status": status, "metric": metric}


def test_a_job_belongs_to_the_worker_that_it_was_sent_to() -> None:
    """An experiment waits for any worker until it is sent; then it is that worker's until it has finished."""
    waits = journal(submitted("exp-1.0.1"))
    sent = journal(submitted("exp-1.0.1"), of_worker("vm-02", "sent", job="exp-1.0.1", name="n"))
    ended = journal(
        submitted("exp-1.0.1"), of_worker("vm-02", "sent", job="exp-1.0.1", name="n"), finished("exp-1.0.1")
    )

    assert (["exp-1.0.1"], {}) == ([j.name for j in workers.waiting(waits)], workers.busy(waits))
    assert ([], "vm-02", ["vm-02"]) == (workers.waiting(sent), sent.jobs["exp-1.0.1"].worker, list(workers.busy(sent)))
    assert {} == workers.busy(ended)


def test_a_worker_has_its_jobs_in_the_order_of_sending() -> None:
    """A control that was journaled after the experiment that it is for, but sent before it, comes first."""
    now = journal(
        submitted("exp-1.0.1"),
        submitted("control-0.1", "vm-01", "control", "base"),
        of_worker("vm-01", "sent", job="control-0.1", name="c"),
        of_worker("vm-01", "sent", job="exp-1.0.1", name="e"),
    )

    assert ["control-0.1", "exp-1.0.1"] == [job.name for job in workers.busy(now)["vm-01"]]


def test_states_of_a_worker() -> None:
    """Only workers that are up get jobs; whatever may still cost money counts against the agreed number."""
    now = journal(
        of_worker("vm-01", "launching", resources={"cpus": "2+"}, autostop=60),
        of_worker("vm-01", "up", launch="a", usd_hour=3.6),
        of_worker("vm-02", "launching"),
        of_worker("vm-03", "launching"),
        of_worker("vm-03", "up", launch="b"),
        of_worker("vm-03", "stopped"),
        of_worker("vm-04", "up", launch="c"),
        of_worker("vm-04", "down"),
    )

    assert ["vm-01"] == [w.name for w in workers.up(now)]
    assert ["vm-01", "vm-02", "vm-03"] == [w.name for w in workers.standing(now)]
    assert {"cpus": "2+"} == workers.known_workers(now)["vm-01"].asked


def test_a_new_machine_behind_an_old_name_is_another_host() -> None:
    """What the machine that stood behind the name before was calibrated to is no measure for the new one."""
    before = (
        of_worker("vm-01", "up", launch="a", timestamp=1),
        of_worker("vm-01", "calibrated", sigma_pair=0.02, timestamp=2),
    )

    assert 0.02 == screening.spread(journal(*before), "vm-01")
    assert screening.spread(journal(*before, of_worker("vm-01", "up", launch="b", timestamp=3)), "vm-01") is None
    assert screening.spread(journal(*before), "vm-02") is None


def test_a_candidate_that_scatters_is_no_noise_of_its_host() -> None:
    """One comparison of three does not say how noisy a host is, of two the larger counts; a calibration says it alone.

    A host that was calibrated at a quiet moment turned a gain of 8% down by one pair, with no regard to what its newest
    comparison had found.
    """
    told = of_worker("vm-01", "calibrated", sigma_pair=0.02, timestamp=2)
    odd, usual, *more = (
        {"type": "comparison", "experiment_id": "e", "worker": "vm-01", "sigma_pair": sigma, "timestamp": at}
        for sigma, at in ((0.3, 3), (0.03, 4), *((0.05, 5 + n) for n in range(screening.RECENT)))
    )
    again = of_worker("vm-01", "calibrated", sigma_pair=0.1, timestamp=99)

    assert [0.02, 0.3, 0.03, 0.05, 0.1] == [
        screening.spread(journal(told, *seen), "vm-01")
        for seen in ([], [odd], [odd, usual], [odd, usual, *more], [odd, usual, *more, again])
    ]


def test_every_state_of_skypilot_is_mapped_once() -> None:
    """A driver that failed is the cluster's trouble (sent again); whatever the job itself did is an end."""
    assert {
        "INIT",
        "PENDING",
        "SETTING_UP",
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "FAILED_SETUP",
        "CANCELLED",
        "FAILED_DRIVER",
    } == set(skypilot.JOB_STATES)
    assert {"pending", "running", "done", "lost"} == set(skypilot.JOB_STATES.values())


def test_an_answer_is_found_behind_what_skypilot_puts_before_it() -> None:
    """The answer of a comparison is the last line that begins with its word, whatever colours and prefixes."""
    text = (
        'build: COMPARISON: {"no": 1}\n\x1b[36m(compare-exp-1.0.1, pid=7)\x1b[0m COMPARISON: {"verdict": "improved"}\n'
    )

    assert [b'{"verdict": "improved"}'] == results._ANSWER.findall(text.encode())


def test_how_often_the_workers_are_asked() -> None:
    """Every six seconds at first, then a tenth of an experiment's length, at least every half minute."""

    def after(*lengths: float) -> float:
        events = []
        for number, seconds in enumerate(lengths):
            job = f"exp-{number}.0.1"
            events += [submitted(job), {**finished(job), "durations": {"build": 0.0, "bench": seconds, "checks": 0.0}}]
        return keeper_process.pause(journal(*events))

    assert (6.0, 6.0, 15.0, 30.0) == (after(), after(20), after(100, 150, 200), after(*[600] * 9))
    assert [6.0, 12.0, 30.0] == [keeper_process.pause(journal(), pair) for pair in (20.0, 120.0, 600.0)]


def test_never_more_workers_than_agreed() -> None:
    """What stands counts with what is asked for, whatever it is called; what was taken down does not."""
    now = journal(of_worker("vm-01", "up", launch="a"), of_worker("vm-02", "down"))
    now.config = replace(now.config, workers=2)

    assert ["vm-02"] == lifecycle.plan(now, 2, arguments.WorkerRequest({}))
    with pytest.raises(console.Failure, match="3 workers would be more than the 2"):
        lifecycle.plan(now, 2, arguments.WorkerRequest({}, prefix="more"))
