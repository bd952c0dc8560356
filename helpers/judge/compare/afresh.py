"""A winner once more on inputs that are all new, one call a process: what it remembers of a call must help there too.

Where a process is started for each call, that is so already; where a driver outside of the program sends each input
once, as the templates do, it is asked only of a program that remembers.
"""

import math
import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, TextIO

from helpers.comparison import Comparison
from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Measured, Progress
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import WHOLE, WHOLE_CPU, Side
from helpers.judge.rule import sign_test
from helpers.judge.rule.sign_test import Verdict
from helpers.scale import DIFFERENCE

FRESH = "AUTORESEARCH_FRESH"
"""Set in these measurements: one call, on an input that the process has not seen, and no warm-up with it."""
_CLAIM = f"{FRESH}: always"
"""How a driver says that it sends no input twice: of a process with a clock of its own it would show nothing."""
Calls = Literal["fresh", "apart", "always", "asked", "whole"]
"""How a benchmark calls: afresh by a process for each, so it seems, by its driver, when asked to; or nobody knows.

In the last case its whole run has to tell, in the second too where a program remembers.
"""
_CLOCK = re.compile(
    r"perf_counter|time\.(?:time|monotonic|process_time|thread_time)\b|from time import|\btimeit\b|hrtime"
    r"|performance\.now|Date\.now|new Date\b|console\.time\b|clock_gettime|gettimeofday|\bclock ?\(\)"
    r"|(?:steady|system|high_resolution)_clock|(?:Instant|SystemTime)::now|[Tt]ime\.[Nn]ow\b|nanoTime"
    r"|\b(?:getrusage|cpuUsage|os\.(?:times|clock)|datetime\.(?:utc)?now|microtime|Stopwatch|Sys\.time|system\.time"
    r"|timer\.tc|__?rdtscp?|GetTickCount\w*|QueryPerformanceCounter)\b|@(?:elapsed|btime|time|benchmark)\b"
    r"|currentTimeMillis|Time::HiRes|Benchmark\.(?:real|measure|bm)|\bgo test\b.*-bench|\bcargo (?:\S+ )*bench\b"
    r"|pytest.benchmark|--benchmark|criterion|-{1,2}(?:repeats?|iter(?:ation)?s|loops|runs)\b"
)
"""A clock in the evaluator's text, or what has one and calls what it measures more than once in a process."""
_APART = re.compile(
    r"\bsubprocess\.\w+\((?!\s*\[?\s*[\"']git\b)|from subprocess import"
    r"|\bspawn|posix_spawn|exec[lv]p?\(|hyperfine|child_process"
)
_STAYS = re.compile(r"\bPopen\b|\bspawn\(")
"""A process that is asked again and again."""
SHARE = 0.5
"""Of what the metric says was saved, as much must be seen of an input's first call."""
PART = 0.25
"""Of a gain, on its logarithm, that must be left of it there: a cold call of an honest program may gain less."""
_SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
ELSEWHERE = "what the clock saves the whole run does not: is it computed before, or after the clock has stopped?"
"""Sign of a winner that a reader answers."""
UNSHOWN = f"its gain is not seen in an input's first call, and the benchmark does not honour {FRESH}"


def has_own_clock(text: str) -> bool:
    """Tell whether the evaluator's text has a clock in the process that is measured."""
    return bool(_CLOCK.search(text)) and not _APART.search(text)


def calls(text: str) -> Calls:
    """Tell from the evaluator's text how a process of it calls what is measured."""
    if not _CLOCK.search(re.sub(r".*\bhyperfine\b.*", "", text)):  # that starts a process for each of its --runs
        return "fresh"
    if not has_own_clock(text) and not _STAYS.search(text):
        return "apart"
    if FRESH not in text.replace(_CLAIM, ""):
        return "whole"
    return "always" if _CLAIM in text and not has_own_clock(text) else "asked"


def seconds_in(metric: str, unit: str) -> float:
    """Return the seconds in one unit of a metric, 0 where it is no time."""
    return _SECONDS.get(unit) or _SECONDS.get(metric.rpartition("_")[2], 0.0)


def result(
    found: Comparison, plan: Plan, measured: Measured, base: list[Side], cand: list[Side], say: Progress, log: TextIO
) -> Comparison:
    """Measure the winner once more, unless its pairs tell enough; return what changes in the comparison."""
    asks = plan.calls in ("asked", "whole") or (plan.calls in ("apart", "always") and plan.remembers)
    if not asks or plan.mode != "improved":
        return found
    if plan.calls in ("apart", "whole") and plan.second:
        verdict = first_call(measured, plan)
        if verdict.verdict == "improved":
            shown = {"verdict": verdict.verdict, "pairs": verdict.pairs, "wins": verdict.wins}
            return replace(found, afresh=Comparison.from_line(shown))
    if plan.calls == "apart":
        return found
    print("once more on new inputs, one call a process", file=log)
    asked = plan.calls != "whole"
    if not asked and not plan.second:
        return _unshown(found, plan, cand)
    with _one_call(base + cand):
        rule = None if asked else first_call
        again, verdict = pairs.interleave(base, cand, plan, say, seed=plan.seed + "/afresh", rule=rule)
    line: dict[str, Any] = {"verdict": verdict.verdict, "pairs": verdict.pairs, "wins": verdict.wins}
    line |= {"gain": verdict.gain, "interval": list(verdict.interval)} if asked else {}
    won = verdict.verdict == "improved"
    much = not asked or plan.by.added(verdict.gain) >= PART * plan.by.added(found.gain or 0.0)
    found = replace(
        found, afresh=Comparison.from_line({**line, "verdict": "not_improved"} if won and not much else line)
    )
    if won and much:
        if asked and plan.second and _is_elsewhere(again, plan):
            cand[0].signs.add(ELSEWHERE)
        return found
    if not asked:
        return _unshown(found, plan, cand)
    said = "its gain does not stand on inputs that are all new, one call a process: "
    said += plan.by.words(verdict.gain, verdict.interval)
    return found.ending("not_improved" if won else verdict.verdict, said)


def _is_elsewhere(again: Measured, plan: Plan) -> bool:
    """Tell whether the whole run is shown to save less than SHARE of what the clock of a single call saves.

    An honest gain is saved in full, give or take the noise of the run: pair by pair a fair coin at the worst. Of a
    gain in waiting, or by threads, the processor knows nothing, so the run's own seconds may show it instead. What
    remembers has to be shown.
    """
    metric = [[plan.second * value for value in side] for side in again.of(plan.metric)]
    saved = statistics.median(metric[0]) - statistics.median(metric[1])
    if saved <= 0:
        return False
    rule: dict[str, Any] = {"direction": "lower", "margin": plan.margin, "max_pairs": plan.max_pairs}
    less, shown = [], []
    for name in (WHOLE, WHOLE_CPU):
        shares = [(one - other) / saved for one, other in zip(*again.of(name), strict=True)]
        sides = [SHARE] * len(shares), shares
        tells = [sign_test.judge(*each, scale=DIFFERENCE, **rule).verdict for each in (sides, sides[::-1])]
        less.append(tells[0] == "improved")
        shown.append(tells[1] == "improved")
    return less[0] or (less[1] and not shown[0]) or (plan.remembers and not any(shown))


def _unshown(found: Comparison, plan: Plan, cand: list[Side]) -> Comparison:
    """Return it undecided where the policy saw what it remembers; else with a sign for the reader."""
    if plan.remembers:
        return found.ending("undecided", f"it remembers between calls; {UNSHOWN}=1 (references/metrics.md)")
    cand[0].signs.add(UNSHOWN)
    return found


@contextmanager
def _one_call(sides: list[Side]) -> Iterator[None]:
    before = [side.env for side in sides]
    for side in sides:
        side.env = {**side.env, FRESH: "1", "AUTORESEARCH_REPEATS": "1"}
    try:
        yield
    finally:
        for side, env in zip(sides, before, strict=True):
            side.env = env


def first_call(measured: Measured, plan: Plan) -> Verdict:
    """Judge, by the rule, how much of the metric's saving the first call shows: the whole run without the other calls.

    The calls of a run are not known. As many as fit into the baseline's run are taken off, so a benchmark that spends
    longer on making its input than in a call shows nothing: it is never a wrong keep.
    """
    whole, metric = measured.of(WHOLE), [[plan.second * x for x in side] for side in measured.of(plan.metric)]
    saved = statistics.median(metric[0]) - statistics.median(metric[1])
    others = max(0, math.floor(statistics.median(whole[0]) / statistics.median(metric[0])) - 1)
    shares = [
        max(-20.0, min(20.0, (wb - wc - others * (b - c)) / saved)) if saved > 0 else -20.0
        for wb, wc, b, c in zip(*whole, *metric, strict=True)
    ]
    limit = [SHARE] * len(shares)
    return sign_test.judge(
        shares, limit, direction="lower", margin=plan.margin, max_pairs=plan.max_pairs, scale=DIFFERENCE
    )
