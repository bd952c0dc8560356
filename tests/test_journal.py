"""The journal loses nothing that was confirmed, and never holds a line that other readers misread."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import console, events, journal, paths, replay

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def write_many(root: Path, who: int, count: int) -> None:
    """Append `count` events."""
    for number in range(count):
        journal.append(root, {"type": "note", "who": who, "number": number})


@given(value=JSON)
@settings(max_examples=60)
def test_any_value_is_one_line(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """Whatever an event holds, it becomes one line of strict JSON that reads back."""
    root = tmp_path_factory.mktemp("j")

    journal.append(root, {"type": "note", "value": value})

    lines = (root / paths.JOURNAL).read_bytes().splitlines()
    assert len((root / paths.JOURNAL).read_bytes().split(b"\n")) - 1 == 1
    assert json.loads(lines[0], parse_constant=pytest.fail)["type"] == "note"


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four processes that append at once: every event is there, whole, in each writer's order."""
    writers = [multiprocessing.Process(target=write_many, args=(tmp_path, who, 100)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    events = journal.read_events(tmp_path)

    assert len(events) == 400
    for who in range(4):
        assert list(range(100)) == [e["number"] for e in events if e["who"] == who]


class Power:
    """Watches what is written to the journal and what is flushed, to tell what a power cut may leave."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.durable, self.pending, self.states = b"", [], [b""]  # type: bytes, list[tuple[int, bytes]], list[bytes]
        pwrite, fdatasync, ftruncate = os.pwrite, os.fdatasync, os.ftruncate

        def written(descriptor: int, data: bytes, offset: int) -> int:
            self.pending.append((offset, data))
            self.remember()
            return pwrite(descriptor, data, offset)

        def flushed(descriptor: int) -> None:
            fdatasync(descriptor)
            self.durable, self.pending = os.pread(descriptor, 1 << 24, 0), []
            self.remember()

        def truncated(descriptor: int, size: int) -> None:
            ftruncate(descriptor, size)
            self.remember()

        patch.setattr(os, "pwrite", written)
        patch.setattr(os, "fdatasync", flushed)
        patch.setattr(os, "ftruncate", truncated)

    def remember(self) -> None:
        """Add what the disk may hold after a power cut: the flushed bytes, and none, a part or zeros of the others."""
        self.states.append(self.durable)
        for offset, data in self.pending:
            for part in (
                data[:1],
                data[: len(data) // 2],
                data[:-1],
                data,
                bytes(len(data)),
                bytes(len(data) // 2) + data[len(data) // 2 :],
            ):
                self.states.append(self.durable[:offset].ljust(offset, b"\0") + part)


@given(texts=st.lists(st.text(max_size=30) | st.integers(5000, 9000).map("x".__mul__), min_size=1, max_size=5))
@settings(max_examples=25)
def test_a_power_cut_costs_nothing_confirmed(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """When append has returned its line is on the disk.

    Cut at any point, the confirmed lines are read and appending goes on.
    """
    root = tmp_path_factory.mktemp("power")
    after: list[tuple[int, list[bytes]]] = []  # how many lines were confirmed when these states were possible
    with pytest.MonkeyPatch.context() as patch:
        power = Power(patch)
        for number, text in enumerate(texts):
            journal.append(root, {"type": "note", "number": number, "text": text})
            after.append((number, power.states))
            power.states = [power.durable]
        after.append((len(texts), power.states))

    for number, (confirmed, states) in enumerate(after):
        for which, content in enumerate(dict.fromkeys(states)):
            place = root / f"cut-{number}-{which}"
            place.mkdir()
            (place / paths.JOURNAL).write_bytes(content)
            journal.append(place, {"type": "note", "number": "next"})
            read = [e["number"] for e in journal.read_events(place)]
            assert list(range(confirmed)) == read[:confirmed]
            assert "next" == read[-1]
            assert len(read) <= confirmed + 2


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_is_set_aside(tmp_path: Path, cut: int) -> None:
    """A crash in the middle of a line costs that line only; its bytes are kept in a file."""
    journal.append(tmp_path, {"type": "note", "number": 1})
    whole = (tmp_path / paths.JOURNAL).read_bytes()
    (tmp_path / paths.JOURNAL).write_bytes(whole + whole[: -cut - 1])

    journal.append(tmp_path, {"type": "note", "number": 2})

    assert [e["number"] for e in journal.read_events(tmp_path)] == [1, 2]
    assert [whole[: -cut - 1]] == [p.read_bytes() for p in (tmp_path / paths.STATE).glob("torn-*")]


def test_a_last_line_without_newline_counts(tmp_path: Path) -> None:
    """An editor that drops the last newline costs nothing."""
    journal.append(tmp_path, {"type": "note", "number": 1})
    file = tmp_path / paths.JOURNAL
    file.write_bytes(file.read_bytes().rstrip(b"\n"))

    journal.append(tmp_path, {"type": "note", "number": 2})

    assert [e["number"] for e in journal.read_events(tmp_path)] == [1, 2]


@pytest.mark.parametrize(
    "event", [{"type": "note", "run": 3}, {"text": "neither"}, {"run": 1, "status": "maybe"}, {"type": "surprise"}]
)
def test_lines_that_others_misread_are_refused(tmp_path: Path, event: journal.Event) -> None:
    """Other readers take an unknown status for a keep and a typed line with a run for a result."""
    with pytest.raises(console.Failure) as failure:
        journal.append(tmp_path, event)

    assert failure.value.code == console.USAGE


def test_garbage_in_the_middle_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line broken by hand is warned of, with its number, and the rest is read."""
    journal.append(tmp_path, {"type": "note", "number": 1})
    with (tmp_path / paths.JOURNAL).open("ab") as file:
        file.write(b"\xff{broken\n[1]\n")
    journal.append(tmp_path, {"type": "note", "number": 2})

    assert [e["number"] for e in journal.read_events(tmp_path)] == [1, 2]
    assert "line 2, 3" in capsys.readouterr().err


def test_a_config_line_after_results_starts_a_segment() -> None:
    """Runs before it belong to the earlier segment; run numbers go on."""
    config = {"type": "config", "name": "a", "metricName": "m", "bestDirection": "lower"}
    run = {"run": 4, "status": "keep", "metric": 1.0}

    now = replay.fold(list(map(events.from_line, [config, run, {**config, "name": "b"}])))

    assert now is not None
    assert (now.segment, now.last_run, now.runs) == (1, 4, [])


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        (b'{"type":"note"}', True),
        (b' {"type":"note"} \r', True),
        (b'\xef\xbb\xbf{"type":"note"}', True),
        (b'{"type":"note"},{"type":"note"}', False),
        (b'{"type":"note"} x', False),
        (b'{"type":"n\xffote"}', False),
        (b'{"type":"note"', False),
        (b"[1]", False),
    ],
)
def test_a_line_is_an_event_or_warned_of(
    line: bytes, whole: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an editor leaves around an event does no harm; anything else is passed over, named by its number."""
    (tmp_path / paths.JOURNAL).write_bytes(b'{"type":"config"}\n' + line + b'\n{"type":"lock"}\n')

    events = [event["type"] for event in journal.read_events(tmp_path)]

    assert (["config", "note", "lock"] if whole else ["config", "lock"]) == events
    assert whole != ("line 2 cannot be read" in capsys.readouterr().err)


def test_a_clock_that_jumps_changes_no_order_and_no_duration(tmp_path: Path) -> None:
    """An hour back, a day ahead: within one boot the journal's times go on as if nobody had set the clock."""
    events, real = [], time.time_ns
    with pytest.MonkeyPatch.context() as patch:
        for hours in (0, -1, 24, -300):
            patch.setattr(time, "time_ns", lambda hours=hours: real() + hours * 3_600_000_000_000)
            events.append(journal.append(tmp_path, {"type": "note", "hours": hours}))
        now = journal.now_ms(events[-1])

    times = [event["timestamp"] for event in events]
    assert sorted(times) == times
    assert now - times[0] < 60_000
    assert events == journal.read_events(tmp_path)


def test_from_one_boot_to_the_next_time_does_not_go_back() -> None:
    """After a reboot the wall clock counts again, unless it says that it is earlier; old lines have no other clock."""
    later = journal.now_ms() + 3_600_000
    for clock in ("another:5", "", "rubbish"):
        assert later == journal.now_ms({"timestamp": later, "clock": clock})
        assert journal.now_ms({"timestamp": 5, "clock": clock}) > 1_700_000_000_000


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_long_lists_of_numbers_are_passed_over_however_the_line_is_spaced(
    tmp_path: Path, separators: tuple[str, str]
) -> None:
    """They are most of a journal, and a state needs none of them; a text that looks like one stays."""
    line = {"type": "comparison", "baseline_samples": [1.25] * 90, "said": '":' + str([1.25] * 90)}
    (tmp_path / paths.JOURNAL).write_text(json.dumps(line, separators=separators) + "\n")

    [(_, event)] = journal.read_from(tmp_path, samples=False)

    assert {**line, "baseline_samples": []} == event
