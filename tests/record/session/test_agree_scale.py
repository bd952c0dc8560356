"""How the lock agrees on a scale, from a metric's first values."""

from __future__ import annotations

import pytest

from helpers import console, replay
from helpers.events import Config, Finished
from helpers.record.session import config, shape
from helpers.state import State


def agreed(metric: str, value: float, **more: object) -> tuple[str, State]:
    """Agree on the scale of a metric whose first value this is."""
    now = replay.fold([Config.of({"name": "g", "metricName": metric, "bestDirection": "higher", **more})])
    assert now is not None
    done = Finished.of({"experiment_id": "control", "job": "control-0.1", "metric": value, "samples": [value]})
    return shape.agree_scale(now, done), now


@pytest.mark.parametrize(
    ("metric", "value", "more", "said"),
    [
        ("loglik", -3.2, {}, "judged by difference (-3.2 has no ratio): the margin is 0.032 loglik, 1.0% of the first"),
        ("accuracy", 1.0, {"margin": 0.02}, "judged by difference (accuracy has bounds): the margin is 0.02 accuracy"),
        ("solved", 0.0, {}, "the margin is 0.01 solved, as there is no share of 0 (--margin N asks for another)"),
        ("fitness", 2.0, {"scale": "difference", "leastDifference": 0.5}, "difference: the margin is 0.5 fitness;"),
        ("coverage", 100.0, {"metricUnit": "%"}, "note: coverage is 100 already, and higher is better"),
        ("errors", 0.0, {"bestDirection": "lower"}, "note: errors is 0 already, and lower is better"),
        ("fitness", 5e-324, {"scale": "difference"}, "the margin is 4.941e-324 fitness"),
        ("fitness", 2.0, {}, "judged by ratio: the margin is 1.0%; --scale difference would"),
        ("accuracy", 0.5, {"scale": "ratio"}, "judged by ratio: the margin is 1.0%"),
    ],
)
def test_the_scale_is_said_with_its_margin(
    metric: str, value: float, more: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the reason, where it is not the ratio; what was agreed is not proposed anew."""
    kind, _ = agreed(metric, value, **more)

    assert said in capsys.readouterr().err
    assert f"judged by {kind}" in said or kind == "difference"


@pytest.mark.parametrize(
    ("metric", "value", "more", "words"),
    [
        ("ops_per_s", 0.0, {}, "was not measured"),
        ("size", 0.0, {"metricUnit": "bytes"}, "was not measured"),
        ("time_s", -1.0, {}, "was not measured"),
        ("loglik", -3.2, {"scale": "ratio"}, "only what is above 0 has a ratio"),
    ],
)
def test_what_cannot_be_judged_is_refused(metric: str, value: float, more: dict[str, object], words: str) -> None:
    """A time, a size or a throughput of 0 was not measured; asked for the ratio of what has none, the way is named."""
    with pytest.raises(console.Failure, match=words) as refused:
        agreed(metric, value, **more)

    assert "--scale difference" in refused.value.do


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("tokens_per_s", "higher"),
        ("MB/s", "higher"),
        ("pass_rate", "higher"),
        ("loglik", "higher"),
        ("time_s", "lower"),
        ("error_rate", "lower"),
        ("ms/op", "lower"),
        ("usec", "lower"),
        ("h", "lower"),
        ("J", "lower"),
        ("instr", "lower"),
        ("allocs", "lower"),
        ("rows/sec", "higher"),
        ("MHz", "higher"),
        ("bleu", "higher"),
        ("type_errors", "lower"),
        ("n", ""),
    ],
)
def test_which_direction_a_name_asks_for(name: str, better: str) -> None:
    """A throughput is no time, though its name ends like one; where nobody knows, nothing is noted."""
    assert better == config.usual_direction(name)
