"""The process that works through the queue of one slot: started by a submission, gone when nothing waits.

It is detached from the process that submitted, so jobs outlive the agent's shell. Run as
`python3 -m helpers.run.local.runner ROOT SLOT` with the bundle on the path.
"""

import os
import platform
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from helpers import files, git
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import environment, execute
from helpers.run.isolation.reach import BESIDE, Reach
from helpers.run.jobs.task import BUILD_CMD, NETWORK, Task, from_dict
from helpers.run.local import executor, slots
from helpers.run.local.job_folder import Folder, Spec, queue
from helpers.run.local.room import Room


def work(root: Path, slot: int) -> None:
    """Run every job that waits. At most one runner works on a slot and at most one waits behind it."""
    environment.adopt_orphans()
    while True:
        with ExitStack() as stack:
            with slots.first_in_line(root, slot) as first:
                if not first:
                    return  # another runner already waits for this slot and will see the new job
                stack.enter_context(slots.hold(root, slot))
            while not slots.waited_for(root, slots.ALL):  # the queue is read again after each job
                if not any(_claim(root, Folder(root, name), slot) for name in queue(root)):
                    return


def _claim(root: Path, job: Folder, slot: int) -> bool:
    count = executor.width(job)
    if slot >= count:
        return False
    with ExitStack() as stack:
        if count == 1:
            stack.enter_context(slots.hold_all(root, above=slot))
        mine = stack.enter_context(job.claimed())
        if mine:
            run(root, job, slot)
        return mine


def run(root: Path, job: Folder, slot: int) -> None:
    """Run one job to its end in a clean folder of its own, and leave its log and the marker `finished`."""
    spec = job.spec()
    task = from_dict(spec.task)
    folder = Path(spec.workdir_root) / "runs" / spec.job
    shutil.rmtree(folder, ignore_errors=True)
    room = None
    with files.appending(job.log) as log:
        try:
            room = Room(job.path)
            copy = folder / "copy"
            shadow = Shadow(git.find(root), Path(spec.workdir_root))
            shadow.restore(spec.tree, copy)
            if spec.baseline:
                shadow.restore(spec.baseline, folder / BESIDE)
            env = environment.run_environment(folder, {**task.envs, **spec.env}, spec.passed)
            env[environment.MARK] = executor.mark(root, spec.job)
            if spec.gpus:
                env[slots.VISIBLE] = spec.gpus[slot]
            slots.add_dependencies(root, slot, env)
            ready = execute.set_up(root, task, copy, env, slot, log.fileno())
            reason = "setup failed" if not ready else _execute(root, task, env, spec, slot, log.fileno(), room)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong belongs into the job's log, nobody watches
            reason = f"executor: {type(error).__name__}: {error}".replace("\n", " ")
        if room:
            if room.is_gone():  # what the log holds may not be all
                reason = f"no space left on {platform.node()} ({job.path}): free some and submit it again"
            room.release()
        if job.has("cancelled"):
            reason = "cancelled"
        if reason:
            log.write(
                f"\nEXPERIMENT_ID: {spec.experiment}\nEXPERIMENT_STATUS: crash\nEXPERIMENT_ERROR: {reason}\n".encode()
            )
            log.flush()
        os.fsync(log.fileno())
    job.mark("finished", reason)
    shutil.rmtree(folder, ignore_errors=True)


def _execute(root: Path, task: Task, env: dict[str, str], spec: Spec, slot: int, log: int, room: Room) -> str:
    cores = slots.share(slot, spec.slots, spec.cpus) if spec.slots > 1 else []
    folder = Path(spec.workdir_root) / "runs" / spec.job
    script = folder / "script"
    script.mkdir()
    command = ["bash", str(execute.script(task.run, script))]
    named = " ".join([*task.envs.values(), *(env.get(name, "") for name in spec.passed)])
    network = NETWORK in task.envs or bool(task.envs.get(BUILD_CMD, "").strip())  # one text builds and measures
    walls = Reach(root, folder, Path(spec.workdir_root), env, named, network, [script]).walls(building=True)
    code = execute.bash(command, folder / "copy", env, spec.limit, log, cores=cores, walls=walls, stop=room.is_gone)
    if code is None:
        return f"timed out: the whole job ran past {spec.limit} s and was ended"
    return "" if code == 0 else f"the run section ended with exit {code}"


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
