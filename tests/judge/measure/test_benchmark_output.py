"""What a benchmark printed, and who else opened it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest

from helpers.judge.measure import benchmark_output


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
def test_an_opening_by_somebody_else_is_noticed_once(tmp_path: Path) -> None:
    """It is told of the measurement in which it happened, and of no later one.

    What is read through another name counts too.
    """
    watch, file, other = benchmark_output.Watch(), tmp_path / "out.txt", tmp_path / "link"
    told = []
    for meddle in (None, file, None, other):
        with file.open("wb") as writer:
            watch.begin(file)
            writer.write(b"METRIC time_s=1\n")
            other.unlink(missing_ok=True)
            other.hardlink_to(file)
            if meddle:
                meddle.read_bytes()
        told.append(watch.opened())

    assert [False, True, False, True] == told


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
def test_a_watch_that_cannot_watch_says_so(tmp_path: Path) -> None:
    """Where the instances of the user are used up, a measurement is an error, and never one that nobody watched."""
    many, file = [], tmp_path / "out.txt"
    file.touch()
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, old[1]))
    try:
        while len(many) < 256:
            many.append(benchmark_output.Watch())
        with pytest.raises(OSError, match="inotify: "):
            many[-1].begin(file)
    finally:
        many.clear()
        resource.setrlimit(resource.RLIMIT_NOFILE, old)
    benchmark_output.Watch().begin(file)


def test_metrics_are_read_one_a_name(tmp_path: Path) -> None:
    """A name printed twice and a line that hides a metric are told."""
    file = tmp_path / "out.txt"
    file.write_text("METRIC time_s=1\nMETRIC time_s=2\nnoise METRIC size=3\n")

    printed = benchmark_output.parse_output(file)

    assert ({"time_s": 1.0}, "time_s", True) == (printed.metrics, printed.twice, printed.hidden)
