"""Proof at the lock that the baseline runs as a comparison runs it: built once in its copy, then measured by itself.

What a whole run hands on outside of the copy (in /tmp, in HOME) is not there, and what an earlier run left in the copy
is: a result that is only read again would be the same in every pair, and its noise a verdict.
"""

import contextlib
from collections.abc import Iterator

from helpers import console
from helpers.judge.compare import checks
from helpers.judge.measure.side import Side, SideError, of_session
from helpers.run.copies.copies import Workdirs
from helpers.state import State

ALIKE = 3
"""So many equal values of one copy, and as many others of the next, are no coarse clock."""


@contextlib.contextmanager
def proven(work: Workdirs, now: State) -> Iterator[Side]:
    """Give a build of the locked tree that was measured and checked; raises Failure (1) where that is impossible."""
    with of_session(work, now, now.require_lock().tree, "sound") as side:
        try:
            _require_ready(side, work, now)
        except SideError as error:
            raise console.answer_no(
                f"the baseline passed once, and does not as a comparison runs it: {error}",
                "a comparison builds once, then runs benchmark and checks by themselves, again and again: of what they "
                "or the build write only the copy stays, and HOME, TMPDIR and /tmp are empty. Then:\n"
                "start_session.py --lock",
            ) from None
        yield side


def _require_ready(side: Side, work: Workdirs, now: State) -> None:
    """Raise SideError where it cannot be measured or checked, or a copy only ever gives its first value again."""
    first = _values(side, work, now.metric)
    again = _values(side, work, now.metric, first) if len(first) == 1 else first
    if len(again) == 1 and again != first:
        files = ", ".join(sorted(side.left_behind() | side.made)[:5]) or "a file of the copy"
        raise SideError(
            f"METRIC {now.metric} is {first.pop():g} in every run in one copy and {again.pop():g} in another: it is "
            f"not measured each time, but read from what an earlier run, or the build, left ({files})"
        )
    for number, said in enumerate([] if now.config.no_checks else checks.runs(side)):
        if said != "passed":
            run = f" in run {number + 1} of them" if number else ""
            raise SideError(f"the checks: {said}{run}: {side.said(side.checks_log)}")


def _values(side: Side, work: Workdirs, metric: str, known: set[float] | None = None) -> set[float]:
    """Return what a fresh copy gives, measured until two values differ or the `known` one comes."""
    side.build(work.shadow)
    side.remember()
    found: set[float] = set()
    for _ in range(ALIKE):
        found.add(side.measure(metric)[metric])
        if len(found) > 1 or found == known:
            break
    return found
