"""How often each way of judging keeps a change that does nothing, and how often it finds one of 2% or 5%.

Nine simulated noise profiles (judge_hosts.py), every rule on hosts drawn from the same distributions, seeds fixed.
The last parts show code layout, `--not-worse` and whole sessions with and without a second confirmation.

    python benchmarks/judge_error_rates.py            # about two minutes
    python benchmarks/judge_error_rates.py --quick    # coarse, a few seconds
"""

from __future__ import annotations

import argparse
import functools
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from judge_hosts import PROFILES, Host, layouts, restless, typical

from helpers.judge.compare.holdout import HOLDOUT_PAIRS
from helpers.judge.measure import pairs
from helpers.judge.rule import noise, sign_test
from helpers.scale import Scale

MARGIN = 0.01
GAINS = (0.0, 0.02, 0.05)
Made = Callable[[], Host]
Judged = tuple[bool, float, int]
"""Kept or not, the log gain that is claimed, single measurements spent."""


def timing(host: Host, effect: float, first: bool = False) -> float:
    """One measurement of a program that is faster by `effect` (a log gain)."""
    return math.exp(host(first) - effect)


def run_of_five(host: Host, effect: float) -> float:
    """What autoresearch.sh prints: the median of five measurements."""
    return statistics.median(timing(host, effect, first=i == 0) for i in range(5))


# --- the rules: each takes a maker of hosts, the candidate's true log gain and the Random of its own coin ---


def compare(
    host: Host,
    effect: float,
    draw: Random,
    margin: float,
    max_pairs: int,
    built: tuple[list[float], list[float]],
    mode: str,
    confirms: sign_test.Verdict | None = None,
) -> tuple[sign_test.Verdict, list[float], list[float]]:
    """Compare by single measurements in the order of the coin; return the verdict and both sides' measurements.

    `confirms`: the winner whose confirmation it is.
    """
    seed = str(draw.random())
    (plus, minus), builds = built, len(built[0])
    base: list[float] = []
    cand: list[float] = []
    for number in range(1, max_pairs + 1):
        gain = effect + (plus[number % builds] - minus[number % builds] if builds else 0.0)
        if sign_test.order(seed, number):
            cand.append(timing(host, gain, first=True))
            base.append(timing(host, 0.0))
        else:
            base.append(timing(host, 0.0, first=True))
            cand.append(timing(host, gain))
        found = sign_test.so_far(base, cand, direction="lower", margin=margin)
        if sign_test.is_look(number, max_pairs):
            found = sign_test.judge(base, cand, direction="lower", margin=margin, max_pairs=max_pairs, mode=mode)
        if found.verdict == "undecided" and (early := ends_early(found, base, cand, mode, confirms)):
            found = replace(found, verdict=early)
        if found.verdict != "undecided":
            break
    return found, base, cand


def ends_early(
    found: sign_test.Verdict, base: list[float], cand: list[float], mode: str, confirms: sign_test.Verdict | None
) -> sign_test.Answer | None:
    """Return by what pairs.confirming and pairs.unlikely end a comparison before the table does."""
    if confirms:
        return "improved" if sign_test.confirms(confirms, found) else None
    hopeless = mode == "improved" and len(base) >= pairs.TIED and sign_test.is_hopeless(base, cand, Scale())
    return "not_improved" if hopeless else None


def win_count(
    made: Made,
    effect: float,
    draw: Random,
    *,
    margin: float = MARGIN,
    max_pairs: int = 48,
    builds: int = 0,
    mode: str = "improved",
) -> Judged:
    """The table alone, without a second comparison."""
    built = layouts(draw, builds), layouts(draw, builds)
    found, base, _ = compare(made(), effect, draw, margin, max_pairs, built, mode)
    return found.verdict == mode, math.log1p(found.gain), 2 * len(base)


def twice(
    made: Made,
    effect: float,
    draw: Random,
    *,
    builds: int = 0,
    clear: bool = True,
    max_pairs: int = 48,
    second: bool = False,
    spreads: list[float] | None = None,
) -> Judged:
    """The rule of this bundle: a gain on a noisy host, or small beside the noise, is compared a second time.

    Without `clear` only the noise of the host asks for it. `second`: a holdout that gains as much is measured too.
    The first comparison's sigma_pair is added to `spreads`.
    """
    host, built = made(), (layouts(draw, builds), layouts(draw, builds))
    found, base, cand = compare(host, effect, draw, MARGIN, max_pairs, built, "improved")
    kept, spent, sigma = found.verdict == "improved", 2 * len(base), noise.sigma_pair(base, cand) or 0.0
    if spreads is not None:
        spreads.append(sigma)
    if kept and noise.needs_confirmation(sigma, found.gain if clear else None, MARGIN):
        again, more, _ = compare(host, effect, draw, MARGIN, max_pairs, built, "improved", found)
        kept, spent = again.verdict == "improved", spent + 2 * len(more)
    if kept and second:
        kept, count = passes(host, effect, draw, sigma, min(max_pairs, HOLDOUT_PAIRS))
        spent += 2 * count
    return kept, math.log1p(found.gain), spent


def passes(host: Host, effect: float, draw: Random, sigma: float, most: int, wins: bool = True) -> tuple[bool, int]:
    """Measure a holdout as compare/holdout.py does; return whether it passes, and its pairs.

    `wins`: whether a few clear wins end it; `sigma` is what the first workload's pairs scatter by.
    """
    seed, ours, theirs = str(draw.random()), list[float](), list[float]()
    for number in range(1, most + 1):
        first = sign_test.order(seed, number)
        one = timing(host, effect if first else 0.0, first=True)
        other = timing(host, 0.0 if first else effect)
        theirs.append(one if first else other)
        ours.append(other if first else one)
        found = sign_test.last_look(ours, theirs, direction="lower", margin=MARGIN, mode="not_worse")
        so_far = sign_test.so_far(ours, theirs, direction="lower", margin=MARGIN)
        brief = wins and sign_test.holds(so_far, MARGIN, sigma, Scale())
        if brief or (number in sign_test.TABLE and found.verdict == "not_worse"):
            return True, number
    return found.gain > -MARGIN, most


def keep_if_lower(made: Made, effect: float, _: Random) -> Judged:
    """One run against the baseline that was stored on another host, or hours ago."""
    stored, now = run_of_five(made(), 0.0), run_of_five(made(), effect)
    return now < stored, math.log(stored / now), 5


def clean_ab(made: Made, effect: float, _: Random) -> Judged:
    """One run of each on one host, baseline first, and compare."""
    host = made()
    base, cand = run_of_five(host, 0.0), run_of_five(host, effect)
    return cand < base, math.log(base / cand), 10


def confidence(made: Made, effect: float, _: Random, others: int = 18) -> Judged:
    """Session confidence: the gain over the first run is at least twice the MAD of all 20 metrics of the session."""
    host = made()
    metrics = [run_of_five(host, 0.0) for _ in range(1 + others)]
    cand = run_of_five(host, effect)
    kept = cand < metrics[0] and session_confidence([*metrics, cand], cand) >= 2
    return kept, math.log(metrics[0] / cand), 5


def session_confidence(metrics: list[float], best: float) -> float:
    """|best - baseline| / MAD of all metrics of the session; 0 where the MAD is."""
    middle = statistics.median(metrics)
    mad = statistics.median(abs(value - middle) for value in metrics)
    return abs(best - metrics[0]) / mad if mad else 0.0


def mann_whitney(made: Made, effect: float, _: Random) -> Judged:
    """Ten measurements of each in the order ABBAABBA...; the exact two-sided test at 5%."""
    host = made()
    base, cand = [], []
    for number in range(10):
        for first in (True, False):
            side, gain = (base, 0.0) if first == (number % 2 == 0) else (cand, effect)
            side.append(timing(host, gain, first=first))
    wins = sum(c < b for b in base for c in cand)
    return wins >= CRITICAL, math.log(statistics.median(base) / statistics.median(cand)), 20


def critical(size: int = 10, tail: float = 0.025) -> int:
    """Return the smallest U with P(U >= it) <= tail for two samples of `size`, counted exactly."""
    ways = [[[0] * (size * size + 1) for _ in range(size + 1)] for _ in range(size + 1)]
    for m in range(size + 1):
        for n in range(size + 1):
            ways[m][n][0] = int(m == 0 or n == 0)
            if m and n:
                for u in range(m * n + 1):
                    ways[m][n][u] = (ways[m - 1][n][u - n] if u >= n else 0) + ways[m][n - 1][u]
    counts, total, reached = ways[size][size], math.comb(2 * size, size), 0
    for u in range(size * size, -1, -1):
        reached += counts[u]
        if reached > tail * total:
            return u + 1
    return size * size + 1


CRITICAL = critical()
OURS = "this rule"
"""Win count with at most 48 pairs, confirmed where that is called for."""
RULES: dict[str, Callable[[Made, float, Random], Judged]] = {
    "keep if lower than stored": keep_if_lower,
    "one clean A/B": clean_ab,
    "session confidence >= 2": confidence,
    "Mann-Whitney n=10 in turns": mann_whitney,
    "win count, 24 pairs": functools.partial(win_count, max_pairs=24),
    "win count, 48 pairs": win_count,
    OURS: twice,
}


def with_layout(rule: Callable[[Made, float, Random], Judged], name: str) -> Callable[[Made, float, Random], Judged]:
    """Let the rule meet code layout: one layout a side, four for win counts (`--layouts 4`)."""
    if name == OURS:
        return functools.partial(twice, builds=4)
    if name.startswith("win count"):
        return functools.partial(win_count, max_pairs=24 if "24" in name else 48, builds=4)
    return lambda made, effect, draw: rule(made, effect + layouts(draw, 1)[0] - layouts(draw, 1)[0], draw)


def trials(
    rule: Callable[[Made, float, Random], Judged], make: Callable[[Random], Host], effect: float, count: int, seed: str
) -> Iterator[Judged]:
    """Judge `count` candidates of the same true gain on fresh hosts."""
    draw = Random(seed)
    log_gain = math.copysign(math.log1p(-abs(effect)), effect)  # a loss of the margin is exactly the rule's -delta
    for _ in range(count):
        yield rule(functools.partial(make, draw), log_gain, draw)


def percent(part: float, whole: float) -> float:
    """A share in percent."""
    return 100 * part / whole if whole else 0.0


def table(count: int) -> dict[tuple[str, str], list[float]]:
    """Print false keeps and power of every rule in every profile.

    Return [null, 2%, 5%, measurements] by (rule, profile).
    """
    cells: dict[tuple[str, str], list[float]] = {}
    for name, rule in RULES.items():
        print(f"\n{name:28} {'kept of no effect':>18} {'finds 2%':>9} {'finds 5%':>9} {'measurements':>13}")
        for profile, make in PROFILES.items():
            here = with_layout(rule, name) if profile == "code layout" else rule
            row = []
            spent: list[int] = []
            for effect in GAINS:
                judged = list(trials(here, make, effect, count, f"{profile}/{effect}"))
                row.append(percent(sum(kept for kept, _, _ in judged), count))
                spent += [cost for _, _, cost in judged]
            cells[name, profile] = [*row, statistics.fmean(spent)]
            print(
                f"  {profile:26} {row[0]:17.1f}% {row[1]:8.1f}% {row[2]:8.1f}% {statistics.fmean(spent):13.1f}",
                flush=True,
            )
    return cells


def summary(cells: dict[tuple[str, str], list[float]]) -> None:
    """Print the worst and the mean of each rule, and the figures to reach."""
    print(f"\n{'all profiles':28} {'worst (mean) false keeps':>25} {'finds 2% / 5% (mean)':>22} {'measurements':>13}")
    for name in RULES:
        rows = [cells[name, profile] for profile in PROFILES]
        mean = [statistics.fmean(column) for column in zip(*rows, strict=True)]
        print(
            f"  {name:26} {max(r[0] for r in rows):16.1f}% ({mean[0]:4.1f}%) {mean[1]:13.1f} / "
            f"{mean[2]:5.1f}% {mean[3]:12.1f}"
        )
    print(
        "  (code layout: one layout a side for the others, --layouts 4 for win counts; one layout for "
        "them is shown below)"
    )
    ours = {profile: cells[OURS, profile] for profile in PROFILES}
    worst = max(ours, key=lambda p: ours[p][0])
    host = ours["typical cloud host"]
    for words, good in (
        (f"false keeps at most 2.2% in every profile: worst {ours[worst][0]:.1f}% ({worst})", ours[worst][0] <= 2.2),
        (f"at least 85% of 2% gains on a typical host: {host[1]:.1f}%", host[1] >= 85),
        (f"at least 99% of 5% gains on a typical host: {host[2]:.1f}%", host[2] >= 99),
    ):
        print(f"  {'reached ' if good else 'MISSED  '} {words}")


def null_sessions(count: int) -> None:
    """Print how many sessions without any effect end with a confident improvement."""
    print("\nsessions of nothing but null changes, typical host, with a session confidence of 2 or more at their end")
    draw = Random("null sessions")
    for runs in (5, 20, 100):
        found = 0
        for _ in range(count):
            host = typical(draw)
            metrics = [run_of_five(host, 0.0) for _ in range(runs)]
            best = min(metrics)
            found += best < metrics[0] and session_confidence(metrics, best) >= 2
        print(f"  {runs:4} runs: {percent(found, count):5.1f}%")


def layout_rows(count: int) -> None:
    """Print what code layout does to the rule, and what helps."""
    print(
        f"\ncode layout, steady host (each build {0.5}% by luck) {'kept of no effect':>18} "
        f"{'finds 2%':>9} {'finds 5%':>9}"
    )
    for words, builds, margin in (
        ("one layout a side, margin 1%", 1, 0.01),
        ("one layout a side, margin 2%", 1, 0.02),
        ("--layouts 4, margin 1%", 4, 0.01),
    ):
        row = []
        for effect in GAINS:
            rule = functools.partial(win_count, margin=margin, builds=builds)
            judged = trials(rule, PROFILES["code layout"], effect, count, f"layout/{words}/{effect}")
            row.append(percent(sum(kept for kept, _, _ in judged), count))
        print(f"  {words:48} {row[0]:17.1f}% {row[1]:8.1f}% {row[2]:8.1f}%", flush=True)


def removals(count: int) -> None:
    """Print how often `--not-worse` accepts a simplification, by what it truly loses."""
    print("\n--not-worse at a margin of 1%: accepted, by the true change of a simplification")
    print(f"  {'':20}" + "".join(f"{words:>14}" for words in ("+1%", "none", "-0.5%", "-1% (margin)", "-2%")))
    for name in ("fixed host speed", "bimodal", "typical cloud host"):
        row = []
        for effect in (0.01, 0.0, -0.005, -0.01, -0.02):
            judged = trials(
                functools.partial(win_count, mode="not_worse"), PROFILES[name], effect, count, f"{name}/{effect}"
            )
            row.append(percent(sum(kept for kept, _, _ in judged), count))
        print(f"  {name:20}" + "".join(f"{share:13.1f}%" for share in row), flush=True)


def long_rows(count: int) -> None:
    """Print what more pairs find on a noisy host, what they cost, and that they keep no more of nothing."""
    print(
        f"\nat most 48 or 144 pairs, confirmed {'kept of no effect':>22} {'measured':>9}"
        + "".join(f" {words:>9} {'measured':>9}" for words in ("finds 2%", "finds 3%"))
    )
    for profile, make in {"noisy (3 x typical)": restless, **PROFILES}.items():
        for most in (48, 144):
            row = []
            for effect in (0.0, 0.02, 0.03):
                rule = functools.partial(twice, max_pairs=most)
                judged = list(trials(rule, make, effect, count, f"long/{profile}/{most}/{effect}"))
                kept = percent(sum(one[0] for one in judged), count)
                row += [f"{kept:8.1f}% {statistics.fmean(one[2] for one in judged):9.0f}"]
            print(f"  {profile:20} {most:4} {'':11} {' '.join(row)}", flush=True)


def holdout_rows(count: int) -> None:
    """Print what passes a holdout of 24 pairs, also where the first workload is calmer than it: its noise is taken."""
    print(
        f"\nholdout: passes, by what it truly changes there {'+5%':>14} {'none':>9} {'-2%':>9} {'-3%':>9} {'pairs':>6}"
    )
    for profile, make in {"noisy (3 x typical)": restless, **PROFILES}.items():
        for words, share in (("table alone", None), ("few clear wins too", 1.0), ("first workload still", 0.0)):
            draw, row, spent = Random(f"holdout/{profile}"), [], 0
            for effect in (0.05, 0.0, -0.02, -0.03):
                passed = 0
                for _ in range(count):
                    host = make(draw)
                    base, cand = ([timing(host, 0.0) for _ in range(12)] for _ in range(2))
                    sigma = (share or 0.0) * (noise.sigma_pair(base, cand) or 0.0)
                    held, number = passes(host, effect, draw, sigma, HOLDOUT_PAIRS, share is not None)
                    passed, spent = passed + held, spent + number
                row.append(f"{percent(passed, count):8.1f}%")
            print(f"  {profile:20} {words:22} {'':11} {' '.join(row)} {spent / 4 / count:6.1f}", flush=True)


def sessions(count: int) -> None:
    """Print what whole sessions of 60 experiments, 15% of them real, end with."""
    rules = {name: rule for name, rule in RULES.items() if "confidence" not in name and "24" not in name}
    rules["confirmed on noisy hosts only"] = functools.partial(twice, clear=False)
    for words, make in (("typical host", typical), ("restless host (three times the noise)", restless)):
        print(f"\n{count} sessions of 60 experiments, 15% of them real (1% and more, mean 3%), {words}")
        print(f"  {'':32}{'false commits':>14} {'true gain captured':>19} {'claimed / true':>15} {'measurements':>13}")
        for name, rule in rules.items():
            draw, plan = Random(f"session/{words}"), Random("effects")
            kept_true = kept_false = spent = 0
            claimed = truth = possible = 0.0
            for _ in range(60 * count):
                effect = 0.01 + plan.expovariate(1 / 0.02) if plan.random() < 0.15 else 0.0
                kept, gain, cost = rule(functools.partial(make, draw), effect, draw)
                spent, possible = spent + cost, possible + effect
                if kept:
                    kept_true, kept_false = kept_true + (effect > 0), kept_false + (effect == 0)
                    claimed, truth = claimed + gain, truth + effect
            print(
                f"  {name:32}{percent(kept_false, kept_true + kept_false):13.1f}% {percent(truth, possible):18.1f}%"
                f" {claimed / truth if truth else math.nan:15.2f} {spent / count:13.0f}",
                flush=True,
            )


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=2000, metavar="N", help="comparisons per cell (default: 2000)")
    parser.add_argument("--quick", action="store_true", help="250 comparisons per cell")
    args = parser.parse_args()
    count = 250 if args.quick else args.sessions
    start = time.perf_counter()
    print(
        f"{count} comparisons per cell, margin 1%; a share of 2% is known to "
        f"{196 * math.sqrt(0.02 * 0.98 / count):.1f} points"
    )
    summary(table(count))
    null_sessions(max(100, count // 4))
    layout_rows(count)
    removals(count)
    long_rows(count)
    holdout_rows(count // 4)
    sessions(max(10, count // 20))
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
