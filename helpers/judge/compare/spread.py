"""A comparison that many workers, or slots of this machine, share: who measures which pairs, and when there are enough.

Each worker builds both sides and measures whole pairs, so that whatever makes hosts differ is on both sides of a pair.
Pairs are dealt as parts, the lowest number that nobody has first; a part reports each pair when it ends. What counts is
the unbroken row of pairs from number 0: the driver's own loop consults the table on it at its own looks. A pair that
came early waits for those before it, since a faster side arrives sooner, and none that the deciding look does not need
is used. So looks and errors are those of one host, however late, lost or slow a worker is.

A lost worker's pairs are dealt again with another coin: what is known of the first draw must not choose the second.
With the deciding pair, and those of a confirmation where one is needed, the parts end. The comparison itself then runs
on one worker as always (limits, holdout, outputs, checks), with these pairs in place of its own measurements.
"""

import contextlib
import itertools
import json
import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TextIO

from helpers import paths
from helpers.comparison import BEGUN
from helpers.judge.compare import checks, driver, metric_limits
from helpers.judge.compare.driver import CONFIRM
from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Early, Pair
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Trees
from helpers.judge.rule import sign_test
from helpers.run.jobs import log as job_log

LENGTH = 600.0
"""Seconds that a part lasts at least: less, and building the sides again takes too much of it."""
FIRST = min(sign_test.TABLE)
TRIES = 3
"""How often a pair may be lost before the comparison ends without a verdict."""
_PAIR = re.compile(rb"^" + job_log.PREFIX + rb"PAIR: (\{.*\})\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """Pairs that one worker shall measure, number to draw, and those of them that it has; `reason` why it ended."""

    worker: str
    numbers: dict[int, int]
    phase: str = ""
    pairs: tuple[Pair, ...] = ()
    is_open: bool = True
    reason: str = ""

    @property
    def lacks(self) -> list[int]:
        """The numbers that it ended without."""
        had = {pair.number for pair in self.pairs}
        return [] if self.is_open else [number for number in self.numbers if number not in had]


@dataclass(frozen=True)
class Step:
    """What is to be done: parts to begin, or the comparison itself with the pairs `given`, or its end by an `error`."""

    begin: list[Part] = field(default_factory=list)
    ready: bool = False
    given: dict[str, list[Pair]] = field(default_factory=dict)
    error: str = ""


def step(plan: Plan, parts: Sequence[Part], able: Sequence[str], seconds: float | None, ahead: int = 2) -> Step:
    """Say what follows from the parts so far; `able` are the workers that can take some, `ahead` parts each.

    `seconds` is what a pair is expected to take.
    """
    given: dict[str, list[Pair]] = {}
    early: Early = pairs.unlikely
    for phase in ("", CONFIRM):
        mine = [part for part in parts if part.phase == phase]
        known = _known(mine)
        given[phase] = row = [known[n] for n in itertools.takewhile(known.__contains__, itertools.count())]
        settled = _settled(plan, row, early)
        if settled is None:
            begin, error = _deal(plan, phase, mine, known, able, seconds, ahead)
            return Step(begin, False, given, error)
        unsure, early = settled
        if not unsure:
            break
    return Step([], True, given)


def _known(parts: Sequence[Part]) -> dict[int, Pair]:
    known: dict[int, Pair] = {}
    why: dict[int, str] = {}
    for part in parts:
        for pair in part.pairs:
            known.setdefault(pair.number, replace(pair, host=part.worker, redrawn=why.get(pair.number, "")))
        why.update(dict.fromkeys(part.lacks, f"{part.worker}: {part.reason}"))
    return known


def _settled(plan: Plan, row: Sequence[Pair], early: Early) -> tuple[bool, Early] | None:
    """Tell whether these pairs ask for a confirmation, and what ends it early; None while they decide nothing."""
    try:
        broken = metric_limits.broken_at_once(plan)
        measured, verdict = pairs.interleave([], [], plan, lambda *_: None, given=row, broken=broken, early=early)
    except pairs.NoSidesError:
        return None
    except pairs.CandidateError:
        return False, early
    good = verdict.verdict in ("improved", "not_worse")
    return good and driver.is_unsure(plan, measured, verdict.gain)[1], pairs.confirming(measured, plan)


def _deal(
    plan: Plan,
    phase: str,
    mine: Sequence[Part],
    known: Mapping[int, Pair],
    able: Sequence[str],
    seconds: float | None,
    ahead: int,
) -> tuple[list[Part], str]:
    """Deal the lowest numbers that nobody has to the workers with the fewest parts; or say why it cannot go on."""
    last = min([number for number, pair in known.items() if pair.failed], default=plan.max_pairs)
    lost = Counter(number for part in mine for number in part.lacks if number not in known and number < last)
    if lost and max(lost.values()) >= TRIES:
        number = max(lost, key=lambda n: lost[n])
        why = next(part.reason for part in reversed(mine) if number in part.lacks)
        return [], f"pair {number + 1} could not be measured {TRIES} times: {why}"
    if not able:
        return [], ""
    trusted = [w for w in able if not any(part.lacks for part in mine if part.worker == w)] or list(able)
    dealt = {number for part in mine if part.is_open for number in part.numbers}
    wanted = [number for number in range(last) if number not in known and number not in dealt]
    held = {w: sum(part.is_open for part in mine if part.worker == w) for w in trusted}
    share = math.ceil(plan.max_pairs / len(trusted))  # of all pairs
    took = statistics.median([pair.seconds for pair in known.values()]) if known else seconds
    size = min(share, math.ceil(FIRST / len(trusted)) if took is None else math.ceil(LENGTH / max(took, 0.001)))
    found: list[Part] = []
    for depth in range(ahead):
        free = [w for w in trusted if held[w] == depth]
        batch, wanted = wanted[: size * len(free)], wanted[size * len(free) :]
        for place, worker in enumerate(free):
            held[worker] += 1
            if own := batch[place :: len(free)]:
                found.append(Part(worker, {number: lost[number] for number in own}, phase))
    return found, ""


def measure(
    root: Path,
    plan: Plan,
    place: Path,
    trees: Trees,
    log: TextIO,
    part: Part,
    say: Callable[[Pair], None],
    building: AbstractContextManager[object] | None = None,
) -> None:
    """Build both sides below `place` and measure the pairs of a part, telling each; raises SideError.

    The one that begins with the first pair runs the checks before it: a candidate that fails them costs no more pairs.
    """
    number = min(part.numbers)
    try:
        with building or contextlib.nullcontext():
            base, cand, _ = driver.build(root, plan, place, trees, log)
        if number == 0 and not part.phase:
            before = checks.before_pairs(plan, base[0], cand[0], log)
            if before.verdict:
                return say(Pair(0, failed=before.reason or "checks"))
        driver.warm_up(plan, base, cand)
        for number, draw in part.numbers.items():
            seed = plan.seed + part.phase + (f"/draw-{draw}" if draw else "")
            pair = pairs.measure_pair(base, cand, plan, paths.BENCHMARK, seed, number)
            looked = driver.void(BEGUN, plan, base, cand)
            say(replace(pair, void=(looked.reason or "") if looked.verdict else "", signs=looked.signs))
    except pairs.CandidateError as error:
        say(Pair(number, failed=str(error)))


def pair_line(pair: Pair) -> str:
    """Return the line by which a part reports a pair."""
    return f"PAIR: {json.dumps(asdict(pair))}"


def read_pairs(file: Path) -> tuple[Pair, ...]:
    """Return the pairs that a part's log reports by now; one that is being written counts as not there."""
    found = []
    with contextlib.suppress(OSError):
        for said in _PAIR.findall(file.read_bytes()):
            with contextlib.suppress(ValueError, TypeError):
                found.append(Pair(**json.loads(said)))
    return tuple(found)


def in_json(given: Mapping[str, Sequence[Pair]]) -> dict[str, list[dict[str, object]]]:
    """Return pairs as they are sent along."""
    return {phase: [asdict(pair) for pair in row] for phase, row in given.items()}


def from_json(sent: Mapping[str, Sequence[Mapping[str, object]]]) -> dict[str, list[Pair]]:
    """Read what `in_json` wrote."""
    return {phase: [Pair(**pair) for pair in row] for phase, row in sent.items()}  # type: ignore[arg-type]
