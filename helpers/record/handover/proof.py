"""Whether a group of changes stands by itself: built, checked and compared with the base under the locked scripts."""

import json
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from helpers import files, paths
from helpers.events import Comparison
from helpers.judge.compare import driver, planning
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import SideError, of_session
from helpers.record.handover.groups import Group, Handover
from helpers.run.copies.copies import Workdirs
from helpers.run.isolation import environment
from helpers.run.local import slots
from helpers.state import State


@dataclass(frozen=True)
class Proof:
    """What became of a group alone on the base; `outcome` as a comparison's, empty where nothing was measured."""

    checks: str
    outcome: Comparison | None

    @property
    def stands(self) -> bool:
        """Whether it builds and passes the checks."""
        return self.checks == "passed" or self.checks.startswith("skipped")

    @property
    def gains(self) -> bool:
        """Whether it was shown to be better than the base by itself."""
        return self.outcome is not None and self.outcome.is_good

    @property
    def said(self) -> str:
        """The finding in words."""
        if not self.stands:
            return f"does not stand alone: {self.checks}"
        its = self.outcome
        if its is None:
            return f"builds, checks {self.checks}; not measured alone"
        if its.estimate is None:
            return f"{its.verdict_words}: {its.why_not}"
        words = f"{its.verdict_words}, {its.estimate.words()}" + (f"; {its.holdout_words()}" if its.holdout else "")
        hint = "" if self.gains else "; its own gain is not shown by these pairs: the text holds the session's figure"
        return f"alone on the base: {words}; checks {self.checks}{hint}"


def prove(work: Workdirs, now: State, its: Handover, group: Group, *, measure: bool) -> Proof:
    """Build and check a group alone and, unless told not to, compare it with the base; remembered by content.

    Raises SideError where the base itself cannot be built or measured.
    """
    kept = paths.state_folder(work.root) / "handover" / "proofs.json"
    kept.parent.mkdir(exist_ok=True)
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    locked, names = now.require_lock().tree, sorted(now.protected)
    base, candidate = (work.shadow.with_files(tree, locked, names) for tree in (its.base_tree, group.tree))
    key = f"{base} {candidate} {measure}"
    if key not in known:
        environment.adopt_orphans()
        with slots.hold_all(work.root):
            proof = _measured(work, now, its, base, candidate) if measure else _checked(work, now, candidate)
        known[key] = [proof.checks, proof.outcome and proof.outcome.to_line()]
        files.replace(kept, json.dumps(known))
    checks, outcome = known[key]
    return Proof(checks, Comparison.from_line(outcome) if outcome else None)


def _place(work: Workdirs) -> Path:
    return work.folder / "runs" / f"handover-{os.getpid()}"


def _checked(work: Workdirs, now: State, candidate: str) -> Proof:
    try:
        with of_session(work, now, candidate, "handover") as side:
            side.build(work.shadow)
            return Proof(side.check(), None)
    except SideError as error:
        return Proof(str(error), None)


def _measured(work: Workdirs, now: State, its: Handover, base: str, candidate: str) -> Proof:
    plan = Plan(
        job=_place(work).name,
        experiment="handover",
        baseline_tree=base,
        baseline_commit=its.base,
        candidate_tree=candidate,
        sealed_tree=candidate,
        **planning.benchmark_shape(work, now),
        **planning.agreed(now, work.folder),
    )
    try:
        outcome = driver.compare(work.root, plan, _place(work), work.shadow, sys.stderr)
    finally:
        shutil.rmtree(_place(work), ignore_errors=True)
    outcome = replace(outcome, seed=plan.seed)
    broken = "" if outcome.pairs else outcome.reason
    return Proof(broken or outcome.checks or "passed", outcome)
