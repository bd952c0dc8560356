"""Evidence that travels: a folder with both sides as patches, the locked scripts, the samples and the rule itself.

It is written beside a session, and repeated in any clone by the `repeat.py` in it, on a bare python3.
"""

import hashlib
import json
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from helpers import console, files, git, progress
from helpers.events import Comparison
from helpers.judge.compare import driver, planning
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import SideError
from helpers.run.copies.copies import Workdirs
from helpers.run.copies.raw_git import Shadow
from helpers.run.fleet import payload
from helpers.run.isolation import environment
from helpers.run.local import slots
from helpers.state import State

RECORD, BASE_PATCH, CHANGE = "evidence.json", "baseline.patch", "change.patch"
_REPEAT = """\
#!/usr/bin/env python3
\"\"\"Repeat the comparison of this folder in a clone of the repository: python3 repeat.py [REPOSITORY]\"\"\"
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
if sys.version_info < (3, 10):
    sys.exit("error: this needs Python 3.10 or newer")
from helpers.judge.compare import evidence_folder

if __name__ == "__main__":
    evidence_folder.main(Path(__file__).resolve().parent)
"""
_README = """\
# Evidence for {experiment}

{description}

- Verdict: {verdict}
- Measured on {host}; samples, seed and plan: evidence.json
- Baseline: commit {base}, with baseline.patch (benchmark, checks and what was kept before)
- The change: change.patch

Repeat it in a clone that has that commit: `python3 {folder}/repeat.py` (git, bash, Python 3.10, what the build needs)
"""


@dataclass(frozen=True)
class Record:
    """What evidence.json holds: the comparison, its plan, and the trees that its patches must give."""

    experiment: str
    description: str
    base: str
    plan: dict[str, Any]
    comparison: dict[str, Any]
    host: dict[str, Any]
    patches: dict[str, str]
    """File to SHA-256."""


def evidence_of(work: Workdirs, now: State, name: str) -> tuple[str, str, Plan, Comparison]:
    """Return what is packed of an experiment: a commit that other clones have, description, plan, last comparison.

    Raises Failure (1) when it was never compared, (2) for an unknown one.
    """
    exp = work.experiment(name)
    compared = now.comparison(name)
    if compared is None or not compared.pairs:
        raise console.answer_no(f"{name} has no measured comparison", f"compare.py {name}")
    values: dict[str, Any] = {**planning.agreed(now, work.folder), **compared.line}
    plan = Plan(**{field.name: values[field.name] for field in fields(Plan) if field.name in values})
    base = git.run(work.root, ["merge-base", now.config.base, compared.baseline_commit], check=False)
    commit = base.stdout.decode().strip() if base.returncode == 0 else now.config.base
    return git.commit_of(work.root, commit), exp.description, plan, compared


def write(folder: Path, root: Path, base: str, description: str, plan: Plan, compared: Comparison) -> Path:
    """Write the evidence of one journaled comparison into the new or empty `folder` and return it.

    `base`: a commit that other clones have, on which both sides are given as patches. Raises Failure (2).
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise console.usage(f"{folder} is there already and not empty", "name a new folder with --to")
    folder.mkdir(parents=True, exist_ok=True)
    payload.copy_rule(folder)
    sides = {BASE_PATCH: (base, plan.baseline_tree), CHANGE: (plan.baseline_tree, plan.candidate_tree)}
    digests = {}
    for name, (old, new) in sides.items():
        patch = git.run(root, ["diff-tree", "-p", "--binary", "--full-index", "--no-renames", old, new]).stdout
        (folder / name).write_bytes(patch)
        digests[name] = hashlib.sha256(patch).hexdigest()
    host = {"worker": compared.worker, "machine": platform.machine(), "system": platform.platform()}
    portable = {**asdict(plan), "workdir_root": ""}
    record = Record(plan.experiment, description, base, portable, compared.line, host, digests)
    files.replace(folder / RECORD, json.dumps(asdict(record), indent=1))
    files.replace(folder / "repeat.py", _REPEAT)
    text = _README.format(
        experiment=plan.experiment,
        description=description,
        verdict=verdict_line(compared),
        host=f"{host['worker']} ({host['system']})",
        base=base,
        folder=folder.name,
    )
    files.replace(folder / "README.md", text)
    return folder


def verdict_line(event: Comparison) -> str:
    """Return a verdict in words, with interval and n."""
    said = f", gain {event.estimate.words()}" if event.estimate else ""
    return event.verdict_words + said + (f" ({event.reason})" if event.reason else "")


def load(folder: Path) -> Record:
    """Read the record of a folder; raises Failure (2) when it is not evidence."""
    try:
        values = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Record(**{field.name: values[field.name] for field in fields(Record)})
    except (OSError, ValueError, KeyError, TypeError):
        raise console.usage(
            f"{folder} holds no evidence that can be read", "pack it again: reproduce.py --bundle EXP"
        ) from None


def main(folder: Path) -> NoReturn:
    """Repeat the comparison of `folder`, as the program that lies in it."""
    console.main(lambda argv: repeat(folder, argv))


def repeat(folder: Path, argv: list[str]) -> int:
    """Repeat the comparison of `folder` in a clone; 0 when the verdict holds here, 1 when not."""
    p = console.parser("Repeat a comparison in a clone of its repository, and say whether the verdict holds here.")
    p.add_argument("repository", nargs="?", type=Path, help="the clone (default: the current folder)")
    p.add_argument("--seed", metavar="TEXT", help="seed of the pairs' order (default: a new one)")
    console.add_output_options(p)
    args = p.parse_args(argv)
    record = load(folder)
    repository = git.find(args.repository)
    edited = [
        name
        for name, digest in record.patches.items()
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest
    ]
    if git.run(repository.root, ["cat-file", "-e", f"{record.base}^{{commit}}"], check=False).returncode:
        raise console.usage(
            f"{repository.root} does not have the commit {record.base}",
            "fetch the branch that holds it, then try again",
        )
    for name in edited:
        console.note(
            f"warning: {name} is not what was measured: it was edited since; what follows is about the edited one"
        )
    with tempfile.TemporaryDirectory(prefix="autoresearch-repeat-") as temporary:
        here = _measured(folder, record, repository, Path(temporary), args.seed, edited=bool(edited))
    then = Comparison.from_line(record.comparison)
    told = here.verdict != "undecided" and here.is_good == then.is_good
    about = " of the edited patch" if edited else ""
    lines = [f"then: {verdict_line(then)}", f"here: {verdict_line(here)}"]
    lines.append(f"the verdict{about} holds here" if told else f"the verdict{about} does not hold here")
    document = {"holds": told, "edited": edited, "then": then.line, "here": here.to_line()}
    console.show(args, document, "\n".join(lines))
    return console.DONE if told else console.NO


def _measured(
    folder: Path, record: Record, repository: git.Repository, place: Path, seed: str | None, *, edited: bool
) -> Comparison:
    """Build both sides from the commit and the patches, and compare them; raises Failure (3)."""
    trees = Shadow(repository, place)
    base = trees.apply(git.tree_of(repository.root, record.base), (folder / BASE_PATCH).read_bytes())
    candidate = trees.apply(base, (folder / CHANGE).read_bytes())
    known = {field.name for field in fields(Plan)}
    plan = Plan(**{key: value for key, value in record.plan.items() if key in known})
    if not edited and (base, candidate) != (plan.baseline_tree, plan.candidate_tree):
        raise console.outside("the patches do not give the trees that were measured", "pack the evidence again")
    plan = replace(
        plan,
        baseline_tree=base,
        candidate_tree=candidate,
        seed=seed or hashlib.sha256(str(place).encode()).hexdigest()[:16],
        workdir_root=str(place),
    )
    environment.adopt_orphans()
    try:
        with progress.told("the comparison is repeated"), slots.hold_all(place):
            return driver.compare(place, plan, place / "runs" / "x", trees, sys.stderr)
    except SideError as error:
        raise console.outside(
            f"it cannot be measured here: {error}", "install what the build needs, then again"
        ) from None
    finally:
        shutil.rmtree(place / "runs", ignore_errors=True)
