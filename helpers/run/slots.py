"""Slots: how many benchmarks run at once on this machine, and the cores that each has to itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from helpers import console, locks, paths


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def share(slot: int, slots: int, cpus: int) -> list[int]:
    """Return the cores of slot number `slot`: all of them for a single slot, else `cpus` of its own."""
    have = cores()
    return have if slots <= 1 else have[slot * cpus : (slot + 1) * cpus]


def check(slots: int, cpus: int) -> None:
    """Raise Failure (2) when so many slots would have to share cores."""
    if slots > 1 and not hasattr(os, "sched_setaffinity"):
        raise console.usage("this system cannot pin a slot to its own cores", "use --slots 1")
    if slots > 1 and slots * cpus > len(cores()):
        most = max(1, len(cores()) // cpus)
        raise console.usage(
            f"{slots} slots of {cpus} cores need {slots * cpus} cores, this machine offers {len(cores())}: "
            "benchmarks that share cores disturb each other",
            f"use --slots {most}, or lower resources.cpus in {paths.TASK}",
        )


@contextmanager
def hold(root: Path, slot: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold a slot; yields whether it could be had (always, with `wait`)."""
    with locks.held(_file(root, f"slot-{slot}.lock"), wait=wait) as free:
        yield free


@contextmanager
def hold_all(root: Path) -> Iterator[None]:
    """Hold every slot that exists: a comparison has the machine to itself. Waits for what runs."""
    with ExitStack() as stack:
        numbers = sorted({0, *(int(p.stem[5:]) for p in _folder(root).glob("slot-*.lock"))})
        for number in numbers:
            stack.enter_context(hold(root, number))
        yield


def busy(root: Path) -> bool:
    """Tell whether any slot is held now."""
    for file in _folder(root).glob("slot-*.lock"):
        with hold(root, int(file.stem[5:]), wait=False) as free:
            if not free:
                return True
    return False


def add_dependencies(root: Path, slot: int, env: dict[str, str]) -> None:
    """Give a run the folder where the setup section of this slot installs what all runs need (AUTORESEARCH_DEPS)."""
    folder = _file(root, f"deps-{slot}")
    folder.mkdir(exist_ok=True)
    env["AUTORESEARCH_DEPS"] = str(folder)
    env["PATH"] = f"{folder / 'bin'}:{env.get('PATH', os.defpath)}"
    if "PYTHONUSERBASE" not in env:
        env["PYTHONUSERBASE"] = str(folder)


def _folder(root: Path) -> Path:
    folder = paths.state_folder(root) / "slots"
    folder.mkdir(exist_ok=True)
    return folder


def _file(root: Path, name: str) -> Path:
    return _folder(root) / name
