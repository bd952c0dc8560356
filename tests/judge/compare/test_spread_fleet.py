"""A comparison spread over workers: the keeper, the job scripts and the measuring are real, SkyPilot is a stand-in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sky_stand_in import Workers, send
from steady import sealed, steady  # noqa: F401 - a fixture

from helpers import events, git, journal, replay, state
from helpers.judge.compare import fleet, planning
from helpers.judge.compare import session as compare_session
from helpers.run.copies.copies import Workdirs
from helpers.run.fleet import keeper, results

WORKERS = ["vm-01", "vm-02", "vm-03"]


class Fleet:
    """A session whose keeper works with the stand-in, a round whenever somebody asks."""

    def __init__(self, session: Any, api: Workers, folder: Path) -> None:
        self.root, self.api, self.session = session.root, api, session
        self.keeper = keeper.Keeper(self.root, folder)

    def until(self, true: Callable[[state.State], object]) -> state.State:
        """Let the keeper work until something holds."""
        end = time.monotonic() + 120
        while not true(now := replay.load(self.root)):
            assert time.monotonic() < end, (self.keeper.trouble, [job.name for job in now.open_jobs()])
            self.keeper.round(self.api)
            time.sleep(0.05)
        return now

    def compare(self, name: str, work: str) -> str:
        """Seal an experiment and begin its spread comparison, which nobody follows; return its job."""
        sealed(self.session, name, work)
        now, works = replay.load(self.root), Workdirs(git.find(self.root))
        options = planning.Options(max_pairs=8, is_spread=True, spread=fleet.choose_several(now, 0, ""))
        plan = compare_session.plan(works, now, works.experiment(name), options, "vm-01")
        return compare_session.start(works, plan, "vm-01")

    def verdict(self, job: str) -> events.Comparison:
        """The comparison as the keeper journaled it, once all of its jobs have ended."""
        now = self.until(lambda now: not now.open_jobs())
        assert now.jobs[job].finished, now.jobs
        return next(event for event in now.comparisons if event.fleet_job == job)


@pytest.fixture
def three(
    steady: Any,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Fleet]:
    """Three workers of two types."""
    for worker in WORKERS:
        kind = {"H100": 1.0} if worker < "vm-03" else {"H200": 1.0}
        up = {"type": "worker", "worker": worker, "event": "up", "launch": "x", "accelerators": kind, "usd_hour": 9.0}
        journal.append(steady.root, up)
    api = Workers(tmp_path / "workers")
    monkeypatch.setattr(keeper.skypilot, "clusters", lambda *_, **__: {})
    monkeypatch.setattr(keeper.skypilot, "send", send)
    monkeypatch.setenv("TMPDIR", steady.env["TMPDIR"])  # the copies that the scripts made lie there
    yield Fleet(steady, api, tmp_path / "copies")
    for worker in WORKERS:
        api.lose(worker)


def test_pairs_of_three_workers_and_one_verdict(three: Fleet) -> None:
    """Pairs of all workers count, the winner is checked on one, the keeper journals it, and no part is left.

    The part with the first pair runs the checks before it: where they fail the others end with it.
    """
    three.keeper.failed["vm-03"] = 1  # it was not to be reached, and nothing of it has been open since
    job = three.compare("exp-01", "echo 1.0231\n")
    found = three.verdict(job)

    assert ("improved", 8, "passed") == (found.verdict, found.pairs, found.checks)
    assert [WORKERS[n % 3] for n in range(8)] == found.hosts
    assert {"vm-01": "H100", "vm-02": "H100", "vm-03": "H200"} == found.spread
    said = three.session.script("compare", "exp-01", "--on", "sky", "--spread", "--max-pairs", "8").stdout
    assert "by type: H100" in said
    assert "improved on H100, not shown on H200" in said  # of 2 pairs nothing is shown

    three.session.script("record_result", "keep", "exp-01")
    wrong = three.verdict(three.compare("exp-02", "echo -1\n"))
    assert ("not_improved", []) == (wrong.verdict, wrong.baseline_samples)  # and no pair was measured for it
    assert "checks: failed" in (wrong.reason or "")


def test_what_measures_is_followed(three: Fleet) -> None:
    """No worker is asked anything while it measures, and none is told to end what ends with the last pair."""
    job = three.compare("exp-01", "sleep 1\necho 1.0231\n")
    three.until(lambda _: len(three.keeper.followed.rows) == 3)
    asked = three.api.asked
    three.until(lambda _: results.given_path(three.root, job).exists())

    assert asked == three.api.asked
    assert 3 == sum(e.role == "part" and e.status == "done" for e in _ended(three, job))
    assert set() == three.api.cancelled


def _ended(fleet: Fleet, job: str) -> list[events.Finished]:
    """The results of a comparison's parts, once all have ended."""
    now = fleet.until(lambda now: not now.open_jobs())
    return [part.finished for part in now.jobs.values() if part.finished and part.submitted.part.get("of") == job]


def test_a_worker_is_lost_in_the_middle(three: Fleet) -> None:
    """Its finished pairs count, the others are drawn again elsewhere and said, and the row has no gap."""
    job = three.compare("exp-01", "sleep 0.6\necho 1.0231\n")  # a loss may end earlier, without the pairs of vm-02

    def reported(now: state.State) -> bool:
        parts = [part for part in now.jobs.values() if part.role == "part" and part.worker == "vm-02"]
        logs = [three.root / ".autoresearch/jobs-sky" / f"{part.name}.log" for part in parts]
        return any("PAIR" in log.read_text() for log in logs if log.exists())

    three.until(reported)
    three.api.lose("vm-02")
    three.until(lambda now: any(worker.what == "lost" for worker in now.workers))
    asked = ("compare", "exp-01", "--on", "sky", "--spread", "3", "--max-pairs", "8")
    assert "is under way" in three.session.script(*asked, "--margin", "3", code=2).stderr
    found = three.verdict(job)
    assert (
        "exp-01: " in three.session.script(*asked[:2], *asked[4:], code=None).stdout
    )  # the verdict, though two workers are left
    again = three.session.script(*asked, "--dry-run")
    assert "3 workers were asked for" in again.stderr
    assert {"vm-01", "vm-03"} == set(json.loads(again.stdout)["spread"])

    assert 8 == len(found.hosts) == len(found.baseline_samples)
    assert "vm-02" in found.hosts
    assert all("vm-02: its worker vm-02 is gone" in said for said in found.redrawn)
    assert 1 <= len(found.redrawn) <= 2
    assert found.verdict not in ("error", "void")


def test_no_worker_is_left_for_a_shared_comparison(three: Fleet) -> None:
    """status.py and the comparison itself name the way back; where the dollars are spent, the way that costs none."""
    job = three.compare("exp-01", "sleep 1\necho 1.0231\n")
    three.until(lambda now: any(part.role == "part" and part.sent for part in now.jobs.values()))
    for worker in WORKERS:
        three.api.lose(worker)
    three.until(lambda now: sum(worker.what == "lost" for worker in now.workers) == 3)
    three.until(lambda now: [job] == [open_.name for open_ in now.open_jobs()])

    assert "workers.py replace vm-03" in steps(three)[0]
    followed = three.session.script("compare", "exp-01", "--on", "sky", code=3).stderr
    assert "none of them is there" in followed
    assert "workers.py replace vm-03" in followed

    other = {"type": "worker", "worker": "vm-09", "event": "up", "launch": "x", "usd_hour": 9.0}
    journal.append(three.root, other)  # it takes no pair of a comparison that others share
    assert "workers.py replace vm-03" in steps(three)[0]
    three.session.script("start_session", "--goal", "quick", "--budget-usd", "0.001")
    assert "submit_experiment.py exp-01 --cancel" in steps(three)[0]
    three.session.script("submit_experiment", "exp-01", "--cancel")
    assert "submit_experiment.py exp-01  # sealed" in steps(three)[0]  # on this machine, which costs nothing


def steps(fleet: Fleet) -> list[str]:
    """What status.py prints as the next step."""
    lines = fleet.session.script("status").stdout.splitlines()
    return [line for line in lines if line.startswith("next: ")]


def test_the_round_that_decides_sends_the_comparison(three: Fleet) -> None:
    """With pairs of minutes each round more would be felt: what is left of other workers' pairs ends after it."""
    job = three.compare("exp-01", "sleep 1\necho -1\n")
    now = three.until(lambda _: results.given_path(three.root, job).exists())

    assert now.jobs[job].sent
    assert 1 >= len(three.api.cancelled)  # on its own worker
    assert "not_improved" == three.verdict(job).verdict
