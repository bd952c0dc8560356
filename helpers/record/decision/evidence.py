"""Whether a comparison in the journal is evidence: as strict as the session, true to its own samples, and not picked.

None of this stops somebody who forges everything; it stops a line that was edited, a margin that was widened for one
change, and a measurement that was repeated until chance agreed.
"""

import math
from pathlib import Path

from helpers import console, paths
from helpers.comparison import WRONG
from helpers.events import Comparison
from helpers.judge.compare import local
from helpers.judge.rule import noise
from helpers.record.report import marks
from helpers.run.copies import uncommitted
from helpers.run.copies.copies import Experiment
from helpers.state import State


def require_standing(root: Path, now: State, sealed: Experiment) -> Comparison:
    """Return the comparison that allows this tree to be kept.

    Raises Failure (4) with what is missing or not to be believed.
    """
    compared = now.comparison(sealed.name)
    if compared is None:
        raise console.refused(f"{sealed.name} has no comparison; a screen only ranks", f"compare.py {sealed.name}")
    again = f"compare.py {sealed.name}{compared.question}"
    if compared.sealed_tree != sealed.tree:
        raise console.refused(f"{sealed.name} was changed after its comparison", again)
    if compared.baseline_commit != now.baseline.commit_full:
        raise console.refused(
            f"{sealed.name} was compared against another baseline; since then the branch has moved on", again
        )
    if compared.needs:
        raise uncommitted.refused(
            sealed.name + compared.question, f"{sealed.name} does not pass: {compared.reason}", now.branch
        )
    if compared.verdict != ("not_worse" if compared.may_be_equal else "improved"):
        raise console.refused(
            f"the comparison of {sealed.name} says {compared.verdict_words}: {compared.why_not}",
            f'record_result.py discard {sealed.name} --why "..."',
        )
    if compared.checks != "passed" and not now.config.no_checks:
        raise console.refused(
            f"the checks of {sealed.name}: {compared.checks or 'not run'}",
            f"snapshot_workdir.py create {sealed.name}-b --from {sealed.name}  # correct it there and compare it",
        )
    require_evidence(root, now, compared)
    return compared


def require_evidence(root: Path, now: State, compared: Comparison) -> None:
    """Raise Failure (4), naming the reason, when this comparison cannot carry a keep."""
    failed = [(c.job, c.reason) for c in now.comparisons if _shown_wrong(c.reason) and c.content == compared.content]
    trees = compared.baseline_tree, compared.candidate_tree
    for job in now.screens():  # where the baseline passed beside it
        if job.finished and _shown_wrong(job.finished.error) and (job.submitted.baseline, job.tree) == trees:
            failed += [(job.name, job.finished.error)] if not job.env else []
    if failed:
        name = compared.experiment_id
        raise console.refused(
            f"{name} was shown to be wrong in {failed[0][0]}: {failed[0][1]}. "
            "Correctness is not voted on: that it passed another time makes it a program that is wrong sometimes",
            f'make it right and seal it again, or: record_result.py discard {name} --why "is wrong sometimes"',
        )
    again = f"compare.py {compared.experiment_id}{compared.question}"
    if reason := _untrue(root, now, compared) or _looser(now, compared) or _picked(root, now, compared):
        raise console.refused(f"the comparison of {compared.experiment_id}: {reason}", again)


def unproven(now: State) -> list[str]:
    """Return what a reader is told where the lock found checks that pass on broken source as well."""
    return [
        f"the {which} pass on broken source too: what shows that this is right? [unproven]"
        for which in (now.taken.unproven if now.taken else [])
    ]


def by_heart(now: State, rules: list[str]) -> list[str]:
    """Return what a reader is told of a program that remembers, under a benchmark that gives one input again."""
    lacks = now.taken.lacks if now.taken else []
    if "remembers" not in rules or not any("AUTORESEARCH_SEED" in lack for lack in lacks):
        return []
    return ["it remembers between calls, and the benchmark has one input: does it help input never seen? [by heart]"]


def implausible(now: State, compared: Comparison) -> list[str]:
    """Return the question that a gain beyond what the session finds plausible asks of a reader."""
    factor, above = _factor(compared), now.config.review_above
    if factor <= above:
        return []
    said = "all the way to 0, or past it," if math.isinf(factor) else f"{factor:.3g} times as good"
    return [f"{said} is more than {above:g} times: which work is no longer done? [implausible]"]


def _factor(compared: Comparison) -> float:
    """Return how many times as good it is; by difference how many times one value is the other."""
    if compared.scale.by_ratio:
        return 1 + (compared.gain or 0.0)
    one, other = compared.medians or (0.0, 0.0)
    small, large = sorted((abs(one), abs(other)))
    if one == other or not compared.gain or compared.gain <= 0 or (not other and compared.direction == "lower"):
        return 1.0  # nothing is left of the errors: a triumph
    return large / small if small and one * other > 0 else math.inf


def _looser(now: State, compared: Comparison) -> str | None:
    """Say in what the comparison was less strict than what was agreed for the session."""
    margin, agreed = compared.margin, now.margin
    if compared.judged_by != now.scale.kind:
        return f"it was judged by {compared.judged_by}, agreed is by {now.scale.kind}"
    said, wanted = (now.scale.size(value, 2) for value in (margin, agreed))
    if compared.may_be_equal and margin > agreed * (1 + 1e-9):
        return f"it allows a loss of {said}, agreed is a margin of {wanted}"
    if not compared.may_be_equal and margin < agreed * (1 - 1e-9):
        return f"it asks for a gain of {said}, agreed is a margin of {wanted}"
    missing = sorted({*now.config.limits} - {*compared.limits})
    if missing:
        return f"it did not look at the limit {', '.join(missing)}"
    if (compared.metric, compared.direction) != (now.metric, now.direction):
        return f"it measured {compared.metric}, not {now.metric}"
    if paths.OUTPUTS in now.protected and not compared.outputs:
        return "it did not compare the answers of both sides"
    if compared.chosen_seed:
        return "the order of its pairs was chosen, not drawn"
    if compared.layouts < now.config.layouts:
        return f"it had {compared.layouts} layouts a side, agreed are {now.config.layouts}"
    return None


def _untrue(root: Path, now: State, compared: Comparison) -> str | None:
    """Say what in the journal's line does not agree with its samples, or with what the measuring process wrote."""
    if differing := marks.differs(root, now, compared):
        return f"the process that measured did not write this line ({differing[0]} differs)"
    if said := marks.untrue(compared):
        return said
    seeded, by = compared.seeded or bool(compared.spread), compared.scale  # neighbours may be of two hosts
    sigma = noise.of_pairs(compared.baseline_samples, compared.candidate_samples, seeded=seeded, by=by)
    gain = None if compared.may_be_equal else compared.gain
    lacks = noise.needs_confirmation(sigma, gain, compared.margin, by) and not compared.confirmation
    return "its noise asks for a second comparison, and there is none" if lacks else None


def _picked(root: Path, now: State, compared: Comparison) -> str | None:
    """Say so when the same content was compared again and again and chance may have been waited for.

    It must have been found good more often than not. A change without effect, found good with a chance p each time,
    ever gets ahead with a chance of p / (1 - p): 2.2% with 48 pairs, however often it is repeated. A comparison that
    was ended after it had said something counts as one that said otherwise.
    """
    good = sum(its.is_good for its in now.alike(compared))
    wanted = 1 - local.votes(root, now, compared)
    if wanted < 1:
        return None
    against = good + wanted - 1
    return f"{against} of {good + against} comparisons of this content say otherwise: {wanted} more must speak for it"


def _shown_wrong(reason: str | None) -> bool:
    return (reason or "").startswith(WRONG)
