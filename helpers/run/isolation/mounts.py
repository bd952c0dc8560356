"""Walls around one run, where Linux allows them: it can write to its own folders and nowhere else.

In a mount namespace of its own the whole file system is made read-only, the temporary folders are fresh and empty, and
of the runs' folders only the run's own copy, HOME and TMPDIR are there. So neither side of a comparison can see or touch
the other, no program reaches the person's files or the journal, and nothing can be kept from one measurement to the next
outside of the copy (which the comparison scans). Shared memory and queues of System V are its own, too.

See mount_namespaces(7), user_namespaces(7), mount_setattr(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from helpers.run.isolation.libc import LIBC, check

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER = 0x00020000, 0x04000000, 0x08000000, 0x10000000
_BIND, _REC, _PRIVATE, _RDONLY, _REMOUNT, _NOSUID, _NODEV = 0x1000, 0x4000, 1 << 18, 1, 0x20, 2, 4
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - these are what gets a fresh, private one
_DEVICES = ("null", "zero", "full", "random", "urandom", "dri", "kfd")
"""What a run sees of /dev, beside nvidia*: no terminals, disks or memory of the machine."""


def read_only_mounts(
    own: Sequence[Path], siblings: Path, keep: Sequence[Path] = (), fixed: Sequence[Path] = ()
) -> Callable[[], None] | None:
    """Return what a fresh child calls to stand behind walls, None where the system does not allow them.

    The folders `own` stay writable, `siblings` (the folder of all runs) and the temporary folders become empty but for
    them; `keep` stays visible, read-only; `fixed` files inside `own` can be neither written nor replaced.
    """
    if not available():
        return None
    hidden = sorted({str(siblings), *(place for place in _SCRATCH if Path(place).is_dir())})
    covered = tuple(place + "/" for place in hidden)
    writable = [str(path) for path in own if os.path.isdir(path)]  # noqa: PTH112
    shown = [str(path) for path in keep if str(path).startswith(covered) and os.path.isdir(path)]  # noqa: PTH112
    locked = [str(path) for path in fixed]

    def build() -> None:
        _enter()
        _hide(writable, hidden, shown)
        for file in locked:
            if os.path.isfile(file) and not os.path.islink(file):  # noqa: PTH113, PTH114
                _mount(file, file, None, _BIND)
                _read_only(file)

    return build


@cache
def available() -> bool:
    """Tell whether such a namespace can be made here, by making one."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            _enter()
            _read_only("/")
            code = 0
        except OSError:
            pass
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    arguments = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    check(LIBC.mount(*arguments, ctypes.c_ulong(flags), None if data is None else data.encode()), f"mount {target}")


def _enter() -> None:
    uid, gid = os.getuid(), os.getgid()
    if not hasattr(LIBC, "unshare"):
        raise OSError("no unshare here")
    if uid == 0:
        check(LIBC.unshare(_NEWNS | _NEWIPC | _NEWUTS), "unshare")
    else:
        check(LIBC.unshare(_NEWNS | _NEWIPC | _NEWUTS | _NEWUSER), "unshare")
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    _mount("none", "/", None, _REC | _PRIVATE)


def _read_only(path: str) -> None:
    attributes = struct.pack("QQQQ", 0x1, 0, 0, 0)  # struct mount_attr: MOUNT_ATTR_RDONLY set
    result = LIBC.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes))
    )
    check(result, "mount_setattr")


def _hide(own: Sequence[str], hidden: Sequence[str], shown: Sequence[str]) -> None:
    """Cover `hidden` with empty folders and bring `own` and `shown` back to where they were."""
    descriptors = [(path, os.open(path, os.O_PATH | os.O_DIRECTORY)) for path in dict.fromkeys((*shown, *own))]
    clones = [(path, _clone(descriptor)) for path, descriptor in descriptors]
    _read_only("/")
    _few_devices()
    for place in hidden:
        if os.path.isdir(place):  # noqa: PTH112 - this runs before each measurement
            _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, "mode=1777,size=75%")
    for path, clone in clones:  # what is only shown comes first, so that nothing of it stays writable
        if not os.path.isdir(path):  # noqa: PTH112
            os.makedirs(path)  # noqa: PTH103
        _attach(clone, path)
        os.close(clone)
        if path not in own:
            _read_only(path)
    os.chdir(os.getcwd())  # noqa: PTH109 - the working folder is the one behind the new mounts


def _few_devices() -> None:
    """Cover /dev with a folder of what programs honestly use; pseudo terminals are the run's own."""
    names = [name for name in os.listdir("/dev") if name in _DEVICES or name.startswith("nvidia")]  # noqa: PTH208
    clones = []
    for name in names:
        descriptor = os.open(f"/dev/{name}", os.O_PATH)
        clones.append((f"/dev/{name}", os.path.isdir(f"/dev/{name}"), _clone(descriptor)))  # noqa: PTH112
        os.close(descriptor)
    _mount("tmpfs", "/dev", "tmpfs", _NOSUID, "mode=755")
    for path, is_folder, clone in clones:
        if is_folder:
            os.mkdir(path)  # noqa: PTH102
        else:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        _attach(clone, path)
        os.close(clone)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")  # noqa: PTH211
    os.mkdir("/dev/shm")  # noqa: PTH102, S108
    os.mkdir("/dev/pts")  # noqa: PTH102
    os.symlink("pts/ptmx", "/dev/ptmx")  # noqa: PTH211
    with contextlib.suppress(OSError):  # without it there are no terminals at all
        _mount("devpts", "/dev/pts", "devpts", _NOSUID, "newinstance,ptmxmode=0666,mode=620")
    _read_only("/dev")


def _clone(descriptor: int) -> int:
    """open_tree(2): a detached copy of the mount at a folder."""
    clone: int = LIBC.syscall(428, descriptor, b"", 0x1000 | 1 | 0x80000 | _AT_RECURSIVE)
    if clone < 0:
        check(-1, "open_tree")
    return clone


def _attach(clone: int, path: str) -> None:
    """move_mount(2): put a detached copy at a folder."""
    check(LIBC.syscall(429, clone, b"", _AT_FDCWD, os.fsencode(path), 0x4), f"move_mount {path}")
