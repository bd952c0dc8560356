"""A comparison spread over slots of this machine: a process for each part, on cores of its own."""

import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from helpers import console, git, locks
from helpers.judge.compare import spread
from helpers.judge.compare.driver import SILENT_SECONDS, Given
from helpers.judge.compare.spread import Part
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import SideError
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import environment
from helpers.run.jobs.task import from_dict
from helpers.run.local import slots

GPU = "gpu-"
"""Before a GPU, as CUDA names it, in the name of the slot that has it."""
POLL_SECONDS = 0.2
"""Seconds between two looks at the parts: looking often would disturb them."""


def named(count: int, cpus: int, *, by_gpu: bool) -> dict[str, str]:
    """Return the slots of a comparison that is spread over `count`, 0 for as many as fit, each with its GPU's model.

    Raises Failure (2).
    """
    gpus = slots.asked("gpu")[1] if by_gpu else []
    if by_gpu and count > len(gpus):
        raise console.usage(f"--spread {count}: this machine has {len(gpus)} GPUs", f"--spread {len(gpus)}")
    count = count or len(gpus) or len(slots.cores()) // cpus
    slots.require_slots(count, cpus)
    if count < 2:
        what = "GPUs" if by_gpu else f"slots of {cpus} cores"
        raise console.usage(f"this machine has no two {what}", "leave --spread out")
    if by_gpu:
        return {GPU + gpu: slots.gpu_kind(gpu) for gpu in gpus[:count]}
    return {f"slot-{number}": "" for number in range(count)}


@dataclass
class _Running:
    part: Part
    pid: int
    place: Path

    def look(self) -> Part:
        """Return the part as it is by now."""
        pid, status = os.waitpid(self.pid, os.WNOHANG) if self.part.is_open else (0, 0)
        self.part = replace(self.part, pairs=spread.read_pairs(self.place / "pairs"))
        if pid:
            said = (self.place / "error").read_text(encoding="utf-8") if (self.place / "error").exists() else ""
            ended = f"its process ended with {os.waitstatus_to_exitcode(status)}"
            self.part = replace(self.part, is_open=False, reason=said or ended)
        return self.part

    def end(self) -> None:
        """End it now; its benchmark dies with it."""
        if self.part.is_open:
            os.kill(self.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self.part = replace(self.part, is_open=False)


def collect(root: Path, plan: Plan, place: Path, log: TextIO) -> Given:
    """Measure pairs on all slots at the same time until they decide, and return them; raises SideError."""
    running, told = list[_Running](), time.monotonic()
    try:
        while True:
            parts = [each.look() for each in running]
            its = spread.step(plan, parts, list(plan.spread), None, ahead=1)
            if its.error:
                raise SideError(its.error)
            if its.ready:
                print(f"{len(its.given[''])} pairs on {len(plan.spread)} slots are enough", file=log)
                return its.given
            phase = list(its.given)[-1]
            for each in running:
                if each.part.phase != phase:
                    each.end()
            running += [_start(root, plan, part, place / str(len(running) + n)) for n, part in enumerate(its.begin)]
            if time.monotonic() - told > SILENT_SECONDS:
                told = time.monotonic()
                print(f"{len(its.given[phase])} pairs without a gap on {len(plan.spread)} slots", file=log)
            time.sleep(POLL_SECONDS)
    finally:
        for each in running:
            each.end()
        environment.end_children()


def _start(root: Path, plan: Plan, part: Part, place: Path) -> _Running:
    place.mkdir(parents=True)
    sys.stdout.flush()
    if pid := os.fork():
        return _Running(part, pid, place)
    try:
        environment.die_with_parent()
        environment.adopt_orphans()
        _measure(root, plan, part, place)
    except (SideError, OSError) as error:
        (place / "error").write_text(str(error), encoding="utf-8")
        os._exit(1)
    except BaseException:  # noqa: BLE001 - whatever it is must not go on as the driver
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _measure(root: Path, plan: Plan, part: Part, place: Path) -> None:
    slot, count, task = list(plan.spread).index(part.worker), len(plan.spread), from_dict(plan.task)
    cpus = task.cpus
    if part.worker.startswith(GPU):  # both sides of a pair see one GPU, and share the cores as an experiment there does
        cpus = max(cpus, len(slots.cores()) // count)
        task = replace(task, envs={**task.envs, slots.VISIBLE: part.worker.removeprefix(GPU)})
        plan = replace(plan, task=vars(task))
    os.sched_setaffinity(0, slots.share(slot, count, cpus))
    trees, turn = Shadow(git.find(root), Path(plan.workdir_root)), locks.held(place.parent / "building", wait=True)
    with (place / "pairs").open("w", encoding="utf-8", buffering=1) as out, (place / "log").open("w") as log:
        say = lambda pair: print(spread.pair_line(pair), file=out)  # noqa: E731
        spread.measure(root, plan, place / "sides", trees, log, part, say, turn)
