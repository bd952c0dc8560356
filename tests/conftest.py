"""What all tests share: real repositories, scripts run as their users run them, and the --live switch."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

BUNDLE = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --live: talk to the real services."""
    parser.addoption("--live", action="store_true", help="run the tests that talk to the real arXiv, GitHub and others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked live unless asked for."""
    if config.getoption("--live"):
        return
    skip = pytest.mark.skip(reason="talks to the real services: run with --live")
    for item in items:
        if "live" in item.keywords:
            item.add_marker(skip)


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a condition; the limit is for what never happens, and far above what a loaded machine needs."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


class Repo:
    """A real repository in a folder of its own, and the bundle's scripts run inside it."""

    def __init__(self, root: Path, tmp: Path) -> None:
        self.root = root
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "AUTORESEARCH"))},
            "HOME": str(tmp / "home"),
            "TMPDIR": str(tmp / "tmp"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for folder in ("home", "tmp"):
            (tmp / folder).mkdir(exist_ok=True)
        (tmp / "home" / ".gitconfig").write_text(
            "[user]\n name = T\n email = t@example.com\n[init]\n defaultBranch = main\n[protocol "
            '"file"]\n allow = always\n'
        )

    def git(self, *args: str, check: bool = True, cwd: Path | None = None) -> str:
        """Run git and return what it printed."""
        done = subprocess.run(["git", *args], cwd=cwd or self.root, env=self.env, capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr.decode()
        return os.fsdecode(done.stdout).rstrip("\n")

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        """Write a file of the work tree."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    def commit(self, message: str = "work") -> str:
        """Commit everything and return the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def script(
        self, name: str, *args: str, code: int | None = 0, cwd: Path | None = None, stdin: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as its users do; asserts the exit code unless it is None."""
        done = subprocess.run(
            [sys.executable, str(BUNDLE / "scripts" / f"{name}.py"), *args],
            cwd=cwd or self.root,
            env={**self.env, **env},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with one commit: a little program in bash."""
    made = Repo(tmp_path / "project", tmp_path)
    made.root.mkdir()
    made.git("init", "-q")
    made.write("src/work.sh", "sleep 0.05\necho 42\n")
    made.write(".gitignore", "*.o\n")
    made.commit("first")
    return made


BENCHMARK = """\
#!/usr/bin/env bash
set -euo pipefail
for _ in $(seq "${AUTORESEARCH_REPEATS:-2}"); do
  began=$(date +%s%N); bash src/work.sh >/dev/null; ended=$(date +%s%N)
done
awk -v n=$((ended - began)) 'BEGIN { printf "METRIC time_s=%.6f\\n", n / 1e9 }'
"""
CHECKS = '#!/usr/bin/env bash\n[ "$(bash src/work.sh)" = 42 ]\n'


@pytest.fixture
def session(repo: Repo) -> Repo:
    """A locked session on that repository, its baseline taken."""
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    begin = (
        "--goal",
        "quick",
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
    repo.script("start_session", *begin)
    repo.script("start_session", "--lock")
    return repo
