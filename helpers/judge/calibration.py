"""Calibrating this host: how small a gain can be resolved here."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from helpers import console, git, journal, state
from helpers.judge import noise
from helpers.run import sandbox, slots
from helpers.run.shadow import Shadow
from helpers.run.side import Side, SideError
from helpers.run.task import from_dict
from helpers.run.workdir import Workdirs

RUNS = 24


@dataclass(frozen=True)
class Calibration:
    """The journaled event, its words, and whether the host resolves the session's margin."""

    event: journal.Event
    text: str
    quiet: bool


def calibrate(work: Workdirs) -> Calibration:
    """Measure the baseline again and again; raises Failure (3) when it cannot be measured."""
    now = state.load(work.root)
    task = from_dict(now.require_lock()["task"])
    folder = work.folder / "runs" / "calibrate"
    side = Side(work.root, str(now.baseline["tree"]), folder, task, list(now.config.get("passEnv") or []))
    sandbox.adopt_orphans()
    try:
        with slots.hold_all(work.root):
            console.note("building the baseline")
            side.build(Shadow(git.find(work.root), work.folder))
            side.measure()
            samples = []
            for number in range(RUNS):
                samples.append(side.measure()[now.metric])
                if number % 6 == 5:
                    console.note(f"{number + 1} of {RUNS} measurements")
    except SideError as error:
        raise console.outside(f"the baseline cannot be measured: {error}", "mend it, then calibrate again") from None
    except KeyError:
        raise console.outside(f"the benchmark prints no METRIC {now.metric}", "look at autoresearch.sh") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = noise.calibrate(samples, now.margin)
    event = journal.append(
        work.root,
        {"type": "worker", "worker": "local", "event": "calibrated", "sigma_pair": found.sigma_pair,
         "resolves": found.resolves, "samples": samples, "noisy": found.noisy},
    )  # fmt: skip
    return Calibration(event, found.text, not found.noisy)
