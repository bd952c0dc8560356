"""What this machine has of what the bundle needs: one finding a thing, with the one command that corrects it.

Nothing is changed, nothing is installed, no secret is read out. Every question to another program is bounded in time.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers import console, files, git, paths

READY, MISSING, OPTIONAL = "ready", "missing", "optional"
GIT, PYTHON = (2, 30), (3, 10)
LEAST_FREE_BYTES = 1_000_000_000
"""Bytes below which isolated copies and builds are likely to fill the disk."""
TOOLS = ("mktemp", "rm", "sed", "tr", "cut", "awk", "grep", "sleep", "cat", "date", "df", "head", "uname", "getconf")
_SECONDS = 10


@dataclass(frozen=True)
class Finding:
    """One thing: `state` is ready, missing (the local path needs it) or optional (absent, and not needed locally)."""

    name: str
    state: str
    detail: str
    command: str = ""


def findings(walls: Mapping[str, str], lost: Sequence[str]) -> list[Finding]:
    """Look at everything; those of the local path first.

    `walls`: the parts of the walls around a run that were tried, and what it means when one does not hold; `lost`:
    these words of those that do not.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    few = "one core: whatever else runs disturbs the benchmark; a calibration says how much"
    usable = Finding("cores", READY, f"{cores} usable" if cores > 1 else few)
    return [*_local(), usable, _isolation(walls, lost), _perf(), _github_token(), _sky()]


def _local() -> Iterator[Finding]:
    yield _finding(
        "python", sys.version_info >= PYTHON, sys.version.split()[0], install("python3"), needs="3.10 or newer"
    )
    yield _git()
    yield from _repository()
    yield _packages()
    yield _finding("bash", bool(shutil.which("bash")), "experiments are bash", install("bash"))
    yield _tools()
    yield _scratch()


def _finding(name: str, ready: bool, detail: str, command: str, *, needs: str = "") -> Finding:
    if ready:
        return Finding(name, READY, detail)
    return Finding(name, MISSING, f"{detail}; needs {needs}" if needs else detail, command)


def _git() -> Finding:
    done = _ask(["git", "--version"])
    found = re.search(r"(\d+)\.(\d+)[\d.]*", done.stdout) if done else None
    if not found:
        return Finding("git", MISSING, "not found", install("git"))
    recent = (int(found[1]), int(found[2])) >= GIT
    return _finding("git", recent, found[0], install("git"), needs="2.30 or newer")


def _repository() -> Iterator[Finding]:
    try:
        repository = git.find()
    except console.Failure as failure:
        yield Finding("repository", MISSING, failure.message, failure.do)
        return
    try:
        git.commit_of(repository.root, "HEAD")
    except console.Failure as failure:
        yield Finding("repository", MISSING, failure.message, failure.do)
    else:
        yield Finding("repository", READY, str(repository.root))
    allow = f"allow writing to {repository.common_dir} in your sandbox, or run as its owner"
    yield _finding(".git", _writable(repository.common_dir), "writable, for refs and commits", allow)


def _packages() -> Finding:
    """Look for the packages of pyproject.toml where venv.require looks: this interpreter, then the bundle's .venv."""
    names = dependencies()
    command = f"bash {shlex.quote(str(paths.BUNDLE / 'setup.sh'))} --deps-only"
    probe = (
        "import sys\nfrom importlib.metadata import version, PackageNotFoundError as Absent\n"
        "for name in sys.argv[1:]:\n try: print(name, version(name))\n except Absent: print(name, '')"
    )
    missing = names
    for python in (sys.executable, str(paths.BUNDLE / ".venv" / "bin" / "python")):
        done = _ask([python, "-c", probe, *names])
        if done is None or done.returncode != 0:
            continue
        rows = [line.partition(" ")[::2] for line in done.stdout.splitlines()]
        missing = [name for name, version in rows if not version]
        if not missing:
            return Finding("packages", READY, ", ".join(f"{name} {version}" for name, version in rows))
    return Finding("packages", MISSING, f"absent: {', '.join(missing)}", command)


def dependencies() -> list[str]:
    """Return the names of the packages that pyproject.toml wants (without tomllib, which Python 3.10 has not)."""
    text = (paths.BUNDLE / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[$(.*?)^\]$", text, re.MULTILINE | re.DOTALL)
    return re.findall(r'^\s*"([A-Za-z0-9_.-]+)', block[1], re.MULTILINE) if block else []


def _tools() -> Finding:
    """Look for what the task's own text calls in every run."""
    missing = [name for name in TOOLS if not shutil.which(name)]
    missing += [] if shutil.which("sha256sum") or shutil.which("shasum") else ["sha256sum"]
    said = f"not found: {', '.join(missing)}" if missing else "what every run calls is here"
    return _finding("tools", not missing, said, "install them, or put their folder on PATH")


def _scratch() -> Finding:
    """Look at the folder that the copies of this repository get, or the nearest one above it that is there."""
    try:
        folder = paths.workdir_root(git.find().root)
    except console.Failure:
        folder = files.temporary()
    folder = next(place for place in (folder, *folder.parents) if place.is_dir())
    free = shutil.disk_usage(folder).free
    detail = f"{folder}, {free / 1e9:.1f} GB free, for isolated copies"
    ready = _writable(folder) and free >= LEAST_FREE_BYTES
    return _finding(
        "scratch", ready, detail, "point TMPDIR to a folder with room", needs="1 GB and permission to write"
    )


def _isolation(walls: Mapping[str, str], lost: Sequence[str]) -> Finding:
    if not lost:
        return Finding("isolation", READY, "every wall around a run was built here: " + ", ".join(walls))
    apparmor = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    switch = "kernel.apparmor_restrict_unprivileged_userns=0" if apparmor.exists() else "user.max_user_namespaces=15000"
    command = f"sudo sysctl -w {switch}" if walls["files"] in lost else ""  # no switch gives one of the others alone
    return Finding("isolation", OPTIONAL, "; ".join(lost), command)


def _perf() -> Finding:
    if not shutil.which("perf"):
        package = "linux-perf" if shutil.which("apt-get") else "perf"
        return Finding("perf", OPTIONAL, "not found; profile with the language's own profiler", install(package))
    done = _ask(["perf", "stat", "-x", ",", "-e", "cycles,instructions", "true"])
    counts = done is not None and done.returncode == 0 and "<not" not in done.stderr
    if counts:
        return Finding("perf", READY, "hardware counters work")
    return Finding(
        "perf",
        OPTIONAL,
        "no hardware counters (a virtual machine, or not allowed)",
        "sudo sysctl -w kernel.perf_event_paranoid=1",
    )


def _github_token() -> Finding:
    """Say whether there is a token; its value goes nowhere."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        if os.environ.get(name):
            return Finding("github token", READY, f"from {name}")
    done = _ask(["gh", "auth", "token"])
    if done is not None and done.returncode == 0:
        return Finding("github token", READY, "from gh")
    return Finding(
        "github token", OPTIONAL, "none: 60 requests an hour instead of 5,000", "gh auth login (or set GH_TOKEN)"
    )


def _sky() -> Finding:
    """Say whether SkyPilot is there.

    Which clouds it may use is not asked: `sky check` takes long and starts a server.
    """
    own = paths.BUNDLE / ".venv" / "bin" / "sky"
    place = str(own) if own.exists() else shutil.which("sky")
    if place:
        return Finding("sky", READY, f"{place}; sky check says which clouds are enabled")
    command = f"bash {shlex.quote(str(paths.BUNDLE / 'setup.sh'))} --deps-only --with-sky"
    return Finding("sky", OPTIONAL, "absent: only the local executor", command)


def install(package: str) -> str:
    """Return the command that installs a system package here."""
    for manager, command in {
        "apt-get": "sudo apt-get install -y",
        "dnf": "sudo dnf install -y",
        "apk": "sudo apk add",
        "pacman": "sudo pacman -S",
        "brew": "brew install",
    }.items():
        if shutil.which(manager):
            return f"{command} {package}"
    return f"install {package}"


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _ask(command: list[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a command that only answers; None when it is not there or does not answer in time."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
