"""A real engine under a session: SkyPilot's API server and clusters on a one-machine Slurm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent.parent
ROOT = Path(
    os.environ.get("AUTORESEARCH_ENGINE_ROOT") or Path(os.environ.get("TMPDIR") or "/tmp") / "autoresearch-engine"
)
RAN = ROOT / "ran"
"""A file for each experiment, with a line for each time that its benchmark began."""

BENCHMARK = """\
#!/usr/bin/env bash
set -euo pipefail
# Once a job, at its first call on the experiment's own side: a screen calls it again, and beside it for the baseline.
if [ -z "${AUTORESEARCH_LAYOUT:-}" ] && [ ! -e .began ] && [ "${PWD%.base}" = "$PWD" ]; then
  echo began 2>/dev/null >>'@RAN@'/"$EXPERIMENT_ID" || true
  echo "TREE $(find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)" >&2
  : >.began
fi
bash src/work.sh >/dev/null
for _ in $(seq "${AUTORESEARCH_REPEATS:-2}"); do
  began=$(date +%s%N); bash src/work.sh >/dev/null; ended=$(date +%s%N)
done
awk -v n=$((ended - began)) 'BEGIN { printf "METRIC time_s=%.6f\\n", n / 1e9 }'
"""
BENCHMARK = BENCHMARK.replace("@RAN@", str(RAN))
CHECKS = '#!/usr/bin/env bash\n[ "$(bash src/work.sh)" = 42 ]\n'


class Session:
    """A repository with a locked session; the scripts run in it with the engine's Python and environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (ROOT / "tmp").mkdir(exist_ok=True)  # not pytest's: a restarted server goes on using it
        drop = ("GIT_", "AUTORESEARCH", "PYTHONDONTWRITEBYTECODE")
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(drop)},
            "HOME": str(ROOT / "home"),
            "PATH": f"{ROOT}/venv/bin:{os.environ['PATH']}",
            "TMPDIR": str(ROOT / "tmp"),
            "SKYPILOT_DISABLE_USAGE_COLLECTION": "1",
            "GIT_AUTHOR_NAME": "T",
            "GIT_AUTHOR_EMAIL": "t@example.com",
            "GIT_COMMITTER_NAME": "T",
            "GIT_COMMITTER_EMAIL": "t@example.com",
        }

    def lock(self, *more: str) -> None:
        """Make the repository and a locked session in it."""
        (self.root / "src").mkdir(parents=True, exist_ok=True)
        (self.root / "src/work.sh").write_text("sleep 0.30\necho 42\n")
        for name, text in (("autoresearch.sh", BENCHMARK), ("autoresearch.checks.sh", CHECKS)):
            (self.root / name).write_text(text)
            (self.root / name).chmod(0o755)
        self.command("git", "init", "-q", "-b", "main")
        self.command("git", "add", "src")
        self.command("git", "commit", "-q", "-m", "first")
        goal = (
            "--goal",
            "fleet",
            "--metric",
            "time_s",
            "--unit",
            "s",
            "--direction",
            "lower",
            "--margin",
            "5",
            "--review-above",
            "1000",
        )
        self.script("start_session", *goal, *more)
        self.script("start_session", "--lock")

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

    def refused(self, name: str, *args: str, code: int, **env: str) -> str:
        """Run one of the bundle's scripts, which must exit with `code`, and return what it said on stderr."""
        command = [str(ROOT / "venv/bin/python"), str(BUNDLE / f"scripts/{name}.py"), *args]
        done = subprocess.run(
            command, cwd=self.root, env={**self.env, **env}, capture_output=True, text=True, timeout=300
        )
        assert code == done.returncode, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr

    def begin(self, name: str, *args: str, out: IO[str]) -> subprocess.Popen[str]:
        """Begin one of the bundle's scripts in a process group of its own."""
        command = [str(ROOT / "venv/bin/python"), str(BUNDLE / f"scripts/{name}.py"), *args]
        return subprocess.Popen(
            command, cwd=self.root, env=self.env, stdout=out, stderr=out, text=True, start_new_session=True
        )

    def up(self) -> list[str]:
        """Names of the workers that are up."""
        rows = [row.split() for row in self.script("workers", "list").splitlines()]
        return [row[0] for row in rows if row[0].startswith("vm-") and row[1] == "up"]

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

    def last_round(self) -> dict[str, Any]:
        """What the keeper found in its last round."""
        file = self.root / ".autoresearch/sky-seen.json"
        found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def trouble(self) -> str:
        """What the keeper complains of, for a failing test."""
        return "\n".join(self.last_round().get("trouble", []))

    def running(self, name: str) -> bool:
        """Tell whether the keeper saw a job of this experiment running."""
        states = self.last_round().get("states", {})
        return any(job.startswith(f"{name}.") and state == "running" for job, state in states.items())

    def eventually(self, words: str, true: Callable[[], object], seconds: float = 300) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, (words, self.trouble(), self.script("status", code=None))
            time.sleep(0.3)

    def sent(self, name: str) -> list[str]:
        """The workers to which jobs of this experiment were sent, in order."""
        return [e["worker"] for e in self.events("worker") if e["event"] == "sent" and e["job"].startswith(f"{name}.")]

    def ends(self, name: str) -> list[dict[str, Any]]:
        """The `finished` events of an experiment."""
        return [e for e in self.events("finished") if e["experiment_id"] == name and e["role"] == "experiment"]

    def ran(self, name: str) -> int:
        """How often the benchmark of an experiment began, as the jobs themselves noted it."""
        file = RAN / name
        return len(file.read_text().splitlines()) if file.exists() else 0

    def lose(self, worker: str) -> None:
        """Take a worker away as a cloud does: nobody is told."""
        jobs = self.command("squeue", "--noheader", "--format=%i %j").splitlines()
        self.command("scancel", next(row.split()[0] for row in jobs if row.split()[1].startswith(f"{worker}-")))

    def keeper(self) -> list[int]:
        """Process ids of this session's keeper."""
        found = subprocess.run(
            ["pgrep", "-f", f"helpers.run.fleet.keeper_process {self.root}$"], capture_output=True, text=True
        )
        return [int(word) for word in found.stdout.split()]

    def tree_hash(self, tree: str, scratch: Path) -> str:
        """What BENCHMARK prints for a tree."""
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        self.command("bash", "-c", f"git archive {tree} | tar -x -C {scratch}")
        text = BENCHMARK.split("$(", 1)[1].split(')" >&2')[0]
        return subprocess.run(
            ["bash", "-c", text], cwd=scratch, capture_output=True, text=True, check=True
        ).stdout.strip()


@pytest.fixture(scope="session")
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
    # A run that was cut off may have left clusters of the same names.
    client = f'. "{ROOT}/env.sh" && cd "{ROOT}" && sky down -y -a'
    subprocess.run(["bash", "-c", client], capture_output=True, timeout=300, check=True)
    yield
    if not os.environ.get("AUTORESEARCH_ENGINE_KEEP"):
        subprocess.run(
            [HERE / "engine_down.sh"], env={**os.environ, "AUTORESEARCH_ENGINE_ROOT": str(ROOT)}, check=False
        )


@pytest.fixture(scope="session")
def session(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A locked session that may have three workers."""
    tmp = tmp_path_factory.mktemp("fleet")
    shutil.rmtree(RAN, ignore_errors=True)
    RAN.mkdir()
    RAN.chmod(0o777)  # the jobs' account writes there
    made = Session(tmp / "project")
    made.lock("--workers", "3", "--infra", "slurm", "--max-experiments", "60")
    yield made
    made.script("workers", "down", "--all", "--yes", code=None)


@pytest.fixture(scope="session")
def workers(session: Session) -> str:
    """Three workers, up, the last of another type; what making them printed.

    Without autostop SkyPilot does not ask cloud and worker whether it stops before each of its calls: one has it.
    """
    made = session.script("workers", "up", "--count", "1", seconds=600)
    return made + session.script("workers", "up", "--count", "2", "--autostop", "0", seconds=600) + all_up(session)


def all_up(session: Session) -> str:
    """Make up for workers that were lost, by ones of the other type."""
    return session.script("workers", "up", "--count", "3", "--cpus", "2", "--autostop", "0", seconds=600)
