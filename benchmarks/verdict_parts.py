#!/usr/bin/env python3
"""Where the seconds of one verdict go on the demonstration, and how few they could be at a given noise.

A program that is slower by `--gain` is locked and calibrated as in verdict_time.py, and its faster version submitted,
collected and compared; each part is told with the seconds that it took. Below it: the measurements that this rule, and
the one before winners were told apart, need for a gain of 10% at each noise (simulated), in the seconds of this run.

    python3 benchmarks/verdict_parts.py              # two minutes
"""

from __future__ import annotations

import argparse
import functools
import math
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BUNDLE), str(BUNDLE / "benchmarks")]

import verdict_time  # noqa: E402

from helpers.judge.rule import noise, sign_test  # noqa: E402
from helpers.scale import Scale  # noqa: E402

MARGIN, MOST, GAIN, BY = 0.02, 24, 0.10, Scale()
PARTS = ("submit", "collect", "compare", "carry_out", "build", "checks", "warm-up", "pairs", "confirmation", "holdout")
Series = tuple[list[float], list[float]]
Rule = Callable[[list[float], list[float]], str | None]


def traced(script: str) -> None:
    """Run a script of the bundle whose driver notes what takes how long."""
    from helpers.judge.compare import checks, driver, outputs
    from helpers.judge.measure import pairs
    from helpers.judge.measure.side import Side

    def noted(place: Any, name: str, label: Callable[..., str]) -> None:  # noqa: ANN401 - a module or a class
        action = getattr(place, name)

        @functools.wraps(action)
        def around(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            began = time.monotonic()
            try:
                return action(*args, **more)
            finally:
                with open(os.environ["TRACE"], "a", encoding="utf-8") as out:  # noqa: PTH123
                    out.write(f"{label(*args, **more)} {time.monotonic() - began}\n")

        setattr(place, name, around)

    named = {"/confirm": "confirmation", "/holdout": "holdout"}
    noted(
        pairs,
        "interleave",
        lambda *_, **m: next((w for e, w in named.items() if m.get("seed", "").endswith(e)), "pairs"),
    )
    places = ((driver, "build", "build"), (checks, "run", "checks"), (driver, "warm_up", "warm-up"))
    for place, name, label in (*places, (outputs, "result", "outputs"), (driver, "carry_out", "carry_out")):
        noted(place, name, lambda *_, label=label, **__: label)
    noted(Side, "measure", lambda *_, **__: "measurement")
    runpy.run_path(script, run_name="__main__")


class Traced(verdict_time.Tree):
    """A tree whose scripts are traced."""

    def run(self, script: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a script and note its seconds."""
        began = time.monotonic()
        command = [sys.executable, __file__, "--traced", str(self.bundle / "scripts" / f"{script}.py"), *arguments]
        env = {**os.environ, "TMPDIR": str(self.folder.parent), "HOME": str(self.folder.parent)}
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, env=env)
        if done.returncode not in codes:
            raise SystemExit(f"{script}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        with open(os.environ["TRACE"], "a", encoding="utf-8") as out:  # noqa: PTH123
            out.write(f"{script.partition('_')[0]} {time.monotonic() - began}\n")
        return done.stdout.strip()


def table(rows: dict[str, list[float]]) -> tuple[float, float]:
    """Print the parts; return the seconds beside all measurements, and those of one."""
    took = {name: math.fsum(values) for name, values in rows.items()}
    whole = sum(took[name] for name in ("submit", "collect", "compare"))
    inner = [name for name in (*PARTS[4:], "outputs") if name in took]
    told = {"submit_experiment.py": took["submit"], "collect_results.py: the screen": took["collect"]}
    told |= {"compare.py beside its driver": max(0.0, took["compare"] - took["carry_out"])}
    told |= {f"driver: {name}": took[name] for name in inner}
    told["driver: all else"] = took["carry_out"] - sum(took[name] for name in inner)
    for name, seconds in {**told, "from the submission to the verdict": whole}.items():
        print(f"  {name:45}{seconds:7.2f} s {seconds / whole:6.1%}")
    each = statistics.median(rows["measurement"])
    print(f"  {len(rows['measurement'])} measurements in compare.py, {each:.2f} s each (median)")
    return whole - math.fsum(rows["measurement"]), each


def measured(draw: Random, sigma: float, rule: Rule) -> tuple[Series, str]:
    """Measure pairs whose gain is 10% and has the spread sigma until the rule says something."""
    base, cand = list[float](), list[float]()
    while True:
        base.append(math.exp(draw.gauss(math.log1p(GAIN), sigma / math.sqrt(2))))
        cand.append(math.exp(draw.gauss(0.0, sigma / math.sqrt(2))))
        if said := rule(base, cand):
            return (base, cand), said


def needed(draw: Random, sigma: float, *, now: bool) -> int:
    """Return the measurements of one comparison, with what warms the sides."""
    judge = functools.partial(sign_test.judge, direction="lower", margin=MARGIN, max_pairs=MOST)
    look = functools.partial(sign_test.last_look, direction="lower", margin=MARGIN, mode="not_worse")
    so_far = functools.partial(sign_test.so_far, direction="lower", margin=MARGIN)

    def first(base: list[float], cand: list[float], won: sign_test.Verdict | None = None) -> str | None:
        if now and won and sign_test.confirms(won, so_far(base, cand)):
            return "improved"
        if now and not won and len(base) >= 4 and sign_test.is_hopeless(base, cand, BY):
            return "not_improved"
        said = judge(base, cand).verdict if sign_test.is_look(len(base), MOST) else "undecided"
        return said if said != "undecided" or len(base) == MOST else None

    def second(base: list[float], cand: list[float]) -> str | None:
        if now and sign_test.holds(so_far(base, cand), MARGIN, spread, BY):
            return "not_worse"
        ends = sign_test.is_look(len(base), MOST) and (len(base) == MOST or look(base, cand).verdict == "not_worse")
        return "ended" if ends else None

    (base, cand), said = measured(draw, sigma, first)
    count, found, spread = 2 + 2 * len(base), judge(base, cand), noise.sigma_pair(base, cand) or 0.0
    if said == "improved" and noise.needs_confirmation(spread, found.gain if now else None, MARGIN):
        (more, _), said = measured(draw, sigma, lambda b, c: first(b, c, found))
        count += 2 * len(more)
        count += 0 if now else 2
    if said == "improved":
        count += 2 * len(measured(draw, sigma, second)[0][0]) + (0 if now else 2)
    return count + (0 if now else 2)


def main() -> None:
    """Print both tables."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gain", type=float, default=0.5, help="of the run (default 0.5: kept on a loaded machine too)")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place, trace = Path(temporary), Path(temporary) / "trace"
        os.environ["TRACE"] = str(trace)
        tree = Traced(BUNDLE, place / "now" / "target")
        tree.begin(verdict_time.turns_for(args.gain, place / "tried"))
        trace.write_text("")
        verdict_time.told("now", [tree.verdict(1)])
        rows: dict[str, list[float]] = {}
        for line in trace.read_text().splitlines():
            rows.setdefault(line.split()[0], []).append(float(line.split()[1]))
    fixed, each = table(rows)
    print(f"a gain of {GAIN:.0%}, medians of 400 simulated comparisons, {fixed:.1f} s beside the measurements:")
    for sigma in (0.01, 0.03, 0.05, 0.07, 0.10):
        then, now = (
            statistics.median(needed(Random(f"{sigma} {n}"), sigma, now=which) for n in range(400))
            for which in (False, True)
        )
        share = (fixed + each * now) / (fixed + each * then)
        print(
            f"  sigma_pair {sigma:4.0%}: measurements {then:.0f} -> {now:.0f} ({now / then:.0%}), seconds {share:.0%}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--traced"]:
        del sys.argv[:2]
        traced(sys.argv[0])
    else:
        main()
