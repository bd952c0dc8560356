"""Changes that are on or off: balanced, orthogonal, honest about what they cannot tell apart, and exact."""

from __future__ import annotations

import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.judge.wave import by_hand
from helpers.judge.wave.effects import Observation, analyse, t_quantile

NAMES = tuple("abcdefghijkl")


@pytest.mark.parametrize(
    ("factors", "runs", "expected_runs", "resolution"),
    [
        (2, None, 4, None),
        (3, None, 8, None),
        (4, None, 8, 4),
        (5, None, 16, 5),
        (6, None, 16, 4),
        (8, None, 16, 4),
        (12, None, 32, 4),
        (7, 8, 8, 3),
        (12, 64, 64, 4),
        (3, 16, 16, None),
    ],
)
def test_the_design_is_as_good_as_the_books_say(
    factors: int, runs: int | None, expected_runs: int, resolution: int | None
) -> None:
    """Runs and resolution are those of the standard tables; the baseline is one of the cells."""
    plan = by_hand.plan(NAMES[:factors], runs)

    assert (expected_runs, resolution) == (len(plan.cells), plan.resolution)
    assert (0,) * factors in plan.cells


@pytest.mark.parametrize(("factors", "runs"), [(4, 8), (6, 16), (7, 8), (9, 32), (12, 32)])
def test_columns_are_balanced_and_aliases_complete(factors: int, runs: int) -> None:
    """Main effects are orthogonal; effects that share a contrast up to its sign are exactly the listed aliases."""
    plan = by_hand.plan(NAMES[:factors], runs)
    effects = plan.effects()
    column = {effect: [math.prod(1 if cell[n] else -1 for n, _ in effect) for cell in plan.cells] for effect in effects}

    for one, two in itertools.combinations(plan.effects(1), 2):
        assert 0 == sum(x * y for x, y in zip(column[one], column[two], strict=True))
    for effect, values in list(column.items())[:: max(1, len(column) // 12)]:
        same = {o for o, v in column.items() if o != effect and v in (values, [-x for x in values])}
        assert same == set(plan.aliases(effect))


@given(factors=st.integers(2, 6), seed=st.integers(0, 10**6))
@settings(max_examples=40)
def test_effects_are_the_least_squares_fit(factors: int, seed: int) -> None:
    """As many contrasts as cells less one: mean and half effects give every cell back, to rounding."""
    draw = random.Random(seed)
    plan = by_hand.plan(NAMES[:factors], None)
    gains = {cell: draw.gauss(0, 0.03) for cell in plan.cells}

    found = analyse(plan, [Observation(cell, gain) for cell, gain in gains.items()])

    assert len(gains) - 1 == len(found.shown)
    mean = math.fsum(gains.values()) / len(gains)
    for cell, value in gains.items():
        signs = [math.prod(1 if cell[n] else -1 for n, _ in row.effect) for row in found.shown]
        fitted = mean + math.fsum(row.value * sign / 2 for row, sign in zip(found.shown, signs, strict=True))
        assert fitted == pytest.approx(value, abs=1e-12)


def test_true_effects_stand_out() -> None:
    """Two real changes and one that helps only with the first stand out of noise; the best cell holds them."""
    draw = random.Random(7)
    plan = by_hand.plan(["a", "b", "c", "d", "e"], None)

    def truth(cell: tuple[int, ...]) -> float:
        a, b, c, _, e = cell
        return 0.05 * a + 0.03 * b + 0.06 * a * c - 0.04 * e

    found = analyse(plan, [Observation(cell, truth(cell) + draw.gauss(0, 0.004)) for cell in plan.cells])
    shown = {plan.label(row.effect) for row in found.shown if abs(row.value) > row.margin}

    assert {"a", "b", "c", "e", "a+c"} == shown
    cell, gain = found.best()
    assert "a+b+c" == plan.cell_label(cell)
    assert gain == pytest.approx(0.14, abs=0.02)


def test_noise_alone_seldom_stands_out() -> None:
    """Of waves with nothing in them, few show any effect beyond the margin for all at once."""
    draw = random.Random(8)
    plan = by_hand.plan(NAMES[:8], None)
    alarms = 0
    for _ in range(100):
        found = analyse(plan, [Observation(cell, draw.gauss(0, 0.01)) for cell in plan.cells])
        alarms += abs(found.shown[0].value) > found.shown[0].every
    assert alarms <= 10


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (30, 2.0423), (7 / 3, 3.7641)]
)
def test_student(freedom: float, expected: float) -> None:
    """Quantiles of Student's t are those of the tables (the last one: Lenth's, seven effects)."""
    assert expected == pytest.approx(t_quantile(0.975, freedom), abs=1e-3)


def test_the_script_designs_and_analyses(repo: Any, tmp_path: Path) -> None:
    """From the names to the effects, outside of any repository; exit 1 where nothing stands out."""
    plan = json.loads(repo.script("plan_wave", "design", "a", "b", "c", "--json", cwd=tmp_path).stdout)
    cells = [f"{'+'.join(cell) or 'none'}={2 * ('a' in cell) + 0.1 * i:.2f}%" for i, cell in enumerate(plan["cells"])]
    done = repo.script("plan_wave", "effects", "--factors", "a,b,c", *cells, cwd=tmp_path)
    flat = [cell.partition("=")[0] + "=0%" for cell in cells]

    assert 8 == len(plan["cells"])
    assert done.stdout.startswith("* a ")
    assert "compare it" in done.stdout
    assert "no effect" in repo.script("plan_wave", "effects", "--factors", "a,b,c", *flat, cwd=tmp_path, code=1).stdout


@pytest.mark.parametrize(
    "args",
    [
        ("design", "a"),
        ("design", "a", "a"),
        ("design", "a", "b", "--runs", "6"),
        ("design", "none", "b"),
        ("design", "a+b", "c"),
        ("effects", "--factors", "a,b", "none=0%"),
        ("effects", "--factors", "a,b", "c=1%"),
        ("effects", "--factors", "a,b", "a=-100%"),
        ("effects", "--factors", "a,b", "a"),
    ],
)
def test_bad_input(repo: Any, tmp_path: Path, args: tuple[str, ...]) -> None:
    """Unusable factors, runs, cells and gains: exit 2 and what was expected."""
    assert "error:" in repo.script("plan_wave", *args, cwd=tmp_path, code=2).stderr


def test_a_gain_of_the_journal_needs_a_session(repo: Any) -> None:
    """An experiment where there is no session is a mistake that is named."""
    assert "no session" in repo.script("plan_wave", "effects", "--factors", "a,b", "a=exp-01", code=2).stderr
