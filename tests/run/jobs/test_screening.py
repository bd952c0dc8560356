"""A screen says promising, unclear or slower from what is known of its host, and is left out where it cannot tell."""

from __future__ import annotations

import csv
import io
import math
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import BUNDLE
from hypothesis import given
from hypothesis import strategies as st

from helpers import events, replay, state
from helpers.run.jobs import screening
from helpers.scale import Scale

CONFIG = {"type": "config", "name": "x", "metricName": "t", "bestDirection": "lower", "branch": "b", "margin": 0.01}
LOCK = {"type": "lock", "tree": "base", "commit_full": "c", "protected": {}, "task": {}}


def session(*lines: dict[str, Any], **config: Any) -> state.State:
    """The state after these events."""
    all_lines = [{**CONFIG, **config}, LOCK, *({"timestamp": n, **line} for n, line in enumerate(lines))]
    now = replay.fold(list(map(events.from_line, all_lines)))
    assert now is not None
    return now


def calibrated(sigma: float) -> dict[str, Any]:
    """A calibration of this machine."""
    return {"type": "worker", "worker": "local", "event": "calibrated", "sigma_pair": sigma}


@pytest.mark.parametrize(("candidate", "word"), [(0.95, "promising"), (1.0, "slower"), (1.3, "slower")])
def test_a_quiet_host_tells_from_two_pairs(candidate: float, word: str) -> None:
    """Where a pair differs by half a percent, two tell; of one alone its candidate may have met a burst of load."""
    now = session(calibrated(0.005))
    one, two = (screening.judge(now, "local", [1.0] * pairs, [candidate] * pairs) for pairs in (1, 2))

    assert one
    assert two
    assert ("unclear", 1, word, 2) == (one.word, one.pairs, two.word, two.pairs)
    assert two.interval[0] < two.gain < two.interval[1]


def test_a_burst_of_load_turns_no_gain_down() -> None:
    """A gain of 3.4% whose candidate met a busy minute in one of two pairs: they disagree, whatever the host was."""
    found = screening.judge(session(calibrated(0.004)), "local", [1.0, 1.0], [1.25, 0.967])

    assert found
    assert "unclear" == found.word
    assert found.interval[1] > 0.034


def test_the_shell_ends_a_screen_where_its_words_would(tmp_path: Path) -> None:
    """What experiment.yaml reckons after each pair is what is reckoned of them here afterwards."""
    draw, cases = random.Random(5), list[tuple[str, str]]()
    for _ in range(60):
        sigma, margin = draw.choice([0.003, 0.01, 0.05]), draw.choice([0.01, 0.05])
        count, centre, spread = draw.randint(1, 4), draw.uniform(-0.1, 0.1), draw.choice([0.0, 0.01, 0.08])
        gains = [draw.gauss(centre, spread) for _ in range(count)]
        rule = screening.env(session(calibrated(sigma), margin=margin), "local", "b")["AUTORESEARCH_RULE"]
        told = "no" if screening.word(sigma, margin, gains) == "unclear" else "yes"
        cases.append(
            (told, f"printf '%s\\n' {' '.join(map(repr, gains))} >gains; rule='{rule}'; told && echo yes || echo no")
        )
    text = yaml.safe_load((BUNDLE / "experiment.yaml").read_text())["run"]
    told_in_shell = text[text.index("told() {") : text.index("# Pairs of this change")]
    script = "\n".join(["here=.", told_in_shell, *(line for _, line in cases)])
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert [told for told, _ in cases] == done.stdout.split()
    assert {"yes", "no"} == set(done.stdout.split())


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


@given(
    sigma=st.floats(0.002, 0.3),
    margin=st.floats(0.002, 0.3),
    gains=st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=4),
)
def test_advice_to_discard_is_as_sure_as_it_is_final(sigma: float, margin: float, gains: list[float]) -> None:
    """A screen that is told to lie below the margin has no gain of two margins in its interval, and shows none."""
    now = session(calibrated(sigma), margin=margin)
    found = screening.judge(now, "local", [1.0] * len(gains), [math.exp(-gain) for gain in gains])

    assert found
    least = Scale().bound(margin)
    if found.word == "slower":
        assert math.log1p(found.interval[1]) < 2 * least + 1e-9
        assert math.log1p(found.gain) < least
    if found.word == "promising":
        assert math.log1p(found.gain) > least / 2
    low, high = map(math.log1p, found.interval)
    assert high - low > 2 * sigma / math.sqrt(len(gains))


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
    first, second = (replay.load(session.root).results[name] for name in ("exp-01", "exp-02"))
    text = (session.root / "autoresearch.jsonl").read_text()
    (session.root / "autoresearch.jsonl").write_text(text.replace('"screen":"slower"', '"screen":"unclear"'))

    assert "exp-01  local" in said
    assert ("promising", 4, 4) == (first.screen, first.pairs, len(first.baseline_samples))
    assert second.screen != "promising"
    session.script("compare", "exp-01")
    assert "exp-02.0.2: screened again" in session.script("record_result", "keep", "exp-01").stderr
    session.script("collect_results", "--wait", "100", "--all")
    now = replay.load(session.root)
    assert now.baseline.tree == now.jobs["exp-02.0.2"].submitted.baseline
    straight = session.script(
        "submit_experiment", "exp-03", "--desc", "x", "--no-screen", "--source", "arXiv:2205.14135"
    )
    assert "Its comparison has begun" in straight.stdout
    session.script("compare", "exp-03", code=None)
    now = replay.load(session.root)
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
