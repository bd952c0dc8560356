"""What is remembered of a long journal is what the journal says, or it does not count."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers import events, journal, journal_index
from helpers.events import Finished
from helpers.typed_line import Event


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of many parts, of 400 bytes each, that a first process has read."""
    monkeypatch.setattr(journal_index, "PART", 400)
    journal.append(tmp_path, {"type": "config", "name": "s", "metricName": "t", "bestDirection": "lower"})
    for number in range(40):
        job: dict[str, Any] = {"experiment_id": f"exp-{number:02}", "job": f"exp-{number:02}.0.1", "worker": "local"}
        journal.append(tmp_path, {"type": "finished", **job, "status": "done", "samples": [1.5] * 60})
        journal.append(tmp_path, {"type": "note", "text": f"read {number}"})
    another_process(tmp_path)
    return tmp_path


def another_process(root: Path) -> list[Event]:
    """Return what a process holds that has read nothing yet."""
    events._held.clear()
    return events.held(root)


def same(root: Path) -> list[Event]:
    """See that what is held is what the journal says, of each event whole; return it."""
    found = another_process(root)
    assert [each.line for each in events.read_events(root)] == [each.line for each in found]
    return found


def test_another_process_reads_on_where_it_ended(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is not decoded again, what was appended since is, and all of it is what the journal says."""
    same(root)
    journal.append(root, {"type": "note", "text": "since"})
    same(root)
    read, read_from = list[int](), journal.read_from
    monkeypatch.setattr(journal, "read_from", lambda *a, **k: (read.append(x[0]) or x for x in read_from(*a, **k)))

    another_process(root)

    assert 1 <= len(read) < 10


def test_a_journal_that_was_edited_is_read_as_it_is(root: Path) -> None:
    """By one letter, in the middle, at the same length: the journal counts, there and behind it."""
    file = root / "autoresearch.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"exp-20"', b'"exp-99"'))

    names = [each.experiment_id for each in same(root) if isinstance(each, Finished)]

    assert "exp-99" in names
    assert "exp-20" not in names
    same(root)


@pytest.mark.parametrize("harm", [b"", b"1 0\n", b"garbage" * 99, None])
def test_an_index_that_cannot_be_used_is_none(root: Path, harm: bytes | None) -> None:
    """Emptied, of another version, garbage, or torn by a crash: the journal is read, and remembered anew."""
    file = root / ".autoresearch/journal.index"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if harm is None else harm)

    same(root)

    assert whole == file.read_bytes()


def test_the_first_command_in_a_folder_remembers_too(root: Path) -> None:
    """A journal that was copied from elsewhere comes without the state folder."""
    shutil.rmtree(root / ".autoresearch")
    another_process(root)

    assert (root / ".autoresearch/journal.index").is_file()


def test_a_folder_that_is_read_only_is_no_error(root: Path) -> None:
    """Nothing can be remembered there, and everything is read."""
    file = root / ".autoresearch/journal.index"
    file.unlink()
    file.mkdir()

    same(root)


def test_a_line_that_cannot_be_read_is_warned_of_each_time(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also by a process that could have read on behind it."""
    file = root / "autoresearch.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:30], b"{ not json\n", *lines[30:]]))

    for _ in range(2):
        capsys.readouterr()
        another_process(root)
        assert "line 31 cannot be read" in capsys.readouterr().err
