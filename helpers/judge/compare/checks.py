"""The candidate's checks in a comparison: they pass, and run as many tests as under the baseline."""

import filecmp
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from helpers import paths, printable
from helpers.comparison import BEGUN, Comparison
from helpers.judge.measure import leftovers, pairs
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.run.copies import uncommitted
from helpers.run.jobs import blame, tests_run
from helpers.run.jobs.task import from_dict
from helpers.run.jobs.tests_run import Tests

FAILED = ("checks: ", "crash: ")
"""How the reasons of candidates begin that did not build, run or pass."""
_AGAIN, _CHEAP = 20, 2.0
"""How often checks that must pass each time are run, and for how many seconds: once looks at what chance lets it."""


def runs(side: Side, most: int = _AGAIN, seconds: float = _CHEAP) -> Iterator[str]:
    """Run the checks as often as is cheap, once at least, and yield what each run said.

    Each finds the copy without what the one before made or changed there: a stamp would let it look at nothing.
    """
    with leftovers.undoing(side.copy) as undo:
        for number in blame.often(most, seconds):
            if number:
                undo()
            yield side.check()


def before_pairs(plan: Plan, base: Side, cand: Side, log: TextIO) -> Comparison:
    """Run the candidate's checks once; what they make or change (products, caches, stamps) is undone before the pairs.

    Where that is too much to be kept aside they run on the baseline too: both sides stay the same.
    """
    with leftovers.undoing(cand.copy, cand.before) as undo:
        try:
            found = run(BEGUN, plan, base, cand, log, once=True)
        except SideError:  # neither side passes: do the checks need what the benchmark makes, the program for one?
            for side, beside in ((base, None), (cand, base)):
                pairs.measure(side, beside, plan, paths.BENCHMARK, seed=1)
            found = run(BEGUN, plan, base, cand, log, once=True)
        if not found.verdict:
            undo()
            if found.checks and cand.left_behind():
                next(_passing(base, found.checks))
            leftovers.clear(base.copy, base.before)
    return found


def run(so_far: Comparison, plan: Plan, base: Side, cand: Side, log: TextIO, *, once: bool = False) -> Comparison:
    """Run the candidate's checks; a failure ends the comparison unless the baseline fails them here as well.

    A winner's are repeated, not run `once`, and the baseline is asked twice as often as they ran.
    Raises SideError when the baseline fails: that is the environment's fault, and no verdict.
    """
    print("running the checks on the candidate", file=log)
    locked = Tests(**plan.tests) if plan.tests is not None else Tests(None, *[sys.maxsize] * 3)
    count, result, less = 0, "", ""
    for result in [cand.check()] if once else runs(cand):
        count, less = count + 1, _less(cand, base, locked)
        if result != "passed" or less:
            break
    asked = max(blame.ASKED, 2 * count)
    if result.startswith(("failed", "timeout")):
        end = cand.said(cand.checks_log)
        print(f"the checks said: {end}\nrunning the checks on the baseline, to see whose fault it is", file=log)
        cand.require_room()
        for _ in _passing(base, "passed", asked, " either"):
            pass
        result += f" in run {count} of them" if count > 1 else ""
        return replace(so_far, checks=result).ending("not_improved", f"checks: {result}" + (f": {end}" if end else ""))
    found = tests_run.read_log(cand.checks_log)
    passed = replace(so_far, checks=result, tests=vars(found) if found != Tests(None) else so_far.tests)
    if not less:
        return passed
    for _ in _passing(base, result, asked):  # as on this machine: a tool that is missing here skips tests on both sides
        if not (less := _less(cand, base, tests_run.read_log(base.checks_log))):
            return passed
    return passed.ending("not_improved", f"checks: {less}")


def _less(cand: Side, base: Side, before: Tests) -> str:
    """Say what checks that pass did not look at, or passed over; empty where that is as before, or on the baseline."""
    if lost := tests_run.read_log(cand.checks_log).lost(before):
        return f"fewer tests pass: {lost}"
    failed = [printable.one_line(command, 160) for command in sorted(cand.passed_over - base.passed_over)]
    return f"they pass although a command of theirs fails, which the baseline's does not: {failed[0]}" if failed else ""


def _passing(base: Side, result: str, asked: int = 1, also: str = "") -> Iterator[None]:
    """Run the baseline's checks so often; raises SideError when they do not end alike."""
    for other in runs(base, asked, blame.PATIENCE):
        if other != result:
            end = base.said(base.checks_log)
            raise SideError(f"the checks do not pass on the baseline{also} ({other}): {end}")
        yield


def crossed(won: Comparison, base: Side, cand: Side, trees: Trees, log: TextIO) -> Comparison:
    """End a winner whose checks pass beside the files that they wrote themselves, and not beside the baseline's.

    An expected answer that the checks write where there is none is the candidate's own. It says nothing where the
    baseline does not pass in such a copy either. The baseline's own copy is gone afterwards.
    """
    if cand.left_behind():
        base.check()
    both = sorted(base.left_behind() & cand.left_behind())
    made = [name for name in both if _apart(base.copy / name, cand.copy / name)]
    if not made:
        return won
    some = ", ".join(map(printable.name, made[:3]))
    print(f"the checks write {some}, not the same on both sides: checking beside the baseline's", file=log)
    kept = base.folder.parent / "made"
    for name in made:  # older than any source: what is made from sources is made again
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(base.copy / name, kept / name)
        before = (base.copy / paths.CHECKS).stat().st_mtime - 1
        os.utime(kept / name, (before, before))
    said = _beside(base, kept, cand.tree, trees)
    if said and not any(_beside(base, kept, base.tree, trees) for _ in blame.often()):
        return won.ending("not_improved", f"checks: beside {some}, as they write it on the baseline: {said}")
    return won


def _apart(one: Path, other: Path) -> bool:
    plain = all(file.is_file() and not file.is_symlink() for file in (one, other))
    return plain and one.suffix != ".pyc" and not filecmp.cmp(one, other, shallow=False)


def _beside(base: Side, made: Path, tree: str, trees: Trees) -> str:
    """Return how the checks fail in a build of `tree`, in the baseline's place, with these files; empty if not."""
    side = Side(base.root, tree, base.folder, base.task, base.passed, repeats=base.repeats)
    try:
        side.build(trees)
        shutil.copytree(made, side.copy, dirs_exist_ok=True)
        said = side.check()
        return "" if said == "passed" else f"{said}: {side.said(side.checks_log)}"
    except (SideError, OSError) as error:
        return str(error)


def needing(found: Comparison, plan: Plan, root: Path, place: Path, trees: Trees, log: TextIO) -> Comparison:
    """Void a failure of the candidate that it does not show with the files of no commit which its copy held."""
    if found.verdict != "not_improved" or not plan.without or not (found.reason or "").startswith(FAILED):
        return found
    said = uncommitted.named(plan.without)
    print(f"does it need {said}? Building and checking it with them", file=log)
    side = Side(root, plan.sealed_tree, place / "with", from_dict(plan.task), plan.passed)
    try:
        side.build(trees)
        side.measure(plan.metric)
        passes = not side.check().startswith(("failed", "timeout"))
    except (SideError, OSError):  # with them as well; or, on a worker, an earlier version sent it without them
        return found
    if not passes:
        return found
    return replace(found, needs=plan.without).ending("void", f"{found.reason}. It lacks {said}")
