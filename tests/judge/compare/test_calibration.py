"""Calibrating this host with compare.py --calibrate: the baseline measured again and again, its spread journaled."""

from __future__ import annotations

import json
import random
import re
import statistics
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, BUNDLE, CHECKS

from helpers import events, replay
from helpers.judge.compare import calibration
from helpers.judge.rule import noise
from helpers.record.session import overview
from helpers.scale import Scale


def test_the_spread_of_the_baseline_is_journaled(session: Any) -> None:
    """The words, the exit code and the journal's line follow from the same 24 measurements."""
    done = session.script("compare", "--calibrate", "--json", code=None)

    event = json.loads(done.stdout)
    found = noise.calibrate(event["samples"], 0.05)
    assert {1: calibration.RUNS, 3: noise.MIN_MEASUREMENTS}[event["calls"]] == len(event["samples"])
    assert (found.sigma_pair, found.resolves, found.noisy) == (event["sigma_pair"], event["resolves"], event["noisy"])
    assert (1 if found.noisy else 0) == done.returncode
    assert "local" == event["worker"]
    lines = (session.root / "autoresearch.jsonl").read_text().splitlines()
    assert event["samples"] == json.loads(lines[-1])["samples"]

    assert "\nhost local resolves" in session.script("status").stdout
    session.write("autoresearch.sh", (session.root / "autoresearch.sh").read_text() + "# another\n", 0o755)
    changed = "autoresearch.sh was changed since it was calibrated"
    assert f"\n{changed} (host local resolves" in session.script("status").stdout
    assert len(replay.load(session.root).calibrations("local")) == 1
    assert changed in session.script("start_session", "--lock").stderr
    assert not replay.load(session.root).calibrations("local")


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


def test_before_the_lock_it_says_what_is_worth_knowing_then(repo: Any) -> None:
    """On the scripts as they are: the gain, seconds of a comparison, whether the budget holds, what is not timed."""
    benchmark = "sleep 0.08; " + BENCHMARK.partition("\n")[2]
    repo.write("autoresearch.sh", benchmark, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5")
    repo.script("start_session", *begin, "--max-experiments", "70", "--budget-hours", "0.01")
    repo.write("autoresearch.sh", "exit 7\n", 0o755)
    repo.script("start_session", "--lock", code=1)  # what that tried is not what is calibrated
    repo.write("autoresearch.sh", benchmark, 0o755)

    said = repo.script("compare", "--calibrate", code=None).stdout

    assert "resolves gains of" in said
    assert "a comparison takes about" in said
    assert "70 experiments in 1 minutes cannot be reached; " in said
    assert "of a measurement is not what the metric times" in said
    assert "of the benchmark (--repeats)" in said
    assert not replay.load(repo.root).has_baseline


def seen(samples: list[float], **more: Any) -> dict[str, Any]:
    """What was measured of a benchmark, in one second each time."""
    wall = {"wall": [1.0] * len(samples), "cpu": samples, "build_s": 1.0, "checks_s": 1.0, "checks": "passed"}
    return {"samples": samples, "calls": 1, **wall, **more}


def test_as_many_calls_as_decide_soonest() -> None:
    """Three calls cost three times as much: they are taken where the spread falls by more than the root of three."""
    draw = random.Random(1)
    noisy = [(1 + draw.gauss(0, 0.03), 1.0) for _ in range(24)]

    for spread, taken in ((0.03, False), (0.003, True)):
        several = [(1 + draw.gauss(0, spread), 3.0) for _ in range(8)]
        assert taken == calibration.cheaper(noisy, several, Scale())


def test_the_calls_that_calibration_chose_are_what_it_tells(repo: Any) -> None:
    """What three calls make steady is told of three, as a comparison will measure: spread, seconds and share."""
    drawn = "time_s=1.$((AUTORESEARCH_REPEATS > 1 ? 500 + RANDOM % 9 : 100 + RANDOM % 900))"
    repo.write("autoresearch.sh", f"bash src/work.sh >out; sleep 0.1; echo METRIC {drawn}\n", 0o755)
    repo.script(
        "start_session", "--goal", "q", "--metric", "time_s", "--unit", "s", "--direction", "lower", "--no-checks"
    )

    said = repo.script("compare", "--calibrate", code=None).stdout

    (event,) = replay.load(repo.root).calibrations("local")
    assert (3, 3, noise.MIN_MEASUREMENTS) == (event.calls, event.repeats, len(event.samples))
    assert noise.sigma_pair(event.samples) == event.sigma_pair
    assert "a measurement is 3 calls of the benchmark" in said
    assert "is told of 1" not in said


def test_calls_that_were_agreed_are_what_is_measured_and_told(repo: Any) -> None:
    """With --repeats 4 each of the 24 measurements is of four calls: spread, seconds and share are a comparison's."""
    own = "for n in $(seq $AUTORESEARCH_REPEATS); do sleep 0.02; done; echo METRIC time_s=0.020$((RANDOM % 10))"
    repo.write("autoresearch.sh", f"bash src/work.sh >out; sleep 0.05; {own}\n", 0o755)
    begin = ("--goal", "quick", "--metric", "time_s", "--unit", "s", "--direction", "lower", "--no-checks")
    repo.script("start_session", *begin, "--repeats", "4")

    said = repo.script("compare", "--calibrate", code=None).stdout

    (event,) = replay.load(repo.root).calibrations("local")
    assert (4, 4, 24) == (event.calls, event.repeats, len(event.samples))
    assert 0.12 < sorted(event.wall)[12]
    found = re.search(r"a measurement is 4 calls of the benchmark \(--repeats\), (0\.\d+) s\n", said)
    assert found
    assert abs(float(found[1]) - statistics.median(event.wall)) < 0.001
    share = re.search(r"(\d+)% of a measurement is not what the metric times", said)
    assert share
    assert abs(int(share[1]) / 100 - (1 - 4 * statistics.median(event.samples) / statistics.median(event.wall))) < 0.01


def test_what_is_told_of_another_number_of_calls_says_so() -> None:
    """Three calls, set after a calibration of one, take three times as long; the spread is said to be of one."""
    draw = random.Random(1)
    config = {"type": "config", "metricName": "time_s", "bestDirection": "lower", "branch": "b", "margin": 0.01}
    now = replay.fold([events.from_line(config | {"repeats": 3})])
    assert now
    found = seen([1 + draw.gauss(0, 0.03) for _ in range(24)])

    text = calibration.of_event(events.WorkerEvent.of(calibration.resolved(found, 0.01, Scale())), now)[1]

    told = "a measurement is 3 calls of the benchmark (--repeats), 3 s; the spread, and what would help, is told of 1"
    assert f"{told}\na comparison takes about {2 + 1 + 2 * 13 * 3:.0f} s without" in text


@pytest.mark.parametrize(("metric", "said"), [("time_s", True), ("cpu_s", False)])
def test_processor_time_is_not_told_what_it_counts(metric: str, said: bool) -> None:
    """Start-up and warm-up are in processor time: only of a time by the clock is the rest named."""
    config = {"type": "config", "metricName": metric, "metricUnit": "s", "bestDirection": "lower", "margin": 0.01}
    now = replay.fold([events.from_line(config | {"branch": "b"})])
    assert now
    samples = [0.25 + 0.001 * (n % 3) for n in range(24)]
    found = calibration.resolved(seen(samples, notices=["seeded"]), 0.01, Scale())

    text = calibration.of_event(events.WorkerEvent.of(found), now)[1]

    assert ("of a measurement is not what the metric times" in text) == said


def test_only_what_helps_and_is_not_done_is_advised() -> None:
    """CPU time that is steadier than the clock is advised, and not where the benchmark has it."""
    draw = random.Random(2)
    wall = [1 + abs(draw.gauss(0, 0.05)) for _ in range(24)]
    config = {"type": "config", "metricName": "time_s", "bestDirection": "lower", "branch": "b", "margin": 0.01}
    now = replay.fold([events.from_line(config)])
    assert now
    found = calibration.resolved(seen(wall, cpu=[1 + draw.gauss(0, 0.001) for _ in wall]), 0.01, Scale())

    assert "CPU time would resolve" in calibration.of_event(events.WorkerEvent.of({**found, "notices": []}), now)[1]
    assert "CPU time" not in calibration.of_event(events.WorkerEvent.of({**found, "notices": ["cpu"]}), now)[1]


def test_another_metric_that_is_printed_and_steadier_is_proposed_with_its_command(repo: Any) -> None:
    """What it prints works as it stands: before the lock, and after it until the first experiment; then no more."""
    metrics = "time_s=1.$((RANDOM % 9000 + 1000))\\nMETRIC cpu_s=0.5$((RANDOM % 90 + 10))\\nMETRIC startup_s=0.1"
    repo.write("autoresearch.sh", f'bash src/work.sh >out && printf "METRIC {metrics}\\n"\n', 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--unit", "s", "--direction", "lower")
    way = "start_session.py --metric cpu_s --unit s"

    assert f"{way}\n" in repo.script("compare", "--calibrate", code=1).stdout + "\n"
    repo.script("start_session", "--lock")
    said = repo.script("compare", "--calibrate", code=1).stdout
    assert "METRIC cpu_s, which is printed already, would resolve" in said
    assert "startup_s" not in said
    (command,) = [line for line in said.splitlines() if way in line]
    done = subprocess.run(["bash", "-c", command], cwd=repo.root, env=repo.env, capture_output=True, text=True)

    assert "locked: " in done.stdout, done.stderr
    now = replay.load(repo.root)
    assert ("cpu_s", 1, []) == (now.metric, len(now.runs), now.calibrations("local"))
    assert 0.5 < (now.runs[0].metric or 0) < 0.6
    assert way not in repo.script("compare", "--calibrate", code=None).stdout
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    repo.script("submit_experiment", "exp-01", "--desc", "quicker", "--screen")
    refused = repo.script("start_session", "--metric", "time_s", code=2).stderr
    assert "--metric stays cpu_s: results are there" in refused


def test_what_helps_can_be_copied_and_a_wider_margin_stands_last(tmp_path: Path) -> None:
    """Bursts: the best of three calls is a command for the template; what helps too little is said with its figure."""
    bursts = [1.0 + 0.3 * (n % 3 == 1) + 0.0001 * (n % 5) for n in range(24)]
    config = {"type": "config", "metricName": "time_s", "metricUnit": "s", "bestDirection": "lower", "margin": 0.01}
    now = replay.fold([events.from_line(config | {"branch": "b"})])
    assert now
    template = BUNDLE / "references/templates/autoresearch.sh"
    notices = calibration.advice.notices(template)
    found = calibration.resolved(seen(bursts, notices=notices), 0.01, Scale())

    text = calibration.of_event(events.WorkerEvent.of(found), now)[1]

    assert "autoresearch.sh && python3 " in text
    assert "too little for what it costs: CPU time would resolve" in text
    assert "start_session.py --margin" in text.splitlines()[-1]
    sed = next(line for line in text.splitlines() if line.startswith("sed")).partition(" && ")[0]
    (tmp_path / "autoresearch.sh").write_bytes(template.read_bytes())
    subprocess.run(["bash", "-c", sed], cwd=tmp_path, check=True)
    assert {"best"} == {*calibration.advice.notices(tmp_path / "autoresearch.sh")} - {*notices}
    assert "best" not in calibration.advice.notices(template.parent / "call_time.sh")


def test_what_a_person_has_set_is_what_is_told() -> None:
    """The calls of a measurement are those of --repeats; a template without COMMAND is told where its input is made."""
    short = [0.01 * (1 + 0.2 * (n % 2)) for n in range(24)]
    config = {"type": "config", "metricName": "time_s", "metricUnit": "s", "bestDirection": "lower", "margin": 0.01}
    now = replay.fold([events.from_line(config | {"branch": "b", "repeats": 3})])
    assert now
    notices = calibration.advice.notices(BUNDLE / "references/templates/call_time.sh")
    found = calibration.resolved(seen(short, notices=notices), 0.01, Scale())

    text = calibration.of_event(events.WorkerEvent.of(found), now)[1]

    assert "a measurement is 3 calls of the benchmark" in text
    assert "let make_input() of autoresearch.sh give 18 times as much" in text
    assert "COMMAND" not in text


@pytest.mark.parametrize(("before", "said"), [(0.004, "noisier"), (0.05, ""), (0.9, "quieter")])
def test_a_host_that_has_changed_is_told_so(tmp_path: Path, before: float, said: str) -> None:
    """A calibration in another minute than the ones before says it, and status.py says what was seen since."""
    draw = random.Random(2)
    wall = [1 + abs(draw.gauss(0, 0.05)) for _ in range(24)]
    config = {"type": "config", "metricName": "time_s", "bestDirection": "lower", "branch": "b", "margin": 0.01}
    then = {"type": "worker", "worker": "local", "event": "calibrated", "sigma_pair": before, "timestamp": 1}
    its = {"event": "calibrated", "timestamp": 2, **calibration.resolved(seen(wall), 0.01, Scale())}
    found = events.WorkerEvent.of(its)
    now = replay.fold([events.from_line(config), events.from_line(then)])
    assert now
    text = calibration.of_event(found, now)[1]

    assert (f"it is {said} than before, when it resolved" in text) == bool(said)
    assert "one may take 144 pairs: " in text
    since = [{"type": "comparison", "worker": "local", "sigma_pair": before, "timestamp": n} for n in (3, 4)]
    later = replay.fold([events.from_line(config), found, *map(events.from_line, since)])
    assert later
    (line,) = overview._calibrated(tmp_path, later)
    became = {"noisier": "quieter", "quieter": "noisier", "": ""}[said]
    assert (f"it became {became}: {Scale().size(0.8 * before)} by what it did since" in line) == bool(said)
