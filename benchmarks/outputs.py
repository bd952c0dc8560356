#!/usr/bin/env python3
"""How many wrong optimizations the baseline's answers find that the project's own checks let pass; exit 1 below 95%.

python3 benchmarks/outputs.py                  # all of outputs.yaml and its refactorings; a quarter of an hour
python3 benchmarks/outputs.py --only minimist  # one project
python3 benchmarks/outputs.py --checks         # that the project's own checks pass on every wrong one, instead

The projects come from PyPI, npm and Debian (apt-get), each archive by its SHA-256, kept in --cache. Each program is
built and asked behind the same walls as in a comparison, by the template that is filled in as outputs.yaml says.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers import paths, venv  # noqa: E402
from helpers.demo.cases import unpack  # noqa: E402
from helpers.judge.compare import outputs  # noqa: E402
from helpers.judge.measure import answers  # noqa: E402
from helpers.judge.measure.plan import Plan  # noqa: E402
from helpers.judge.measure.side import Side, SideError  # noqa: E402
from helpers.run.isolation import environment  # noqa: E402
from helpers.run.jobs.task import BUILD_CMD, Task  # noqa: E402

SAME_SEEDS = 3
REFACTORINGS = 34
"""Of each project: its own, then pairs of them."""


class Edited:
    """A project's folder with edits, as the content of a side."""

    def __init__(self, project: Path, file: str, edits: Sequence[dict[str, Any]]) -> None:
        self.project, self.file, self.edits = project, file, edits

    def restore(self, _tree: str, target: Path) -> None:
        """Copy it; exits where an edit has no place."""
        shutil.copytree(self.project, target, symlinks=True)
        for edit in self.edits:
            file = target / edit.get("file", self.file)
            text = file.read_text(encoding="utf-8")
            for find, put in [(edit["find"], edit["put"]), *([edit["and"]] if "and" in edit else [])]:
                parts = text.split(find)
                at = edit.get("at", 1) if find == edit["find"] else 1
                if len(parts) <= at or (len(parts) > 2 and "at" not in edit):
                    raise LookupError(f"{edit['what']}: {find!r} stands {len(parts) - 1} times in {file.name}")
                text = find.join(parts[:at]) + put + find.join(parts[at:])
            file.write_text(text, encoding="utf-8")


@dataclass
class Oracle:
    """A project, and its answers so far."""

    project: dict[str, Any]
    source: Path
    place: Path

    def __post_init__(self) -> None:
        self.truth: dict[int, Path] = {}
        self.base, self.seeds = self.side("truth", []), outputs.fresh_seeds(self.project["name"])
        began = os.times()
        for number in range(4):
            self.answer(number)
        took = [now - then for now, then in zip(os.times()[:4], began[:4], strict=True)]
        self.fit = max(1, int(Plan.outputs_seconds / 2 / sum(took) * 4))  # of a machine that does nothing else

    def side(self, name: str, edits: Sequence[dict[str, Any]]) -> Side:
        """Build the program with these edits."""
        task = Task("outputs", "", "", {BUILD_CMD: self.project.get("build", "")})
        made = Side(self.place, "", self.place / "runs" / name, task, [])
        made.build(Edited(self.source, self.project["file"], edits))
        return made

    def answer(self, number: int) -> Path:
        """Return the sound program's answers to a seed."""
        seed = self.seeds[number]
        if seed not in self.truth:
            self.truth[seed] = self.base.answer(seed).rename(self.place / f"truth-{number}")
        return self.truth[seed]

    def differs(self, edits: Sequence[dict[str, Any]], seeds: int) -> list[str]:
        """Return what is different with these edits, empty where nothing is."""
        allowed = answers.declared((self.source / paths.OUTPUTS).read_text(encoding="utf-8"))
        side = self.side("changed", edits)
        for number in range(min(seeds, len(self.seeds))):
            try:
                theirs = side.answer(self.seeds[number])
            except SideError as error:
                return [f"fails: {error}"]
            if found := answers.difference(self.answer(number), theirs, allowed):
                return [f"seed {number + 1}: {found[0]}", *found[1:]]
        return []

    def refactorings(self) -> list[list[dict[str, Any]]]:
        """Return each refactoring by itself, then pairs."""
        same = self.project["same"]
        pairs = [list(pair) for pair in itertools.combinations(same, 2)]
        random.Random(1).shuffle(pairs)
        return [*([one] for one in same), *pairs]


def fetch(project: dict[str, Any], cache: Path, target: Path) -> None:
    """Put a project with its filled-in outputs script into `target`; exits where an archive is not the pinned one."""
    source = project["source"]
    if "folder" in source:
        shutil.copytree(BUNDLE / source["folder"], target)
    else:
        archive = cache / f"{project['name']}.tar.gz"
        if not archive.exists():
            download(source, cache, archive)
        if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != source["sha256"]:
            sys.exit(f"{archive} has SHA-256 {found}, pinned is {source['sha256']}")
        with tempfile.TemporaryDirectory() as temporary:
            unpack(archive, Path(temporary))
            shutil.copytree(next(Path(temporary).iterdir()), target, symlinks=True)
    if "template" in project:  # else it brings its own
        script = (BUNDLE / "references/templates" / f"outputs_{project['template']}.sh").read_text(encoding="utf-8")
        for find, put in project["fill"]:
            if find not in script:
                sys.exit(f"{project['name']}: the template holds no {find!r}")
            script = script.replace(find, put)
        (target / paths.OUTPUTS).write_text(script, encoding="utf-8")
    for name, content in project.get("files", {}).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(content, encoding="utf-8")


def download(source: dict[str, str], cache: Path, archive: Path) -> None:
    """Fetch one source archive by its registry's own client."""
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        here = Path(temporary)
        if "pypi" in source:
            pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["pip3"]
            command = [*pip, "download", "-q", "--no-deps", "--no-binary", ":all:", source["pypi"]]
        elif "npm" in source:
            command = ["npm", "pack", "-s", source["npm"]]
        else:
            command = ["apt-get", *apt_sources(here), "source", "--download-only", "-qq", source["debian"]]
        subprocess.run(command, cwd=here, check=False)
        found = sorted([*here.glob("*.orig.tar.*z"), *here.glob("*.tar.gz"), *here.glob("*.tgz")])
        if not found:
            sys.exit(f"{source} could not be fetched: {' '.join(command)}")
        shutil.move(found[0], archive)


def apt_sources(here: Path) -> list[str]:
    """Return options under which apt-get knows source packages, in files of our own."""
    for name in ("parts", "lists/partial"):
        (here / "apt" / name).mkdir(parents=True)
    for file in Path("/etc/apt/sources.list.d").glob("*.sources"):
        text = file.read_text(encoding="utf-8").replace("Types: deb\n", "Types: deb-src\n")
        (here / "apt/parts" / file.name).write_text(text, encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": here / "apt/parts",
        "Dir::State::lists": here / "apt/lists",
    }
    listed = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    subprocess.run(["apt-get", *listed, "update", "-qq"], cwd=here, check=False)
    return listed


def check_all(project: dict[str, Any], source: Path, place: Path) -> tuple[int, int]:
    """Run the project's own checks on the sound program and on every wrong one; return how many pass, of how many."""
    checks = project["checks"].replace("{python}", sys.executable)
    command, passed = f"{project.get('build', 'true')} && {{ {checks}; }}", 0
    changes = [[], *([edit] for edit in project["wrong"])]
    for edits in changes:
        shutil.rmtree(place / "checked", ignore_errors=True)
        Edited(source, project["file"], edits).restore("", place / "checked")
        done = subprocess.run(["bash", "-c", command], cwd=place / "checked", capture_output=True, check=False)
        what = edits[0]["what"] if edits else "the sound program"
        print(f"{'FAILS ' if done.returncode else 'passes'}  {what}", flush=True)
        passed += done.returncode == 0
    return passed, len(changes)


def ask_all(oracle: Oracle) -> tuple[int, int, int]:
    """Ask every wrong one and the refactorings; return how many were found, how many alarms, over how many."""
    found = alarms = tried = 0
    for edit in oracle.project["wrong"]:
        said = oracle.differs([edit], oracle.fit)
        print(f"{'found ' if said else 'MISSED'}  {edit['what']}: {(said or [f'{oracle.fit} seeds'])[0]}", flush=True)
        found += bool(said)
    for edits in oracle.refactorings():
        if tried == REFACTORINGS:
            break
        try:
            said = oracle.differs(edits, SAME_SEEDS)
        except LookupError:
            continue  # two that change the same place
        tried += 1
        if said:
            alarms += 1
            print(f"ALARM   {' and '.join(edit['what'] for edit in edits)}: {said}", flush=True)
    return found, alarms, tried


def main() -> int:
    """Try every edit; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", help="one project")
    parser.add_argument("--checks", action="store_true", help="run the projects' own checks on the wrong ones instead")
    cache = Path(tempfile.gettempdir()) / "autoresearch-outputs"
    parser.add_argument("--cache", type=Path, default=cache, metavar="FOLDER", help="keeps what was fetched")
    args = parser.parse_args()
    venv.require("yaml")
    import yaml

    environment.adopt_orphans()
    args.cache.mkdir(parents=True, exist_ok=True)
    passed = of = found = wrong = alarms = same = 0
    for project in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")):
        if args.only not in (None, project["name"]):
            continue
        print(f"== {project['name']}", flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary).resolve()
            fetch(project, args.cache, place / "source")
            if args.checks:
                good, tried = check_all(project, place / "source", place)
                passed, of = passed + good, of + tried
            else:
                good, false, tried = ask_all(Oracle(project, place / "source", place))
                found, wrong = found + good, wrong + len(project["wrong"])
                alarms, same = alarms + false, same + tried
    if args.checks:
        print(f"{passed} of {of} programs pass their projects' own checks")
        return int(passed < of)
    share = found / max(wrong, 1)
    print(f"found {found} of {wrong} wrong optimizations ({share:.1%}); {alarms} false alarms over {same} refactorings")
    return int(share < 0.95 or alarms > 0)


if __name__ == "__main__":
    sys.exit(main())
