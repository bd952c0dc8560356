"""What is sent to a worker, run as the worker would run it: one folder of its own, once, and nothing of it stays."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, CHECKS

from helpers import git, journal, replay
from helpers.judge.compare import planning
from helpers.run.copies.copies import Workdirs
from helpers.run.fleet import assign, payload
from helpers.run.isolation import probe
from helpers.run.jobs import task


class Worker:
    """A folder into which jobs are copied over each other, as SkyPilot does, and a HOME."""

    def __init__(self, session: Any, tmp: Path) -> None:
        self.session, self.home, self.place = session, tmp / "worker-home", tmp / "sky_workdir"
        for folder in (self.home, self.place):
            folder.mkdir()
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"]}

    def receive(self, job: str) -> None:
        """Pack the session's baseline as a job and copy it here."""
        now = replay.load(self.session.root)
        its = task.from_dict(now.require_lock().task)
        folder = Workdirs(git.find(self.session.root), self.place.parent / "copies").folder
        ship = payload.fresh(folder, job)
        envs = {**self.defaults(), "EXPERIMENT_ID": "exp-01", "AUTORESEARCH_SUBDIR": job}
        payload.add(self.session.root, ship, job, (now.baseline.tree, ""), its, envs)
        subprocess.run(["cp", "-a", f"{ship}/.", self.place], check=True)

    def run(self, job: str, *before: str) -> str:
        """Run the job, behind the command `before`, and return its log."""
        done = subprocess.run(
            [*before, "bash", "-c", payload.command([job])],
            cwd=self.place,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0
        return done.stdout

    def defaults(self) -> dict[str, str]:
        """What experiment.yaml has the job know, shorter."""
        return {
            "AUTORESEARCH_REPEATS": "1",
            "BENCH_TIMEOUT": "30",
            "CHECK_TIMEOUT": "30",
            "BUILD_TIMEOUT": "30",
            "BUILD_CMD": "",
        }

    def left(self) -> list[str]:
        """What lies in the shared folder, SkyPilot's own file aside."""
        return sorted(path.name for path in self.place.iterdir() if path.name != ".skyignore")


@pytest.fixture
def worker(session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker that has nothing yet."""
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, session.env[name])
    return Worker(session, tmp_path)


def test_a_job_runs_once_and_leaves_nothing(worker: Worker) -> None:
    """Its result is in the log, its folder is gone; sent a second time it does nothing and says so."""
    worker.receive("exp-01.0.1-a")
    first = worker.run("exp-01.0.1-a")
    assert "EXPERIMENT_STATUS: done" in first
    assert [] == worker.left()

    worker.receive("exp-01.0.1-a")
    assert "claimed already" in worker.run("exp-01.0.1-a")


def test_what_a_dead_job_left_is_removed_by_the_next(worker: Worker) -> None:
    """A job that was killed cannot clean up; the next one does, and what waits its turn is not touched."""
    for job in ("exp-01.0.1-dead", "exp-02.0.1-now", "exp-03.0.1-waits"):
        worker.receive(job)
    (worker.home / ".autoresearch/claims/exp-01.0.1-dead").mkdir(parents=True)
    worker.run("exp-02.0.1-now")

    waits = "exp-03.0.1-waits"
    assert [waits, f"{waits}.job.sh", f"{waits}.run.sh", f"{waits}.setup.sh"] == worker.left()


def test_what_a_job_leaves_running_is_ended(worker: Worker) -> None:
    """A process that the program left behind does not disturb the next experiment."""
    worker.receive("exp-01.0.1-b")
    program = "(setsid sleep 600.125 &) >/dev/null 2>&1\necho 42\n"
    (worker.place / "exp-01.0.1-b/src/work.sh").write_text(program)
    worker.run("exp-01.0.1-b")

    assert 1 == subprocess.run(["pgrep", "-f", "^sleep 600.125$"], capture_output=True, check=False).returncode


@pytest.mark.skipif(not probe.available(), reason="no mount namespaces here to make a small disk in")
def test_a_full_disk_is_said(worker: Worker) -> None:
    """Where the worker's disk is full the result says so, and does not blame the experiment's checks."""
    worker.receive("exp-01.0.1-c")
    small = worker.home / "tmp"
    small.mkdir()
    worker.env["TMPDIR"] = str(small)
    fill = (
        f'mount -t tmpfs -o size=256k small "{small}" && head -c 300000 /dev/zero >"{small}/data" '
        '2>/dev/null; exec "$@"'
    )
    log = worker.run("exp-01.0.1-c", "unshare", "--user", "--map-root-user", "--mount", "bash", "-c", fill, "fill")

    assert "EXPERIMENT_STATUS: crash" in log
    assert "EXPERIMENT_ERROR: no space left on " in log


def test_a_worker_holds_the_answers_against_the_baselines(repo: Any, tmp_path: Path) -> None:
    """A change that passes the checks and answers otherwise ends on the worker as it does here, with seed and lines."""
    repo.write("src/work.sh", '[ -n "${1-}" ] || sleep 0.05\necho $((${1:-41} + 1))\n')
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.write("autoresearch.outputs.sh", 'bash src/work.sh $AUTORESEARCH_SEED >"$AUTORESEARCH_OUT/one"\n')
    repo.commit()
    begin = ["--metric", "time_s", "--direction", "lower", "--margin", "5", "--outputs-seconds", "1"]
    repo.script("start_session", "--goal", "quick", *begin)
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "the answer is known")
    plan = json.loads(repo.script("compare", "exp-01", "--dry-run", "--full").stdout)
    worker, trees = Worker(repo, tmp_path), [plan["baseline_tree"], plan["candidate_tree"]]

    ship = payload.pack_judged(repo.root, tmp_path / "copies", "exp-01.0.1", "exp-01", plan, trees)
    subprocess.run(["cp", "-a", f"{ship}/.", worker.place], check=True)
    answer = json.loads(worker.run("exp-01.0.1").splitlines()[-1].removeprefix("COMPARISON: "))

    assert "not_improved" == answer["verdict"]
    assert answer["reason"].startswith("outputs differ on seed")
    assert answer["outputs"]["differ"]


def test_a_worker_sees_that_a_change_needs_an_uncommitted_file(worker: Worker, tmp_path: Path) -> None:
    """What is sent along shows it there as it does here: no verdict against the change, and the file by name."""
    session = worker.session
    session.write("src/lib.sh", "answer() { echo 42; }\n")
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(". src/lib.sh\nanswer\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "by a library")
    work = Workdirs(git.find(session.root))
    plan = planning.plan(work, replay.load(session.root), work.experiment("exp-01"), planning.OWN).journaled()
    job = {"type": "submitted", "experiment_id": "exp-01", "job": "comparison-exp-01.0.1", "tree": plan["sealed_tree"]}
    journal.append(session.root, {**job, "worker": "vm-01", "executor": "sky", "role": "comparison", "plan": plan})
    now = replay.load(session.root)

    asked, trees = assign.asked(now, now.jobs["comparison-exp-01.0.1"])
    ship = payload.pack_judged(session.root, tmp_path / "copies", "exp-01.0.1", "exp-01", asked, trees)
    subprocess.run(["cp", "-a", f"{ship}/.", worker.place], check=True)
    answer = json.loads(worker.run("exp-01.0.1").splitlines()[-1].removeprefix("COMPARISON: "))

    assert ("void", ["src/lib.sh"]) == (answer["verdict"], answer["needs"])
    assert "It lacks src/lib.sh" in answer["reason"]
