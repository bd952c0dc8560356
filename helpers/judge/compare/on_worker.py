"""A comparison or a calibration on a worker: the same steps and the same rule as here, trees from folders beside it.

Run there as `python3 -m helpers.judge.compare.on_worker FOLDER`; FOLDER holds plan.json and trees/<tree>/. The last
line printed is `COMPARISON: {...}`, `CALIBRATION: {...}` or, after a `PAIR: {...}` for each pair, `PART: {...}`.
"""

import functools
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from helpers.judge.compare import calibration, driver, spread
from helpers.judge.compare.spread import Part
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side
from helpers.run.isolation import environment
from helpers.run.jobs.task import from_dict
from helpers.scale import Scale


class Folders:
    """Trees that were sent along, one folder each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def restore(self, tree: str, target: Path) -> None:
        """Copy a tree into `target`."""
        shutil.copytree(self.folder / tree, target, symlinks=True, dirs_exist_ok=True)


def main(folder: Path) -> None:
    """Carry out what plan.json asks for and print the answer."""
    environment.adopt_orphans()
    asked = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    home, place, trees = Path.home(), folder / "runs" / "x", Folders(folder / "trees")
    kinds = {"calibrate": ("CALIBRATION", _calibrate), "part": ("PART", _part)}
    word, work = next((kinds[key] for key in kinds if key in asked), ("COMPARISON", _compare))
    answer = driver.answered(home, lambda: work(home, asked, place, trees), sys.stdout)
    print(f"{word}: {json.dumps(answer)}", flush=True)


def _compare(home: Path, asked: dict[str, Any], place: Path, trees: Folders) -> dict[str, Any]:
    given = spread.from_json(asked.pop("given", {}))
    return driver.compare(home, Plan(**asked), place, trees, sys.stdout, given).to_line()


def _part(home: Path, asked: dict[str, Any], place: Path, trees: Folders) -> dict[str, Any]:
    """Measure pairs for a comparison that others share; each is said as soon as it is there."""
    its = asked.pop("part")
    part = Part("", {int(number): draw for number, draw in its["numbers"].items()}, its["phase"])
    say = functools.partial(print, flush=True)
    spread.measure(home, Plan(**asked), place, trees, sys.stdout, part, lambda pair: say(spread.pair_line(pair)))
    return {}


def _calibrate(home: Path, asked: dict[str, Any], place: Path, trees: Folders) -> dict[str, Any]:
    side = Side(home, asked["calibrate"], place / "baseline", from_dict(asked["task"]), asked["passed"])
    by = Scale(asked["scale"], asked["metric"])
    found = calibration.measure(side, trees, asked["metric"], print, asked["repeats"], lambda _: by)
    return calibration.resolved(found, asked["margin"], by)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
