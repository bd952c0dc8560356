"""Calibrating this host with compare.py --calibrate: the baseline measured again and again, its spread journaled."""

from __future__ import annotations

import json
from typing import Any

from helpers.judge.compare import calibration
from helpers.judge.rule import noise


def test_the_spread_of_the_baseline_is_journaled(session: Any) -> None:
    """The words, the exit code and the journal's line follow from the same 24 measurements."""
    done = session.script("compare", "--calibrate", "--json", code=None)

    event = json.loads(done.stdout)
    found = noise.calibrate(event["samples"], 0.05)
    assert calibration.RUNS == len(event["samples"])
    assert (found.sigma_pair, found.resolves, found.noisy) == (event["sigma_pair"], event["resolves"], event["noisy"])
    assert (1 if found.noisy else 0) == done.returncode
    assert "local" == event["worker"]
    lines = (session.root / "autoresearch.jsonl").read_text().splitlines()
    assert event["samples"] == json.loads(lines[-1])["samples"]


def test_a_baseline_that_cannot_be_measured_is_said(repo: Any) -> None:
    """A baseline that lacks what it needs ends with exit 3 and the reason; nothing is journaled."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC time_s=${NEEDED:?is not set}\n")
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--no-checks", "--pass-env", "NEEDED")
    repo.script("start_session", *begin)
    repo.script("start_session", "--lock", NEEDED="1.5042")
    before = (repo.root / "autoresearch.jsonl").read_text()

    done = repo.script("compare", "--calibrate", code=3)

    assert "the baseline cannot be measured: autoresearch.sh ended with exit" in done.stderr
    assert "NEEDED: is not set" in done.stderr
    assert before == (repo.root / "autoresearch.jsonl").read_text()
