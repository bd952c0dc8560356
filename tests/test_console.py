"""What is printed is bounded, and what was cut says so where a reader believes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import console


@pytest.mark.parametrize("text", ["word " * 4000, "line\n" * 4000, "x" * 20_000, "a\n" + "word " * 4000])
def test_long_output_is_cut_and_the_rest_is_in_a_file(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most LIMIT characters, most of them used, and the whole in the file that is named."""
    console.emit(text, spill=tmp_path)

    said = capsys.readouterr().out
    assert console.LIMIT // 2 < len(said) <= console.LIMIT
    assert text.rstrip("\n") == next(tmp_path.iterdir()).read_text().rstrip("\n")


def test_a_fence_that_was_cut_is_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What we say of the cut stands outside of the text from outside."""
    console.emit("````text from outside: x\n```\n" + "word\n" * 4000 + "````", spill=tmp_path)

    lines = capsys.readouterr().out.splitlines()
    assert "````" == lines[-2]
    assert lines[-1].startswith("...")
