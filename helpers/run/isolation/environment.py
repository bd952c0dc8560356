"""What an experiment may see: a small environment without secrets, folders of its own, and nothing left behind.

The environment is an allow-list, so that a token nobody thought of stays outside. HOME, the temporary folder and the
caches are fresh folders of the job, so that nothing can be kept between two runs there. Toolchains that live in the
person's home are named by their own variables.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from helpers.run.isolation.libc import CHILD_SUBREAPER, LIBC, PDEATHSIG, children

PASSED = (
    "PATH SHELL TERM USER LOGNAME TZ LANG LC_ALL LC_CTYPE "
    "CC CXX FC LD_LIBRARY_PATH PKG_CONFIG_PATH OMP_NUM_THREADS CUDA_HOME CUDA_VISIBLE_DEVICES "
    "VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV PYENV_VERSION JAVA_HOME GOROOT NIX_PATH SDKROOT DEVELOPER_DIR "
    "SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE PIP_CERT "
    "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS UV_INDEX_URL UV_DEFAULT_INDEX "
    "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy"
)
"""Variables that an experiment inherits. Flags such as CFLAGS are not among them: both sides build the same way."""

TOOL_HOMES: dict[str, tuple[str, ...]] = {
    "CARGO_HOME": (".cargo", "registry", "git"),
    "RUSTUP_HOME": (".rustup",),
    "GOPATH": ("go", "pkg"),
    "GOMODCACHE": ("go/pkg/mod", "."),
    "PYENV_ROOT": (".pyenv",),
    "NVM_DIR": (".nvm",),
    "RBENV_ROOT": (".rbenv",),
    "SDKMAN_DIR": (".sdkman",),
    "PYTHONUSERBASE": (".local",),
    "npm_config_cache": (".npm", "."),
    "GRADLE_USER_HOME": (".gradle", "."),
    "STACK_ROOT": (".stack", "."),
    "OPAMROOT": (".opam", "."),
    "MAVEN_USER_HOME": (".m2", "repository", "wrapper"),
}
"""Where toolchains look: the folder of the person's home that each means by default, and those in it where a build
fetches what it depends on: it writes there into a layer of its own."""

_SECRET_URL = re.compile(r"://[^/@\s]+@")


def run_environment(folder: Path, extra: Mapping[str, str], passed: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment of a run whose own folders lie in `folder`; they are made, empty if they were not.

    `passed` names further variables of the caller that the person wants experiments to see: those are there as they
    stand. What is passed unasked is left out where it is a URL with a password.
    """
    env = {k: os.environ[k] for k in PASSED.split() if k in os.environ and not _SECRET_URL.search(os.environ[k])}
    env |= {k: os.environ[k] for k in passed if k in os.environ}
    home = Path(os.environ.get("HOME") or "/nonexistent")
    for name, (inside, *_) in TOOL_HOMES.items():
        place = Path(os.environ.get(name) or home / inside)
        if os.path.isdir(place):  # noqa: PTH112 - False, not an error, where we may not look
            env[name] = str(place)
    for name, inside in {
        "HOME": "home",
        "TMPDIR": "tmp",
        "XDG_CACHE_HOME": "home/.cache",
        "XDG_CONFIG_HOME": "home/.config",
        "XDG_DATA_HOME": "home/.local/share",
        "CCACHE_DIR": "home/.ccache",
    }.items():
        (folder / inside).mkdir(parents=True, exist_ok=True)
        env[name] = str(folder / inside)
    env["CCACHE_DISABLE"] = env["SCCACHE_DISABLE"] = "1"
    env["PYTHONHASHSEED"] = "0"
    env["GIT_CEILING_DIRECTORIES"] = str(folder)  # a copy has no .git: git must not answer for a repository around it
    return {**env, **extra}


def caches(env: Mapping[str, str]) -> list[Path]:
    """Return the folders of the person's downloads, made where they were not."""
    found = [
        Path(env[name]) / inside for name, (_, *folders) in TOOL_HOMES.items() if name in env for inside in folders
    ]
    for folder in found:
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
    return found


def tools(env: Mapping[str, str]) -> list[Path]:
    """Return the folders that a run with this environment takes its tools from."""
    found = [Path(entry) for entry in env.get("PATH", "").split(":") if entry]
    homes = [Path(env[name]) for name in (*TOOL_HOMES, "VIRTUAL_ENV", "CONDA_PREFIX") if name in env]
    return [*(folder.parent if folder.name == "bin" else folder for folder in found), *homes]


MARK = "AUTORESEARCH_RUN"
"""The variable that tells which job a process belongs to, so that those of a dead runner can be found."""


def end_marked(mark: str) -> int:
    """Kill every process whose environment carries this mark (Linux); return how many there were."""
    wanted, ended = f"{MARK}={mark}".encode(), 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
                ended += 1
        except OSError:  # noqa: PERF203 - gone meanwhile, or another user's
            continue
    return ended


def adopt_orphans() -> None:
    """Become the parent of whatever descendants leave behind (Linux), so that `end_children` finds it."""
    with contextlib.suppress(AttributeError):  # not Linux
        LIBC.prctl(CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """In a fresh child: be killed when the parent dies (Linux)."""
    with contextlib.suppress(AttributeError):  # not Linux
        LIBC.prctl(PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def end_group(group: int, grace: float = 2.0) -> None:
    """End a process group: politely, then after `grace` seconds for good."""
    for sign, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 1.0)):
        try:
            os.killpg(group, sign)
        except (ProcessLookupError, PermissionError):
            return
        until = time.monotonic() + patience
        while time.monotonic() < until:
            reap()
            try:
                os.killpg(group, 0)
            except (ProcessLookupError, PermissionError):
                return
            time.sleep(0.02)


def end_children() -> int:
    """Kill every process that has this one as its parent, again until there is none; return how many there were."""
    ended = 0
    for _ in range(100):
        reap()
        if not (found := children()):
            break
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
                ended += 1
            except ProcessLookupError:  # noqa: PERF203
                continue
        time.sleep(0.01)
    return ended


def reap() -> int:
    """Take leave of children that have ended; return how many there were."""
    count = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return count
        if pid == 0:
            return count
        count += 1
