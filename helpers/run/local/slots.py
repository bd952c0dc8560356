"""Slots: how many benchmarks run at once on this machine, and the cores that each has to itself.

Locks are taken in one order, by everybody: the line for a slot, that for all, the slot, then those above it, upwards.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

from helpers import console, locks, paths, printable, progress

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Which GPUs a program sees."""
ALL = -1  # the slot's number whose line is that of comparisons, which have the machine to themselves


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def gpus() -> list[str]:
    """Return the GPUs that a program started here may use, as CUDA names them; none without nvidia-smi."""
    allowed = os.environ.get(VISIBLE)
    if allowed is not None:
        return [name.strip() for name in allowed.split(",") if name.strip()]
    return re.findall(r"^\d+$", _nvidia("--query-gpu=index"), re.MULTILINE)


def gpu_kind(gpu: str) -> str:
    """Return the model of a GPU; empty where nvidia-smi does not tell it."""
    return printable.name(_nvidia("-i", gpu, "--query-gpu=name").partition(",")[0].strip())


def _nvidia(*asked: str) -> str:
    try:
        command = ["nvidia-smi", *asked, "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def asked(words: str) -> tuple[int, list[str]]:
    """Return how many slots `--slots` asks for, and the GPU of each where they go by those.

    Raises Failure (2) where it is neither a number nor `gpu`, or no GPU is to be seen.
    """
    if words == "gpu":
        if not (found := gpus()):
            raise console.usage("--slots gpu: no GPU is to be seen here (nvidia-smi lists none)", "use --slots 1")
        return len(found), found
    if not words.isdecimal() or int(words) < 1:
        raise console.usage(f"--slots {words}: a number, 1 or more, or gpu is expected", "use --slots 1")
    return int(words), []


def share(slot: int, slots: int, cpus: int) -> list[int]:
    """Return the cores of slot number `slot`: all of them for a single slot, else `cpus` of its own."""
    have = cores()
    return have if slots <= 1 else have[slot * cpus : (slot + 1) * cpus]


def require_slots(slots: int, cpus: int) -> None:
    """Raise Failure (2) when that many slots would have to share cores."""
    if slots > 1 and not hasattr(os, "sched_setaffinity"):
        raise console.usage("this system cannot pin a slot to its own cores", "use --slots 1")
    if slots > 1 and slots * cpus > len(cores()):
        most = max(1, len(cores()) // cpus)
        raise console.usage(
            f"{slots} slots of {cpus} cores need {slots * cpus} cores, this machine offers {len(cores())}: "
            "benchmarks that share cores disturb each other",
            f"use --slots {most}, or lower resources.cpus in {paths.TASK}",
        )


def hold(root: Path, slot: int) -> AbstractContextManager[bool]:
    """Hold a slot; waits for it, and until what wants, or has, all of them is through: it goes before a queue."""
    with locks.held(_file(root, f"queue-{ALL}.lock"), wait=True):
        pass
    return locks.held(_file(root, f"slot-{slot}.lock"), wait=True)


@contextmanager
def hold_all(root: Path, above: int = ALL) -> Iterator[None]:
    """Hold every slot that there can be, or those above one: a comparison has the machine to itself.

    Waits for what runs, and says so where somebody is to be told.
    """
    with ExitStack() as stack:
        with progress.beating("waiting for what runs here to end") if progress.is_told() else nullcontext():
            for name in [f"queue-{ALL}"] * (above == ALL) + [f"slot-{number}" for number in range(above + 1, _most())]:
                stack.enter_context(locks.held(_file(root, f"{name}.lock"), wait=True))
        yield


def first_in_line(root: Path, slot: int) -> AbstractContextManager[bool]:
    """Stand in line for a slot; yields False when somebody does."""
    return locks.held(_file(root, f"queue-{slot}.lock"))


def waited_for(root: Path, slot: int) -> bool:
    """Tell whether a process waits for a slot: it will see every job that is queued by now."""
    return _is_held(_file(root, f"queue-{slot}.lock"))


def busy(root: Path) -> bool:
    """Tell whether any slot is held now."""
    return waited_for(root, ALL) or any(_is_held(_file(root, f"slot-{number}.lock")) for number in range(_most()))


def add_dependencies(root: Path, slot: int, env: dict[str, str]) -> None:
    """Give a run the folder where the setup section of this slot installs what all runs need (AUTORESEARCH_DEPS)."""
    folder = _file(root, f"deps-{slot}")
    folder.mkdir(exist_ok=True)
    env["AUTORESEARCH_DEPS"] = str(folder)
    env["PATH"] = f"{folder / 'bin'}:{env.get('PATH', os.defpath)}"
    if "PYTHONUSERBASE" not in env:
        env["PYTHONUSERBASE"] = str(folder)


def _most() -> int:
    """How many slots there can ever be, also for who may use more cores than this process."""
    return os.cpu_count() or 1 if hasattr(os, "sched_setaffinity") else 1


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with locks.held(lock, shared=True) as free:
        return not free


def _file(root: Path, name: str) -> Path:
    folder = paths.state_folder(root) / "slots"
    folder.mkdir(exist_ok=True)
    return folder / name
