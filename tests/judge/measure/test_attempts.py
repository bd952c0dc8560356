"""A measurement that fails is tried again before anybody is blamed, and the baseline is asked whether it fails too."""

from __future__ import annotations

from typing import Any, cast

import pytest

from helpers.judge.measure import pairs
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import Side, SideError
from helpers.scale import Scale


class Program:
    """Fails so many times, as said, and is measured then."""

    def __init__(self, failures: int, said: str = "ended with exit 7") -> None:
        self.left, self.said, self.signs = failures, said, set[str]()
        self.calls = self.failed = 0

    def measure(self, *_: Any) -> dict[str, float]:
        """Fail, or return the metric."""
        self.calls += 1
        if self.left:
            self.left -= 1
            raise SideError(self.said)
        return {"time_s": 1.0}

    def require_room(self) -> None:
        """The disk has room."""


class Agreed:
    """The part of a plan that is looked at."""

    metric, by = "time_s", Scale()


def measured(candidate: Program, baseline: Program) -> dict[str, float]:
    """Measure the candidate beside the baseline."""
    sides = cast(Side, candidate), cast(Side, baseline)
    return pairs.measure(*sides, cast(Plan, Agreed()), "autoresearch.sh", 1)


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_a_failure_by_chance_is_a_sign_and_no_verdict(failures: int) -> None:
    """Up to three in a row, where it works in the end: measured, and a reader is told."""
    candidate = Program(failures)

    assert {"time_s": 1.0} == measured(candidate, Program(0))
    assert [f"{pairs.FLAKY}: ended with exit 7"] == list(candidate.signs)


def test_a_candidate_that_fails_now_and_then_is_to_blame_where_the_baseline_never_does() -> None:
    """Four times in all: nobody keeps it by trying again. Where the baseline failed once, a reader is told alone."""
    for theirs, blamed in ((0, True), (1, False)):
        candidate, baseline = Program(0), Program(theirs)
        pairs.measure(cast(Side, baseline), None, cast(Plan, Agreed()), "autoresearch.sh", 1)
        for _ in range(3):
            candidate.left = 1
            measured(candidate, baseline)
        candidate.left = 1
        if blamed:
            with pytest.raises(pairs.CandidateError, match="failed 4 times, the baseline never"):
                measured(candidate, baseline)
        else:
            measured(candidate, baseline)


def test_a_candidate_that_always_fails_is_to_blame() -> None:
    """Four times, the baseline working beside it."""
    with pytest.raises(pairs.CandidateError):
        measured(Program(9), Program(0))


def test_a_baseline_that_fails_alike_is_the_environments_fault() -> None:
    """Then it is no verdict on the candidate."""
    with pytest.raises(SideError) as caught:
        measured(Program(9), Program(9))
    assert not isinstance(caught.value, pairs.CandidateError)


def test_what_takes_too_long_is_not_waited_for_four_times() -> None:
    """A limit of ten minutes is met twice at most."""
    candidate = Program(9, "ran past 600 s")
    with pytest.raises(pairs.CandidateError):
        measured(candidate, Program(0))
    assert 2 == candidate.calls
