"""What a calibration says beyond its figure: the time of a decision and of the budget, and what would help."""

import re
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

from helpers.events import WorkerEvent
from helpers.judge.compare import afresh
from helpers.judge.rule import noise, sign_test
from helpers.judge.rule.noise import Calibrated
from helpers.run.jobs import workers
from helpers.state import State

_DONE = {
    "cpu": r"getrusage|process_time|RUSAGE|\btimes\b|%U|utime|cpu",
    "best": r"\bmin\((?!size\b)|sort -[gn]|\bbest\b",
    "median": r"statistics\.median\(samples\)",
    "seeded": r"AUTORESEARCH_SEED",
    "calls": r"def make_input\b",
    "counting": r"perf stat|instructions|callgrind|cachegrind|valgrind",
}
"""How a benchmark looks that does already what would be advised."""
_CPU = (
    ", in autoresearch.sh: TIMEFORMAT='%U %S'; t=$( {{ time ./PROGRAM >out.txt 2>err.txt; }} 2>&1 | "
    "awk '{{ print $1 + $2 }}' ); echo METRIC {metric}=$t"
)
_CPU_INSIDE = (
    ": read time.process_time(), process.cpuUsage() or getrusage() before and after the calls in autoresearch.sh, "
    "and print the difference as METRIC {metric}"
)
_MEDIAN = ":\nsed -i 's/statistics.median(samples)/min(samples)/' autoresearch.sh && start_session.py --repeats 3"
_SMALLEST = ": for n in 1 2 3; do ONE_CALL; done | sort -g | head -n 1  # print that, where ONE_CALL prints seconds"
_MORE_INPUT = ": let make_input() of autoresearch.sh give {count} times as much"
_LONGER_INSIDE = (
    ", or {count} times the input, in autoresearch.sh; before them a compiler that works at run time needs warm calls, "
    "on other inputs"
)
_LONGER = ", in autoresearch.sh: COMMAND=(bash -c 'for n in $(seq {count}); do ./PROGRAM; done')"
STEADIER = re.compile(r"(?:.*_)?(?:cpu|user|instructions|instr|cycles)(?:_(?:time|[mun]?s))?")
"""Names of metrics that tell the same as a time and leave the waiting out."""
HELPS = 0.7
"""What leaves less than this share of the spread is worth a line."""
SHORT, OWN = 0.1, 0.25
"""Seconds of the program below which a longer input is advised; the share beside it that is worth a line."""
NULL, WIN = 13, 20
"""Pairs that a comparison takes in the mean where there is no gain, and where there is one, with its confirmation."""


def notices(benchmark: Path) -> list[str]:
    """Return which of the ways to less noise the benchmark takes already."""
    text = benchmark.read_text(encoding="utf-8", errors="replace") if benchmark.is_file() else ""
    own = ["inside"] if afresh.has_own_clock(text) else []  # it calls the program, and starts none
    return [name for name, pattern in _DONE.items() if re.search(pattern, text)] + own


def advice_lines(event: WorkerEvent, now: State, found: Calibrated) -> list[str]:
    """Return what the calibration says of time, of what is not the program, and of what would help."""
    calls, each = now.config.repeats or event.repeats, statistics.median(event.wall)
    takes = each * calls / event.calls
    said = [f"a measurement is {calls} call{'s' * (calls > 1)} of the benchmark (--repeats), {takes:.3g} s"]
    said[0] += f"; the spread, and what would help, is told of {event.calls}" * (calls != event.calls)
    if not event.checks.startswith(("passed", "skipped")):
        said.append(f"the checks do not pass on it: {event.checks}")
    return [*said, *_beside(event, now, each), *_budget(event, now, takes), *_helps(event, now, found, each)]


def _program(event: WorkerEvent, now: State) -> float | None:
    """Return the seconds that the metric says, None where it is no time."""
    factor = afresh.seconds_in(now.metric, now.config.unit)
    return factor * float(statistics.median(event.samples)) if factor else None


def _beside(event: WorkerEvent, now: State, each: float) -> list[str]:
    own = _program(event, now)
    if own is not None and own * event.calls < each:
        own *= event.calls  # the metric is a call's; else, as it may be, it is of all of them
    share = 1 - own / each if own is not None and 0 < own < each else 0.0
    if share < OWN or STEADIER.fullmatch(now.metric):  # processor time holds start-up and warm-up, and no waiting
        return []
    said = f"{share:.0%} of a measurement is not what the metric times: "
    if "seeded" in event.notices:
        return [f"{said}start-up, warm-up and new inputs; more calls, or longer ones, make it smaller"]
    return [f"{said}make inputs once, in the build (--build), not again in every call"]


def _budget(event: WorkerEvent, now: State, each: float) -> list[str]:
    """Say what a decision takes, and how many of the agreed experiments fit into the agreed hours."""
    fixed = 2 * event.build_s + event.checks_s
    none, win = fixed + 2 * NULL * each, fixed + event.checks_s + 2 * WIN * each
    most = fixed + event.checks_s + 2 * sign_test.USUAL_PAIRS * each
    said = [f"a comparison takes about {none:.0f} s without a gain, {win:.0f} s with one, {most:.0f} s for 48 pairs"]
    if event.noisy:
        long, worker = most + 192 * each, workers.known_workers(now).get(event.worker)
        paid = f", ${long * worker.usd_hour / 3600:.2f}" if worker and worker.usd_hour else ""
        said.append(f"while it is as noisy as now, one may take 144 pairs: {long / 60:.1f} minutes{paid}")
    experiment = fixed + 8 * each + (none + win) / 2  # a screen, and a comparison of most
    count, hours = now.config.budget.experiments, now.config.budget.hours
    if count and hours:
        fit = int(float(hours) * 3600 / experiment)
        can = "can be reached" if fit >= int(count) else f"cannot be reached; {fit} can"
        said.append(f"{count:g} experiments in {60 * float(hours):.0f} minutes {can} (about {experiment:.0f} s each)")
    elif count:
        said.append(f"{count:g} experiments take about {int(count) * experiment / 60:.0f} minutes")
    elif hours:
        said.append(f"{60 * float(hours):.0f} minutes are about {float(hours) * 3600 / experiment:.0f} experiments")
    return said


def _helps(event: WorkerEvent, now: State, found: Calibrated, each: float) -> list[str]:
    """Return each way to a smaller spread that the samples show and the benchmark does not take already."""
    done, own_sigma, said, weak = event.notices, found.sigma_pair, list[str](), list[str]()
    if not own_sigma or not now.judged(event.samples)[0].by_ratio:
        return said
    for name, theirs in event.others.items() if now.direction == "lower" and not now.tried else ():
        if theirs < HELPS * own_sigma:
            unit, lock = name.rpartition("_")[2], " --lock" * now.has_baseline
            its = f" --unit {unit}" * bool(afresh.seconds_in(name, ""))
            said.append(f"METRIC {name}, which is printed already, would resolve {noise.PER_24 * theirs:.1%}:")
            said.append(f"start_session.py --metric {name}{its}{lock}")
    cpu = sigma(event.cpu)
    if "cpu" not in done and cpu is not None:
        its = f"CPU time would resolve {noise.PER_24 * cpu:.1%}"
        (said if cpu < HELPS * own_sigma else weak).append(
            its + (_CPU_INSIDE if "inside" in done else _CPU).format(metric=now.metric) * (cpu < HELPS * own_sigma)
        )
    best = sigma([min(event.samples[n : n + 3]) for n in range(0, len(event.samples) - 2, 3)])
    if "best" not in done and event.calls == 1 and now.direction == "lower" and best is not None:
        helps = best < HELPS * own_sigma / 3**0.5
        its = f"the best of 3 calls would resolve {noise.PER_24 * best:.1%}"
        (said if helps else weak).append(its + (_MEDIAN if "median" in done else _SMALLEST) * helps)
    own = _program(event, now) or each
    if found.noisy and own < SHORT:
        count = max(2, round(2 * SHORT / own))
        how = _MORE_INPUT if "calls" in done else _LONGER_INSIDE if "inside" in done else _LONGER
        said.append(f"the program runs {own:.3g} s; {count} times that is steadier{how.format(count=count)}")
    if found.noisy and "counting" not in done and _counts():
        said.append("instructions hardly vary: perf stat -x, -e instructions:u -o count.txt ./PROGRAM")
    return [*said, *([f"too little for what it costs: {'; '.join(weak)}"] if found.noisy and weak else [])]


def _counts() -> bool:
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, check=False)
    return done.returncode == 0 and b"<not" not in done.stderr


def sigma(samples: Sequence[float]) -> float | None:
    """Return sigma_pair of samples, None where one has no ratio."""
    return noise.sigma_pair(samples) if all(value > 0 for value in samples) else None
