"""Which parts of the walls around a run hold on this machine, found by building each of them for real."""

import os
from collections.abc import Callable
from functools import cache

from helpers.run.isolation import namespaces, pids
from helpers.run.isolation.namespaces import NODEV, NOSUID, SCRATCH

WITHOUT = {
    "files": "a run can read and write whatever you can: your home, work tree and other experiments are not hidden",
    "devices": "terminals and disks are in a run's sight",
    "network": "benchmark and checks can use the network and the machine's sockets",
    "processes": "a run sees the machine's processes",
    "keys": "a run can use the keys that the kernel holds for you: no system call can be refused here",
    "layers": "a build fetches what it depends on again, into an empty folder of its own",
}
"""What it means when a part does not hold."""


@cache
def parts_that_hold() -> dict[str, bool]:
    """Build each part in a process that ends then; return which of them hold."""
    found = {"files": _holds(_files)}
    rest = {"devices": _devices, "network": namespaces.own_network, "processes": namespaces.own_processes}
    rest |= {"keys": pids.refuse_calls, "layers": _layers}
    return found | {name: found["files"] and _holds(step) for name, step in rest.items()}


def missing() -> list[str]:
    """Return in words what does not hold."""
    parts = parts_that_hold()
    return [WITHOUT["files"]] if not parts["files"] else [text for name, text in WITHOUT.items() if not parts[name]]


def available() -> bool:
    """Tell whether there are walls here at all: without those around files nothing else is built."""
    return parts_that_hold()["files"]


def _holds(step: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            namespaces.enter()
            step()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _files() -> None:
    namespaces.read_only("/")
    namespaces.mount("tmpfs", SCRATCH[0], "tmpfs", NOSUID | NODEV)


def _devices() -> None:
    namespaces.read_only("/")
    namespaces.few_devices()


def _layers() -> None:
    namespaces.mount("tmpfs", SCRATCH[0], "tmpfs", NOSUID | NODEV)
    places = [f"{SCRATCH[0]}/{name}" for name in ("place", "upper", "work")]
    for place in places:
        os.mkdir(place)  # noqa: PTH102
    namespaces.layer(*places, building=True)
