"""The keeper comes when there is work, whoever looks at its lock meanwhile and however late the work is submitted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helpers import journal, locks, paths, replay
from helpers.run.fleet import keeper as fleet_keeper
from helpers.run.fleet import keeper_process, last_round, skypilot


def submit(root: Path, job: str) -> None:
    """Journal a job for the fleet."""
    journal.append(
        root,
        {
            "type": "submitted",
            "experiment_id": job.split(".")[0],
            "job": job,
            "worker": "",
            "executor": "sky",
            "tree": "t",
            "role": "experiment",
        },
    )


def open_jobs(root: Path) -> list[str]:
    """Return the jobs that have no result."""
    return [job.name for job in replay.load(root).open_jobs()]


class Finisher:
    """In SkyPilot's place, which is not installed here: a round in which everything ends."""

    def __init__(self, root: Path, _: Path) -> None:
        self.root = root

    def round(self, _: Any) -> None:
        """Journal a result for every open job."""
        for job in open_jobs(self.root):
            journal.append(
                self.root,
                {
                    "type": "finished",
                    "job": job,
                    "experiment_id": job.split(".")[0],
                    "status": "done",
                    "metric": 1.0,
                    "role": "experiment",
                },
            )


@pytest.fixture
def root(repo: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session with one job of the fleet open."""
    journal.append(
        repo.root, {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b"}
    )
    submit(repo.root, "exp-1.0.1")
    monkeypatch.setattr(keeper_process, "Keeper", Finisher)
    monkeypatch.setattr(keeper_process.skypilot, "quiet", lambda _: contextlib.nullcontext())
    return Path(repo.root)


def test_who_looks_is_no_keeper(root: Path) -> None:
    """While somebody looks whether a keeper works there is still none, for the next who looks too."""
    with locks.held(paths.state_folder(root) / last_round.LOCK, shared=True):
        told = last_round.state_words(root, list(replay.load(root).jobs.values()))

    assert "nobody collects" in told["exp-1.0.1"]


def test_a_keeper_that_starts_while_somebody_looks_stays(root: Path) -> None:
    """It waits for the look to be over instead of taking it for another keeper."""
    looking, over = threading.Event(), 0.3

    def look() -> None:
        with locks.held(paths.state_folder(root) / last_round.LOCK, shared=True):
            looking.set()
            time.sleep(over)

    thread = threading.Thread(target=look)
    thread.start()
    looking.wait()
    keeper_process.keep(root)
    thread.join()

    assert [] == open_jobs(root)


def test_a_second_keeper_leaves_at_once(root: Path) -> None:
    """Where one is at work the next does nothing."""
    with locks.held(paths.state_folder(root) / last_round.LOCK):
        keeper_process.keep(root)

    assert ["exp-1.0.1"] == open_jobs(root)


def test_a_job_submitted_at_the_last_moment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submitted after the keeper's last look, while it still holds its lock, the job is worked on anyway."""
    late = iter(["exp-2.0.1"])

    @contextlib.contextmanager
    def quiet(_: Path) -> Iterator[None]:
        yield
        for job in late:
            submit(root, job)
            keeper_process.kick(root)  # as who submits does: it sees a keeper at work

    monkeypatch.setattr(keeper_process.skypilot, "quiet", quiet)
    keeper_process.keep(root)

    assert ["exp-1.0.1", "exp-2.0.1"] == list(replay.load(root).jobs)
    assert [] == open_jobs(root)


def test_what_is_submitted_while_others_are_sent_goes_to_who_is_idle(
    repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending takes seconds: a worker without a job does not wait for the next round."""
    root, late = Path(repo.root), ["exp-3.0.1", "exp-2.0.1"]
    journal.append(root, {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b"})
    for worker in ("vm-01", "vm-02", "vm-03"):
        journal.append(root, {"type": "worker", "worker": worker, "event": "up", "launch": "x"})
    submit(root, "exp-1.0.1")
    monkeypatch.setattr(fleet_keeper.assign, "pack", lambda *_: None)
    monkeypatch.setattr(fleet_keeper.skypilot, "send", lambda *_: submit(root, late.pop()) if late else None)
    fleet_keeper.Keeper(root, root).round(None)

    assert ["vm-01", "vm-02", "vm-03"] == [job.worker for job in replay.load(root).open_jobs()]


def test_a_job_counts_from_the_end_of_the_one_that_it_waited_for() -> None:
    """SkyPilot may start jobs of a worker beside each other, of which one runs at a time: seconds count once."""

    def row(number: int, began: float | None, ended: float | None) -> dict[str, Any]:
        done = SimpleNamespace(value="SUCCEEDED")
        return {"job_id": number, "job_name": "x", "status": done, "start_at": began, "end_at": ended}

    api = SimpleNamespace(get=lambda rows: rows)
    api.queue = lambda _: [
        row(3, 2.0, 90.0),
        row(1, 1.0, 60.0),
        row(2, 1.0, 30.0),
        row(4, 3.0, None),
        row(5, None, None),
    ]
    found = skypilot.queue(api, "vm-01")

    assert [1.0, 1.0, 60.0, 3.0, None] == [each.began for each in found]
