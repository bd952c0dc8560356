"""Whether a comparison in the journal is evidence: as strict as the session, true to its own samples, and not picked.

None of this stops somebody who forges everything; it stops a line that was edited, a margin that was widened for one
change, and a measurement that was repeated until chance agreed.
"""

from __future__ import annotations

import json
from pathlib import Path

from helpers import console, paths
from helpers.journal import Event
from helpers.judge.compare import outputs
from helpers.judge.compare.driver import KIND, VERDICT
from helpers.judge.rule import noise
from helpers.record.report import marks
from helpers.run.copies.copies import Experiment
from helpers.run.local.job_folder import Folder, jobs_folder
from helpers.state import State

REVIEW_ABOVE = 3.0
"""A gain of more than so many times is looked at by a reader, whatever the policy found (`--review-above`)."""
GOOD = ("improved", "not_worse")
_HELD = (
    "verdict",
    "mode",
    "margin",
    "metric",
    "direction",
    "pairs",
    "gain",
    "checks",
    "outputs",
    "baseline_tree",
    "candidate_tree",
    "sealed_tree",
    "baseline_commit",
    "baseline_samples",
    "candidate_samples",
)


def require_standing(root: Path, now: State, sealed: Experiment) -> Event:
    """Return the comparison that allows this tree to be kept.

    Raises Failure (4) with what is missing or not to be believed.
    """
    compared = now.comparison(sealed.name)
    again = f"compare.py {sealed.name}"
    if compared is None:
        raise console.refused(f"{sealed.name} has no comparison; a screen only ranks", again)
    if compared.get("sealed_tree") != sealed.tree:
        raise console.refused(f"{sealed.name} was changed after its comparison", again)
    if compared.get("baseline_commit") != now.baseline["commit_full"]:
        raise console.refused(
            f"{sealed.name} was compared against another baseline; since then the branch has moved on", again
        )
    wanted = "not_worse" if compared.get("mode") == "not_worse" else "improved"
    if compared.get("verdict") != wanted:
        raise console.refused(
            f"the comparison of {sealed.name} says {compared.get('verdict')}: "
            f"{compared.get('reason') or 'no gain shown'}",
            f'record_result.py discard {sealed.name} --why "..."',
        )
    if compared.get("checks") != "passed" and not now.config.get("noChecks"):
        raise console.refused(
            f"the checks of {sealed.name}: {compared.get('checks') or 'not run'}",
            f"snapshot_workdir.py create {sealed.name}-b --from {sealed.name}  # correct it there and compare it",
        )
    require_evidence(root, now, compared)
    return compared


def require_evidence(root: Path, now: State, compared: Event) -> None:
    """Raise Failure (4), naming the reason, when this comparison cannot carry a keep."""
    failed = [other for other in now.comparisons if _shown_wrong(other) and _alike(other, compared)]
    if failed:
        name = compared["experiment_id"]
        raise console.refused(
            f"{name} was shown to be wrong in {failed[0].get('job')}: {failed[0]['reason']}. "
            "Correctness is not voted on: that it passed another time makes it a program that is wrong sometimes",
            f'make it right and seal it again, or: record_result.py discard {name} --why "is wrong sometimes"',
        )
    again = f"compare.py {compared['experiment_id']}" + (" --not-worse" if compared.get("mode") == "not_worse" else "")
    try:
        reason = _looser(now, compared) or _untrue(root, now, compared) or _picked(root, now, compared)
    except (KeyError, TypeError, ValueError):
        reason = "its line in the journal lacks what a comparison writes"
    if reason:
        raise console.refused(f"the comparison of {compared['experiment_id']}: {reason}", again)


def unproven(now: State) -> list[str]:
    """Return what a reader is told where the lock found checks that pass on broken source as well."""
    first = next(iter(now.runs), {})
    return [
        f"the {which} pass on broken source too: what shows that this is right? [unproven]"
        for which in first.get("unproven") or []
    ]


def implausible(now: State, compared: Event) -> list[str]:
    """Return the question that a gain beyond what the session finds plausible asks of a reader."""
    factor, above = 1 + float(compared["gain"]), float(now.config.get("reviewAbove") or REVIEW_ABOVE)
    if factor <= above:
        return []
    return [f"{factor:.3g} times as good is more than {above:g} times: which work is no longer done? [implausible]"]


def _looser(now: State, compared: Event) -> str | None:
    """Say in what the comparison was less strict than what was agreed for the session."""
    margin, agreed = float(compared["margin"]), now.margin
    if compared.get("mode") == "not_worse" and margin > agreed + 1e-12:
        return f"it allows a loss of {margin:.2%}, agreed is a margin of {agreed:.2%}"
    if compared.get("mode") != "not_worse" and margin < agreed - 1e-12:
        return f"it asks for a gain of {margin:.2%}, agreed is a margin of {agreed:.2%}"
    missing = sorted({*(now.config.get("guards") or [])} - {*(compared.get("guards") or [])})
    if missing:
        return f"it did not look at the limit {', '.join(missing)}"
    if (compared.get("metric"), compared.get("direction")) != (now.metric, now.direction):
        return f"it measured {compared.get('metric')}, not {now.metric}"
    if paths.OUTPUTS in now.protected and not compared.get(outputs.REASON):
        return "it did not compare the answers of both sides"
    if compared.get("chosen_seed"):
        return "the order of its pairs was chosen, not drawn"
    if int(compared.get("layouts") or 1) < int(now.config.get("layouts") or 1):
        return f"it had {compared.get('layouts')} layouts a side, agreed are {now.config.get('layouts')}"
    return None


def _untrue(root: Path, now: State, compared: Event) -> str | None:
    """Say what in the journal's line does not agree with its samples, or with what the measuring process wrote."""
    for part in (compared, compared.get("confirmation")):
        if part is not None and (marks.judged(compared, part) or ())[:2] != (part.get("verdict"), part.get("pairs")):
            return "its samples do not say what its verdict says"
    sigma = noise.sigma_pair(compared["baseline_samples"], compared["candidate_samples"])
    gain = None if compared.get("mode") == "not_worse" else float(compared["gain"])
    if noise.needs_confirmation(sigma, gain) and not compared.get("confirmation"):
        return "its noise asks for a second comparison, and there is none"
    if job := now.jobs.get(str(compared.get("fleet_job"))):
        written = {**job.submitted.get("plan", {}), **(job.finished or {}).get("answer", {})}
    else:
        try:
            written = json.loads(Folder(root, str(compared.get("job")), KIND).read(VERDICT) or "{}")
        except ValueError:
            written = {}
    differing = [key for key in _HELD if written.get(key) != compared.get(key)]
    return f"the process that measured did not write this line ({differing[0]} differs)" if differing else None


def _picked(root: Path, now: State, compared: Event) -> str | None:
    """Say so when the same content was compared again and again and chance may have been waited for.

    It must have been found good more often than not. A change without effect, found good with a chance p each time,
    ever gets ahead with a chance of p / (1 - p): 2.2% with 48 pairs, however often it is repeated. A comparison that
    was ended after it had said something counts as one that said otherwise.
    """
    same = [other for other in now.comparisons if _alike(other, compared) and not _failed(other)]
    good = sum(other.get("verdict") in GOOD for other in same)
    against = len(same) - good + _broken_off(root, compared)
    if good > against:
        return None
    return (
        f"{against} of {good + against} comparisons of this content say otherwise; more must speak for it than against"
    )


def _alike(other: Event, compared: Event) -> bool:
    return all(other.get(key) == compared.get(key) for key in ("baseline_tree", "candidate_tree", "mode", "metric"))


def _failed(other: Event) -> bool:
    return other.get("verdict") in ("error", "void")


def _shown_wrong(other: Event) -> bool:
    return str(other.get("reason") or "").startswith(("checks: ", f"{outputs.REASON} "))


def _broken_off(root: Path, compared: Event) -> int:
    """Return how many comparisons of this content on this machine died after their first look."""
    count = 0
    for place in jobs_folder(root, KIND).iterdir():
        folder = Folder(root, place.name, KIND)
        if folder.has(VERDICT) or folder.has("finished") or " pairs: " not in folder.read("log.txt"):
            continue
        try:
            count += _alike(json.loads(folder.read("plan.json")), compared)
        except ValueError:
            continue
    return count
