"""What benchmark and checks did not see of a winner: a crash that the benchmark forgives, a changed file nobody reads.

At the lock all of the source is broken at once. What looks at one file of the copy and takes the next one from an
installed release, an object file in git or a second copy of it passes there, and sees nothing of a change.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from helpers import paths, printable
from helpers.comparison import Comparison
from helpers.judge.compare import wrong_answers
from helpers.judge.compare.broken_copy import BROKEN, Changed, checks_nothing
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure import answers
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.judge.policy.evaluator_reach import is_program
from helpers.run.jobs import blame

LONG = 30.0
"""A benchmark whose runs take more seconds is not run again for this: spread pairs would be here long before it."""


def result(won: Comparison, plan: Plan, base: Side, cand: Side, trees: Trees, log: TextIO) -> Comparison:
    """End a winner that crashes where the benchmark does not heed it; as signs for a reader: what nothing looks at."""
    if not won.is_good:
        return won
    signs, quick = list[str](), won.measured_seconds <= 2 * LONG * won.pairs
    scripts = [name for name in (paths.BENCHMARK, paths.HOLDOUT) if (cand.copy / name).is_file()]
    for script in scripts if quick else ():
        alone = cand.passes_over(script)
        for _ in blame.often() if alone else ():
            alone -= base.passes_over(script)
        for status, command in sorted(alone):
            said = f"a command of {script} fails on its side alone ({status}): {printable.name(command[:160])}"
            if any(128 < int(each) < 255 for each in status.split()):
                return won.ending("not_improved", f"crash: {said}")
            signs.append(said)
    if not any(parse_limit(text).same for text in plan.guards) and not checks_nothing(_text(cand, paths.CHECKS)):
        print("breaking what it changed, file by file: the checks must fail", file=log)
        signs += _unseen(plan, base, cand, trees, faults=quick)
    return replace(won, signs=[*won.signs, *signs])


def _unseen(plan: Plan, base: Side, cand: Side, trees: Trees, *, faults: bool) -> Iterator[str]:
    """Yield what a reader is told of changed files that neither the checks nor the outputs script see."""
    side = Side(base.root, cand.tree, cand.folder.parent / "unseen", base.task, base.passed, repeats=base.repeats)
    names = (name for name in sorted(cand.before) if is_program(name) and name not in cand.made)
    changed = [name for name in names if _text(cand, name) != _text(base, name)]
    for name in (changed[count] for count in blame.often(len(changed))):
        if not any(_noticed(side, base, Changed(trees, {name: content})) for content in BROKEN):
            yield f"the checks pass where {printable.name(name)} is broken on purpose: they do not look at it"
        elif faults and not _text(cand, paths.OUTPUTS):
            old, new = (_text(each, name).split("\n") for each in (base, cand))
            lines, text = {number for number, row in enumerate(new) if row not in old}, "\n".join(new).encode("latin-1")
            for fault in wrong_answers.unnoticed(side, trees, plan.metric, {name: text}, lines)[:1]:
                yield f"the checks pass with a fault in what changed: {printable.name(fault)}"
    shutil.rmtree(side.folder, ignore_errors=True)


def _text(side: Side, name: str) -> str:
    file: Path = side.copy / name
    return file.read_text("latin-1") if file.is_file() and not file.is_symlink() else ""


def _noticed(side: Side, base: Side, trees: Trees) -> bool:
    try:
        side.build(trees)
    except SideError:
        side.around = side.walls()  # what is left may be all that they look at
    if side.check() != "passed":
        return True
    try:
        script = _text(side, paths.OUTPUTS)
        return bool(script and answers.difference(base.answer(1), side.answer(1), answers.declared(script)))
    except SideError:
        return True
