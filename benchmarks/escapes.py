#!/usr/bin/env python3
"""What a run reaches of secrets planted around it: as whoever calls, and where that is root as nobody too.

python3 benchmarks/escapes.py      # a table by place; 1 when anything is reached

Each place holds a token; a program behind the walls of a measurement looks for it. That the same program reaches it
without walls shows that the question was put rightly; a place that cannot be planted here says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

RUN = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from helpers.run.isolation import environment, execute
from helpers.run.isolation.reach import Reach

root, folder, text = Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
environment.adopt_orphans()
env = environment.run_environment(folder, {})
walls = Reach(root, folder, folder.parent, env).walls() if sys.argv[5] == "walls" else None
env = env if walls else dict(os.environ)
execute.bash(["/usr/bin/python3", "-c", text], folder / "copy", env, 60, 1, walls=walls)
"""
LIBC = ctypes.CDLL(None, use_errno=True)
KEYCTL = "import ctypes; c = ctypes.CDLL(None); b = ctypes.create_string_buffer(200); "
"""How a program reads a key, on x86_64."""

LOOKS = "import ctypes, glob, os, socket; c = ctypes.CDLL(None, use_errno=True)\n"
UNSHARED = f"""{LOOKS}
uid, gid = os.getuid(), os.getgid()
c.unshare(0x10020000)
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {{uid}} 1"), ("gid_map", f"0 {{gid}} 1")):
    try: open("/proc/self/" + name, "w").write(text)
    except OSError: pass
os.makedirs("/tmp/under/work", exist_ok=True)
"""
"""A namespace of users and mounts of its own, in which it is root."""


def deeper(notes: Path, token: str, other: int, handle: bytes) -> dict[str, str]:
    """Return what looks below the walls, or at the machine past them; `other`: a process, `handle`: of the notes."""
    says, tree = f"print({token!r})", notes.parent / "tree/deeper"
    by_proc = f"glob.glob('/proc/[0-9]*/root{notes}') + glob.glob('/proc/[0-9]*/cwd/notes')"
    looks = {
        "another's root, by /proc": f"for f in {by_proc}:\n try: print(open(f).read())\n except OSError: pass",
        "another, signalled": f"os.kill({other}, 0); {says}",
        "another, traced": f"assert c.ptrace(0x4206, {other}, 0, 0) == 0; {says}",
        "another, by descriptor": f"os.pidfd_open({other}); {says}",
        "keys, listed": "print(open('/proc/keys').read())",
        "the kernel's log": "b = ctypes.create_string_buffer(1 << 20); c.klogctl(3, b, 1 << 20); print(b.value)",
        "the machine, by perf": (
            "a = ctypes.create_string_buffer(b'\\1\\0\\0\\0\\x80', 128)\n"
            f"assert c.syscall(298, a, -1, 0, -1, 0) >= 0; {says}"
        ),
        "the machine, by bpf": f"a = ctypes.create_string_buffer(128); assert c.syscall(321, 12, a, 128) == 0; {says}",
        "the machine's files, by fanotify": (
            f"f = c.syscall(300, 0, 0); assert f >= 0 and c.fanotify_mark(f, 0x101, 2, -100, b'/') == 0; {says}"
        ),
        "the machine's network": f"assert len(socket.if_nameindex()) > 1; {says}",
        "the wire": f"socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300); {says}",
        "the terminal": f"open('/dev/tty', 'w'); {says}",
        "the kernel's keys": f"open('/proc/sysrq-trigger', 'w'); {says}",
        "a helper of the kernel": f"open('/sys/kernel/uevent_helper', 'w'); {says}",
        "a file by its handle": (
            f"h = ctypes.create_string_buffer({handle!r})\nfor at in ('/', '/usr', '/etc', '/tmp'):\n"
            " f = c.open_by_handle_at(os.open(at, 0), h, 0)\n if f >= 0: print(os.read(f, 99))"
        ),
    }
    below = {
        "taken off": "\n".join(f"c.umount2({str(place)!r}.encode(), 2)" for place in [notes.parent, *notes.parents]),
        "bound elsewhere": "c.mount(b'/', b'/tmp/under', None, 0x1000, None)",
        "as a layer": "c.mount(b'o', b'/tmp/under', b'overlay', 0, b'lowerdir=/:/tmp/under/work')",
        "moved away": f"c.mount({str(notes.parent)!r}.encode(), b'/tmp/under', None, 0x2000, None)",
    }
    for how, does in below.items():
        read = f"for f in ('{notes}', '/tmp/under{notes}'):\n try: print(open(f).read())\n except OSError: pass"
        looks[f"under a cover, {how}"] = f"{does}\n{read}"
    writable = f"a = (ctypes.c_uint64 * 4)(0, 1)\nfor at in (b'/', {str(notes.parent)!r}.encode(), b'/usr'):\n"
    writable += " c.syscall(442, -100, at, 0x8000, a, 32); c.mount(None, at, None, 0x1020, None)\n"
    looks["made writable again"] = f"{writable}open({str(tree)!r}, 'w'); {says}"
    return {name: (UNSHARED if name.startswith(("under", "made")) else LOOKS) + look for name, look in looks.items()}


def keys(token: str) -> dict[str, str]:
    """Plant a key in the session's keyring and in the user's; return what reads them, by numbers of x86_64."""
    looks = {}
    for place, ring in (("keyring", -3), ("keyring, the user's", -4)) if os.uname().machine == "x86_64" else ():
        if LIBC.syscall(248, b"user", token.encode(), token.encode(), len(token), ring) > 0:
            find = f"k = c.syscall(250, 10, {ring}, b'user', {token.encode()!r}, 0); c.syscall(250, 8, {ring}, -3)"
            looks[place] = f"{KEYCTL}{find}; n = c.syscall(250, 11, k, b, 200); print(b.raw[:max(n, 0)].decode())"
    return looks


@contextlib.contextmanager
def planted(home: Path, token: str) -> Iterator[dict[str, str]]:
    """Plant `token` everywhere; yield what a program says to print it from each place."""
    files = {
        "home": home / "notes",
        "ssh key": home / ".ssh/id_ed25519",
        "cargo's password": home / ".cargo/credentials.toml",
        "work tree": home / "tree/source",
        "journal": home / "tree/autoresearch.jsonl",
        "state": home / "tree/.autoresearch/state",
        "other experiment": home / "runs/other/copy/source",
        "/tmp": Path(f"/tmp/escapes-{os.getpid()}"),
        "/dev/shm": Path(f"/dev/shm/escapes-{os.getpid()}"),
    }
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(token)
    looks = {place: f"print(open({str(file)!r}).read())" for place, file in files.items()}
    looks["environment"] = "import os; print(os.environ.get('PLANTED'))"
    looks["/proc"] = (
        "import glob\nfor f in glob.glob('/proc/[0-9]*/environ'):\n try: print(open(f).read())\n except OSError: pass"
    )
    looks["caches, written"] = f"open({str(home / '.cargo/registry/new')!r}, 'w').close(); print({token!r})"
    looks["work tree, written"] = f"open({str(home / 'tree/new')!r}, 'w').close(); print({token!r})"
    names = [entry.name for entry in Path("/dev").iterdir()]
    honest = ("null", "zero", "full", "random", "urandom", "dri", "kfd", "nvidia", "fd", "std", "shm", "pts", "ptmx")
    disks = [f"/dev/{name}" for name in names if not name.startswith(honest)]
    looks["devices"] = f"import os; print({token!r} if any(map(os.path.exists, {disks!r})) else '')"
    writes = {
        "a hook of the work tree": home / "tree/.git/hooks/post-checkout",
        "git's configuration": home / ".gitconfig",
        "pip's cache": home / ".cache/pip/http/new",
        "npm's cache": home / ".npm/_cacache/new",
        "a shell's start": home / ".bashrc",
        "the system's folders": Path(f"/etc/escapes-{os.getpid()}"),
    }
    for place, file in writes.items():
        if file.parent != Path("/etc"):
            file.parent.mkdir(parents=True, exist_ok=True)
        looks[place] = f"open({str(file)!r}, 'a').close(); print({token!r})"
    looks["the kernel's settings"] = f"open('/proc/sys/kernel/core_pattern', 'r+').close(); print({token!r})"
    group = Path(f"/sys/fs/cgroup/escapes-{os.getpid()}")
    looks["control groups"] = f"import os; os.mkdir({str(group)!r}); print({token!r})"
    looks["passwords, of root"] = f"print({token!r} if open('/etc/shadow').read() else '')"
    looks["an open file"] = (
        "import os\nfor fd in range(3, 200):\n try:\n  print(os.pread(fd, 999, 0))\n except OSError: pass"
    )
    held_open = os.open(files["home"], os.O_RDONLY)
    os.set_inheritable(held_open, True)
    memory = ctypes.create_string_buffer(token.encode())
    looks["another's memory"] = (
        f"import ctypes\nb = ctypes.create_string_buffer(32)\nv = (ctypes.c_ulong * 2)(ctypes.addressof(b), 32)\n"
        f"w = (ctypes.c_ulong * 2)({ctypes.addressof(memory)}, 32)\n"
        f"ctypes.CDLL(None).process_vm_readv({os.getpid()}, v, 1, w, 1, 0); print(b.raw.decode())"
    )
    LIBC.prctl(0x59616D61, ctypes.c_ulong(-1))  # any process may look, where Yama asks
    queue = LIBC.msgget(0, 0o1666)
    looks["System V queue"] = f"print({token!r} if ' {queue} ' in open('/proc/sysvipc/msg').read() else '')"
    named = LIBC.mq_open(f"/escapes-{os.getpid()}".encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
    looks["POSIX queue"] = (
        f"import ctypes; print({token!r} if ctypes.CDLL(None).mq_open(b'/escapes-{os.getpid()}', 0) >= 0 else '')"
    )
    agents = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    sockets = [home / ".ssh/agent.sock", Path(f"/tmp/escapes-{os.getpid()}.sock")]
    for agent, at in zip(agents, sockets, strict=True):
        agent.bind(str(at))
        agent.listen()
    for place, at in zip(("an agent's socket", "a socket in /tmp"), sockets, strict=True):
        looks[place] = f"import socket; socket.socket(socket.AF_UNIX).connect({str(at)!r}); print({token!r})"
    with contextlib.suppress(OSError):
        outside = socket.socket(socket.AF_VSOCK)
        outside.bind((socket.VMADDR_CID_ANY, 40000 + os.getpid() % 9999))
        outside.listen()
        agents.append(outside)
        there = f"s = socket.socket(socket.AF_VSOCK); s.connect((1, {outside.getsockname()[1]}))"
        looks["a virtual machine's socket"] = f"import socket; {there}; print({token!r})"
    (home / ".cargo/registry").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{token}")
    listener.listen()
    looks["abstract socket"] = (
        f"import socket; socket.socket(socket.AF_UNIX).connect('\\0' + {token!r}); print({token!r})"
    )
    tcp = socket.create_server(("127.0.0.1", 0))
    looks["the machine's loopback"] = (
        f"import socket; socket.create_connection({tcp.getsockname()!r}, 5); print({token!r})"
    )
    segment = LIBC.shmget(0, 4096, 0o1666)
    looks["System V memory"] = f"print({token!r} if ' {segment} ' in open('/proc/sysvipc/shm').read() else '')"
    looks |= keys(token)
    with contextlib.suppress(OSError):
        service = Path(f"/run/escapes-{os.getpid()}.sock")
        agents.append(socket.socket(socket.AF_UNIX))
        agents[-1].bind(str(service))
        agents[-1].listen()
        sockets.append(service)
        looks["a service's socket"] = (
            f"import socket; socket.socket(socket.AF_UNIX).connect({str(service)!r}); print({token!r})"
        )
    with contextlib.suppress(OSError):
        Path("/dev/kmsg").write_text(f"escapes: {token}\n")
    handle = ctypes.create_string_buffer((128).to_bytes(4, "little"), 140)
    LIBC.name_to_handle_at(-100, os.fsencode(files["home"]), handle, ctypes.byref(ctypes.c_int()), 0)
    other = subprocess.Popen(["/bin/sleep", "3600"], cwd=home)
    looks |= deeper(files["home"], token, other.pid, handle.raw)
    try:
        yield looks
    finally:
        LIBC.syscall(250, 9, LIBC.syscall(250, 10, -4, b"user", token.encode(), 0), -4)
        other.kill()
        other.wait()
        LIBC.shmctl(segment, 0, None)
        LIBC.msgctl(queue, 0, None)
        if named >= 0:
            LIBC.mq_unlink(f"/escapes-{os.getpid()}".encode())
        os.close(held_open)
        for held in (listener, tcp, *agents):
            held.close()
        with contextlib.suppress(OSError):
            group.rmdir()
        for left in (writes["the system's folders"], *sockets[1:]):
            left.unlink(missing_ok=True)
        for place in ("/tmp", "/dev/shm"):
            files[place].unlink()


def reached(home: Path, token: str, look: str, how: str) -> bool:
    """Tell whether a program that looks so prints the token."""
    folder = home / "runs/mine"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "copy").mkdir(parents=True)
    command = [sys.executable, "-B", "-c", RUN, str(BUNDLE), str(home / "tree"), str(folder), look, how]
    env = {**os.environ, "HOME": str(home), "CARGO_HOME": str(home / ".cargo"), "PLANTED": token}
    return (
        token
        in subprocess.run(
            command, env=env, cwd=home, close_fds=False, capture_output=True, text=True, check=False
        ).stdout
    )


COST = """
import shutil, statistics, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from helpers.run.isolation import environment, execute
from helpers.run.isolation.reach import Reach

root, folder = Path(sys.argv[2]), Path(sys.argv[3])
environment.adopt_orphans()
env = environment.run_environment(folder, {})
walls = Reach(root, folder, folder.parent, env, network=False).walls()
kept = shutil.which("bwrap")
links = [word for name in ("bin", "lib", "lib64") for word in ("--symlink", f"usr/{name}", f"/{name}")]
mounts = "--ro-bind /usr /usr --ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp --cap-drop ALL".split()
bwrap = [kept, "--unshare-all", *mounts, *links, "--die-with-parent", "--bind", str(folder), str(folder)]
sides = [(None, []), (walls, []), *([(None, bwrap)] if kept else [])]
took = {number: [] for number in range(len(sides))}
for _ in range(20):
    for number, (side, before) in enumerate(sides):
        began = time.perf_counter()
        execute.bash([*before, "/bin/true"], folder / "copy", env, 60, 1, walls=side)
        took[number].append(time.perf_counter() - began)
print(*(f"{1000 * statistics.median(each):.1f}" for each in took.values()))
"""


def overhead(home: Path) -> str:
    """Return what the walls cost a run, in words: the median of twenty runs of a program that does nothing."""
    command = [sys.executable, "-B", "-c", COST, str(BUNDLE), str(home / "tree"), str(home / "runs/mine")]
    env = {**os.environ, "HOME": str(home)}
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    bare, walled, *kept = done.stdout.split() or ["unknown"] * 2
    beside = f", {kept[0]} ms in bubblewrap" if kept else ""
    return f"a run takes {bare} ms without walls, {walled} ms behind them{beside}"


def main() -> int:
    """Try every place and print the table."""
    LIBC.syscall(250, 1, None)  # a session keyring of our own
    token, lost = secrets.token_hex(16), 0
    place = "/var/lib" if os.getuid() == 0 else Path.home()
    with tempfile.TemporaryDirectory(dir=place) as temporary, planted(Path(temporary), token) as looks:
        print(f"as user {os.getuid()}\n{'place':34} without walls  behind walls")
        for name, look in looks.items():
            open_, walled = (reached(Path(temporary), token, look, how) for how in ("bare", "walls"))
            lost += walled
            print(f"{name:34} {'reached' if open_ else 'not there':14} {'REACHED' if walled else 'not reached'}")
        print(overhead(Path(temporary)))
    if os.getuid() == 0 and shutil.which("setpriv"):
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-B"]
        with tempfile.TemporaryDirectory(dir="/var/lib") as home:
            Path(home).chmod(0o777)
            shutil.copytree(BUNDLE / "helpers", f"{home}/bundle/helpers")
            shutil.copytree(BUNDLE / "benchmarks", f"{home}/bundle/benchmarks")
            env = {**os.environ, "HOME": home}
            sys.stdout.flush()
            lost += subprocess.run(
                [*nobody, f"{home}/bundle/benchmarks/escapes.py"], env=env, cwd=home, check=False
            ).returncode
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
