"""A whole session on a real engine: SkyPilot's API server and real clusters on a one-machine Slurm.

    AUTORESEARCH_ENGINE=1 .venv/bin/python -m pytest tests/engine        (as root on Debian or Ubuntu; about 10 minutes)

AUTORESEARCH_ENGINE_KEEP=1 leaves the engine running for the next time; engine_down.sh ends it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent.parent
ROOT = Path(
    os.environ.get("AUTORESEARCH_ENGINE_ROOT") or Path(os.environ.get("TMPDIR") or "/tmp") / "autoresearch-engine"
)
pytestmark = pytest.mark.engine

BENCHMARK = """\
#!/usr/bin/env bash
set -euo pipefail
if [ -z "${AUTORESEARCH_LAYOUT:-}" ]; then
  echo "TREE $(find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)" >&2
fi
bash src/work.sh >/dev/null
for _ in $(seq "${AUTORESEARCH_REPEATS:-2}"); do
  began=$(date +%s%N); bash src/work.sh >/dev/null; ended=$(date +%s%N)
done
awk -v n=$((ended - began)) 'BEGIN { printf "METRIC time_s=%.6f\\n", n / 1e9 }'
"""
CHECKS = '#!/usr/bin/env bash\n[ "$(bash src/work.sh)" = 42 ]\n'


class Session:
    """A repository with a locked session, and the bundle's scripts run in it with the engine's Python and environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (ROOT / "tmp").mkdir(exist_ok=True)  # not pytest's: a restarted server goes on using it
        drop = ("GIT_", "AUTORESEARCH", "PYTHONDONTWRITEBYTECODE")
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith(drop)}, "HOME": str(ROOT / "home"),
                    "PATH": f"{ROOT}/venv/bin:{os.environ['PATH']}", "TMPDIR": str(ROOT / "tmp"), "SKYPILOT_DISABLE_USAGE_COLLECTION": "1",
                    "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.com", "GIT_COMMITTER_NAME": "T",
                    "GIT_COMMITTER_EMAIL": "t@example.com"}  # fmt: skip

    def command(self, *command: str, code: int | None = 0, seconds: float = 300) -> str:
        """Run a program in the repository and return what it printed on stdout."""
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=seconds)
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (
            command,
            done.returncode,
            done.stdout,
            done.stderr,
            self.trouble(),
        )
        return done.stdout

    def script(self, name: str, *args: str, code: int | None = 0, seconds: float = 300) -> str:
        """Run one of the bundle's scripts."""
        return self.command(
            str(ROOT / "venv/bin/python"), str(BUNDLE / f"scripts/{name}.py"), *args, code=code, seconds=seconds
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The journal's events of a type."""
        lines = (self.root / "autoresearch.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event.get("type") == kind]

    def edit(self, name: str, work: str) -> None:
        """Make an experiment whose work is `work`, with a file that no other has."""
        copy = Path(self.script("snapshot_workdir", "create", name).strip().splitlines()[-1])
        (copy / "src/work.sh").write_text(work)
        (copy / f"src/only-{name}.txt").write_text(name)

    def submit(self, name: str, work: str, *more: str) -> None:
        """Make and submit an experiment."""
        self.edit(name, work)
        self.script("submit_experiment", name, "--desc", f"try {name}", "--on", "sky", *more)

    def collect(self, seconds: float = 400) -> str:
        """Collect until nothing is open any more."""
        return self.script("collect_results", "--wait", str(seconds), "--all", code=None, seconds=seconds + 60)

    def trouble(self) -> str:
        """What the keeper complains of, for a failing test."""
        file = self.root / ".autoresearch/sky-trouble"
        return file.read_text() if file.exists() else ""

    def tree_hash(self, tree: str, scratch: Path) -> str:
        """What BENCHMARK prints for a tree."""
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        self.command("bash", "-c", f"git archive {tree} | tar -x -C {scratch}")
        text = BENCHMARK.split("$(", 1)[1].split(')" >&2')[0]
        return subprocess.run(
            ["bash", "-c", text], cwd=scratch, capture_output=True, text=True, check=True
        ).stdout.strip()


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """The engine, brought up; says what it needs where that cannot be had."""
    if os.environ.get("AUTORESEARCH_ENGINE") != "1":
        pytest.skip("set AUTORESEARCH_ENGINE=1: as root it installs Slurm and SkyPilot on this machine")
    done = subprocess.run(
        [HERE / "engine_up.sh"],
        capture_output=True,
        text=True,
        env={**os.environ, "AUTORESEARCH_ENGINE_ROOT": str(ROOT)},
    )
    if done.returncode == 3:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    yield
    if not os.environ.get("AUTORESEARCH_ENGINE_KEEP"):
        subprocess.run(
            [HERE / "engine_down.sh"], env={**os.environ, "AUTORESEARCH_ENGINE_ROOT": str(ROOT)}, check=False
        )


@pytest.fixture(scope="module")
def session(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A locked session with three workers."""
    tmp = tmp_path_factory.mktemp("fleet")
    made = Session(tmp / "project")
    (made.root / "src").mkdir(parents=True)
    (made.root / "src/work.sh").write_text("sleep 0.30\necho 42\n")
    for name, text in (("autoresearch.sh", BENCHMARK), ("autoresearch.checks.sh", CHECKS)):
        (made.root / name).write_text(text)
        (made.root / name).chmod(0o755)
    made.command("git", "init", "-q", "-b", "main")
    made.command("git", "add", "src")
    made.command("git", "commit", "-q", "-m", "first")
    goal = ("--goal", "fleet", "--metric", "time_s", "--unit", "s", "--direction", "lower", "--margin", "5")
    made.script("start_session", *goal, "--workers", "3", "--infra", "slurm", "--max-experiments", "40")
    made.script("start_session", "--lock")
    yield made
    made.script("workers", "down", "--all", "--yes", code=None)


def test_a_session_on_three_workers(session: Session, tmp_path: Path) -> None:
    """Every experiment runs exactly once to its end, or was sent again and said so, with its own source and no other's."""
    up = session.script("workers", "up", "--count", "3", seconds=600)
    assert 3 == up.count(": up after")
    session.script("workers", "up", "--count", "4", code=4)  # never more than agreed

    for number in range(1, 6):
        session.submit(f"exp-{number:02d}", f"sleep 0.{32 - 4 * number:02d}\necho 42\n")
    session.submit("exp-06", "echo broken >&2; exit 7\n")
    session.submit("exp-07", "sleep 0.1\necho 41\n")
    session.submit("exp-08", "sleep 60\necho 42\n", "--env", "BENCH_TIMEOUT=5")
    session.submit("exp-09", "sleep 12\necho 42\n")

    def sent() -> str:
        return next(
            (e["worker"] for e in session.events("worker") if e["event"] == "sent" and e["job"].startswith("exp-09.")),
            "",
        )

    text = ""
    until = time.monotonic() + 300
    while not sent() and time.monotonic() < until:
        text += session.script("collect_results", "--wait", "10", code=None)
    session.command("sky", "api", "stop", code=None)  # the server restarts in the middle; the keeper goes on
    session.command("bash", "-c", f"cd {ROOT} && sky api start")  # not in pytest's folder, which goes away
    time.sleep(10)
    jobs = session.command("squeue", "--noheader", "--format=%i %j").splitlines()
    session.command("scancel", next(row.split()[0] for row in jobs if row.split()[1].startswith(sent() + "-")))
    text += session.collect()

    finished = session.events("finished")
    ends: dict[str, list[dict[str, Any]]] = {}
    for event in finished:
        if event["role"] == "experiment":
            ends.setdefault(event["experiment_id"], []).append(event)
    final = {name: [e for e in events if e["status"] != "lost"] for name, events in ends.items()}
    assert {f"exp-{n:02d}": 1 for n in range(1, 10)} == {name: len(events) for name, events in sorted(final.items())}
    status = {name: events[0]["status"] for name, events in final.items()}
    assert {"exp-06": "crash", "exp-07": "checks_failed", "exp-08": "crash", "exp-09": "done"} == {
        name: status[name] for name in ("exp-06", "exp-07", "exp-08", "exp-09")
    }
    assert all(status[f"exp-{n:02d}"] == "done" for n in range(1, 6))
    lost = [e for events in ends.values() for e in events if e["status"] == "lost"]
    assert any(e["experiment_id"] == "exp-09" for e in lost)
    assert all("sent again" in e["error"] for e in lost)
    assert all(name in text for name in final)

    for event in (events[0] for events in final.values()):
        log = Path(event["log"]).read_text()
        assert 1 == log.count("TREE "), event
        assert f"TREE {session.tree_hash(event['tree'], tmp_path / 'tree')}" in log
    for name in ("exp-01", "exp-05"):
        assert isinstance(final[name][0]["gain"], float)
    assert final["exp-05"][0]["promoted"]
    assert len(text) < 4000


def test_comparisons_on_a_worker(session: Session) -> None:
    """On a worker a true effect is found and a change without any is not, by the same rule and journaled the same way."""
    worker = next(
        row.split()[0]
        for row in session.script("workers", "list").splitlines()
        if row.startswith("vm-") and " up " in row
    )
    session.edit("exp-10", "# nothing else is new\nsleep 0.30\necho 42\n")
    session.script("submit_experiment", "exp-10", "--desc", "a comment", "--on", "sky", "--worker", worker)
    session.collect()

    found = session.script("compare", "exp-05", "--on", "sky", "--worker", worker, "--max-pairs", "12", seconds=600)
    none = session.script(
        "compare", "exp-10", "--on", "sky", "--worker", worker, "--max-pairs", "24", code=1, seconds=600
    )

    assert ": improved" in found
    assert ": improved" not in none
    assert [worker, worker] == [event["worker"] for event in session.events("comparison")]
    assert "passed" == session.events("comparison")[0]["checks"]


def test_down_only_when_told(session: Session) -> None:
    """All workers at once need --yes, and afterwards SkyPilot has none of them."""
    session.script("workers", "down", "--all", code=4)
    session.script("workers", "down", "--all", "--yes")

    assert [] == [row for row in session.script("workers", "list").splitlines() if row.startswith("vm-")]
    assert "vm-0" not in session.command("sky", "status")
