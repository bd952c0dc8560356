"""A comparison that many workers share: the pairs that count, whoever is slow or lost; and one over local slots."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steady import locked, sealed, steady  # noqa: F401 - a fixture

from helpers.judge.compare import spread
from helpers.judge.compare.driver import CONFIRM
from helpers.judge.compare.spread import Part
from helpers.judge.measure import pairs
from helpers.judge.measure.pairs import Pair
from helpers.judge.measure.plan import Plan
from helpers.run.local import slots

WORKERS = ["vm-01", "vm-02", "vm-03"]
PLAN = Plan("j", "e", "t", "c", "t", "t", "time_s", "lower", 0.01, 24, 1, "improved", "s", [], {}, {}, [], "/w")
PLAN = dataclasses.replace(PLAN, spread=dict.fromkeys(WORKERS, ""))


def pair(number: int, gain: float = 0.5, **more: Any) -> Pair:
    """A pair as a part reports it."""
    return Pair(number, {"time_s": 1 + gain}, {"time_s": 1.0}, 600.0, **more)


def step(parts: list[Part], able: list[str] = WORKERS, seconds: float | None = 600.0) -> spread.Step:
    """What follows from these parts."""
    return spread.step(PLAN, parts, able, seconds)


def test_long_pairs_are_dealt_one_by_one_and_short_ones_together() -> None:
    """Each worker has the next part behind the one that runs; whoever deals, the lowest numbers go first."""
    long = [(part.worker, list(part.numbers)) for part in step([]).begin]
    short = [(part.worker, list(part.numbers)) for part in step([], seconds=0.5).begin]

    assert [("vm-01", [0]), ("vm-02", [1]), ("vm-03", [2]), ("vm-01", [3]), ("vm-02", [4]), ("vm-03", [5])] == long
    assert [(w, list(range(n, 24, 3))) for n, w in enumerate(WORKERS)] == short
    assert [] == step(step([]).begin).begin


def test_a_pair_waits_for_those_before_it() -> None:
    """Eight good pairs decide nothing while pair 1 is under way, however long the others are there."""
    others = Part("vm-02", dict.fromkeys(range(1, 12), 0), pairs=tuple(pair(n) for n in range(1, 12)))
    first = Part("vm-01", {0: 0})

    assert not step([first, others]).ready
    came = step([dataclasses.replace(first, pairs=(pair(0),)), others])
    assert came.ready
    assert ["vm-01"] + ["vm-02"] * 11 == [each.host for each in came.given[""]]


def test_a_lost_workers_pairs_are_dealt_to_another_with_another_coin() -> None:
    """What it reported counts; what it did not is drawn again and says why; a part that goes on keeps its own."""
    lost = Part("vm-01", {0: 0, 3: 0}, pairs=(pair(0),), is_open=False, reason="its worker vm-01 is gone")
    its = step([lost, Part("vm-02", {1: 0}), Part("vm-03", {2: 0})], ["vm-02", "vm-03"])

    assert Part("vm-02", {3: 1}) == its.begin[0]
    again = Part("vm-02", {3: 1}, pairs=(pair(3),))
    rest = Part("vm-03", dict.fromkeys([1, 2, *range(4, 8)], 0), pairs=tuple(pair(n) for n in [1, 2, *range(4, 8)]))
    row = step([lost, again, rest]).given[""]
    assert {3: "vm-01: its worker vm-01 is gone"} == {each.number: each.redrawn for each in row if each.redrawn}


def test_a_pair_that_is_lost_again_and_again_ends_it() -> None:
    """With the reason of the last time, and without a verdict."""
    lost = [Part(worker, {0: n}, is_open=False, reason=f"gone {n}") for n, worker in enumerate(WORKERS)]

    assert "pair 1 could not be measured 3 times: gone 2" == step(lost).error
    assert "" == step(lost[:2]).error


def test_a_candidate_that_cannot_be_measured_ends_it_in_its_turn() -> None:
    """No pair behind it is dealt any more; those before it still count."""
    failed = Part("vm-01", {2: 0, 5: 0}, pairs=(pair(2, failed="exit 1"),), is_open=False)
    rest = Part("vm-02", {0: 0, 1: 0})

    assert [] == step([failed, rest]).begin
    assert step([failed, dataclasses.replace(rest, pairs=(pair(0, 0.02), pair(1, -0.02)))]).ready


def test_a_small_gain_is_confirmed_by_pairs_of_many_workers_too() -> None:
    """The second, fresh comparison is dealt like the first, and both go along."""
    dice = random.Random(1)
    first = [pair(n, 0.03 + dice.uniform(-0.029, 0.1)) for n in range(8)]
    parts = [Part("vm-01", dict.fromkeys(range(8), 0), pairs=tuple(first), is_open=False)]
    its = step(parts)
    assert {CONFIRM} == {part.phase for part in its.begin}

    again = [Part("vm-02", dict.fromkeys(range(8), 0), CONFIRM, tuple(pair(n) for n in range(8)), is_open=False)]
    assert (8, 8) == tuple(map(len, step([*parts, *again]).given.values()))


def test_a_clear_winner_is_confirmed_by_as_few_pairs_as_on_one_host() -> None:
    """Where no pair of the first eight was doubtful, four clear ones settle it: nobody waits for the others."""
    dice = random.Random(1)
    first = tuple(pair(n, 0.1 + dice.uniform(-0.08, 0.3)) for n in range(8))
    parts = [Part("vm-01", dict.fromkeys(range(8), 0), pairs=first, is_open=False)]
    again = Part("vm-02", dict.fromkeys(range(8), 0), CONFIRM, tuple(pair(n) for n in range(4)))
    assert {CONFIRM} == {part.phase for part in step(parts).begin}

    assert not step([*parts, dataclasses.replace(again, pairs=again.pairs[:3])]).ready
    assert step([*parts, again]).ready


@given(st.randoms(use_true_random=False), st.floats(-0.1, 0.1))
@settings(deadline=None)
def test_whatever_the_order_of_arrival_the_verdict_is_that_of_the_numbers(dice: random.Random, gain: float) -> None:
    """Pairs that arrive by speed, and are lost by chance, give the row that one host would have measured."""
    true = {n: pair(n, gain + dice.uniform(-0.1, 0.1)) for n in range(24)}
    parts: list[Part] = []
    its = step(parts)
    while not (its.ready or its.error):
        parts += its.begin
        at = dice.choice([n for n, part in enumerate(parts) if part.is_open])
        done = tuple(true[n] for n in parts[at].numbers) if dice.random() > 0.05 else ()
        parts[at] = dataclasses.replace(parts[at], pairs=done, is_open=False)
        its = step(parts)
    if its.ready:
        row = its.given[""]
        assert list(range(len(row))) == [each.number for each in row]
        ends = pairs.interleave([], [], PLAN, lambda *_: None, given=row, early=pairs.unlikely)[1]
        assert len(row) == 24 or ends.verdict != "undecided"


@pytest.mark.skipif(len(slots.cores()) < 2, reason="two slots need two cores")
def test_spread_over_slots_of_this_machine(steady: Any) -> None:  # noqa: F811
    """Both sides are built in each slot, pairs of both count, and the result says what each slot shows by itself."""
    sealed(steady, "exp-01", "echo 1.0231\n")
    done = steady.script("compare", "exp-01", "--spread", "2", "--max-pairs", "8")
    (event,) = [
        e for e in map(json.loads, (steady.root / "autoresearch.jsonl").open()) if e.get("type") == "comparison"
    ]

    assert "by host: slot-0 " in done.stdout
    assert "are enough" in done.stderr
    assert ["slot-0", "slot-1"] * 4 == event["hosts"]
    assert ("improved", 8, "passed") == (event["verdict"], event["pairs"], event["checks"])


@pytest.mark.skipif(len(slots.cores()) < 2, reason="two slots need two cores")
def test_spread_over_gpus_of_this_machine(repo: Any, two_gpus: Path) -> None:
    """Both members of a pair see one and the same GPU, and the result says what each kind of GPU shows by itself."""
    number = "${CUDA_VISIBLE_DEVICES:-0}"
    locked(repo, f"echo $((4 + {number})).0417\n")
    sealed(repo, "exp-01", f"echo $((2 + {number})).0231\n")
    spread_over = ("compare", "exp-01", "--slots", "gpu", "--max-pairs", "8")
    assert "no GPU" in repo.script(*spread_over, "--spread", code=2, CUDA_VISIBLE_DEVICES="").stderr
    assert "--spread --slots gpu" in repo.script(*spread_over, code=2).stderr
    repo.env["PATH"] = f"{two_gpus}:{repo.env['PATH']}"
    assert "2 GPUs" in repo.script(*spread_over, "--spread", "3", code=2).stderr
    done = repo.script(*spread_over, "--spread")
    event = [e for e in map(json.loads, (repo.root / "autoresearch.jsonl").open()) if e.get("type") == "comparison"][-1]

    assert ["gpu-0", "gpu-1"] * 4 == event["hosts"]
    assert [4, 5] * 4 == [int(value) for value in event["baseline_samples"]]
    assert [2, 3] * 4 == [int(value) for value in event["candidate_samples"]]
    assert "by host: gpu-0 " in done.stdout
    assert {"gpu-0": "Stand-in H100", "gpu-1": "Stand-in H200"} == event["spread"]
