"""Marks: what was loosened after the lock, and what of the journal its own evidence does not carry."""

from __future__ import annotations

import math
from typing import Any

from helpers import git, git_objects, paths
from helpers.comparison import Comparison, in_words
from helpers.events import Run
from helpers.json_fields import mapping, values_at
from helpers.judge.compare import figures
from helpers.judge.compare.figures import number
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure.plan import Plan
from helpers.judge.policy.check import matches
from helpers.judge.rule import sign_test
from helpers.state import State

BUNDLE = "the bundle's own scripts are not those of the lock"


def loosened(now: State, until: float = math.inf) -> list[str]:
    """Return in words what was made less strict after the lock and before the time `until` (ms)."""
    since = now.runs[0].timestamp if now.runs else None
    found: list[str] = []
    for note in now.notes:
        if since is not None and since <= note.timestamp <= until:
            for key, value in note.changed.items():
                try:
                    found += _looser(key, note.was.get(key), value)
                except (TypeError, ValueError):  # noqa: PERF203 - a line that no script wrote
                    found.append(f"{key} -> {value}")
    return list(dict.fromkeys(found))


_USUAL = {"margin": 0.01, "leastDifference": math.inf, "layouts": 1, "outputsSeconds": Plan.outputs_seconds}
"""Options that are stricter the larger they are, with their values where nobody gave one."""


def _looser(key: str, before: Any, value: Any) -> list[str]:  # noqa: ANN401 - whatever the key holds
    """Return what of a changed option is less strict than before; what was before is None where nobody noted it."""
    old = list(map(str, values_at(before)))
    if key in ("noChecks", "network"):
        return [{"noChecks": "--no-checks", "network": "--network"}[key]]
    if key in ("allow", "passEnv"):
        flag = {"allow": "--allow", "passEnv": "--pass-env"}[key]
        return [f"{flag} {each}" for each in map(str, values_at(value)) if each not in old]
    if key == "scope":
        scope = list(map(str, values_at(value)))
        inside = bool(scope) and all(any(matches(each.rstrip("/*"), glob) for glob in old or ["*"]) for each in scope)
        return [] if inside else [f"scope {', '.join(old) or 'everything'} -> {', '.join(scope)}"]
    if key == "offLimits":
        return [f"no more off limits: {each}" for each in old if each not in values_at(value)]
    if key == "guards":
        new = {parse_limit(each).name: each for each in map(str, values_at(value))}
        gone = [(each, new.get(parse_limit(each).name)) for each in old]
        return [f"limit {each} -> {its or 'none'}" for each, its in gone if its is None or _wider(each, its)]
    if key in _USUAL:
        least = number(before) or _USUAL[key]
        said = f"{least:g}" if math.isfinite(least) else "as it was"
        return [f"{key} {said} -> {value}"] if (number(value) or 0) < least else []
    if key == "reviewAbove" and (number(value) or 0) > (number(before) or 0):
        return [f"review only above {value} times, before {before or 'as usual'}"]
    if key == "budget":
        was = mapping(before)
        return [f"budget {k} {was[k]} -> {v}" for k, v in mapping(value).items() if k in was and v > was[k]]
    return []


def _wider(before: str, after: str) -> bool:
    old, new = parse_limit(before), parse_limit(after)
    return old.direction != new.direction or (old.same and not new.same) or (not new.same and new.limit > old.limit)


def of_run(now: State, run: Run) -> list[str]:
    """Return the marks of a kept run: those it carries, and those that the journal's own notes say it should."""
    return list(dict.fromkeys([*run.marks, *loosened(now, run.timestamp or math.inf)]))


def judged(compared: Comparison, part: Comparison) -> tuple[str, int, tuple[float, ...]] | None:
    """Return verdict, pairs, gain and interval that the samples of a comparison or of its confirmation give."""
    found = figures.judged(compared, part.baseline_samples, part.candidate_samples)
    if found and part is compared.confirmation:
        own = figures.judged(compared, compared.baseline_samples, compared.candidate_samples)
        if sign_test.confirms(own, found):
            return "improved", found.pairs, (found.gain, *found.interval)
    return (found.verdict, found.pairs, (found.gain, *found.interval)) if found else None


def doubts(now: State) -> dict[str, str]:
    """Return, for each kept experiment that its evidence does not carry, what is wrong."""
    found, base = {}, now.lock.commit_full if now.lock else ""
    for run in now.kept:
        if reason := _doubt(now, run, base):
            found[run.experiment_id] = reason
        base = run.commit_full
    return found


def _doubt(now: State, run: Run, base: str) -> str:
    seed = run.verdict.seed if run.verdict else ""
    its = [c for c in now.comparisons if c.experiment_id == run.experiment_id]
    compared = next((c for c in reversed(its) if seed and c.seed == seed), None)
    if compared is None:
        return "the journal holds no comparison of it: nobody measured it"
    if compared.candidate_tree != run.tree:
        return "its comparison was of another content"
    if compared.baseline_commit != base:
        return "its comparison was against another baseline than the change before it"
    for part in (compared.confirmation, compared):
        if part and (found := judged(compared, part)) is None:
            return "its samples are not in the journal, or no measurements"
        if part and found and found[0] != part.verdict:
            return f"its samples say {in_words(found[0])} by themselves, not {part.verdict}"
        for said, here in zip([part.gain, *(part.interval or ())], found[2], strict=False) if part and found else ():
            if not _close(said, here):
                return _otherwise(compared, here, said)
    if found and not _close(run.gain, found[2][0]):
        return _otherwise(compared, found[2][0], run.gain)
    return "" if compared.is_good else f"its comparison says {compared.verdict}"


def _close(one: float | None, other: float) -> bool:
    return one is not None and math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)


def _otherwise(compared: Comparison, its: float, said: float | None) -> str:
    told = "none" if said is None else compared.scale.words(said)
    return f"its samples give {compared.scale.words(its)}, the journal says {told}"


def unmeasured(repository: git.Repository, now: State) -> list[str]:
    """Return the commits on the session's branch that nobody measured, and keeps that are not on it."""
    first, root = now.lock.commit_full if now.lock else "", repository.root
    if not first or not now.runs:
        return []
    listed = git.run(root, ["rev-list", f"{first}..refs/heads/{now.branch}", "--"], check=False)
    if listed.returncode:
        return [f"the branch {now.branch} is gone"]
    there = listed.stdout.decode().split()
    kept = {run.commit_full: run.experiment_id for run in now.kept}
    strange = [commit for commit in there if commit not in kept and not _only_words(repository, commit)]
    lost = [f"{name} ({commit[:7]}) is not on {now.branch}" for commit, name in kept.items() if commit not in there]
    return [*(f"{commit[:7]} on {now.branch} was measured by nobody" for commit in strange), *lost]


def _only_words(repository: git.Repository, commit: str) -> bool:
    rows = git_objects.differences(repository.root, f"{commit}^", commit)
    return {row.path for row in rows} == {paths.IMPROVEMENTS.encode()}
