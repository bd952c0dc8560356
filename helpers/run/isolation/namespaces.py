"""The parts that the walls around a run are built from: system calls of a fresh child, each of which raises OSError.

See mount_namespaces(7), user_namespaces(7), network_namespaces(7), mount_setattr(2).
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from helpers.run.isolation.libc import LIBC, ensure

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER = 0x00020000, 0x04000000, 0x08000000, 0x10000000
_NEWPID, _NEWNET = 0x20000000, 0x40000000
BIND, NOSUID, NODEV = 0x1000, 2, 4
_REC, _PRIVATE = 0x4000, 1 << 18
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - these are what gets a fresh, private one
_DEVICES = ("null", "zero", "full", "random", "urandom", "dri", "kfd")
"""What a run sees of /dev, beside nvidia*: no terminals, disks or memory of the machine."""


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Make a mount."""
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    ensure(LIBC.mount(*arguments, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount {target}")


def enter() -> None:
    """Leave for mounts, System V IPC and a host's name of its own, in a user namespace where that is needed."""
    uid, gid = os.getuid(), os.getgid()
    if not hasattr(LIBC, "unshare"):
        raise OSError("no unshare here")
    ensure(LIBC.unshare(_NEWNS | _NEWIPC | _NEWUTS | (_NEWUSER if uid else 0)), "unshare")
    if uid:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    mount("none", "/", None, _REC | _PRIVATE)


def read_only(path: str, recursive: int = _AT_RECURSIVE) -> None:
    """Let nobody write through the mount at `path`, nor through those below it."""
    attributes = struct.pack("QQQQ", 0x1, 0, 0, 0)  # struct mount_attr: MOUNT_ATTR_RDONLY set
    result = LIBC.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), recursive, attributes, ctypes.c_size_t(len(attributes))
    )
    ensure(result, "mount_setattr")


def own_network() -> None:
    """Leave the network for one of its own, with nothing but a loopback; abstract sockets stay outside as well."""
    ensure(LIBC.unshare(_NEWNET), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running


def own_processes() -> None:
    """Try a namespace of processes with a /proc of its own."""
    ensure(LIBC.unshare(_NEWPID), "unshare")
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(15), None) == 0 else 1)
    if os.waitpid(child, 0)[1]:
        raise OSError("no /proc of its own")


def layer(place: str, upper: str, work: str, *, building: bool) -> None:
    """Put a layer over a folder of downloads: what is written lies in `upper`; only read when not `building`."""
    options = f"lowerdir={place},upperdir={upper},workdir={work}" if building else f"lowerdir={upper}:{place}"
    mount("overlay", place, "overlay", NOSUID | NODEV, f"{options},userxattr")


def few_devices() -> None:
    """Cover /dev with a folder of what programs honestly use; pseudo terminals are the run's own."""
    names = [name for name in os.listdir("/dev") if name in _DEVICES or name.startswith("nvidia")]  # noqa: PTH208
    clones = [clone(f"/dev/{name}") for name in names]
    mount("tmpfs", "/dev", "tmpfs", NOSUID, "mode=755")
    for copied in clones:
        copied.attach()
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/shm")  # noqa: PTH102, S108
    os.mkdir("/dev/pts")  # noqa: PTH102
    os.symlink("pts/ptmx", "/dev/ptmx")  # noqa: PTH211
    with contextlib.suppress(OSError):  # without it there are no terminals at all
        mount("devpts", "/dev/pts", "devpts", NOSUID, "newinstance,ptmxmode=0666,mode=620")
    read_only("/dev")


@dataclass(frozen=True)
class Clone:
    """A detached copy of the mount at a file or folder."""

    path: str
    is_folder: bool
    descriptor: int

    def attach(self) -> None:
        """move_mount(2): put it where it was, which is made where nothing is left of it."""
        os.makedirs(self.path if self.is_folder else os.path.dirname(self.path), exist_ok=True)  # noqa: PTH103, PTH120
        if not self.is_folder and not os.path.exists(self.path):  # noqa: PTH110
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY))
        moved = LIBC.syscall(429, self.descriptor, b"", _AT_FDCWD, os.fsencode(self.path), 0x4)
        ensure(moved, f"move_mount {self.path}")
        os.close(self.descriptor)


def clone(path: str) -> Clone:
    """open_tree(2): copy the mount at a path, to be put back when that is covered."""
    copied: int = LIBC.syscall(428, _AT_FDCWD, os.fsencode(path), 1 | 0x80000 | _AT_RECURSIVE)
    if copied < 0:
        ensure(-1, "open_tree")
    return Clone(path, os.path.isdir(path), copied)  # noqa: PTH112
