#!/usr/bin/env python3
"""Comparisons that many workers share: how often they err, and how long they take.

Errors: hosts differ by 9% in speed and up to fivefold in noise, workers die and lose what they have not reported, and
a pair is over the sooner the faster its sides were. Beside the rule stands what counting the first pairs to arrive
would do. Time: the session's keeper, journal and coordination are the real ones, only SkyPilot is replaced by workers
that answer as late as the real ones did (benchmarks/fleet.py), and time runs `--speed` times as fast.

    python3 benchmarks/spread.py errors
    python3 benchmarks/spread.py time
"""

# ruff: noqa: ANN401 - a stand-in for an untyped module
from __future__ import annotations

import argparse
import dataclasses
import heapq
import json
import math
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import fleet as simulated

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers import git, journal, replay  # noqa: E402
from helpers.judge.compare import fleet, planning, spread  # noqa: E402
from helpers.judge.compare.spread import Part  # noqa: E402
from helpers.judge.measure import pairs  # noqa: E402
from helpers.judge.measure.pairs import Pair  # noqa: E402
from helpers.judge.measure.plan import Plan  # noqa: E402
from helpers.judge.rule import sign_test  # noqa: E402
from helpers.run.copies.copies import Workdirs  # noqa: E402
from helpers.run.fleet import keeper, keeper_process  # noqa: E402

PLAN = Plan("j", "e", "t", "c", "t", "t", "t", "lower", 0.01, 24, 1, "improved", "s", [], {}, {}, [], "/w")


@dataclasses.dataclass(frozen=True)
class Truth:
    """What is true: the gain; whether half of the pairs take 10% less and the others 15% more; deaths for each pair."""

    gain: float = 0.0
    mixed: bool = False
    deaths: float = 0.0


def drawn(truth: Truth, host: tuple[float, float], number: int, dice: random.Random) -> Pair:
    """A pair as a host of this speed and noise measures it, in the order of its coin (the second side is colder)."""
    speed, noise = host
    base, cand = (speed * 300 * math.exp(dice.gauss(0, noise)) for _ in "bc")
    cand *= (dice.choice([0.9, 1.15]) if truth.mixed else 1.0) / (1 + truth.gain)
    late = 1.01
    base, cand = (base * late, cand) if sign_test.order(str(dice.random()), number) else (base, cand * late)
    return Pair(number, {"t": base}, {"t": cand}, base + cand)


def compared(truth: Truth, workers: int, dice: random.Random) -> tuple[str, str, float]:
    """One comparison in simulated time: its verdict, that of the first pairs to arrive, and its seconds."""
    names = [f"vm-{n:02d}" for n in range(workers)]
    hosts = {name: (dice.uniform(0.955, 1.045), 0.01 * 5 ** dice.random()) for name in names}
    plan = dataclasses.replace(PLAN, seed=str(dice.random()), spread=dict.fromkeys(names, ""))
    parts: list[Part] = []
    queue: list[tuple[float, int, Pair | None]] = []
    free = dict.fromkeys(names, 0.0)
    arrived: list[Pair] = []
    now = 0.0
    its = spread.step(plan, parts, names, 600.0)
    while not (its.ready or its.error):
        for part in its.begin:
            number = next(iter(part.numbers))
            pair = drawn(truth, hosts[part.worker], number, dice)
            dies = dice.random() < truth.deaths
            free[part.worker] = max(free[part.worker], now) + pair.seconds * (dice.random() if dies else 1.0)
            heapq.heappush(queue, (free[part.worker], len(parts), None if dies else pair))
            parts.append(part)
        now, at, found = heapq.heappop(queue)
        arrived += [found] if found else []
        parts[at] = dataclasses.replace(parts[at], pairs=(found,) if found else (), is_open=False, reason="it died")
        if found is None:
            hosts[parts[at].worker] = (dice.uniform(0.955, 1.045), 0.02)  # another machine under its name
        its = spread.step(plan, parts, names, 600.0)
    if its.error:
        return "error", "error", now
    try:
        verdict = pairs.interleave([], [], plan, lambda *_: None, given=its.given[""], early=pairs.unlikely)[1].verdict
        late = pairs.interleave([], [], plan, lambda *_: None, given=arrived, early=pairs.unlikely)[1].verdict
    except pairs.NoSidesError:
        late = "undecided"
    return verdict, late, now


def errors(count: int) -> None:
    """Print how often nothing is called a gain, and how often a gain is found."""
    allowed = "1.63% by the table"
    for words, truth in (
        ("no effect", Truth()),
        ("no effect, workers die at 5% of pairs", Truth(deaths=0.05)),
        ("faster in half of the pairs, else slower", Truth(mixed=True)),
        ("a gain of 4%", Truth(gain=0.04)),
        ("a gain of 4%, workers die at 5% of pairs", Truth(gain=0.04, deaths=0.05)),
    ):
        for workers in (1, 16):
            dice = random.Random(f"{words}{workers}")
            found = [compared(truth, workers, dice) for _ in range(count)]
            good, early = (sum(row[n] == "improved" for row in found) / count for n in (0, 1))
            took = sorted(row[2] for row in found)[count // 2] / 60
            print(
                f"{words:42} {workers:2} workers: improved {good:6.2%} ({allowed if not truth.gain else 'found'}), "
                f"by arrival {early:6.2%}; median {took:4.0f} minutes",
                flush=True,
            )


class Shared(simulated.Simulated):
    """Workers that measure what plan.json asks for, in simulated seconds."""

    def __init__(self, speed: float, seconds: float, build: float) -> None:
        super().__init__(speed, {"baseline": seconds}, "")
        self.seconds, self.build = seconds, build
        self.asked: dict[str, dict[str, Any]] = {}
        self.cancelled: set[str] = set()

    def exec(self, task: Any, cluster_name: str) -> tuple[int, None]:
        """Queue a part, or the comparison itself, behind what the worker has."""
        asked = json.loads((Path(task.workdir) / task.name / "plan.json").read_text())
        self.asked[task.name] = asked
        pairs_of_it = len(asked["part"]["numbers"]) if "part" in asked else 0
        self.lengths[task.name] = self.build + pairs_of_it * self.seconds
        return super().exec(task, cluster_name)

    def queue(self, cluster: str) -> list[dict[str, Any]]:
        """The worker's jobs, without those that were cancelled."""
        return [row for row in super().queue(cluster) if row["job_name"] not in self.cancelled]

    def cancel(self, cluster: str, job_ids: list[int]) -> None:
        """End jobs: whatever waits behind them begins now."""
        at = self.now()
        self.cancelled |= {self.jobs[cluster][number - 1][0] for number in job_ids}
        free, rows = 0.0, []
        for name, begin, end in self.jobs[cluster]:
            if name in self.cancelled:
                rows.append((name, min(begin, at), min(end, at)))
            elif begin > at:
                begins = max(at, free) + simulated.GAP
                rows.append((name, begins, begins + end - begin))
            else:
                rows.append((name, begin, end))
            free = rows[-1][2]
        self.jobs[cluster] = rows

    def tail_logs(self, cluster: str, job_id: int, follow: bool, output_stream: Any) -> int:
        """What the job has measured by now, or measures until it ends."""
        self.wait(simulated.LOGS)
        asked, told = self.asked[self.jobs[cluster][job_id - 1][0]], 0
        numbers = list(map(int, asked.get("part", {}).get("numbers", ())))
        while True:
            name, begin, end = self.jobs[cluster][job_id - 1]
            over = self.now() >= end
            ended = len(numbers) if over else max(0, int((self.now() - begin - self.build) / self.seconds))
            for number in numbers[told:ended]:
                pair = Pair(number, {"time_s": 2.0}, {"time_s": 1.0}, self.seconds)
                output_stream.write(spread.pair_line(pair) + "\n")
            told = max(told, ended)
            if name in self.cancelled:
                return 103
            if over and numbers:
                output_stream.write("PART: {}\n")
            elif over:
                given = spread.from_json(asked.pop("given"))
                base = [pair.baseline["time_s"] for pair in given[""]]
                answer = {"verdict": "improved", "pairs": len(base), "hosts": [pair.host for pair in given[""]]}
                output_stream.write(f"COMPARISON: {json.dumps(answer)}\n")
            if over or not follow:
                return 0
            self.wait(0.5)


def timed(count: int, seconds: float, build: float, speed: float) -> tuple[float, dict[str, Any]]:
    """Let the keeper carry a comparison out on `count` workers; return its simulated seconds and its answer."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:  # what follows a log may still write it
        folder = Path(name)
        root = simulated.session(folder)
        names = [f"vm-{number:02d}" for number in range(1, count + 1)]
        for worker in names:
            journal.append(root, {"type": "worker", "worker": worker, "event": "up", "launch": "x", "usd_hour": None})
        now, work = replay.load(root), Workdirs(git.find(root), folder)
        tree = now.baseline.tree
        options = planning.Options(spread=dict.fromkeys(names, ""))
        agreed = {**planning.agreed(now, work.folder, options, names[0]), "warm": False}
        fleet.start(root, Plan("exp-1.0.1", "exp-1", tree, "c" * 40, tree, tree, **agreed), names[0])
        api, its = Shared(speed, seconds, build), keeper.Keeper(root, folder / "copies")
        began = time.monotonic()
        while keeper_process.has_work(replay.load(root)) and not replay.load(root).comparisons:
            its.round(api)
            if its.trouble:
                raise SystemExit("\n".join(its.trouble))
            if not replay.load(root).comparisons:
                its.followed.told.wait(keeper_process.pause(replay.load(root), its.pair) / speed)
        return (time.monotonic() - began) * speed, replay.load(root).comparisons[0].to_line()


def main() -> None:
    """Print one of the two tables."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["errors", "time"])
    p.add_argument("--count", type=int, default=2000, help="errors: comparisons of each kind (default 2000)")
    p.add_argument("--build", type=float, default=10, help="time: seconds of a build with the checks (default 10)")
    p.add_argument("--speed", type=float, default=5, help="time: times as fast as real (default 5)")
    args = p.parse_args()
    if args.what == "errors":
        errors(args.count)
        return
    for workers in (8, 16):
        for words, seconds in (("two runs of five minutes", 600.0), ("five minutes in all", 300.0)):
            took, answer = timed(workers, seconds, args.build, args.speed)
            hosts = len(set(answer["hosts"]))
            print(
                f"{workers:2} workers, pairs of {words:24}: verdict after {took / 60:.1f} minutes, "
                f"{answer['pairs']} pairs of {hosts} workers",
                flush=True,
            )


if __name__ == "__main__":
    main()
