"""The process that carries a comparison out, detached, so that it survives the agent's shell.

It writes progress lines for those who follow, and the verdict with every sample to the journal.
"""

import functools
import io
import json
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from helpers import console, events, files, git, paths
from helpers.comparison import BEGUN, Comparison, figure
from helpers.events import Note
from helpers.judge.compare import afresh, checks, holdout, metric_limits, outputs, unseen
from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Made, Measured, Pair
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import HIDDEN, OPENED, SAME_BUILD, Side, SideError, Trees
from helpers.judge.rule import noise, sign_test
from helpers.judge.rule.sign_test import Verdict
from helpers.run.copies.raw_git import Shadow
from helpers.run.isolation import environment
from helpers.run.jobs.task import from_dict
from helpers.run.local import slots
from helpers.run.local.job_folder import Folder

KIND, VERDICT, CANCELLED = "comparisons", "verdict", "cancelled"
CONFIRM = "/confirm"
"""What a confirmation adds to the seed of its comparison."""
Given = Mapping[str, Sequence[Pair]]
"""Pairs that were measured elsewhere: of the comparison under "", of its confirmation under CONFIRM."""
NOTHING: Given = {}
HEED_SECONDS = 0.5
"""Seconds between two looks whether it was cancelled."""
_SAID = 1 << 20
"""Bytes at the end of what failing checks printed that are kept."""
SILENT_SECONDS = 8.0
"""Seconds without a look after which a line says how far it is."""


def carry_out(root: Path, job: str, shared: Callable[[Path, Plan, Path, TextIO], Given]) -> None:
    """Carry out one planned comparison and journal its outcome, whatever it is; `shared` measures pairs on all."""
    environment.adopt_orphans()
    folder = Folder(root, job, KIND)
    plan = Plan(**json.loads(folder.read("plan.json")))
    with folder.claimed() as mine:
        if not mine:
            return
        place = Path(plan.workdir_root) / "runs" / job
        with io.TextIOWrapper(files.appending(folder.log), "utf-8", line_buffering=True) as log:

            def work() -> dict[str, Any]:
                given = shared(root, plan, place / "parts", log) if plan.spread else NOTHING
                return compare(root, plan, place, Shadow(git.find(root), Path(plan.workdir_root)), log, given).to_line()

            try:
                _heed(folder)
                answer = answered(root, work, log)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                environment.end_children()
                events.append(root, Note(text=f"the comparison {job} was cancelled", experiment_id=plan.experiment))
            else:
                said = {"experiment_id": plan.experiment, "worker": "local", **plan.journaled(), **answer}
                event = Comparison.of(said)
                folder.mark(VERDICT, json.dumps(event.line))  # what a keep holds the journal's line against
                outputs.write_reproduction(root, event, plan.task)
                events.append(root, event)
                printed = place / pairs.side_name(plan.seed, "candidate", 0) / Side.CHECKS_LOG
                if (event.reason or "").startswith(checks.FAILED) and printed.is_file() and not printed.is_symlink():
                    with printed.open("rb") as whole:  # without walls a program may put a link there, or gigabytes
                        whole.seek(max(0, printed.stat().st_size - _SAID))
                        (folder.path / Side.CHECKS_LOG).write_bytes(whole.read(_SAID))
            folder.mark("finished")
        shutil.rmtree(place, ignore_errors=True)


def _heed(folder: Folder) -> None:
    """Have KeyboardInterrupt raised soon after the comparison is marked as cancelled, as long as the timer runs.

    A mark reaches a process from any sandbox, a signal does not.
    """

    def look(*_: object) -> None:
        if folder.has(CANCELLED):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, HEED_SECONDS, HEED_SECONDS)


def answered(home: Path, work: Callable[[], dict[str, Any]], log: TextIO) -> dict[str, Any]:
    """Return what `work` answers, on a machine that it has to itself, or the error that ended it, with the seconds."""
    began = time.monotonic()
    try:
        if slots.busy(home):
            print("waiting for what runs to end: what waits in the queue comes after the comparison", file=log)
        with slots.hold_all(home):
            began = time.monotonic()  # what was waited for is no time of its own
            answer = work()
    except Exception as error:  # noqa: BLE001 - nobody watches; the person reads the journal
        told = console.failure_of(error)
        reason = str(error) if isinstance(error, SideError) else f"{told.message}; {told.do}"
        answer = {"verdict": "error", "reason": reason}
    return {**answer, "seconds": round(time.monotonic() - began, 3)}


def compare(
    root: Path, plan: Plan, place: Path, trees: Trees, log: TextIO, given: Given = NOTHING, made: Made = pairs.forget
) -> Comparison:
    """Build both sides below `place`, measure pairs until the rule decides, check the winner.

    Raises SideError when the baseline is broken. `root` is the folder whose state folder remembers the set-up; `given`
    are pairs that were measured elsewhere, or before it was broken off: `made` is told of each pair, to keep it.
    """
    return checks.needing(_compare(root, plan, place, trees, log, given, made), plan, root, place, trees, log)


def _compare(root: Path, plan: Plan, place: Path, trees: Trees, log: TextIO, given: Given, made: Made) -> Comparison:
    try:
        base, cand, same = build(root, plan, place, trees, log)
        before = checks.before_pairs(plan, base[0], cand[0], log)
        if before.verdict:
            return before
        warm_up(plan, base, cand)
        broken = metric_limits.broken_at_once(plan)
        say = _reporter(log, plan)
        measured, verdict = pairs.interleave(
            base, cand, plan, say, broken=broken, given=given.get("", ()), made=made, early=pairs.unlikely
        )
    except pairs.CandidateError as error:  # of a shared comparison it may be the checks, as another worker saw them
        said = str(error)
        return BEGUN.ending("not_improved", said if said.startswith(checks.FAILED) else f"crash: {said}")
    others = [pair for its in given.values() for pair in its]
    found = void(_measured(plan, measured, verdict), plan, base, cand, others)
    if found.verdict == "undecided" and broken(measured):
        found = metric_limits.result(found, plan, base[0], measured, log)
    of_winners: tuple[Callable[[Comparison], Comparison], ...] = (
        lambda won: _confirm(won, plan, base, cand, measured, log, given.get(CONFIRM, ())),
        lambda won: metric_limits.result(won, plan, base[0], measured, log),
        lambda won: holdout.result(won, plan, base, cand, functools.partial(_reporter, log), log),
        lambda won: outputs.result(won, plan, base[0], cand[0], log),
        lambda won: afresh.result(won, plan, measured, base, cand, _reporter(log, plan), log),
    )
    try:
        for step in of_winners:
            found = step(found) if found.is_good else found
    except pairs.CandidateError as error:
        found = found.ending("not_improved", f"crash: {error}")
    found = void(found, plan, base, cand, others)
    if found.is_good:
        found = unseen.result(checks.run(found, plan, base[0], cand[0], log), plan, base[0], cand[0], trees, log)
        return _unchanged(checks.crossed(found, base[0], cand[0], trees, log) if found.is_good else found, plan, cand)
    return replace(found, reason=found.reason or (SAME_BUILD if same else None))


def build(root: Path, plan: Plan, place: Path, trees: Trees, log: TextIO) -> tuple[list[Side], list[Side], bool]:
    """Build both sides, once for each layout, in folders whose names say nothing; tell whether they came out the same.

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
                side.require_room()
                raise pairs.CandidateError(str(error)) from None
            both[name].append(side)
    base, cand = both["baseline"], both["candidate"]
    if same := base[0].built_the_same(cand[0]):
        print(SAME_BUILD, file=log)
    for side in (*base, *cand):
        side.remember()  # before the checks: what they let the program change in its copy counts as well
    return base, cand, same


def warm_up(plan: Plan, base: list[Side], cand: list[Side]) -> None:
    """Run every side once, so that none is cold when the first pair counts; compile again what that compiled.

    What follows the first pairs, the confirmation and the holdout, finds them warm. Raises CandidateError, SideError.
    """
    for side in (*base, *cand):
        if plan.warm:
            side.warmed = pairs.measure(side, base[0] if side in cand else None, plan, paths.BENCHMARK, seed=1)
        side.precompile()


def _reporter(log: TextIO, plan: Plan) -> pairs.Progress:
    last = began = time.monotonic()
    most, after = plan.max_pairs, plan.outputs_seconds * (paths.OUTPUTS in plan.protected)

    def say(measured: Measured, verdict: Verdict | None) -> None:
        nonlocal last
        if verdict is None and time.monotonic() - last < SILENT_SECONDS:
            return
        last = time.monotonic()
        found, count = verdict or pairs.so_far(measured, plan), len(measured.baseline)
        line = (
            f"{count} pairs: {found.wins} wins, {found.clear_wins} of them clear of the margin; median gain "
            f"{figure(plan.by, found.gain, found.interval, count)}: "
            f"{verdict.verdict if verdict else 'so far'}"
        )
        each, following = (last - began) / count, next((n for n in sign_test.TABLE if n > count), most)
        if count < most and (verdict is None or verdict.verdict == "undecided"):
            line += f"; next look in {each * (min(following, most) - count):.0f} s"
            line += f", {each * (most - count) + after:.0f} s at most"
        print(line, file=log)

    return say


def _measured(plan: Plan, measured: Measured, verdict: Verdict) -> Comparison:
    base, cand = measured.of(plan.metric)
    said = {**vars(verdict), "interval": list(verdict.interval), "needed": verdict.needed_pairs}
    said |= {key: getattr(plan, key) for key in ("metric", "direction", "scale")}
    said |= {"sigma_pair": is_unsure(plan, measured, None)[0], "measured_seconds": round(measured.seconds, 3)}
    said |= {"baseline_samples": base, "candidate_samples": cand}
    if measured.elsewhere:
        anew = [f"pair {pair.number + 1} of {pair.redrawn}" for pair in measured.elsewhere if pair.redrawn]
        said |= {"hosts": [pair.host for pair in measured.elsewhere], "redrawn": anew}
    del said["needed_pairs"]
    return Comparison.from_line({**said, **BEGUN.line, "verdict": verdict.verdict})


def void(
    found: Comparison, plan: Plan, base: list[Side], cand: list[Side], elsewhere: Sequence[Pair] = ()
) -> Comparison:
    """Void a result whose evaluator changed, or whose candidate leaves traces that the baseline does not."""
    if said := next((f"on {pair.host}: {pair.void}" for pair in elsewhere if pair.void), ""):
        return found.ending("void", said)
    if (looked := _unchanged(found, plan, [*base, *cand])) is not found:
        return looked
    usual = set().union(*(side.left_behind() for side in base))
    extra = sorted(set().union(*(side.left_behind() for side in cand)) - usual)
    if extra:
        return found.ending("void", f"the candidate keeps files between calls: {', '.join(extra[:5])}")
    theirs = set().union(*(pair.signs for pair in elsewhere), *(side.signs for side in cand))
    signs = sorted(theirs - set().union(*(side.signs for side in base)))
    if any(sign in signs for sign in (OPENED, HIDDEN)):
        return found.ending("void", f"on the candidate's side alone {'; '.join(signs)}")
    return replace(found, signs=signs or found.signs)


def _unchanged(found: Comparison, plan: Plan, sides: list[Side]) -> Comparison:
    for side in sides:
        changed = side.changed_protected(plan.protected)
        if changed:
            return found.ending("void", f"protected file changed while running: {', '.join(changed)}")
    return found


def is_unsure(plan: Plan, measured: Measured, gain: float | None) -> tuple[float | None, bool]:
    """Return the noise of the pairs, and whether a gain needs a second comparison beside it."""
    sigma = noise.of_pairs(*measured.of(plan.metric), seeded=plan.seeded or bool(plan.spread), by=plan.by)
    return sigma, noise.needs_confirmation(sigma, None if plan.mode == "not_worse" else gain, plan.margin, plan.by)


def _confirm(
    found: Comparison,
    plan: Plan,
    base: list[Side],
    cand: list[Side],
    measured: Measured,
    log: TextIO,
    given: Sequence[Pair],
) -> Comparison:
    """On a noisy host, or where it is small beside the noise, a gain needs a second, fresh comparison that agrees."""
    sigma, unsure = is_unsure(plan, measured, found.gain)
    if not unsure:
        return found
    print(f"sigma_pair is {plan.by.size(sigma or 0.0)}: a second, fresh comparison must say the same", file=log)
    say = _reporter(log, plan)
    early, seed = pairs.confirming(measured, plan), plan.seed + CONFIRM
    again, verdict = pairs.interleave(base, cand, plan, say, seed=seed, given=given, early=early)
    found = replace(found, confirmation=_measured(plan, again, verdict))
    if found.confirmation and found.confirmation.is_good:
        return found
    return found.ending("undecided", "a second, fresh comparison did not confirm it")
