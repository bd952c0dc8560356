"""What the options that several scripts share accept."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import arguments, console
from helpers.scale import DIFFERENCE, Scale


@given(st.floats(0.001, 49.999))
def test_a_percentage_becomes_a_fraction(value: float) -> None:
    """What is typed in percent is used as a fraction; by difference it is meant as it stands."""
    assert value / 100 == pytest.approx(arguments.margin(value, Scale()), rel=1e-11)
    assert "0.199" == repr(arguments.margin(19.9, Scale()))
    assert value == arguments.margin(value, Scale(DIFFERENCE))


def test_a_percentage_may_carry_its_sign() -> None:
    """2% is 2 wherever a percentage is asked; where values are judged by difference it is refused in words."""
    assert 0.02 == arguments.margin(arguments.percentage("2%"), Scale())
    assert 2 == arguments.margin(arguments.percentage("2"), Scale(DIFFERENCE))
    with pytest.raises(console.Failure, match="in the metric's own unit"):
        arguments.margin(arguments.percentage("2%"), Scale(DIFFERENCE))
    for text in ("%", "2%%", "two%", "-1%", "nan%"):
        with pytest.raises(argparse.ArgumentTypeError):
            arguments.percentage(text)


@pytest.mark.parametrize("value", [50, 51.5, 1e300])
def test_nothing_else_is_a_percentage(value: float) -> None:
    """Anything of 50 and more is refused in words, with the scale that has it."""
    with pytest.raises(console.Failure, match="a percentage between 0 and 50 is expected") as refused:
        arguments.margin(value, Scale())

    assert "--scale difference" in refused.value.do


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--margin", "0"),
        ("--margin", "x"),
        ("--margin", "50"),
        ("--layouts", "0"),
        ("--layouts", "17"),
        ("--workers", "-1"),
        ("--max-experiments", "many"),
        ("--budget-usd", "nan"),
        ("--budget-usd", "-5"),
        ("--budget-hours", "0"),
        ("--budget-hours", "inf"),
    ],
)
def test_a_session_is_not_begun_with_what_cannot_be_meant(repo: Any, option: str, value: str) -> None:
    """Exit 2, the option named, what was expected said, and no session begun."""
    begin = ("--goal", "g", "--metric", "m", "--direction", "lower")

    done = repo.script("start_session", *begin, f"{option}={value}", code=2)

    assert option in done.stderr
    assert "is expected" in done.stderr
    assert not (repo.root / "autoresearch.jsonl").exists()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e999", "x", ""])
def test_only_a_positive_finite_number_is_an_amount(value: str) -> None:
    """What is no amount is refused in words, never taken for no limit."""
    with pytest.raises(argparse.ArgumentTypeError, match="a number above 0 is expected"):
        arguments.amount(value)


@pytest.mark.parametrize("value", ["x", "", "0", "-1", "1.5"])
def test_accelerators_that_are_none(session: Any, value: str) -> None:
    """A count that is no whole number is wrong usage, said with what was expected."""
    done = session.script("workers", "up", "--gpus", f"H100:{value},H200:1", "--dry-run", code=2)

    assert "--gpus" in done.stderr
    assert "is expected" in done.stderr


def test_several_kinds_of_accelerators(session: Any) -> None:
    """Several kinds that will do reach the task, a missing count being one."""
    done = session.script("workers", "up", "--gpus", "H100:2,H200", "--infra", "aws", "--dry-run")

    assert "{'H100': 2, 'H200': 1}" in done.stdout
    assert "takes no names" in session.script("workers", "up", "4", "--dry-run", code=2).stderr


@pytest.mark.parametrize("action", ["up", "calibrate", "replace", "stop", "down"])
def test_text_is_not_passed_off_as_json(repo: Any, action: str) -> None:
    """Where a script has only lines to print, --json is refused before anything is done."""
    done = repo.script("workers", action, "--json", code=2)

    assert "workers.py list --json" in done.stderr
    assert 2 == json.loads(done.stdout)["exit"]


def test_a_variable_named_by_the_person_is_passed(repo: Any) -> None:
    """What --pass-env names is there though it holds a password; what is passed unasked is not, if it holds one."""
    repo.write(
        "autoresearch.sh",
        'bash src/work.sh >&2 || exit 1\necho "METRIC seen=${#DATABASE_URL}"\necho "METRIC '
        'unasked=1${HTTPS_PROXY:+000}"\n',
    )
    begin = ("--goal", "g", "--metric", "seen", "--direction", "lower", "--no-checks", "--pass-env", "DATABASE_URL")
    repo.script("start_session", *begin)

    url = "db://user:pw@host/base"
    said = repo.script("start_session", "--lock", DATABASE_URL=url, HTTPS_PROXY="http://user:pw@host:1").stdout

    assert f"baseline: seen={len(url)} " in said
    assert '"unasked":1.0' in (repo.root / "autoresearch.jsonl").read_text()
