"""The process that carries a comparison out, detached, so that it survives the agent's shell.

It writes progress lines for whoever follows, and the verdict with every sample to the journal.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from helpers import events, files, git, paths
from helpers.events import Comparison
from helpers.judge.compare import checks, figures, metric_limits, outputs
from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Measured, Plan
from helpers.judge.measure.side import HIDDEN, OPENED, SAME_BUILD, Side, SideError, Trees
from helpers.judge.rule import noise, sign_test
from helpers.judge.rule.sign_test import Verdict
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import environment
from helpers.run.jobs.task import from_dict
from helpers.run.local import slots
from helpers.run.local.job_folder import Folder

KIND, VERDICT = "comparisons", "verdict"
HOLDOUT_PAIRS = 24
QUIET = 8.0
"""Seconds without a look after which a line says how far it is."""


def carry_out(root: Path, job: str) -> None:
    """Carry out one planned comparison and journal its outcome, whatever it is."""
    environment.adopt_orphans()
    folder = Folder(root, job, KIND)
    plan = Plan(**json.loads(folder.read("plan.json")))
    with folder.claimed() as mine:
        if not mine:
            return
        place = Path(plan.workdir_root) / "runs" / job
        began = time.monotonic()
        with io.TextIOWrapper(files.appending(folder.log), "utf-8", line_buffering=True) as log:
            try:
                if slots.busy(root):
                    print("waiting for a running job to end: a comparison has the machine to itself", file=log)
                with slots.hold_all(root):
                    outcome = compare(root, plan, place, Shadow(git.find(root), Path(plan.workdir_root)), log)
            except (SideError, OSError) as error:
                outcome = {"verdict": "error", "reason": str(error)}
            except Exception as error:  # noqa: BLE001 - nobody watches; the person reads the journal
                outcome = {"verdict": "error", "reason": f"{type(error).__name__}: {error}"}
            its = {"experiment_id": plan.experiment, "worker": "local", **plan.journaled(), **outcome}
            event = Comparison.of({**its, "seconds": round(time.monotonic() - began, 3)})
            folder.mark(VERDICT, json.dumps(event.line))  # what a keep holds the journal's line against
            outputs.write_reproduction(root, event, plan.task)
            events.append(root, event)
            folder.mark("finished")
        shutil.rmtree(place, ignore_errors=True)


def compare(root: Path, plan: Plan, place: Path, trees: Trees, log: TextIO) -> dict[str, Any]:
    """Build both sides below `place`, measure pairs until the rule decides, check the winner; return the outcome.

    Raises SideError when the baseline is broken. `root` is the folder whose state folder remembers the set-up.
    """
    try:
        base, cand = _build(root, plan, place, trees, log)
        if same := base[0].built_the_same(cand[0]):
            print(SAME_BUILD, file=log)
        for side in (*base, *cand):
            side.remember()  # before the checks: what they let the program leave in its copy counts as well
        before = checks.run(plan, base[0], cand[0], log, alike=True)
        if "verdict" in before:
            return before
        for side in (*base, *cand):
            pairs.measure(side, base[0] if side in cand else None, plan, paths.BENCHMARK, seed=1)
            side.precompile()
        broken = metric_limits.broken_at_once(plan)
        measured, verdict = pairs.interleave(base, cand, plan, _reporter(log, plan.max_pairs), broken=broken)
    except pairs.CandidateError as error:
        return {"verdict": "not_improved", "reason": f"crash: {error}", "checks": None}
    outcome = _record(plan, measured, verdict)
    outcome.update(_void(plan, base, cand))
    if outcome["verdict"] == "undecided" and broken(measured):
        outcome.update(metric_limits.result(plan, base[0], measured, log))
    of_winners: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: _confirm(plan, base, cand, measured, verdict.gain, log),
        lambda: metric_limits.result(plan, base[0], measured, log),
        lambda: _holdout(plan, base, cand, log),
        lambda: outputs.result(plan, base[0], cand[0], log),
    )
    for step in of_winners:
        if outcome["verdict"] in ("improved", "not_worse"):
            outcome.update(step())
    outcome.update(_void(plan, base, cand))
    if outcome["verdict"] in ("improved", "not_worse"):
        outcome.update(checks.run(plan, base[0], cand[0], log))
        outcome.update(_changed(plan, cand))
    elif same and not outcome["reason"]:
        outcome["reason"] = SAME_BUILD
    return outcome


def _build(root: Path, plan: Plan, place: Path, trees: Trees, log: TextIO) -> tuple[list[Side], list[Side]]:
    """Build both sides, once for each layout, in folders whose names say nothing.

    Raises CandidateError when only the candidate cannot be built.
    """
    task = from_dict(plan.task)
    both: dict[str, list[Side]] = {"baseline": [], "candidate": []}
    for layout in range(plan.layouts):
        for name, tree in (("baseline", plan.baseline_tree), ("candidate", plan.candidate_tree)):
            letters = pairs.side_name(plan.seed, name, layout)
            side = Side(root, tree, place / letters, task, plan.passed, layout, plan.repeats)
            print(
                f"building {name}" + (f", layout {layout + 1} of {plan.layouts}" if plan.layouts > 1 else ""), file=log
            )
            try:
                side.build(trees)
            except SideError as error:
                if name == "baseline":
                    raise SideError(f"the baseline is broken: {error}") from None
                raise pairs.CandidateError(str(error)) from None
            both[name].append(side)
    return both["baseline"], both["candidate"]


def _reporter(log: TextIO, most: int) -> pairs.Progress:
    last = began = time.monotonic()

    def say(measured: Measured, verdict: Verdict | None, so_far: Callable[[], Verdict]) -> None:
        nonlocal last
        if verdict is None and time.monotonic() - last < QUIET:
            return
        last = time.monotonic()
        found, count = verdict or so_far(), len(measured.baseline)
        line = (
            f"{count} pairs: {found.wins} wins, {found.clear_wins} clear, {found.within} within; median gain "
            f"{found.gain:+.2%} [{found.interval[0]:+.2%}, {found.interval[1]:+.2%}]: "
            f"{verdict.verdict if verdict else 'so far'}"
        )
        each, following = (last - began) / count, next((n for n in sign_test.TABLE if n > count), most)
        if verdict is None or verdict.verdict == "undecided":
            line += (
                f"; next look in {each * (min(following, most) - count):.0f} s, {each * (most - count):.0f} s at most"
            )
        print(line, file=log)

    return say


def _record(plan: Plan, measured: Measured, verdict: Verdict) -> dict[str, Any]:
    base, cand = measured.of(plan.metric)
    return {
        "verdict": verdict.verdict,
        "gain": verdict.gain,
        "interval": list(verdict.interval),
        "pairs": verdict.pairs,
        "wins": verdict.wins,
        "clear_wins": verdict.clear_wins,
        "within": verdict.within,
        "worse": verdict.worse,
        "needed": verdict.needed_pairs,
        "baseline_samples": base,
        "candidate_samples": cand,
        "measured_seconds": round(measured.seconds, 3),
        "checks": None,
        "reason": None,
    }


def _void(plan: Plan, base: list[Side], cand: list[Side]) -> dict[str, Any]:
    """Void a result whose evaluator changed, or whose candidate leaves traces that the baseline does not."""
    if changed := _changed(plan, [*base, *cand]):
        return changed
    usual = set().union(*(side.left_behind() for side in base))
    extra = sorted(set().union(*(side.left_behind() for side in cand)) - usual)
    if extra:
        return {"verdict": "void", "reason": f"the candidate keeps files between calls: {', '.join(extra[:5])}"}
    signs = sorted(set().union(*(side.signs for side in cand)) - set().union(*(side.signs for side in base)))
    if any(sign in signs for sign in (OPENED, HIDDEN)):
        return {"verdict": "void", "reason": f"on the candidate's side alone {'; '.join(signs)}"}
    return {"signs": signs} if signs else {}


def _changed(plan: Plan, sides: list[Side]) -> dict[str, Any]:
    for side in sides:
        changed = side.changed_protected(plan.protected)
        if changed:
            return {"verdict": "void", "reason": f"protected file changed while running: {', '.join(changed)}"}
    return {}


def _confirm(
    plan: Plan, base: list[Side], cand: list[Side], measured: Measured, gain: float, log: TextIO
) -> dict[str, Any]:
    """On a noisy host, or where it is small beside the noise, a gain needs a second, fresh comparison that agrees."""
    sigma = noise.of_pairs(*measured.of(plan.metric), seeded=plan.seeded)
    if not noise.needs_confirmation(sigma, None if plan.mode == "not_worse" else gain, plan.margin):
        return {"sigma_pair": sigma}
    print(f"sigma_pair is {sigma:.1%}: a second, fresh comparison must say the same", file=log)
    again, verdict = pairs.interleave(base, cand, plan, _reporter(log, plan.max_pairs), seed=plan.seed + "/confirm")
    found = {"sigma_pair": sigma, "confirmation": _record(plan, again, verdict)}
    if verdict.verdict in ("improved", "not_worse"):
        return found
    return {**found, "verdict": "undecided", "reason": "a second, fresh comparison did not confirm it"}


def _holdout(plan: Plan, base: list[Side], cand: list[Side], log: TextIO) -> dict[str, Any]:
    """Measure a second workload that screening never runs; a loss there voids the gain.

    It ends early only when the candidate is shown to lose less than the margin; else the median of all pairs decides.
    Simulated with a margin of 2%, a candidate without effect there is refused in 0.3% of cases at 3% noise, one that
    loses 3% in 91%; a median taken at the first look refuses 4% and 76%.
    """
    if not (base[0].copy / paths.HOLDOUT).exists():
        return {}
    print("holdout: the second workload", file=log)
    short = Plan(**{**plan.as_dict(), "max_pairs": min(plan.max_pairs, HOLDOUT_PAIRS), "mode": "not_worse"})
    _, verdict = pairs.interleave(
        base,
        cand,
        short,
        _reporter(log, short.max_pairs),
        script=paths.HOLDOUT,
        seed=plan.seed + "/holdout",
        rule=pairs.last_look,
        ends=("not_worse",),
    )
    passed = verdict.verdict == "not_worse" or verdict.gain > -plan.margin
    record = {
        "verdict": "passed" if passed else "loses" if verdict.worse else "may_lose",
        "gain": verdict.gain,
        "interval": list(verdict.interval),
        "pairs": verdict.pairs,
        "wins": verdict.wins,
        "worse": verdict.worse,
    }
    print(figures.comparison(Comparison.from_line({"holdout": record})).holdout_words(), file=log)
    if passed:
        return {"holdout": record}
    said = f"{verdict.gain:+.2%} [{verdict.interval[0]:+.2%}, {verdict.interval[1]:+.2%}]"
    if verdict.worse:
        return {"holdout": record, "verdict": "not_improved", "reason": f"the holdout loses: {said}"}
    reason = f"the holdout may lose: {said}; a quieter host, or a longer holdout, could tell"
    return {"holdout": record, "verdict": "undecided", "reason": reason}
