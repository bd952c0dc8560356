"""Marks: what was loosened after the lock, and what of the journal its own evidence does not carry."""

import hashlib
import json
import math
import re
import statistics
from pathlib import Path
from typing import Any

from helpers import git, git_objects, journal, paths, printable, replay
from helpers.comparison import Comparison, in_words
from helpers.events import Run
from helpers.json_fields import mapping, values_at
from helpers.judge.compare import figures
from helpers.judge.compare.driver import KIND, VERDICT
from helpers.judge.compare.figures import number
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure.plan import Plan
from helpers.judge.policy.check import matches
from helpers.judge.rule import sign_test
from helpers.run.local.job_folder import Folder, jobs_folder
from helpers.state import State

LOOSENED = "Loosened after the lock"
_ADDED = {"type", "timestamp", "clock", "experiment_id", "worker", "fleet_job", "kind"}  # by whoever journals
_CUT = {"Measured": " pairs.*", "Source": ' ["<].*', "Experiment": r"\(.*\), order seed "}
"""What of these lines of a commit's message may have other words by now."""
BUNDLE = "the bundle's own scripts are not those of the lock"
GONE = "what measuring it wrote is gone"
"""How the reason of a doubt begins that no line of the journal mends."""


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


def untrue(compared: Comparison) -> str:
    """Say what in a comparison's line does not follow from its samples, or those of its confirmation."""
    own = figures.judged(compared, compared.baseline_samples, compared.candidate_samples)
    for part in filter(None, (compared.confirmation, compared)):
        found = figures.judged(compared, part.baseline_samples, part.candidate_samples)
        if own is None or found is None:
            return "its samples are not in the journal, or no measurements"
        verdict = "improved" if part is not compared and sign_test.confirms(own, found) else found.verdict
        if (verdict, found.pairs) != (part.verdict, part.pairs):
            return f"its samples say {in_words(verdict)} by themselves, not {part.verdict}"
        for said, here in zip([part.gain, *(part.interval or ())], (found.gain, *found.interval), strict=False):
            if said is None or not math.isclose(said, here, rel_tol=1e-6, abs_tol=1e-9):
                told = "none" if said is None else compared.scale.words(said)
                return f"its samples give {compared.scale.words(here)}, the journal says {told}"
    return ""


def doubts(root: Path, now: State) -> dict[str, str]:
    """Return, for each kept experiment that its evidence or its commit does not carry, what is wrong."""
    found, base = {}, ""
    commits = git_objects.commits(root, [f"{paths.TREE_REF}{run.commit_full}" for run in now.kept])
    messages = {commit.id: commit.message for commit in commits if commit}
    for run in [each for each in now.runs if each.status == "keep"]:
        if run.experiment_id and (
            reason := _doubt(root, now, run, base) or (run.commit_full and _untold(now, run, messages))
        ):
            back = "" if reason.startswith(GONE) else ", and put the journal's line back"
            found[run.experiment_id] = f"{reason}; see git show {run.commit[:7]}{back}"
        base = run.commit
    return found


def _doubt(root: Path, now: State, run: Run, base: str) -> str:
    name, seed = run.experiment_id, run.verdict.seed if run.verdict else ""
    compared = next((c for c in reversed(now.comparisons) if c.experiment_id == name and c.seed == seed), None)
    if compared is None or not seed:
        return "the journal holds no comparison of it: nobody measured it"
    if compared.candidate_tree != run.tree:
        return "its comparison was of another content"
    if not base or not compared.baseline_commit.startswith(base):
        return "its comparison was against another baseline than the change before it"
    if said := untrue(compared):
        return said
    if run.samples != compared.candidate_samples or run.metric != statistics.median(run.samples):
        return "its run line has another metric or samples than its comparison"
    if not compared.fleet_job and not Folder(root, compared.job, KIND).has(VERDICT):
        return f"{GONE} ({paths.STATE}/{KIND}/{compared.job}/{VERDICT}): nothing but the journal tells of it"
    if differing := differs(root, now, compared):
        return f"the process that measured did not write its comparison's line ({differing[0]} differs)"
    return "" if compared.is_good else f"its comparison says {compared.verdict}"


def differs(root: Path, now: State, compared: Comparison) -> list[str]:
    """Return the keys in which a comparison's line is not what the process that measured it wrote."""
    if compared.fleet_job and (job := now.jobs.get(compared.fleet_job)):
        written = {**job.submitted.plan, **(job.finished.answer if job.finished else {})}
    else:
        try:
            written = json.loads(Folder(root, compared.job, KIND).read(VERDICT) or "{}")
        except ValueError:
            written = {}
    line, missing = compared.line, object()
    found = [key for key, value in written.items() if journal.in_place(value) != line.get(key, missing)]
    return found + [key for key in line if key not in written and key not in _ADDED]


def _untold(now: State, run: Run, messages: dict[str, str]) -> str:
    """Say what the message of a kept run's commit, which was made of the same facts, says otherwise."""
    if (message := messages.get(run.commit_full)) is None:
        return "its commit is none that record_result.py keep placed here"
    its, figure = run.verdict, run.verdict and run.verdict.estimate
    told = {
        "Change": [run.description],
        LOOSENED: ["; ".join(run.marks)] if run.marks else [],
        "Look here": [f"{'; '.join(run.places)}. Reviewed: {run.reviewed or 'nobody said'}"] if run.places else [],
        "Measured": [f"gain {figure.words()}".partition(" pairs")[0] if figure else ""],
        "Source": run.cited,
        "Experiment": [f"{run.experiment_id} {its.seed if its else ''}"],
    }
    title, *lines = message.rstrip().split("\n")
    for label, rows in told.items():
        said = [line.partition(": ")[2] for line in lines if line.startswith(f"{label}: ")]
        said = [title.removeprefix("Change: ")] if label == "Change" else said
        if [re.sub(_CUT.get(label, ""), "", row) for row in said] != list(map(printable.one_line, rows)):
            one, other = ("; ".join(each)[:200] for each in (said, rows))
            return f"its commit says '{label}: {one}', the journal '{other}'"
    strange = {*run.marks} ^ {*loosened(now, run.timestamp)} ^ ({BUNDLE} & {*run.marks})
    return f"the journal's notes do not tell of '{'; '.join(sorted(strange))}', as its commit does" if strange else ""


def _untold_ends(root: Path, now: State) -> list[Path]:
    """Return the folders of jobs and comparisons that ended and that the journal does not know."""
    every, found = (now, *now.aside.values()), list[Path]()
    known = {KIND: {c.job for s in every for c in s.comparisons}, "jobs": {job for s in every for job in s.jobs}}
    for kind, its in known.items():
        lost = [Folder(root, place.name, kind) for place in jobs_folder(root, kind).glob("*") if place.name not in its]
        found += [each.path.relative_to(root) for each in lost if each.has("finished") and not each.has("cancelled")]
    return found


def looks(root: Path, now: State, doubted: dict[str, str]) -> list[str]:
    """Return a line, with what to do, for all in which the journal, its evidence, commits and refs do not agree."""
    lock, back, found = now.lock, "put the journal's line back", [f"{name}: {why}" for name, why in doubted.items()]
    if lock is None or now.taken is None:
        said = f"the journal tells of comparisons, and of no {'baseline' if lock else 'lock'}: {back}"
        return [*found, *[said] * bool(now.kept or now.comparisons)]
    names = [name for name in lock.protected if not (root / name).is_symlink()]
    held = git_objects.blobs(root, [f"{lock.tree}:{name}" for name in names])
    digests = [hashlib.sha256(text or b"").hexdigest() for text in held]
    if wrong := [name for name, had in zip(names, digests, strict=True) if had != lock.protected[name]]:
        found.append(f"the journal's lock says otherwise of {', '.join(wrong[:5])} than what was locked: {back}")
    if _untold_ends(root, now):  # one may have ended since the journal was read
        found += [
            f"{place} ended, and the journal does not say so: {back}" for place in _untold_ends(root, replay.load(root))
        ]
    there = git.output(
        root, ["rev-list", "^" + lock.commit_full, f"refs/heads/{now.branch}", "--"], check=False
    ).split()
    kept = {run.commit_full: run.experiment_id for run in now.kept if run.timestamp > lock.timestamp}
    rows = {each: git_objects.differences(root, f"{each}^", each) for each in there if each not in kept}
    page = [paths.IMPROVEMENTS.encode()]
    found += [
        f"{each[:7]} on {now.branch} was measured by nobody" for each in rows if [r.path for r in rows[each]] != page
    ]
    return found + [f"{kept[each]} ({each[:7]}) is not on {now.branch}" for each in kept if each not in there]
