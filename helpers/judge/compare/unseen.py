"""What benchmark and checks did not see of a winner: a crash or a hang that they forgive, a changed file nobody reads.

At the lock all of the source is broken at once. What looks at one file of the copy and takes the next one from an
installed release, an object file in git or a second copy of it passes there, and sees nothing of a change.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

from helpers import paths, printable
from helpers.comparison import Comparison
from helpers.judge.compare import branches, wrong_answers
from helpers.judge.compare.broken_copy import BROKEN, Changed, checks_nothing
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure import answers
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.judge.policy.evaluator_reach import is_program
from helpers.run.jobs import blame

_CRASH = re.compile(r"\b(?!141)(?:124|129|1[3-9]\d|2[0-4]\d|25[0-4])\b")
"""How what a signal ends, or timeout(1), is told; 141: its reader wanted no more of it."""
LONG = 30.0
"""A benchmark whose runs take more seconds is not run again for this: spread pairs would be here long before it."""
MUCH, LEAST = 2.0, 64 << 20
"""Times the baseline's memory, and bytes more than it, that a reader is asked about: speed is often bought with it."""


def result(won: Comparison, plan: Plan, base: Side, cand: Side, trees: Trees, log: TextIO) -> Comparison:
    """End a winner that crashes or hangs where no script heeds it; as signs for a reader: what nothing looks at."""
    if not won.is_good:
        return won
    signs, quick = list(_memory(base, cand)), won.measured_seconds <= 2 * LONG * won.pairs
    scripts = [*((paths.BENCHMARK, paths.HOLDOUT) if quick else ()), paths.CHECKS]
    for script in (name for name in scripts if (cand.copy / name).is_file()):
        alone = cand.passes_over(script)
        for _ in blame.often() if alone else ():
            alone -= base.passes_over(script)
            alone = {row for row in alone if _CRASH.search(row[0])} | alone & cand.passes_over(script)  # or chance
        for status, command in sorted(alone):
            said = f"a command of {script} fails on its side alone ({status}): {printable.name(command[:160])}"
            if _CRASH.search(status):
                return won.ending("not_improved", f"crash: {said}")
            signs.append(said)
    names = [limit.name for limit in map(parse_limit, plan.guards) if limit.same]
    if (quick or not names) and not checks_nothing(_text(cand, paths.CHECKS)):
        print("breaking what it changed, file by file: the checks must fail", file=log)
        seen = base.warmed or base.measure(plan.metric) if names else {}
        signs += _unseen(plan, base, cand, trees, {name: seen[name] for name in names}, faults=quick)
    return replace(won, signs=[*won.signs, *signs])


def _memory(base: Side, cand: Side) -> Iterator[str]:
    if base.peak and cand.peak >= max(MUCH * base.peak, base.peak + LEAST):
        then, now = (f"{side.peak / 1e6:,.0f} MB" for side in (base, cand))
        yield f"it takes {now} of memory at its peak, the baseline {then} at most: is the speed worth that?"


def _unseen(
    plan: Plan, base: Side, cand: Side, trees: Trees, same: Mapping[str, float], *, faults: bool
) -> Iterator[str]:
    """Yield what a reader is told of changed files that the checks, the outputs script and what stays `same` miss."""
    side = Side(base.root, cand.tree, cand.folder.parent / "unseen", base.task, base.passed, repeats=base.repeats)
    names = (name for name in sorted(cand.before) if is_program(name) and name not in cand.made)
    changed = [name for name in names if _text(cand, name) != _text(base, name)]
    for name in (changed[count] for count in blame.often(len(changed))):
        if not any(_noticed(side, base, Changed(trees, {name: content}), plan.metric, same) for content in BROKEN):
            yield f"the checks pass where {printable.name(name)} is broken on purpose: they do not look at it"
        elif faults:
            old, new = (_text(each, name).split("\n") for each in (base, cand))
            first = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(new))
            lines = {number for number, row in enumerate(new) if row not in old} or {first}  # nothing but taken away
            texts = {name: "\n".join(new).encode("latin-1")}
            found = wrong_answers.unnoticed(
                side, trees, plan.metric, texts, same, lines, alike=lambda: _answers_alike(side, base)
            )
            if found:
                yield f"the checks pass with a fault in what changed, or beside it: {printable.name(found[0])}"
            elif (
                found is None
                and not _text(cand, paths.OUTPUTS)
                and any(wrong_answers.choose({name: "\n".join(old).encode("latin-1")}))
            ):
                yield f"no fault fits into {printable.name(name)} any more: nothing shows that the checks look at it"
            alike = partial(_answers_alike, side, base)
            after = "\n".join(new)
            for place in branches.unchecked(side, trees, plan.metric, name, after, lines, alike):
                yield f"of all scripts the benchmark alone gets to where {printable.name(place)} holds"
            side.tree, whole = base.tree, "\n".join(_text(cand, each) for each in changed)
            for place in branches.forgotten(
                side, trees, plan.metric, name, "\n".join(old), whole, alike, held=bool(same)
            ):
                yield f"nothing gets to where {printable.name(place)} held, which is gone: what of that is done now?"
            side.tree = cand.tree
    shutil.rmtree(side.folder, ignore_errors=True)


def _text(side: Side, name: str) -> str:
    file: Path = side.copy / name
    return file.read_text("latin-1") if file.is_file() and not file.is_symlink() else ""


def _noticed(side: Side, base: Side, trees: Trees, metric: str, same: Mapping[str, float]) -> bool:
    try:
        side.build(trees)
    except SideError:
        side.around = side.walls()  # what is left may be all that they look at
    try:
        if side.check() != "passed" or (same and not same.items() <= side.measure(metric).items()):
            return True
    except SideError:
        return True
    return not _answers_alike(side, base)


def _answers_alike(side: Side, base: Side, seed: int = 1) -> bool:
    """Tell whether the outputs script, where there is one, hears the same of both; the baseline is asked once."""
    if not (script := _text(base, paths.OUTPUTS)):
        return True
    try:
        theirs = base.folder / "answers" if base.answered == seed else base.answer(seed)
    except SideError:  # nothing to hold the other's against
        return True
    try:
        return not answers.difference(theirs, side.answer(seed), answers.declared(script))
    except SideError:
        return False
