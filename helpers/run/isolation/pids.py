"""A run's processes in a namespace of their own (Linux): they see no others, and all end with the first of them.

So a program cannot signal, trace or reschedule the process that measures it, however it finds its number, and no daemon
outlives the run. What outlives only its own parent is counted: a program that answers after its time was taken does so.

See pid_namespaces(7), capabilities(7).
"""

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from helpers.run.isolation.libc import CAPBSET_DROP, DUMPABLE, LIBC, NO_NEW_PRIVILEGES, PDEATHSIG, children, ensure

_NEWPID = 0x20000000
NUMBERS = {"x86_64": (317, 0xC000003E, 248, 286, 41, 359), "aarch64": (277, 0xC00000B7, 217, 309, 198, 281)}
"""By machine: seccomp(2), its name for the processor, where the three calls for keys begin, and socket(2).

The latter two here and for programs of 32 bits.
"""
_FILTER = NUMBERS.get(os.uname().machine)


class Orphans:
    """How many processes of a run outlived their parent; shared between the processes that count."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._shared = mmap.mmap(-1, 8)

    def add(self, count: int) -> None:
        """Count `count` more."""
        self._shared[:8] = (self.count() + count).to_bytes(8, "little")

    def count(self) -> int:
        """Return how many there were."""
        return int.from_bytes(self._shared[:8], "little")


@contextlib.contextmanager
def new_pid_namespace() -> Iterator[None]:
    """Have the child that is made in here be the first process of a namespace, where we may.

    It then needs no second child of its own for that (`run_as_first_process`): a fork of this interpreter costs a
    millisecond. Only root may: the walls of others need a user namespace, which would have to be the older of the
    two.
    """
    try:
        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    # who cannot come back must not leave: a process whose children's namespace has ended cannot fork any more
    may = os.getuid() == 0 and LIBC.setns(own, _NEWPID) == 0 and LIBC.unshare(_NEWPID) == 0
    try:
        yield
    finally:
        result = LIBC.setns(own, _NEWPID) if may else 0
        os.close(own)
        ensure(result, "setns")


def run_as_first_process(command: Sequence[str], env: Mapping[str, str], orphans: Orphans) -> None:
    """In a fresh child that stands behind walls: become the process that waits for `command`, which sees only its own.

    The first process inside stays between the caller and the program and adopts orphans. Returns only where the system
    does not allow the namespace. Nobody keeps a privilege.
    """
    if os.getpid() != 1:
        if LIBC.unshare(_NEWPID) != 0:
            _drop_privileges()
            return
        inside = os.fork()
        if inside:
            _wait_outside(inside)
        LIBC.prctl(PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    signal.signal(signal.SIGINT, lambda *_: None)  # a first process takes from inside what it has a handler for
    read_only = ctypes.c_ulong(1 | 2 | 4 | 8)  # and no set-user-id, devices, programs
    LIBC.mount(b"proc", b"/proc", b"proc", read_only, None)  # without it the numbers are the old ones
    LIBC.mount(b"/dev/null", b"/proc/keys", None, ctypes.c_ulong(0x1000), None)
    _drop_privileges()
    try:  # spawned, not forked
        program = subprocess.Popen(list(command), env=dict(env), start_new_session=True)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)
    _adopt(program.pid, orphans)


def _drop_privileges() -> None:
    """Give up every capability for good, root's too, and the person's keys; nobody may look into this process.

    It was forked off the caller: its memory and /proc/1/environ hold what the caller was started with, tokens included.
    """
    capability = 0
    while LIBC.prctl(CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if _FILTER:
        LIBC.syscall(_FILTER[2] + 2, 1, None)  # keyctl(2): a session keyring of its own
    header, none = struct.pack("Ii", 0x20080522, 0), bytes(24)  # version 3, this process; nothing in any set
    ensure(LIBC.capset(header, none), "capset")
    ensure(LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    with contextlib.suppress(OSError):  # where the system knows no filter, check_environment.py and the lock say so
        refuse_calls()
    ensure(LIBC.prctl(DUMPABLE, 0, 0, 0, 0), "dumpable")


def refuse_calls() -> None:
    """Refuse the calls for keys, and sockets that know no namespace, from here on.

    The keys of a user are those of every process that runs as the user; AF_VSOCK leads to a virtual machine's host.
    Raises OSError where the system does not allow that, or for this machine's processor it is not known how.
    """
    if _FILTER is None:
        raise OSError("no numbers of system calls for this processor")
    ensure(LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    number, own, first, other, here, there = _FILTER
    rows = [(0x20, 0, 0, 4), (0x15, 0, 5, own), (0x20, 0, 0, 0), (0x54, 0, 0, 0xBFFFFFFF)]  # whose numbers? which?
    rows += [(0x15, 7, 0, here), (0x35, 0, 10, first), (0x25, 9, 8, first + 2)]
    rows += [(0x20, 0, 0, 0), (0x15, 3, 0, there), (0x15, 5, 0, 102)]  # socketcall(2) hides its kind of socket
    rows += [(0x35, 0, 5, other), (0x25, 4, 3, other + 2)]
    rows += [(0x20, 0, 0, 16), (0x15, 2, 0, socket.AF_ALG), (0x25, 0, 1, socket.AF_PACKET)]  # the kernel's own ciphers
    rows += [(0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]  # not permitted; else allowed
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    program = struct.pack("HxxxxxxQ", len(rows), ctypes.addressof(code))
    ensure(LIBC.syscall(number, 1, 4, program), "seccomp")  # 4: and nothing slower


def _wait_outside(pid: int) -> NoReturn:
    os.closerange(0, 1 << 20)  # the caller waits for the end of a pipe that must not stay open here
    _, status = os.waitpid(pid, 0)
    _exit(status)


def _adopt(program: int, orphans: Orphans) -> NoReturn:
    os.closerange(0, 1 << 20)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == program:
            break
        orphans.add(1)
    orphans.add(len(children()))
    _exit(status)


def _exit(status: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)
