"""Why a METRIC was not read, and that every reader takes the same lines for one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.judge.measure import benchmark_output
from helpers.run.jobs import log, metric_line, metric_mistakes

BUNDLE = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("value", "cause", "mended"),
    [
        ("12.5ms", "unit 'ms'", "12.5"),
        ("12 S", "unit 'S'", "12"),
        ("5%", "unit '%'", "5"),
        ("7µs", "unit 'µs'", "7"),
        ("0,35", "comma for the decimal point", "0.35"),
        ("1,234.5", "thousands", "1234.5"),
        ("1.234,5", "comma for the decimal point", "1234.5"),
        ("1,234", "either|may part", None),
        ("1_000", "thousands", "1000"),
        ("1'000'000", "thousands", "1000000"),
        ("12\u202f345.5", "thousands", "12345.5"),
        ("3\u00a0ms", "unit 'ms'", "3"),
        ("~1.2", "'~' stands before", "1.2"),
        ("<0.1", "'<' stands before", "0.1"),
        ("1.2 ± 0.1", "± 0.1' stands behind", "1.2"),
        ("1.2;", "';' stands behind", "1.2"),
        ("'1.2'", "quotes", "1.2"),
        ("inf", "not a finite number", None),
        ("-NaN", "not a finite number", None),
        ("None", "not a finite number", None),
        ("", "no value", None),
        ("0x1F", "not a decimal number", None),
        ("1e999", "too large", None),
        ("-1e300", "too large", None),
        ("\u0661\u0662.5", "U[+]0661", "12.5"),
        ("\uff11\uff12", "U[+]FF11", "12"),
        ("\u22123.2", "U[+]2212", "-3.2"),
        ("\ufeff3.2", "U[+]FEFF", "3.2"),
        (" 3", "blanks", "3"),
        ("done", "not a decimal number", None),
    ],
)
def test_what_is_wrong_with_a_value(value: str, cause: str, mended: str | None) -> None:
    """The line is quoted, the cause named, and what to print instead given where it can be told."""
    line = f"METRIC time_s={value}\n".encode()

    said = metric_mistakes.why([("stdout", line)], "time_s")

    assert metric_line.parse_line(line).malformed
    assert "METRIC time_s=" in said
    assert re.search(cause, said), said
    assert (f"METRIC time_s={mended}" if mended else "") == said.partition("line of its own: ")[2]


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo METRIC time_s=1 >&2", "stderr"),
        ("echo METRIC time_s=12ms >&2", "stderr.*unit 'ms'"),
        (r"printf '\033[32mMETRIC time_s=1\033[0m\n'", "in colour"),
        (r"printf '\033[1m\033[32mMETRIC\033[0m time_s=\033[1m1\033[0m\n' >&2", "in colour"),
        (r"printf '100%%|####| 5/5\rMETRIC time_s=1\n'", "carriage return"),
        (r"printf '\rMETRIC time_s=1\n'", "indented"),
        (r"printf 'done METRIC time_s=1\n'", "does not begin its line"),
        (r"printf '  METRIC time_s=1\n'", "indented"),
        (r"printf '\tMETRIC time_s=1\n'", "indented"),
        (r"printf '\xef\xbb\xbfMETRIC time_s=1\n'", "byte order mark"),
        (r"printf '\xff\xfeM\0E\0T\0R\0I\0C\0 \0t\0i\0m\0e\0_\0s\0=\x001\0\n\0'", "byte order mark"),
        (r"printf 'METRIC\xc2\xa0time_s=1\n'", "U[+]00A0"),
        ("echo metric time_s=1", "capitals"),
        ("echo Metric: time_s=1", "capitals"),
        ("echo METRIC: time_s=1", "blank must follow METRIC, not ':'"),
        ("echo METRIC time_s: 1", "a = must stand"),
        ("echo METRIC time_s 1", "a = must stand"),
        ("echo METRIC time_s = 1", "blanks may stand around the ="),
        ("""echo '"METRIC time_s=1"'""", "quotes stand around it"),
        ("""echo 'METRIC "time_s"=1'""", "quotes stand around the name"),
        ("echo METRIC time s=1", "cannot name a metric"),
        ("echo METRIC Time_s=1", "only Time_s.*did you mean Time_s"),
        ("echo METRIC other=1", "only other"),
        ("echo nothing", "must print METRIC time_s=NUMBER"),
        ("true", "must print METRIC time_s=NUMBER"),
        ("echo 'the metric is fine'; echo 'metrics: 3'; echo METRIC time_s=1ms", "unit 'ms'"),
    ],
)
def test_the_cause_is_the_same_in_a_log_and_in_a_comparison(tmp_path: Path, script: str, cause: str) -> None:
    """Whatever keeps a benchmark's METRIC from being read is named by the job's reader and by a comparison's."""
    (tmp_path / "autoresearch.sh").write_text(script + "\n")
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        subprocess.run(["bash", "autoresearch.sh"], cwd=tmp_path, stdout=out, stderr=err, check=True)
    (tmp_path / "log").write_bytes(_logged(tmp_path / "out") + _quoted(tmp_path / "err"))
    printed = benchmark_output.parse_output(tmp_path / "out").metrics

    here = metric_mistakes.why(metric_mistakes.in_output(tmp_path / "out", tmp_path / "err"), "time_s", printed)
    there = metric_mistakes.why(metric_mistakes.in_log(tmp_path / "log"), "time_s", log.parse(tmp_path / "log").metrics)

    assert re.search(cause, here), here
    assert re.search(cause, there), there


def _filter(name: str) -> str:
    """Return one of the filters of experiment.yaml's run section."""
    return re.findall(rf"  ({name}\(\) \{{.*?\}})\n", (BUNDLE / "experiment.yaml").read_text(), re.DOTALL)[0]


def _logged(out: Path) -> bytes:
    return subprocess.run(
        ["bash", "-c", f"{_filter('metrics')}\nmetrics out"], cwd=out.parent, capture_output=True, check=True
    ).stdout


def _quoted(err: Path) -> bytes:
    return subprocess.run(
        ["bash", "-c", f"{_filter('quote')}\nquote bench err"], cwd=err.parent, capture_output=True, check=True
    ).stdout


PIECES = [
    b"METRIC",
    b" ",
    b"\t",
    b"time_s",
    b"a",
    b"=",
    b"1",
    b"2.5",
    b"\r",
    b"\0",
    b"\n",
    b"\x1b[0m",
    b"\x1b[32m",
    b"x",
]
PIECES += [
    "\u00b5".encode(),
    "\u03bc".encode(),
    b"\xff",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"METRIC time_s=3\n",
    b"METRIC a=4\r\n",
]


@settings(max_examples=60)
@given(outputs=st.lists(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join), min_size=20, max_size=20))
def test_what_one_reader_takes_every_reader_takes(tmp_path_factory: Any, outputs: list[bytes]) -> None:
    """A lock reads the log, a comparison the output itself: both find the same metrics, and the same printed twice."""
    folder = tmp_path_factory.mktemp("same")
    for number, output in enumerate(outputs):
        (folder / f"{number}.out").write_bytes(output)
    each = f'{_filter("metrics")}\nfor o in *.out; do metrics "$o" >"${{o%.out}}.log"; done'
    subprocess.run(["bash", "-c", each], cwd=folder, check=True)

    for number in range(len(outputs)):
        here = benchmark_output.parse_output(folder / f"{number}.out")
        there = log.parse(folder / f"{number}.log")
        assert set(there.metrics) == set(here.metrics)
        assert bool(there.repeated) == (here.twice is not None)
        assert there.repeated or there.metrics == here.metrics


def test_both_micro_signs_are_one() -> None:
    """U+00B5 and U+03BC look alike: a name with either is the same metric."""
    lines = b"METRIC time_\xc2\xb5s=1\n", b"METRIC time_\xce\xbcs=1\n"

    assert {"time_\u00b5s"} == {metric_line.parse_line(line).name for line in lines}


def test_a_wrong_line_is_named_where_it_is_met(repo: Any) -> None:
    """The lock, a guard at the lock and parse_log name the cause; one mended line later the session locks."""
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n', 0o755)
    repo.write("autoresearch.sh", "set -e; bash src/work.sh >/dev/null; echo METRIC time_μs=0,3500\n", 0o755)
    begin = ("--goal", "g", "--metric", "time_μs", "--direction", "lower", "--guard", "size_μs=same")
    repo.script("start_session", *begin)

    said = repo.script("start_session", "--lock", code=1).stderr
    logged = next((repo.root / ".autoresearch/jobs").glob("*/log.txt"))
    alone = repo.script("parse_log", str(logged), code=1).stdout
    repo.write(
        "autoresearch.sh", "set -e; bash src/work.sh >/dev/null; echo METRIC time_µs=1350.7; echo METRIC size_µs: 3\n"
    )
    guard = repo.script("start_session", "--lock", code=1).stderr
    repo.write(
        "autoresearch.sh", "set -e; bash src/work.sh >/dev/null; echo METRIC time_µs=1350.7; echo METRIC size_µs=3\n"
    )
    repo.script("start_session", "--lock")

    assert "comma for the decimal point" in said
    assert "METRIC time_µs=0.3500" in said
    assert "comma for the decimal point" in alone
    assert "a = must stand between name and value" in guard


def test_what_the_protocol_says_itself_is_no_metric(tmp_path: Path) -> None:
    """A value without the word METRIC: the log's own lines, which hold it, are not quoted as what was meant."""
    log = tmp_path / "log.txt"
    log.write_text("bench| time_s=1.5\nEXPERIMENT_ERROR: the benchmark printed no METRIC line\n")

    assert "must print METRIC time_s=NUMBER" in metric_mistakes.why(metric_mistakes.in_log(log), "time_s")
