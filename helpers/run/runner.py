"""The process that works through the queue of one slot: started by a submission, gone when nothing waits.

It is detached from whoever submitted, so jobs outlive the agent's shell. Run as `python3 -m helpers.run.runner ROOT
SLOT SLOTS` with the bundle on the path.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from helpers import git, paths
from helpers.run import execute, local, sandbox, slots, walls
from helpers.run.jobs import Folder, Spec, queue
from helpers.run.shadow import Shadow
from helpers.run.task import from_dict


def work(root: Path, slot: int, count: int) -> None:
    """Run every job that waits. At most one runner works on a slot and at most one waits behind it."""
    sandbox.adopt_orphans()
    with slots.hold(root, 1000 + slot, wait=False) as first_in_line:
        if not first_in_line:
            return  # another runner already waits for this slot and will see the new job
        keeper = slots.hold(root, slot)
        keeper.__enter__()
    try:
        while True:
            job = next((j for j in (Folder(root, n) for n in queue(root)) if _claim(root, j, slot, count)), None)
            if job is None:
                return
    finally:
        keeper.__exit__(None, None, None)


def _claim(root: Path, job: Folder, slot: int, count: int) -> bool:
    with job.claimed() as mine:
        if mine:
            run(root, job, slot, count)
        return mine


def run(root: Path, job: Folder, slot: int, count: int) -> None:
    """Run one job to its end in a clean folder of its own, and leave its log and the marker `finished`."""
    spec = job.spec()
    task = from_dict(spec.task)
    folder = Path(spec.workdir_root) / "runs" / spec.job
    shutil.rmtree(folder, ignore_errors=True)
    with job.log.open("ab") as log:
        try:
            copy = folder / "copy"
            Shadow(git.find(root), Path(spec.workdir_root)).restore(spec.tree, copy)
            env = sandbox.environment(folder, {**task.envs, **spec.env}, spec.passed)
            env[sandbox.MARK] = local.mark(root, spec.job)
            slots.add_dependencies(root, slot, env)
            ready = execute.set_up(root, task, copy, env, slot, log.fileno())
            reason = "setup failed" if not ready else _execute(task.run, copy, env, spec, slot, count, log.fileno())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong belongs into the job's log, nobody watches
            reason = f"executor: {type(error).__name__}: {error}".replace("\n", " ")
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


def _execute(text: str, copy: Path, env: dict[str, str], spec: Spec, slot: int, count: int, log: int) -> str:
    cores = slots.share(slot, count, spec.cpus) if count > 1 else []
    folder, script = copy.parent, copy.parent / "script"
    script.mkdir()
    caches = [Path(env[name]) for name in sandbox.DOWNLOADS if name in env]
    own = [copy, folder / "home", folder / "tmp", *caches]
    around = walls.builder(own, folder.parent, [script, *sandbox.tools(env)], [copy / name for name in paths.PROTECTED])
    command = ["bash", str(execute.script(text, script))]
    code = execute.bash(command, copy, env, spec.limit, log, cores=cores, walls=around)
    if code is None:
        return f"timed out: the whole job ran past {spec.limit} s and was ended"
    return "" if code == 0 else f"the run section ended with exit {code}"


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
