"""What the keeper found in its last round: a note for people, on disk. The journal, not this, says what is true."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from helpers import files, locks, next_step, paths
from helpers.state import Job

FILE, LOCK = "sky-seen.json", "keeper.lock"


def write(root: Path, trouble: list[str], states: dict[str, str]) -> None:
    """Note the round's trouble and the jobs' states; a round that learned nothing leaves the states as they were."""
    file = paths.state_folder(root) / FILE
    known = _read(root)
    if not trouble or states:
        known.update(at=time.time(), states=states)
    known["trouble"] = trouble[:5]
    files.replace(file, json.dumps(known), durable=False)


def trouble(root: Path) -> str:
    """Return what the keeper's last round could not do, empty when all went well."""
    return "\n".join(map(str, _read(root).get("trouble", [])))


def state_words(root: Path, jobs: list[Job]) -> dict[str, str]:
    """Return the state of each of the fleet's open jobs in a few words; says so where nobody has looked lately."""
    known = _read(root)
    states, age = known.get("states", {}), abs(time.time() - float(known.get("at", 0)))
    with locks.held(paths.state_folder(root) / LOCK, shared=True) as free:
        alive = not free
    told = {}
    for job in jobs:
        if not job.sent:
            state = "waiting"
        elif job.cancelling:
            state = "being cancelled"
        else:
            state = states.get(job.name, "sent")
            if state != "sent" and age > 120:
                state += f" {age / 60:.0f} min ago"
        told[job.name] = (
            state if alive else next_step.runnable(f"{state}; nobody collects: collect_results.py --wait 600")
        )
    return told


def _read(root: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((paths.state_folder(root) / FILE).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}
