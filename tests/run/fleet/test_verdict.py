"""The verdict of a comparison on the fleet: journaled by the keeper, once, whoever dies and whenever."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Any

import pytest

from helpers import journal, replay
from helpers.events import Comparison
from helpers.run.fleet import keeper, results

PLAN = {"job": "exp-1.0.1", "baseline_tree": "t0", "candidate_tree": "t1", "mode": "improved", "metric": "t"}
NO = {"verdict": "not_improved", "pairs": 12, "gain": -0.01}
RESOLVES = {"sigma_pair": 0.01, "resolves": 0.008, "samples": [1.0] * 24, "noisy": False}


class Status(enum.Enum):
    """The part of SkyPilot's JobStatus that is needed."""

    SUCCEEDED = "SUCCEEDED"


class Ended:
    """In SkyPilot's place, which is not installed here: a worker on which every job has ended with this answer."""

    def __init__(self, word: str, answer: dict[str, Any]) -> None:
        self.log = f"building baseline\n{word}: {json.dumps(answer)}\n"

    def get(self, answer: Any) -> Any:
        """The answer of a request."""
        return answer

    def queue(self, _: str) -> list[dict[str, Any]]:
        """The one job."""
        return [{"job_id": 1, "job_name": "sent-1", "status": Status.SUCCEEDED, "start_at": 1.0, "end_at": 9.0}]

    def tail_logs(self, *_: Any, output_stream: Any, **__: Any) -> int:
        """Its log."""
        output_stream.write(self.log)
        return 0


@pytest.fixture
def root(repo: Any) -> Path:
    """A session with a comparison and a calibration sent to a worker; nobody follows them."""
    journal.append(
        repo.root, {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b"}
    )
    journal.append(repo.root, {"type": "worker", "worker": "vm-01", "event": "up", "launch": "a"})
    return Path(repo.root)


def send(root: Path, role: str) -> str:
    """Journal a job of this role as sent to the worker, and return its name."""
    name, sent = f"{role}-exp-1.0.1", {"type": "worker", "worker": "vm-01", "event": "sent"}
    job = {"type": "submitted", "experiment_id": "exp-1", "job": name, "worker": "vm-01", "executor": "sky"}
    journal.append(root, {**job, "tree": "t1", "role": role, **({"plan": PLAN} if role == "comparison" else {})})
    journal.append(root, {**sent, "job": name, "launch": "a", "name": "sent-1"})
    return name


def rounds(root: Path, api: Any, count: int = 2) -> None:
    """Let a new keeper work, each round a keeper of its own: what it remembers may be forgotten."""
    for _ in range(count):
        keeper.Keeper(root, root / "copies").round(api)


def of(root: Path, kind: str) -> list[journal.Event]:
    """The journal's events of a type."""
    return [event for event in journal.read_events(root) if event.get("type") == kind]


def test_a_no_is_journaled_though_nobody_follows(root: Path) -> None:
    """The keeper journals the verdict with its plan, before the job counts as ended, and once."""
    job = send(root, "comparison")
    rounds(root, Ended("COMPARISON", NO))

    (verdict,) = of(root, "comparison")
    assert {**PLAN, **NO, "experiment_id": "exp-1", "worker": "vm-01", "fleet_job": job}.items() <= verdict.items()
    assert ["comparison", "finished"] == [e["type"] for e in journal.read_events(root)[-2:]]
    assert Comparison.from_line(verdict) == replay.load(root).comparison("exp-1")


def test_half_a_line_is_no_answer(tmp_path: Path) -> None:
    """A log that is followed grows while it is read: braces may close within a line that has not ended."""
    log, whole = tmp_path / "log", 'COMPARISON: {"holdout": {"pairs": 8}, "verdict": "improved"}\n'
    for length in range(len(whole)):
        log.write_text("8 pairs\n" + whole[:length])
        assert results.is_answered(log) == (length == len(whole) - 1)


def test_a_calibration_is_journaled_though_nobody_follows(root: Path) -> None:
    """What the worker resolves is on record once, without the shell that asked."""
    send(root, "calibration")
    rounds(root, Ended("CALIBRATION", RESOLVES))

    (found,) = [event for event in of(root, "worker") if event["event"] == "calibrated"]
    assert RESOLVES.items() <= found.items()


def test_the_keeper_is_killed_between_verdict_and_result(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next keeper ends the job and writes no second verdict."""
    send(root, "comparison")
    append = journal.append_locked

    def dies(where: Path, event: journal.Event) -> journal.Event:
        if event["type"] == "finished":
            raise KeyboardInterrupt
        return append(where, event)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append_locked", dies)
        with pytest.raises(KeyboardInterrupt):
            rounds(root, Ended("COMPARISON", NO), 1)
    assert (1, 0) == (len(of(root, "comparison")), len(of(root, "finished")))
    rounds(root, Ended("COMPARISON", NO))

    assert (1, 1) == (len(of(root, "comparison")), len(of(root, "finished")))


def test_an_error_is_on_record_as_it_is_here(root: Path) -> None:
    """A comparison that could not be made says so in the journal; a job without an answer has no verdict."""
    send(root, "comparison")
    rounds(root, Ended("COMPARISON", {"verdict": "error", "reason": "the baseline is broken"}))

    assert [("error", "the baseline is broken")] == [(e["verdict"], e["reason"]) for e in of(root, "comparison")]
    assert ["crash"] == [event["status"] for event in of(root, "finished")]
