"""A screen says promising, unclear or slower from what is known of its host, and is left out where it cannot tell."""

from __future__ import annotations

import csv
import io
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import events, state
from helpers.run.jobs import screening
from helpers.scale import Scale

CONFIG = {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b", "margin": 0.01}
LOCK = {"type": "lock", "tree": "base", "commit_full": "c", "protected": {}, "task": {}}


def session(*lines: dict[str, Any], **config: Any) -> state.State:
    """The state after these events."""
    all_lines = [{**CONFIG, **config}, LOCK, *({"timestamp": n, **line} for n, line in enumerate(lines))]
    now = state.fold(list(map(events.from_line, all_lines)))
    assert now is not None
    return now


def calibrated(sigma: float) -> dict[str, Any]:
    """A calibration of this machine."""
    return {"type": "worker", "worker": "local", "event": "calibrated", "sigma_pair": sigma}


@pytest.mark.parametrize(("sigma", "candidate", "word"), [(0.005, 0.95, "promising"), (0.005, 1.0, "slower")])
def test_a_quiet_host_tells_from_one_pair(sigma: float, candidate: float, word: str) -> None:
    """Where a pair differs by half a percent, one is enough for five percent more or none."""
    found = screening.judge(session(calibrated(sigma)), "local", [1.0], [candidate])

    assert found
    assert (word, 1) == (found.word, found.pairs)
    assert found.interval[0] < found.gain < found.interval[1]


def test_noise_makes_it_unclear_and_higher_may_be_better() -> None:
    """A gain inside of the spread is unclear; where higher is better the ratio is the other way round."""
    now = session(calibrated(0.03))

    assert "unclear" == getattr(screening.judge(now, "local", [1.0] * 4, [0.99] * 4), "word", "")
    up = session(calibrated(0.003), bestDirection="higher")
    assert "promising" == getattr(screening.judge(up, "local", [1.0] * 4, [1.1] * 4), "word", "")


def test_an_unknown_host_is_judged_by_its_own_four_pairs() -> None:
    """Fewer say nothing; four that disagree are unclear, four that agree are not."""
    now = session()

    assert screening.judge(now, "local", [1.0] * 2, [0.5] * 2) is None
    assert "unclear" == getattr(screening.judge(now, "local", [1.0] * 4, [0.9, 1.1, 0.95, 1.05]), "word", "")
    assert "promising" == getattr(screening.judge(now, "local", [1.0] * 4, [0.5, 0.51, 0.5, 0.52]), "word", "")


@given(sigma=st.floats(0.002, 0.2), gains=st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=4))
def test_the_word_is_what_the_interval_says(sigma: float, gains: list[float]) -> None:
    """Slower: all of it below the margin. Promising: all of it above half of the margin. Else unclear."""
    found = screening.judge(session(calibrated(sigma)), "local", [1.0] * len(gains), [math.exp(-g) for g in gains])

    assert found
    low, high = found.interval
    margin, half = 1 / 0.99 - 1, 1 / 0.995 - 1
    expected = "slower" if high < margin else "promising" if low > half else "unclear"
    near = min(abs(high - margin), abs(low - half)) < 1e-9
    assert near or expected == found.word


@given(sigma=st.floats(0.002, 0.3), margin=st.floats(0.002, 0.3), pairs=st.sampled_from(screening.LOOKS))
def test_advice_to_discard_is_as_sure_as_it_is_final(sigma: float, margin: float, pairs: int) -> None:
    """A change that gains two margins is told to lie below the margin once in twenty, whatever the host's noise."""
    gains, spread = 2 * Scale().bound(margin), sigma / math.sqrt(pairs)
    below = statistics.NormalDist(gains, spread).cdf(screening.bounds(sigma, margin, pairs)[0])

    assert below < 0.0501


def test_one_pair_of_a_noisy_host_advises_no_discard() -> None:
    """With a spread of 27% one pair that loses 5% says nothing of a margin of 16.4%: the change gained 50%."""
    now = session(calibrated(0.27), margin=0.164)

    assert "unclear" == getattr(screening.judge(now, "local", [1.0], [1.05]), "word", "")


def test_it_is_left_out_where_it_cannot_tell_or_costs_as_much() -> None:
    """A host too noisy for four pairs, a build that outweighs the measurements: straight to the comparison, and why."""
    slow = {"build": 60.0, "bench": 0.5, "checks": 10.0}
    base = {"job": "control-0.1", "experiment_id": "baseline", "role": "control", "worker": "local", "tree": "base"}
    ran = [
        {"type": "submitted", "executor": "local", **base},
        {"type": "finished", "status": "done", "samples": [1] * 5},
    ]

    assert "" == screening.left_out(session(), "local")
    assert "" == screening.left_out(session(calibrated(0.01)), "local")
    assert "margin is 1.0%" in screening.left_out(session(calibrated(0.05)), "local")
    assert "first look takes" in screening.left_out(session(ran[0], {**base, **ran[1], "durations": slow}), "local")


def test_each_is_screened_on_the_current_baseline_and_again_after_a_keep(session: Any) -> None:
    """In one job with the baseline beside it; a keep sends what waits again, merged; forced, nothing is screened."""
    for name, file in (("exp-01", "src/work.sh"), ("exp-02", "src/other.sh"), ("exp-03", "src/third.sh")):
        copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / file).write_text("sleep 0.004\necho 42\n")
    for name in ("exp-01", "exp-02"):
        session.script("submit_experiment", name, "--desc", name)
    said = session.script("collect_results", "--wait", "100", "--all").stdout
    first, second = (state.load(session.root).results[name] for name in ("exp-01", "exp-02"))
    text = (session.root / "autoresearch.jsonl").read_text()
    (session.root / "autoresearch.jsonl").write_text(text.replace('"screen":"slower"', '"screen":"unclear"'))

    assert "exp-01  local" in said
    assert ("promising", 4, 4) == (first.screen, first.pairs, len(first.baseline_samples))
    assert second.screen != "promising"
    session.script("compare", "exp-01")
    assert "exp-02.0.2: screened again" in session.script("record_result", "keep", "exp-01").stderr
    session.script("collect_results", "--wait", "100", "--all")
    now = state.load(session.root)
    assert now.baseline.tree == now.jobs["exp-02.0.2"].submitted.baseline
    straight = session.script(
        "submit_experiment", "exp-03", "--desc", "x", "--no-screen", "--source", "arXiv:2205.14135"
    )
    assert "Its comparison has begun" in straight.stdout
    session.script("compare", "exp-03", code=None)
    now = state.load(session.root)
    assert ("exp-03", None) == (now.comparisons[-1].experiment_id, now.result("exp-03"))
    assert ["arXiv:2205.14135"] == now.sources["exp-03"]
    rows = list(csv.DictReader(io.StringIO(session.script("render_report", "--as", "csv").stdout)))
    told = next(row for row in rows if "exp-03" in row.values())
    assert "arXiv:2205.14135" == told["sources"]


def both(short: list[float], full: list[float]) -> list[dict[str, Any]]:
    """Experiments with the gain of their screen and of their comparison."""
    lines: list[dict[str, Any]] = []
    for n, (screen, gain) in enumerate(zip(short, full, strict=True)):
        job = {"experiment_id": f"e{n}", "job": f"e{n}.0.1", "tree": str(n), "role": "experiment", "worker": "local"}
        lines += [
            {"type": "submitted", **job, "executor": "local", "description": "", "source": [], "env": {}},
            {"type": "finished", **job, "status": "done", "metric": 1.0, "error": None, "gain": screen},
            {"type": "comparison", "experiment_id": f"e{n}", "verdict": "undecided", "gain": gain},
        ]
    return lines


@pytest.mark.parametrize(
    ("full", "trusted"),
    [
        ([0.01 * n for n in range(10)], True),
        ([0.01 * (n * 7 % 10) for n in range(10)], False),
        ([0.01 * n for n in range(5)], False),
        ([0.01] * 10, False),
    ],
)
def test_a_shorter_budget_is_trusted_when_its_ranks_are_shown_to_hold(full: list[float], trusted: bool) -> None:
    """Until eight experiments have both, and the correlation is shown, every screen of it is unclear."""
    short = [0.002 * n for n in range(len(full))]
    now = session(calibrated(0.003), *both(short, full), screenEnv=["TRAIN_SECONDS=60"])
    found = screening.fidelity(now)
    said = screening.judge(now, "local", [1.0] * 4, [0.9] * 4)

    assert trusted == found.trusted
    assert ("promising" if trusted else "unclear") == getattr(said, "word", "")
    assert ("; trusted" in found.line(["TRAIN_SECONDS=60"])) == trusted
    assert "60" == screening.env(now, "local", "../b")["TRAIN_SECONDS"]


def test_four_experiments_in_one_order_prove_no_agreement() -> None:
    """One in 24 orders of four is the same by chance: the interval of a perfect correlation reaches below 0."""
    gains = [0.01 * n for n in range(4)]
    now = session(calibrated(0.003), *both(gains, gains), screenEnv=["TRAIN_SECONDS=60"])

    assert "+1.00 [-0.73, +1.00] over 4" in screening.fidelity(now).line(["TRAIN_SECONDS=60"])
