"""What all tests share: real repositories, scripts run as their users run them, and the --live switch."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import warm
from hypothesis import settings

from helpers import paths

settings.register_profile("any machine", deadline=None)  # a loaded one takes its time
settings.load_profile("any machine")

BUNDLE = Path(__file__).resolve().parent.parent
CODE = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Let what tests start share one compiled copy of modules, and find python3, not the shim of a version manager."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ["PATH"] = f"{sys.base_prefix}/bin{os.pathsep}{os.environ['PATH']}"
    folder = config.stash[CODE] = tempfile.TemporaryDirectory(prefix="autoresearch-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = folder.name


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


def processes(*words: str) -> list[int]:
    """Return the processes, this one apart, whose command line holds all of these words."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            line = (entry / "cmdline").read_bytes()
            if all(word.encode() in line for word in words) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


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
        argv, cwd = [str(BUNDLE / "scripts" / f"{name}.py"), *args], cwd or self.root
        run = warm.run if all(name.startswith("AUTORESEARCH") for name in env) else warm.cold
        done = run(argv, cwd, {**self.env, **env}, stdin)
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done


def new_repo(tmp_path: Path) -> Repo:
    """Make a repository with one commit: a little program in bash."""
    made = Repo(tmp_path / "project", tmp_path)
    made.root.mkdir()
    made.git("init", "-q")
    made.write("src/work.sh", "sleep 0.05\necho 42\n")
    made.write(".gitignore", "*.o\n")
    made.commit("first")
    return made


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with one commit: a little program in bash."""
    return new_repo(tmp_path)


BENCHMARK = """\
#!/usr/bin/env bash
# What the program sleeps, within a percent: parts of a second do not pass, and no load on the machine changes them.
set -euo pipefail
sleep() { echo "$1" >&3; case $1 in 0*) ;; *) command sleep "$1" ;; esac; }
export -f sleep
slept=${TMPDIR:-/tmp}/slept-$$ us=1000
bash src/work.sh 3>"$slept" >/dev/null
while read -r each; do
  case $each in *.*) part=${each#*.}000000 ;; *) part=000000 ;; esac
  us=$((us + 10#${each%%.*} * 1000000 + 10#${part:0:6}))
done <"$slept"
us=$((us + us * RANDOM / 3000000))
printf 'METRIC time_s=%d.%06d\\n' $((us / 1000000)) $((us % 1000000))
"""
QUICKER = "sleep 0.005\necho 42\n"
CHECKS = '#!/usr/bin/env bash\n[ "$(bash src/work.sh)" = 42 ]\n'


BEGIN = ("--goal", "quick", "--metric", "time_s", "--direction", "lower")
CLEAR = (*BEGIN, "--unit", "s", "--margin", "5", "--review-above", "1000")
"""For programs that sleep less: a margin above the noise, and no reader for large gains."""


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a locked session whose baseline is taken: made once, and copied by `session`."""
    folder = tmp_path_factory.mktemp("locked")
    made = new_repo(folder)
    made.write("autoresearch.sh", BENCHMARK, 0o755)
    made.write("autoresearch.checks.sh", CHECKS, 0o755)
    made.script("start_session", *CLEAR)
    made.script("start_session", "--lock")
    return folder


@pytest.fixture(scope="session")
def compared_once(locked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that session with exp-01, half as slow and shown to be: made once, and copied by `compared`."""
    folder = tmp_path_factory.mktemp("compared")
    made = copied(locked, folder)
    copy = Path(made.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(QUICKER)
    made.script("snapshot_workdir", "seal", "exp-01", "--desc", "sleep less")
    made.script("compare", "exp-01")
    made.script("status")
    return folder


def copied(folder: Path, tmp_path: Path) -> Repo:
    """Return a session like that in `folder`, in another place."""
    shutil.copytree(folder, tmp_path, symlinks=True, dirs_exist_ok=True)
    made = Repo(tmp_path / "project", tmp_path)
    copies = paths.workdir_root(folder / "project").name, paths.workdir_root(made.root).name
    (tmp_path / "tmp/autoresearch" / copies[0]).rename(tmp_path / "tmp/autoresearch" / copies[1])
    moves = [tuple(map(str.encode, move)) for move in ((str(folder), str(tmp_path)), copies)]
    for place in (made.root, tmp_path / "tmp"):
        for file in filter(Path.is_file, place.rglob("*")):
            if ".git" not in file.parts and moves[0][0] in (text := file.read_bytes()):
                for before, after in moves:
                    text = text.replace(before, after)
                file.write_bytes(text)
    made.git("update-index", "-q", "--refresh")
    return made


@pytest.fixture
def session(locked: Path, tmp_path: Path) -> Repo:
    """A locked session on that repository, its baseline taken."""
    return copied(locked, tmp_path)


@pytest.fixture
def compared(compared_once: Path, tmp_path: Path) -> Repo:
    """The same with exp-01 (QUICKER, "sleep less") compared: improved, and not decided."""
    return copied(compared_once, tmp_path)


SMI = """\
#!/usr/bin/env bash
# Answers as nvidia-smi does on a machine with two GPUs.
rows=("Stand-in H100, 550.54, 1980, 61, 81559" "Stand-in H200, 550.54, 1830, 55, 143771")
case "$*" in
  *query-gpu=index*) printf '0\\n1\\n' ;;
  "-i "[01]" --query-gpu=name "*) echo "${rows[$2]%%,*}" ;;
  "-i 0 "*) echo "${rows[0]}" ;;
  "-i 1 "*) echo "${rows[1]}" ;;
  *) printf '%s\\n' "${rows[@]}" ;;
esac
"""


@pytest.fixture
def two_gpus(tmp_path: Path) -> Path:
    """A folder for PATH whose nvidia-smi answers for two GPUs of different kinds."""
    smi = tmp_path / "bin/nvidia-smi"
    smi.parent.mkdir()
    smi.write_text(SMI)
    smi.chmod(0o755)
    return smi.parent
