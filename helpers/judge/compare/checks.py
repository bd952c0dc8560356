"""The candidate's checks in a comparison: they pass, and run as many tests as under the baseline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TextIO

from helpers.events import Comparison
from helpers.judge.measure import leftovers
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.run.copies import uncommitted
from helpers.run.jobs import blame, tests_run
from helpers.run.jobs.task import from_dict
from helpers.run.jobs.tests_run import Tests

FAILED = ("checks: ", "crash: ")
"""How the reasons of candidates begin that did not build, run or pass."""


def run(so_far: Comparison, plan: Plan, base: Side, cand: Side, log: TextIO, *, alike: bool = False) -> Comparison:
    """Run the candidate's checks; a failure ends the comparison unless the baseline fails them here as well.

    `alike`: where the checks leave files in the copy, they run on the baseline too, so that both sides stay the same.
    Raises SideError when the baseline fails: that is the environment's fault, and no verdict.
    """
    print("running the checks on the candidate", file=log)
    before = leftovers.scan(cand.copy)
    result = cand.check()
    if result.startswith(("failed", "timeout")):
        end = cand.said(cand.checks_log)
        print(f"the checks said: {end}\nrunning the checks on the baseline, to see whose fault it is", file=log)
        for _ in blame.often():
            _require_passing(base, "passed", " either")
        return replace(so_far, checks=result).ending("not_improved", f"checks: {result}" + (f": {end}" if end else ""))
    if alike and leftovers.changed(before, leftovers.scan(cand.copy)):
        _require_passing(base, result)
    found = tests_run.read_log(cand.checks_log)
    said = replace(so_far, checks=result, tests=vars(found) if found != Tests(None) else so_far.tests)
    if plan.tests is None or not found.lost(Tests(**plan.tests)):
        return said
    lost = ""
    for _ in blame.often():  # as many as on this machine: a tool that is missing here skips tests on both sides
        _require_passing(base, result)
        if not (lost := found.lost(tests_run.read_log(base.checks_log))):
            return said
    return said.ending("not_improved", f"checks: fewer tests: {lost}")


def _require_passing(base: Side, result: str, also: str = "") -> None:
    if (other := base.check()) != result:
        end = base.said(base.checks_log)
        raise SideError(f"the checks do not pass on the baseline{also} ({other}): {end}")


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
