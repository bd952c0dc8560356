"""A run behind walls: a world of processes of its own, whoever the person is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.run.isolation import pids, probe

BUNDLE = Path(__file__).resolve().parent.parent.parent.parent
RUN = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.environ["HOME"] = sys.argv[1]
from pathlib import Path
from helpers.run.isolation import environment, execute, mounts

environment.adopt_orphans()
side = Path(sys.argv[1]) / "runs" / "side"
for name in ("copy", "home", "tmp"):
    (side / name).mkdir(parents=True)
(side / "copy/a.sh").write_text(sys.argv[2])
env = environment.run_environment(side, {})
around = mounts.read_only_mounts([side / "copy", side / "home", side / "tmp"], [side.parent], environment.tools(env))
assert around
seen = execute.Seen()
with (side / "out").open("wb") as out:
    limit = float(sys.argv[3])
    code = execute.bash(["bash", "a.sh"], side / "copy", env, limit, out.fileno(), walls=around, seen=seen)
after = os.readlink("/proc/self/ns/pid") == os.readlink("/proc/self/ns/pid_for_children")
told = {"code": code, "orphans": seen.orphans.count(), "peak": seen.peak}
print(json.dumps({**told, "out": (side / "out").read_text(), "as before": after}))
"""
pytestmark = pytest.mark.skipif(not probe.available(), reason="no namespaces here")
CAPABLE = ["--inh-caps=+sys_admin", "--ambient-caps=+sys_admin"]
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """The library where nobody may read it as well, and leave there what is compiled of it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        made = Path(shutil.copytree(BUNDLE / "helpers", f"{temporary}/helpers", ignore=shutil.ignore_patterns("__py*")))
        for folder in (made.parent, made, *filter(Path.is_dir, made.rglob("*"))):
            folder.chmod(0o777)
        yield made


@pytest.fixture(params=["as who runs this", "as nobody", "as nobody who may mount"])
def run(request: pytest.FixtureRequest, library: Path) -> Any:
    """Run a bash text behind walls and return what came of it."""
    person = {"as nobody": NOBODY, "as nobody who may mount": [*NOBODY, *CAPABLE]}.get(request.param, [])
    pythons = [sys.executable, "/usr/bin/python3"]
    works = [python for python in pythons if shutil.which([*person, python][0]) and _runs([*person, python])]
    if not works:
        pytest.skip("cannot become nobody here")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:  # where nobody may go as well
        work = Path(temporary)
        work.chmod(0o777)
        (work / "helpers").symlink_to(library)
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}

        def go(text: str, seconds: float = 20) -> dict[str, Any]:
            command = [*person, works[0], "-c", RUN, str(work), text, str(seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=work, env=env)
            assert done.returncode == 0, done.stderr
            return dict(json.loads(done.stdout))

        yield go


def _runs(python: list[str]) -> bool:
    code = "import sys; sys.exit(sys.version_info < (3, 10))"
    return subprocess.run([*python, "-c", code], capture_output=True, check=False).returncode == 0


def test_it_sees_only_its_own_processes(run: Any) -> None:
    """The program's numbers begin again, its exit code is what comes back, and the caller stays where it was."""
    found = run("echo $$; exit 7")

    assert (found["code"], found["out"], found["as before"]) == (7, "2\n", True)


def test_what_outlives_its_parent_is_counted(run: Any) -> None:
    """A daemon of the program ends with it, and is counted."""
    assert run("(sleep 60 & exec true)")["orphans"] == 1


def test_the_memory_of_its_largest_process_is_told(run: Any) -> None:
    """Whoever started it: what a program holds behind two others counts."""
    assert 200 << 20 < run("python3 -c 'bytearray(200 << 20)' | cat; true")["peak"] < 300 << 20


def test_a_run_that_takes_no_memory_shows_little(run: Any) -> None:
    """What it was forked off counts, and is no more than this library takes."""
    assert 0 < run("true")["peak"] < 150 << 20


def test_nobody_inside_ends_the_first_process(run: Any) -> None:
    """The process that waits for the program takes no signal from it."""
    assert run("kill -TERM 1; kill -INT 1; kill -KILL 1; sleep 0.1; exit 5")["code"] == 5


def test_a_signal_is_an_exit_code(run: Any) -> None:
    """A program that a signal ended is told as bash tells it."""
    assert run("kill -SEGV $$")["code"] == 128 + 11


def test_past_its_time_it_ends(run: Any) -> None:
    """A program that takes too long is ended with all its children."""
    marker = f"61.{time.time_ns() % 10**9}"

    assert run(f"sleep {marker} & sleep {marker}", 0.3)["code"] is None
    assert subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True, check=False).returncode == 1


def test_no_privilege_is_kept(run: Any) -> None:
    """Every set of capabilities is empty, root's too, and no program gives new ones."""
    found = run("grep -E '^(Cap|NoNewPrivs)' /proc/self/status")["out"].split()

    sets = dict(zip(found[::2], found[1::2], strict=True))
    assert sets.pop("NoNewPrivs:") == "1"
    assert set(sets) == {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"}
    assert {int(value, 16) for value in sets.values()} == {0}


@pytest.mark.parametrize(
    ("machine", "header", "place"),
    [
        ("x86_64", "x86_64-linux-gnu/asm/unistd_64.h", 2),
        ("x86_64", "x86_64-linux-gnu/asm/unistd_32.h", 3),
        ("aarch64", "asm-generic/unistd.h", 2),
        ("aarch64", "aarch64-linux-gnu/asm/unistd.h", 2),
        ("aarch64", "arm-linux-gnueabihf/asm/unistd-common.h", 3),
    ],
)
def test_the_numbers_of_the_refused_calls_are_the_kernels(machine: str, header: str, place: int) -> None:
    """Those that the kernel's own headers give, for the machine and for programs of 32 bits; its name by <elf.h>."""
    file = Path("/usr/include") / header
    found = re.findall(
        r"#define __NR_(\w+)\s+(?:\(__NR_SYSCALL_BASE\s*\+\s*)?(\d+)", file.read_text() if file.exists() else ""
    )
    numbers = {name: int(number) for name, number in found}
    if "add_key" not in numbers:
        pytest.skip(f"{header} is not here")
    begin = pids.NUMBERS[machine][place]
    assert numbers["socket"] == pids.NUMBERS[machine][place + 2]

    assert [begin, begin + 1, begin + 2] == [numbers[name] for name in ("add_key", "request_key", "keyctl")]
    assert place == 3 or numbers["seccomp"] == pids.NUMBERS[machine][0]
    assert {"x86_64": 62, "aarch64": 183}[machine] | 0xC0000000 == pids.NUMBERS[machine][1]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of the calls are those of x86_64")
def test_no_key_can_be_asked_for(run: Any) -> None:
    """Neither the session's keyring nor the user's, by either way of calling; /proc lists no key."""
    ask = "import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall({}, 0, {}, 1); print(ctypes.get_errno())"
    calls = [(number, ring) for number in (250, 250 | 0x40000000) for ring in (-3, -4)]
    looks = "; ".join(f'python3 -c "{ask.format(number, ring)}"' for number, ring in calls)

    found = run(f"{looks}; cat /proc/keys; echo listed")["out"].split()

    assert ["1", "1"] == found[:2]
    assert set(found[2:-1]) <= {"1", "38"}  # the other way of calling may not be there at all
    assert "listed" == found[-1]


def test_sockets_that_know_no_namespace_cannot_be_made(run: Any) -> None:
    """The one to a virtual machine's host is closed; those of the run's own network are not."""
    ask = (
        "import socket\nfor kind in (40, 31, 1, 2, 16):\n  try: socket.socket(kind, 3 if kind == 31 else 2); print(0)\n"
    )
    found = run(f"python3 -c '{ask}  except OSError as error: print(error.errno)'")["out"].split()

    assert ["1", "1", "0", "0", "0"] == found


def test_what_the_caller_was_started_with_is_out_of_reach(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process in sight shows the caller's environment, open files or memory, the first one included."""
    monkeypatch.setenv("PLANTED", "a-secret-token")
    files = "/proc/1/environ /proc/1/maps /proc/1/mem"
    look = f"cat /proc/[0-9]*/environ | grep -ac a-secret-token; for f in {files}; do cat $f; done; ls /proc/1/fd/"

    assert run(f"exec 2>/dev/null; {look}")["out"].split() == ["0"]


def test_devices_are_few(run: Any) -> None:
    """There are no terminals of the person, disks or memory.

    Those that programs use work, a terminal of their own too.
    """
    own = "import os, sys; a, b = os.openpty(); print(os.ttyname(b))"
    program = (
        "ls /dev /dev/pts; head -c4 /dev/urandom | wc -c; echo >/dev/null; touch /dev/shm/a; "
        f"{sys.executable} -c '{own}'"
    )
    found = run(program.replace(sys.executable, "/usr/bin/python3"))["out"].split()

    gpu = {name for name in found if name.startswith(("nvidia", "dri", "kfd"))}
    usual = "/dev: fd full null ptmx pts random shm stderr stdin stdout urandom zero /dev/pts: ptmx 4 /dev/pts/0"
    assert set(found) - gpu == set(usual.split())
