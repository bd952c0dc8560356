"""Changes that are on or off: balanced, orthogonal, honest about what they cannot tell apart, and exact."""

from __future__ import annotations

import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from helpers.judge.wave.design import Design, Factor, lay_out
from helpers.judge.wave.effects import Observation, analyse, t_quantile


def switches(count: int, runs: int | None = None) -> Design:
    """The layout of so many changes, each on or off."""
    return lay_out([Factor(name, ("off", "on")) for name in "abcdefghijkl"[:count]], runs)


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
    plan = switches(factors, runs)

    kind = f"a regular fraction of resolution {resolution}" if resolution else "all combinations"
    assert (expected_runs, kind) == (len(plan.cells), plan.kind)
    assert (0,) * factors in plan.cells


@pytest.mark.parametrize(("factors", "runs"), [(4, 8), (6, 16), (7, 8), (9, 32), (12, 32)])
def test_columns_are_balanced_and_aliases_complete(factors: int, runs: int) -> None:
    """Main effects are orthogonal; effects that share a contrast up to its sign are exactly the listed aliases."""
    plan = switches(factors, runs)
    effects = plan.effects()
    column = {effect: [math.prod(1 if cell[n] else -1 for n, _ in effect) for cell in plan.cells] for effect in effects}

    for one, two in itertools.combinations(plan.effects(1), 2):
        assert 0 == sum(x * y for x, y in zip(column[one], column[two], strict=True))
    for effect, values in list(column.items())[:: max(1, len(column) // 12)]:
        same = {o for o, v in column.items() if o != effect and v in (values, [-x for x in values])}
        assert same == set(plan.aliases(effect))


def test_true_effects_stand_out() -> None:
    """Two real changes and one that helps only with the first stand out of noise; the best cell holds them."""
    draw = random.Random(7)
    plan = switches(5)

    def truth(cell: tuple[int, ...]) -> float:
        a, b, c, _, e = cell
        return 0.05 * a + 0.03 * b + 0.06 * a * c - 0.04 * e

    seen = [Observation(cell, truth(cell) + draw.gauss(0, 0.004), spread=0.004) for cell in plan.cells]
    found = analyse(plan, seen)
    shown = {plan.label(row.effect) for row in found.shown if row.stands}

    assert {"a", "b", "c", "e", "a*c"} == shown
    cell, gain = found.best()
    assert "a=on b=on c=on d=off e=off" == plan.cell_label(cell)
    assert gain == pytest.approx(0.14, abs=0.02)


def test_noise_alone_seldom_stands_out() -> None:
    """Of waves with nothing in them, few show an effect of two changes together, however many pairs there are."""
    draw = random.Random(8)
    plan = switches(8)
    alarms = 0
    for _ in range(100):
        found = analyse(plan, [Observation(cell, draw.gauss(0, 0.01), spread=0.01) for cell in plan.cells])
        alarms += any(row.stands and len(row.effect) == 2 for row in found.shown)
    assert alarms <= 10


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (30, 2.0423), (7 / 3, 3.7641)]
)
def test_student(freedom: float, expected: float) -> None:
    """Quantiles of Student's t are those of the tables (the last one: not a whole number of degrees)."""
    assert expected == pytest.approx(t_quantile(0.975, freedom), abs=1e-3)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("a=1,2",), "2 to 12 different factors"),
        (("a=1,2", "a=3,4"), "2 to 12 different factors"),
        (("a+b=1,2", "c=1,2"), "cannot name a factor"),
        (("a=1", "b=1,2"), "is not NAME=VALUE,VALUE"),
        (("a=1,,2", "b=1,2"), "is not NAME=VALUE,VALUE"),
        (('a="1,5",2', "b=1,2"), "none may hold a comma"),
        (("a=1,2", "b=1,2", "--runs", "0"), "--runs"),
        (("a=1,1", "b=1,2"), "different values"),
        (("a=1,2", "b=1,2", "--runs", "2"), "runs must be more than the 2 single effects"),
    ],
)
def test_bad_input(repo: Any, tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    """Unusable factors, values and runs: exit 2 and what was expected, outside of any repository."""
    asked = [word for each in args for word in ((each,) if each[0] in "-20" else ("--factor", each))]

    assert said in repo.script("plan_wave", "design", *asked, cwd=tmp_path, code=2).stderr


def test_the_script_shows_a_design(repo: Any, tmp_path: Path) -> None:
    """The cells with their values, outside of any repository."""
    asked = ("--factor", "a=off,on", "--factor", "b=1,2", "--json")
    plan = json.loads(repo.script("plan_wave", "design", *asked, cwd=tmp_path).stdout)

    assert 4 == len(plan["cells"])
    assert {"a": "off", "b": "1"} in plan["cells"]
