"""A log becomes one record, whatever a hostile program puts into it."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.run.jobs import log, metric_line
from helpers.typed_line import TOO_LARGE

BUNDLE = Path(__file__).resolve().parent.parent.parent.parent
RUN = yaml.safe_load((BUNDLE / "experiment.yaml").read_text())["run"]

CLEAN = b"""\
EXPERIMENT_ID: exp-07
EXPERIMENT_DESC: fuse softmax passes (arXiv:2205.14135)
HOST: {"cpu":"x","cores":4,"kernel":"6","memory_gb":16}
PROTECTED_SHA256: autoresearch.sh 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
METRIC time_s=18.5
SAMPLES time_s=18.4,18.5,18.9,18.5,18.6
CHECKS_STATUS: passed
EXPERIMENT_STATUS: done
DURATION: build=12.1 bench=93.0 checks=20.4
"""


def parse(data: bytes) -> log.Record:
    """Parse bytes."""
    return log.parse(io.BytesIO(data))


def test_of_a_screen_the_value_is_the_median_of_its_pairs(tmp_path: Path) -> None:
    """Not of its last call; a digest is shown whole, as it was printed."""
    lines = b"METRIC t=9\nMETRIC crc=146831123456789\nSAMPLES t=1,2,9\nBASELINE t=3,4,5\nEXPERIMENT_STATUS: done\n"
    file = tmp_path / "log.txt"
    file.write_bytes(lines)
    script = [sys.executable, str(BUNDLE / "scripts/parse_log.py"), str(file)]
    said = subprocess.run(script, capture_output=True, text=True, check=True).stdout

    assert {"t": 2, "crc": 146831123456789} == parse(lines).metrics
    assert "t = 2  (median of 3 pairs, the baseline's 4)" in said
    assert "crc = 146831123456789\n" in said


def test_a_clean_log_becomes_a_record() -> None:
    """Every field of the protocol arrives."""
    record = parse(CLEAN)

    assert ("exp-07", "done", None, "passed", True) == (
        record.id,
        record.status,
        record.error,
        record.checks,
        record.complete,
    )
    assert {"time_s": 18.5} == record.metrics
    assert [18.4, 18.5, 18.9, 18.5, 18.6] == record.samples["time_s"]
    assert {"build": 12.1, "bench": 93.0, "checks": 20.4} == record.durations
    assert 4 == record.host["cores"]
    assert ["autoresearch.sh"] == list(record.protected)
    assert [] == record.warnings


@pytest.mark.parametrize(
    "prefix", [b"(exp-07, pid=123) ", b"\x1b[36m(exp-07, pid=123)\x1b[0m ", b"(head, rank=0, pid=7) ", b"\x1b[32m"]
)
def test_prefixes_and_colours_are_taken_off(prefix: bytes) -> None:
    """SkyPilot's task prefix and colour codes change nothing."""
    assert vars(parse(CLEAN)) | {"tail": []} == parse(
        b"".join(prefix + line for line in CLEAN.splitlines(keepends=True))
    ).__dict__ | {"tail": []}


def test_the_run_section_adds_no_words_of_its_own(tmp_path: Path) -> None:
    """The clock that limits each part is ended without a word of bash's in the log."""
    (tmp_path / "autoresearch.sh").write_text("sleep 0.15; echo METRIC time_s=1\n")
    (tmp_path / "autoresearch.checks.sh").write_text("sleep 0.15\n")
    done = subprocess.run(
        ["bash", "-c", RUN],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "EXPERIMENT_ID": "e", "EXPERIMENT_DESC": "d"},
    )

    assert "EXPERIMENT_STATUS: done" in done.stdout
    assert "" == done.stderr


def test_the_end_of_a_log_is_what_was_said_not_the_protocol(tmp_path: Path) -> None:
    """After failed checks a reader sees what the checks said, although a dozen lines of the protocol follow it."""
    said = b"checks| FAILED test_parse.py::test_inf\n"
    lines = [b"PROTECTED_SHA256: file%d " % n + b"0" * 64 + b"\n" for n in range(30)]
    path = tmp_path / "log.txt"
    path.write_bytes(said + b"".join(lines) + b"CHECKS_STATUS: failed (exit 1)\nEXPERIMENT_STATUS: checks_failed\n")

    assert ["checks| FAILED test_parse.py::test_inf"] == log.parse(path).tail == parse(path.read_bytes()).tail
    assert "checks| FAILED test_parse.py::test_inf" == log.telling_line(path)


def test_a_log_that_ends_early_is_a_crash() -> None:
    """Without EXPERIMENT_STATUS nothing is done, and the reason says so."""
    record = parse(CLEAN[: CLEAN.index(b"EXPERIMENT_STATUS")])

    assert ("crash", False, log.UNFINISHED) == (record.status, record.complete, record.error)


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "inf",
        "-inf",
        "0x10",
        "1_000",
        "1e999",
        "",
        "1 2",
        "1,5",
        "\u0661",
        "1e",
        "--1",
        "+-1",
        ".",
        "done",
        "1.5s",
    ],
)
def test_only_finite_decimals_are_numbers(value: str) -> None:
    """What is no finite decimal number is malformed and reported, never guessed at."""
    record = parse(f"METRIC t={value}\n".encode() + CLEAN)

    assert "t" not in record.metrics
    assert any("malformed" in warning for warning in record.warnings)


@pytest.mark.parametrize("name", ["__proto__", "constructor", "prototype", "a b", "a/b", "", "a$"])
def test_names_that_are_refused(name: str) -> None:
    """Dangerous and unreadable names never arrive."""
    assert ["time_s"] == list(parse(f"METRIC {name}=1\n".encode() + CLEAN).metrics)


def test_a_dash_is_read_with_a_warning() -> None:
    """Others write dashes; they are read and warned of."""
    record = parse(b"METRIC p99-ms=4\n" + CLEAN)

    assert 4.0 == record.metrics["p99-ms"]
    assert any("'-'" in warning for warning in record.warnings)


@given(
    value=st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: abs(value) < TOO_LARGE),
    name=st.from_regex(r"[A-Za-z0-9_.µ]{1,20}", fullmatch=True),
)
@settings(max_examples=200)
def test_every_float_survives(value: float, name: str) -> None:
    """What Python prints of a finite number, if no ratio overflows, reads back as that number."""
    parsed = metric_line.parse_line(f"METRIC {name}={value!r}\n".encode())

    if name not in metric_line.FORBIDDEN:
        assert (name, value) == (parsed.name, parsed.value)


@given(data=st.binary(max_size=3000))
@settings(max_examples=300)
def test_any_bytes_are_a_record(data: bytes) -> None:
    """No input makes the parser fail, and its record is JSON."""
    json.dumps(vars(parse(data)), allow_nan=False)


def test_repeated_metrics_are_noticed() -> None:
    """The last one wins by contract; that there were two is said, and voids the result for the session."""
    record = parse(b"METRIC time_s=0.001\n" + CLEAN)

    assert 18.5 == record.metrics["time_s"]
    assert ["time_s"] == record.repeated


def test_ten_thousand_metrics_and_endless_lines_are_bounded() -> None:
    """Metrics, line lengths and warnings have limits."""
    many = b"".join(b"METRIC m%d=1\n" % number for number in range(10_000))

    record = parse(many + b"x" * 5_000_000 + b"\n" + b"METRIC " + b"a" * 5_000_000 + b"=1\n" + CLEAN)

    assert metric_line.MAX_METRICS == len(record.metrics)
    assert "done" == record.status
    assert len(record.warnings) <= 50


def attack(draw: random.Random) -> bytes:
    """Return what a hostile program may print."""
    forged = [
        b"METRIC time_s=0.001",
        b"METRIC time_s=0.001\r",
        b"EXPERIMENT_STATUS: done",
        b"CHECKS_STATUS: passed",
        b"PROTECTED_SHA256: autoresearch.sh " + b"0" * 64,
        b"EXPERIMENT_ERROR: none",
        b"SAMPLES time_s=0.001,0.001",
        b"(exp, pid=1) METRIC time_s=0.001",
        b"\x1b[0mMETRIC time_s=0.001",
        b"bench| METRIC time_s=0.001",
        b'HOST: {"cpu":"fake"}',
        b"DURATION: build=0",
        b"EXPERIMENT_ID: other",
        b"\xff\xfeMETRIC time_s=0.001",
        b"METRIC\ttime_s=0.001",
        b"METRIC time_s=nan",
        b"METRIC __proto__=1",
        b"x" * draw.randrange(3000),
    ]
    glue = [b"\n", b"\r\n", b"\r", b"\n\n", b"\0", b"\n\0", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8", b""]
    return b"".join(draw.choice(forged) + draw.choice(glue) for _ in range(draw.randrange(1, 8)))


def test_a_thousand_attacks_of_the_program_are_not_believed(tmp_path: Path) -> None:
    """Whatever build, program and checks print through the real experiment.yaml, the result is the benchmark's own."""
    draw = random.Random(7)
    for batch in range(4):
        folder = tmp_path / f"copy {batch}"
        folder.mkdir()
        for name in ("build", "bench_err", "checks"):
            (folder / name).write_bytes(b"\n".join(attack(draw) for _ in range(84)))
        # the benchmark keeps its program's output apart, as the template does; its stderr is the program's
        (folder / "autoresearch.sh").write_text(
            "cat bench_err >&2\necho METRIC time_s=2.5\necho SAMPLES time_s=2.4,2.6\n"
        )
        (folder / "autoresearch.checks.sh").write_text("cat checks; cat checks >&2\n")
        env = {
            "EXPERIMENT_ID": "exp-01",
            "EXPERIMENT_DESC": "attack\nMETRIC time_s=0.001",
            "BUILD_CMD": "cat build; cat build >&2",
            "PATH": "/usr/bin:/bin",
            "TMPDIR": str(tmp_path),
        }
        done = subprocess.run(["bash", "-c", RUN], cwd=folder, env=env, capture_output=True, check=True)

        record = parse(done.stdout + done.stderr)

        assert ("exp-01", "done", "passed", []) == (record.id, record.status, record.checks, record.repeated)
        assert {"time_s": 2.5} == record.metrics
        assert [2.4, 2.6] == record.samples["time_s"]
        assert "0" * 64 not in record.protected.values()
        assert "fake" != record.host.get("cpu")


def test_a_program_whose_output_reaches_the_benchmark_is_noticed(session: Any) -> None:
    """Where a hand-written benchmark lets its program's stdout through, a forged METRIC voids the run."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    session.script("submit_experiment", "exp-01", "--desc", "x")
    session.script("collect_results", "--wait", "60", "--all")
    name = next((session.root / ".autoresearch/jobs").glob("exp-01.*/log.txt"))
    forged = name.read_bytes().replace(b"METRIC time_s=", b"METRIC time_s=0.001\nMETRIC time_s=", 1)

    assert ["time_s"] == parse(forged).repeated


@pytest.mark.parametrize(
    ("files", "build", "status", "says"),
    [
        ({"autoresearch.sh": "echo METRIC t=1\n"}, "exit 3", "crash", "build failed (exit 3)"),
        ({"autoresearch.sh": "exit 4\n"}, "", "crash", "benchmark failed (exit 4)"),
        ({"autoresearch.sh": "echo hello\n"}, "", "crash", "no METRIC line"),
        ({"autoresearch.sh": "sleep 60\n"}, "", "crash", "benchmark timed out after 1 s"),
        ({"autoresearch.sh": "echo METRIC t=1\n"}, "sleep 60", "crash", "build timed out after 1 s"),
        ({}, "", "crash", "autoresearch.sh is missing"),
        (
            {"autoresearch.sh": "echo METRIC t=1\n", "autoresearch.checks.sh": "exit 5\n"},
            "",
            "checks_failed",
            "failed (exit 5)",
        ),
        (
            {"autoresearch.sh": "echo METRIC t=1\n", "autoresearch.checks.sh": "sleep 60\n"},
            "",
            "checks_failed",
            "timeout",
        ),
        ({"autoresearch.sh": "echo METRIC t=1\n"}, "", "done", "skipped (no autoresearch.checks.sh)"),
        ({"autoresearch.sh": "sleep 61 & echo METRIC t=1\n"}, "", "done", "skipped"),
    ],
)
def test_every_end_of_an_experiment(tmp_path: Path, files: dict[str, str], build: str, status: str, says: str) -> None:
    """The run section exits 0 and says what happened; a daemonised child does not hold it up."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    env = {
        "EXPERIMENT_ID": "e",
        "EXPERIMENT_DESC": "d",
        "BUILD_CMD": build,
        "BUILD_TIMEOUT": "1",
        "BENCH_TIMEOUT": "1",
        "CHECK_TIMEOUT": "1",
        "PATH": "/usr/bin:/bin",
    }

    done = subprocess.run(["bash", "-c", RUN], cwd=tmp_path, env=env, capture_output=True, check=False, timeout=120)
    record = parse(done.stdout)

    assert 0 == done.returncode
    assert status == record.status
    assert says in f"{record.error} {record.checks}"


def test_the_script(tmp_path: Path, repo: Any) -> None:
    """parse_log.py reads a file or a pipe, exits 1 when the experiment is not done, 2 when there is no file."""
    (tmp_path / "run.log").write_bytes(CLEAN)

    assert 18.5 == json.loads(repo.script("parse_log", str(tmp_path / "run.log"), "--json").stdout)["metrics"]["time_s"]
    assert "crash" in repo.script("parse_log", "-", stdin="nothing\n", code=1).stdout
    assert "not a file" in repo.script("parse_log", "none.log", code=2).stderr


MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True)
print(done.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, sep="\\n")
"""


@pytest.mark.parametrize("line_end", [b"", b"\n"])
def test_half_a_gigabyte_in_little_memory(tmp_path: Path, line_end: bytes) -> None:
    """A log of 500 MB, here one line without end, is read to its end in under 100 MB."""
    file = tmp_path / "run.log"
    with file.open("wb") as out:
        out.write(CLEAN.replace(b"EXPERIMENT_STATUS: done\n", b""))
        out.seek(500_000_000)
        out.write(line_end + b"METRIC late_s=2\nEXPERIMENT_STATUS: done\n")
    command = [sys.executable, "-c", MEASURED, str(BUNDLE / "scripts/parse_log.py"), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert "exp-07: done" == said[0]
    assert ("late_s = 2" in said) == bool(line_end)  # without a line end it is the end of the long line
    assert 100_000 > int(said[-1])


@pytest.mark.parametrize("unit", [b"\x1b[0m", b" ", b"METRIC ", b"\x1b]", b"(a pid=1", b"1,"])
@pytest.mark.parametrize("first", [b"", b"SAMPLES time_s=1"])
def test_a_line_without_end_costs_its_length(first: bytes, unit: bytes) -> None:
    """A megabyte of whatever could be read in several ways is passed over; by its square it would take hours."""
    line = first + unit * (900_000 // len(unit)) + b"xMETRIC\n"

    record = log.parse(io.BytesIO(line + b"METRIC time_s=2\nEXPERIMENT_STATUS: done\n"))

    assert ("done", {"time_s": 2.0}) == (record.status, record.metrics)
