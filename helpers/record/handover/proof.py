"""Whether a group of changes stands by itself: built, checked and compared with the base under the locked scripts."""

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass, replace

from helpers import console, files, paths, progress
from helpers.events import Comparison
from helpers.judge.compare import driver, planning, spread
from helpers.judge.measure.pairs import Made
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
        with progress.told("the branch is built, checked and measured alone"), slots.hold_all(work.root):
            proof = _measured(work, now, its, base, candidate) if measure else _checked(work, now, candidate)
        known[key] = [proof.checks, proof.outcome and proof.outcome.to_line()]
        files.replace(kept, json.dumps(known))
    checks, outcome = known[key]
    return Proof(checks, Comparison.from_line(outcome) if outcome else None)


def _checked(work: Workdirs, now: State, candidate: str) -> Proof:
    try:
        with of_session(work, now, candidate, "handover") as side:
            side.build(work.shadow)
            return Proof(side.check(), None)
    except SideError as error:
        return Proof(str(error), None)


def _measured(work: Workdirs, now: State, its: Handover, base: str, candidate: str) -> Proof:
    place = work.folder / "runs" / f"handover-{os.getpid()}"
    plan = Plan(
        job=place.name,
        experiment="handover",
        baseline_tree=base,
        baseline_commit=its.base,
        candidate_tree=candidate,
        sealed_tree=candidate,
        **planning.benchmark_shape(work, now),
        **planning.agreed(now, work.folder),
    )
    its_own = hashlib.sha256(f"{base} {candidate} {plan.task} {plan.repeats}".encode()).hexdigest()[:12]
    folder = paths.state_folder(work.root) / "handover"
    kept = next(folder.glob(f"{its_own}-*.pairs"), folder / f"{its_own}-{plan.seed}.pairs")
    plan = replace(plan, seed=kept.stem.partition("-")[2])
    if before := spread.read_pairs(kept):
        console.note(f"{len(before)} pairs were measured before it was broken off, and count")
    try:
        with kept.open("w", encoding="utf-8", buffering=1) as out:  # the last line may be half a one
            keep: Made = lambda pair: print(spread.pair_line(pair), file=out)  # noqa: E731
            list(map(keep, before))
            found = driver.compare(work.root, plan, place, work.shadow, sys.stderr, {"": before}, keep)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    kept.unlink()
    broken = "" if found.pairs else found.reason
    return Proof(broken or found.checks or "passed", replace(found, seed=plan.seed))
