"""Short experiments are one job of SkyPilot's together, and each has its own result, cancellation and loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sky_stand_in import Workers, send

from helpers import journal, replay, state
from helpers.run import cancel
from helpers.run.fleet import assign, keeper, results


class Fleet:
    """A session, its keeper, and the workers."""

    def __init__(self, session: Any, api: Workers, folder: Path) -> None:
        self.session, self.api = session, api
        self.keeper = keeper.Keeper(session.root, folder)

    @property
    def now(self) -> state.State:
        """The session as its journal tells it."""
        return replay.load(self.session.root)

    def submit(self, *names: str, worker: str = "", build: str = "") -> None:
        """Journal experiments of the baseline's tree as waiting."""
        for name in names:
            its = {
                "type": "submitted",
                "experiment_id": name,
                "job": f"{name}.0.1",
                "worker": worker,
                "executor": "sky",
            }
            more = {"tree": self.now.baseline.tree, "role": "experiment", "env": {"BUILD_CMD": build}}
            journal.append(self.session.root, {**its, **more})

    def begun(self, folder: Path) -> bool:
        """Tell whether the second of three has begun, each of which notes that in a folder."""
        return (folder / "exp-02").exists()

    def until(self, true: Callable[[], object]) -> None:
        """Let the keeper work until something holds."""
        end = time.monotonic() + 60
        while not true():
            assert time.monotonic() < end, (self.keeper.trouble, [job.name for job in self.now.open_jobs()])
            self.keeper.round(self.api)
            time.sleep(0.05)

    def ends(self) -> dict[str, list[str]]:
        """How the jobs of each experiment ended, in order."""
        found: dict[str, list[str]] = {}
        for job in self.now.jobs.values():
            if job.on_fleet and job.finished:
                found.setdefault(job.experiment, []).append(job.finished.error or job.finished.status)
        return found


@pytest.fixture
def fleet(session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """A session with two workers, where experiments are known to be short."""
    for worker in ("vm-01", "vm-02"):
        journal.append(session.root, {"type": "worker", "worker": worker, "event": "up", "launch": "x"})
    monkeypatch.setattr(keeper.skypilot, "clusters", lambda *_, **__: {})
    monkeypatch.setattr(keeper.skypilot, "send", send)
    monkeypatch.setattr(keeper.assign.jobs_workers, "typical_seconds", lambda _: 10.0)
    api = Workers(tmp_path / "workers")
    yield Fleet(session, api, tmp_path / "copies")
    for worker in ("vm-01", "vm-02"):
        api.lose(worker)


def test_each_has_its_own_log_and_result(fleet: Fleet) -> None:
    """Of eight on two workers two are one job of SkyPilot's, in the order in which they were submitted."""
    names = [f"exp-{number:02d}" for number in range(1, 9)]
    fleet.submit(*names)
    fleet.until(lambda: not fleet.now.open_jobs())

    assert [2, 2] == [len(fleet.api.jobs[worker]) for worker in ("vm-01", "vm-02")]
    assert {name: ["done"] for name in names} == fleet.ends()
    for name in names:
        log = results.log_path(fleet.session.root, f"{name}.0.1").read_text()
        assert (1, 1) == (log.count("EXPERIMENT_ID: "), log.count(f"EXPERIMENT_ID: {name}"))
    began = [fleet.api.jobs["vm-01"][0][2].read_text().index(f"EXPERIMENT_ID: {name}") for name in names[:4:2]]
    assert sorted(began) == began


def test_one_is_cancelled_alone(fleet: Fleet, tmp_path: Path) -> None:
    """It ends for good; one that had ended keeps its result, and the one behind it runs."""
    (ran := tmp_path / "ran").mkdir()
    journal.append(fleet.session.root, {"type": "worker", "worker": "vm-02", "event": "down"})
    names = ("exp-01", "exp-02", "exp-03", "exp-04", "exp-05")
    fleet.submit(*names, build=f"echo >{ran}/$EXPERIMENT_ID; sleep 0.7")
    fleet.until(lambda: fleet.begun(ran))
    with journal.locked(fleet.session.root):
        cancel.end_locked(fleet.session.root, [fleet.now.jobs["exp-02.0.1"]])
    fleet.until(lambda: not fleet.now.open_jobs())

    assert {name: ["cancelled" if name == "exp-02" else "done"] for name in names} == fleet.ends()
    sent = [name.rpartition("-")[0] for name, *_ in fleet.api.jobs["vm-01"]]
    assert ["exp-01.0.1", "exp-04.0.1", "exp-03.0.1"] == sent


def test_a_worker_is_lost_with_all_that_it_had(fleet: Fleet, tmp_path: Path) -> None:
    """Each is lost by itself and runs elsewhere, to its end."""
    (ran := tmp_path / "ran").mkdir()
    names = [f"exp-{number:02d}" for number in range(1, 9)]
    fleet.submit(*names, build=f"echo >{ran}/$EXPERIMENT_ID; sleep 0.7")
    fleet.until(lambda: fleet.begun(ran))
    fleet.api.lose("vm-01")
    fleet.until(lambda: not fleet.now.open_jobs())

    lost = "its worker vm-01 is gone; sent again (1 of 2)"
    assert {name: [lost, "done"][n % 2 :] for n, name in enumerate(names)} == fleet.ends()
    assert {"vm-02"} == {fleet.now.results[name].worker for name in names}


def test_the_next_is_queued_behind_those_that_run_together(fleet: Fleet) -> None:
    """They count as one job of the worker's, however few wait by then: it never waits for the keeper."""
    fleet.submit("exp-01", "exp-02", worker="vm-01")
    assert 2 == len(assign.assign_jobs(fleet.session.root, ["vm-01"], 2))
    fleet.submit("exp-03", worker="vm-01")

    assert ["exp-03"] == [job.experiment for _, job in assign.assign_jobs(fleet.session.root, ["vm-01"], 1)]
    assert [] == assign.assign_jobs(fleet.session.root, ["vm-01"], 1)
