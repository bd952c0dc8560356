"""How large a fleet pays: a fall of returns is said with an interval, workers come and go with a reason."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import replay, state
from helpers.events import Config, Submitted, WorkerEvent
from helpers.judge.advice import fleet
from helpers.scale import Scale


def test_returns_that_have_fallen_twentyfold_are_said() -> None:
    """Gains of 2% every tenth experiment, then one of 0.1% in fifty: a 100-fold fall is spoken of, once it is sure."""
    early = [0.02 if n % 10 == 0 else 0.0 for n in range(100)]
    gains = early + [0.001 if n % 50 == 0 else 0.0 for n in range(800)]
    doubtful = fleet.returns(gains[:160])
    found = fleet.returns(gains)

    assert found
    assert found.spent
    assert doubtful
    assert not doubtful.spent
    assert found.falls[0] < found.fall < found.falls[1]
    assert "returns have fallen" in found.line(Scale(), 0.01, 0.3, 0.01)
    assert "$" in found.line(Scale(), 0.01, 0.3, 0.01)


def test_steady_gains_are_no_fall() -> None:
    """The same gain as often as before: no fall, whatever the number."""
    found = fleet.returns([0.01 if n % 8 == 0 else 0.0 for n in range(300)])

    assert found
    assert found.fall == pytest.approx(1, abs=0.3)
    assert not found.spent


@given(gains=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.2]), min_size=80, max_size=300))
@settings(max_examples=50)
def test_the_interval_holds_the_fall(gains: list[float]) -> None:
    """Low, estimate and high come in this order; with nothing recent it has no end, and is not taken for proof."""
    found = fleet.returns(gains)
    if found is None:
        assert not any(gains)
        return
    assert found.falls[0] <= found.fall <= found.falls[1]
    assert math.isfinite(found.falls[0])


def session(count: int, waiting: int, agreed: int, *, running: bool = True) -> state.State:
    """A session with workers that stand, of which each runs a job or none, and jobs that wait."""
    lines: list[Any] = [Config(name="s", metric="t", direction="lower", workers=agreed)]
    names = [f"vm-{n}" for n in range(count)]
    lines += [WorkerEvent(worker=name, what="up", launch="1", usd_hour=2.0, timestamp=1) for name in names]
    jobs = [f"e{n}.0.1" for n in range(waiting + (count if running else 0))]
    more = {"executor": "sky", "tree": "", "description": "", "source": [], "env": {}}
    lines += [Submitted(experiment_id=job[:-4], job=job, worker="", **more) for job in jobs]
    sent = zip(names, jobs[: count if running else 0], strict=False)
    lines += [WorkerEvent(worker=name, what="sent", job=job, launch="1", timestamp=50) for name, job in sent]
    found = replay.fold(lines)
    assert found
    return found


@pytest.mark.parametrize(
    ("now", "stop", "spent", "said"),
    [
        (session(2, 9, 6), False, False, "add 4 workers"),
        (session(2, 9, 2), False, False, "2 workers of 2 agreed"),
        (session(3, 0, 3, running=False), False, False, "release 3 of 3 workers"),
        (session(2, 9, 6), True, False, "release all 2 workers: an experiment costs more"),
        (session(2, 9, 6), None, True, "release all 2 workers: returns have fallen"),
        (session(2, 0, 6), None, False, "2 workers of 6 agreed"),
    ],
)
def test_workers_are_added_and_released_for_a_reason(now: state.State, stop: Any, spent: bool, said: str) -> None:
    """Up to the agreed number where work waits; released where it does not pay or nothing waits."""
    assert fleet.sizing(now, stop=stop, spent=spent)[0].startswith(said)
    assert 2.0 * len(fleet.workers.up(now)) * 0.5 == fleet.per_experiment(now, 0.5)


@pytest.mark.parametrize(
    ("now", "said"),
    [(session(3, 0, 3, running=False), "release 3 of 3 workers"), (session(2, 9, 6), "2 workers of 6 agreed")],
)
def test_a_spent_budget_releases_the_idle_alone(now: state.State, said: str) -> None:
    """Who still works on what was sent is neither ended nor helped, and nobody is told to submit more."""
    told = fleet.sizing(now, stop=True, spent=False, over=True)

    assert told[0].startswith(said)
    assert "submit more" not in "".join(told)


def test_without_a_fleet_nothing_is_said_of_workers() -> None:
    """A session on this machine alone gets no advice about machines."""
    assert [] == fleet.sizing(session(0, 0, 1), stop=True, spent=True)
