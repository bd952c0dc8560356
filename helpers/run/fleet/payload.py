"""What is sent to a worker: one experiment's sealed copy under a folder name of its own, and the script that runs it.

SkyPilot copies into one shared folder of the worker without deleting anything there. So each job has its own folder
name, changes into it, and removes it when it ends; and a worker runs one job at a time, whatever else waits in its
queue. Short ones that SkyPilot is to start together follow each other: the script of one ends as that of the next.
"""

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

from helpers import git, paths
from helpers.run.copies.copies import SKYIGNORE
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import execute
from helpers.run.jobs.task import Task

_SCRIPT = Path(__file__).with_name("job.sh")
"""Runs one experiment on a worker, once variables and a function in front of it have said which."""
_JUDGE = """\
for python in python3 "$HOME"/skypilot-runtime/bin/python; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then found=$python; fi
done
cd {job} || exit 1
[ -n "${{found:-}}" ] || {{ echo "a python3 of at least 3.10 is needed on the worker"; exit 1; }}
PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1 exec "$found" -m helpers.judge.compare.on_worker .
"""
BESIDE = ".base"
"""What follows the job's name in that of the folder beside it: the baseline, during a screen."""
JUDGED_LIMIT = 12 * 3600
"""Seconds that a comparison or calibration on a worker may take."""


def add(root: Path, ship: Path, job: str, trees: tuple[str, str], task: Task, envs: dict[str, str]) -> None:
    """Add `job` to the folder to send; `trees`: the experiment's, and the one beside it."""
    shadow = Shadow(git.find(root), ship.parent.parent)
    shadow.restore(trees[0], ship / job)
    if trees[1]:
        shadow.restore(trees[1], ship / f"{job}{BESIDE}")
    if task.setup.strip():
        (ship / f"{job}.setup.sh").write_text(task.setup, encoding="utf-8")
    _finish(ship, job, task.run, task.limit(), {**task.envs, **envs}, execute.setup_digest(task, ship / job))


def pack_judged(root: Path, folder: Path, job: str, experiment: str, asked: dict[str, Any], trees: list[str]) -> Path:
    """Make the folder to send for a comparison or a calibration: the trees, the plan, and the bundle's own rule."""
    ship, shadow = fresh(folder, job), Shadow(git.find(root), folder)
    for tree in dict.fromkeys(trees):
        shadow.restore(tree, ship / job / "trees" / tree)
    copy_rule(ship / job)
    (ship / job / "plan.json").write_text(json.dumps(asked), encoding="utf-8")
    _finish(ship, job, _JUDGE.format(job=shlex.quote(job)), JUDGED_LIMIT, {"EXPERIMENT_ID": experiment})
    return ship


def copy_rule(folder: Path) -> None:
    """Copy what builds, measures and judges into `folder`/helpers: it runs there on a bare python3."""
    here = paths.BUNDLE / "helpers"
    for room in ("run", "judge"):
        shutil.copytree(here / room, folder / "helpers" / room, ignore=shutil.ignore_patterns("__pycache__"))
    for module in here.glob("*.py"):
        shutil.copy2(module, folder / "helpers" / module.name)


def fresh(folder: Path, job: str) -> Path:
    """Make the folder to send as the job of that name, empty, and return it."""
    ship = folder / "ship" / job
    shutil.rmtree(ship, ignore_errors=True)
    ship.mkdir(parents=True)
    (ship / ".skyignore").write_text(SKYIGNORE, encoding="utf-8")
    return ship


def _finish(ship: Path, job: str, run: str, limit: int, envs: dict[str, str], digest: str = "") -> None:
    (ship / f"{job}.run.sh").write_text(run, encoding="utf-8")
    its, experiment = shlex.quote(job), shlex.quote(envs["EXPERIMENT_ID"])
    exports = "".join(f"  export {name}={shlex.quote(value)}\n" for name, value in envs.items())
    head = f"job={its} experiment={experiment} limit={limit} digest={digest}\nenvironment() {{\n{exports}}}\n"
    (ship / f"{job}.job.sh").write_text(head + _SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")


def command(jobs: list[str]) -> str:
    """Return what the worker is told to run, in the folder that was sent."""
    return shlex.join(["bash", *(f"{job}.job.sh" for job in jobs)])
