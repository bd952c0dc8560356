"""How many experiments keep the workers busy."""

from __future__ import annotations

from typing import Any

from helpers import events
from helpers.run.jobs import budget, workers
from helpers.state import State


def session(up: int, waiting: int, took: float | None) -> State:
    """A session with workers, jobs that wait, and one that has ended."""
    ready = [events.WorkerEvent(worker=f"vm-{n:02d}", what="up") for n in range(up)]
    now = State(events.Config(), workers=ready)
    common: dict[str, Any] = {"type": "submitted", "executor": "sky", "role": "experiment"}
    for number in range(waiting + (took is not None)):
        event = events.Submitted.of({**common, "job": f"exp-{number}.0.1", "experiment_id": f"exp-{number}"})
        now.jobs[event.job] = job = workers.Job(event)
        if number == waiting and took is not None:
            job.finished = events.Finished.of({"job": event.job, "durations": {"bench": took}})
    return now


def test_as_many_as_the_workers_get_through() -> None:
    """Ten minutes on three workers are 30 experiments of a minute, and one that runs is half done on average."""
    assert 33 == workers.missing(session(3, 0, 60.0))
    assert 23 == workers.missing(session(3, 10, 60.0))
    assert 0 == workers.missing(session(3, 40, 60.0))
    assert 9 == workers.missing(session(3, 0, 300.0))
    assert 6 == workers.missing(session(3, 0, 3600.0))  # never fewer than the next one for each


def test_what_is_said_where_nothing_is_known() -> None:
    """Before the first has ended two for each worker; without workers nothing at all."""
    assert 6 == workers.missing(session(3, 0, None))
    assert [] == budget.fleet_line(session(0, 2, 60.0))
    (line,) = budget.fleet_line(session(3, 2, 60.0))
    assert "3 workers up, 2 jobs open; 31 more experiments keep all busy for the next 10 minutes" in line


def test_a_spent_budget_asks_for_no_more_experiments() -> None:
    """What runs is still told; what would be refused is not asked for."""
    now = session(3, 2, 60.0)
    now.config = type(now.config).from_line({**now.config.line, "budget": {"experiments": 0}})

    (line,) = budget.fleet_line(now)

    assert line.endswith("2 jobs open; nothing more is sent, as all 0 experiments have been run")


def test_what_the_fleet_has_run_goes_on_there() -> None:
    """A printed command names no executor: it is the last one's, this machine where no worker is left for it."""
    assert "sky" == workers.where(session(1, 0, 60.0), ["exp-0"])
    assert "local" == workers.where(session(1, 0, 60.0), ["exp-1"])
    assert "local" == workers.where(session(0, 0, 60.0), ["exp-0"])
    assert "sky" == workers.where(session(0, 1, None), ["exp-0"])  # open: it is followed


def test_a_control_tells_nothing_of_how_long_an_experiment_takes() -> None:
    """It runs the baseline once; a screen runs both sides in pairs."""
    now = session(1, 0, None)
    event = events.Submitted.of({"type": "submitted", "job": "control-0.1", "role": "control", "executor": "local"})
    now.jobs[event.job] = workers.Job(
        event, finished=events.Finished.of({"job": event.job, "durations": {"bench": 9.0}})
    )

    assert workers.typical_seconds(now) is None
