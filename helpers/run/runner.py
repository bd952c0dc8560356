"""The process that works through the queue of one slot: started by a submission, gone when nothing waits.

It is detached from whoever submitted, so jobs outlive the agent's shell. Run as `python3 -m helpers.run.runner ROOT
SLOT SLOTS` with the bundle on the path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from helpers import git, paths
from helpers.run import sandbox, slots
from helpers.run.jobs import Folder, Spec, queue
from helpers.run.shadow import Shadow
from helpers.run.task import Task, from_dict


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
    with job.held() as mine:
        if not mine or job.has("started") or job.has("cancelled"):
            return False
        job.mark("started", f"{os.getpid()}\n")
        run(root, job, slot, count)
        return True


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
            slots.add_dependencies(root, slot, env)
            ready = _set_up(root, task, spec, copy, env, slot, log.fileno())
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


def _set_up(root: Path, task: Task, spec: Spec, copy: Path, env: dict[str, str], slot: int, log: int) -> bool:
    """Run the setup section once for a slot, and again when its text, its script or the environment changed."""
    if not task.setup.strip():
        return True
    script = copy / paths.SETUP_DEPS
    parts = [
        task.setup,
        script.read_text(errors="replace") if script.is_file() else "",
        repr(sorted(task.envs.items())),
    ]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    stamp = paths.state_folder(root) / "slots" / f"setup-{slot}"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return True
    code = _bash(task.setup, copy, env, spec.limit, log, prefix=True)
    if code == 0:
        stamp.write_text(digest, encoding="utf-8")
    return code == 0


def _execute(text: str, copy: Path, env: dict[str, str], spec: Spec, slot: int, count: int, log: int) -> str:
    own = slots.share(slot, count, spec.cpus) if count > 1 else []
    code = _bash(text, copy, env, spec.limit, log, cores=own)
    if code is None:
        return f"timed out: the whole job ran past {spec.limit} s and was ended"
    return "" if code == 0 else f"the run section ended with exit {code}"


def _bash(
    text: str,
    copy: Path,
    env: dict[str, str],
    limit: int,
    log: int,
    *,
    prefix: bool = False,
    cores: list[int] | None = None,
) -> int | None:
    """Run a bash text in `copy`; return its exit code, None when it ran past `limit` seconds. Nothing is left running."""
    script = copy.parent / "script.sh"
    if prefix:  # what a setup prints is no result
        text = f"set -o pipefail\n{{\n{text}\n}} 2>&1 </dev/null | sed -u 's/^/setup| /'\n"
    script.write_text(text, encoding="utf-8")

    def child() -> None:
        sandbox.die_with_parent()
        if cores:
            os.sched_setaffinity(0, cores)

    process = subprocess.Popen(
        ["bash", str(script)], cwd=copy, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True, preexec_fn=child,  # noqa: PLW1509 - this process has no threads
    )  # fmt: skip
    until = time.monotonic() + limit
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    code = process.poll()
    sandbox.end_group(process.pid)
    sandbox.end_children()
    return code


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
