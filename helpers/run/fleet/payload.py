"""What is sent to a worker: one experiment's sealed copy under a folder name of its own, and the script that runs it.

SkyPilot copies into one shared folder of the worker without deleting anything there. So each job has its own folder
name, changes into it, and removes it when it ends; and a worker runs one job at a time, whatever else waits in its
queue. Short ones that SkyPilot is to start together follow each other: the script of one ends as that of the next.
"""

from __future__ import annotations

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

_SCRIPT = """\
# Runs one experiment on a worker; made by helpers/run/fleet/payload.py.
set -uo pipefail
job={job} experiment={experiment} limit={limit} digest={digest}
own=$HOME/.autoresearch held=${{AUTORESEARCH_HELD:-}}
unset AUTORESEARCH_HELD
mkdir -p "$own/claims"
rm_all() {{ rm -rf -- "$job" "$job.base" "$job.run.sh" "$job.setup.sh" "$job.job.sh"; }}
next() {{ [ $# = 0 ] || AUTORESEARCH_HELD=1 exec bash "$@"; exit 0; }}
crash() {{ printf 'EXPERIMENT_ID: %s\\nEXPERIMENT_STATUS: crash\\nEXPERIMENT_ERROR: %s\\n' "$experiment" "$1"; }}

# One at a time: the next one waits here, and begins as soon as this one ends.
if [ -z "$held" ] && command -v flock >/dev/null; then
  exec 9>"$own/lock"
  flock 9
  for other in "$own"/claims/*; do # nobody runs now: what an ended one could not clean up
    other=${{other##*/}}
    [ -e "$other" ] || [ -e "$other.job.sh" ] || continue
    rm -rf -- "$other" "$other.base" "$other.run.sh" "$other.setup.sh" "$other.job.sh"
  done
fi
echo "autoresearch: $job"
# Sent twice (a caller that died, an answer that was lost): only the first one runs.
if ! mkdir "$own/claims/$job" 2>/dev/null; then
  echo "autoresearch: $job was claimed already"
  next "$@"
fi
trap 'rm_all; exit 1' TERM INT HUP
{envs}

if [ -f "$job.setup.sh" ] && [ "$(cat "$own/setup" 2>/dev/null)" != "$digest" ]; then
  if ! bash "$job.setup.sh" 9>&- </dev/null 2>&1 | sed 's/^/setup| /'; then
    crash "setup failed"
    rm_all
    next "$@"
  fi
  echo "$digest" >"$own/setup"
fi
AUTORESEARCH_MARK=$job timeout -k 10 "$limit" bash "$job.run.sh" 9>&- </dev/null
code=$?
# What it left behind. One grep for all: a process each would cost seconds on a busy worker.
grep -lzxF "AUTORESEARCH_MARK=$job" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ process _; do
  kill -KILL "$process" 2>/dev/null
done
if [ "$code" = 124 ] || [ "$code" = 137 ]; then
  crash "timed out: the whole job ran past $limit s and was ended"
elif [ "$code" != 0 ]; then
  crash "the run section ended with exit $code"
fi
rm_all
next "$@"
"""


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
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in envs.items())
    its, experiment = shlex.quote(job), shlex.quote(envs["EXPERIMENT_ID"])
    script = _SCRIPT.format(job=its, experiment=experiment, limit=limit, digest=digest, envs=exports)
    (ship / f"{job}.job.sh").write_text(script, encoding="utf-8")


def command(jobs: list[str]) -> str:
    """Return what the worker is told to run, in the folder that was sent."""
    return shlex.join(["bash", *(f"{job}.job.sh" for job in jobs)])
