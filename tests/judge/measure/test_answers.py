"""Two folders of answers are alike byte for byte, or within what the outputs script declares; no link is followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.judge.measure import answers
from helpers.judge.measure.answers import Tolerance

EXACT, NEAR = Tolerance(), Tolerance(numbers=1e-6)


def differ(folder: Path, one: str, other: str, allowed: Tolerance) -> list[str]:
    """Write one answer each and compare."""
    for side, text in (("base", one), ("cand", other)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / "01").write_bytes(text.encode("utf-8", "surrogateescape"))
    return answers.difference(folder / "base", folder / "cand", allowed)


@pytest.mark.parametrize("length", [0, 30, 400])
@pytest.mark.parametrize("middle", [" ", "_"])
def test_in_one_line_both_sides_are_shown_from_where_they_differ(tmp_path: Path, length: int, middle: str) -> None:
    """However far into a line the difference lies and however long the answers are: the reason holds both words."""
    before, after = (middle.join(["word"] * length) + middle for _ in range(2))
    said = answers.in_a_line(differ(tmp_path, f"{before}old {after}\n" * 9, f"{before}new {after}\n" * 9, EXACT))

    assert "old" in said.partition(" + ")[0]
    assert "new" in said.partition(" + ")[2]
    assert len(said) <= 250


@pytest.mark.parametrize(
    ("one", "other", "allowed", "alike"),
    [
        ("a\n", "a\n", EXACT, True),
        ("a\n", "a", EXACT, False),
        ("0.1\n", "0.10\n", EXACT, False),
        ("x=0.1 y\n", "x=0.10000001 y\n", NEAR, True),
        ("x=0.1 y\n", "x=0.1001 y\n", NEAR, False),
        ("1e300\n", "1.0000000001e300\n", NEAR, True),
        ("0.0\n", "1e-9\n", NEAR, True),
        ("n=1000000000\n", "n=1000000001\n", NEAR, False),  # a count is no measurement
        ("1.5\n", "-1.5\n", NEAR, False),
        ("1.5 2.5\n", "1.5\n", NEAR, False),
        ("nan\n", "0.0\n", NEAR, False),
        ("b\na\n", "a\nb\n", EXACT, False),
        ("b\na\n", "a\nb\n", Tolerance(any_order=True), True),
        ("b\na\n", "a\na\n", Tolerance(any_order=True), False),
        ("f(1) raises E: old words\n", "f(1) raises E: new\n", EXACT, False),
        ("f(1) raises E: old words\n", "f(1) raises E: new\n", Tolerance(kinds=True), True),
        ("f(1) raises E: old words\n", "f(1) raises F: old words\n", Tolerance(kinds=True), False),
        ("f(1) raises E: old words\n", "f(1) = 2\n", Tolerance(kinds=True), False),
        ("\udc80\n", "\udc81\n", EXACT, False),
    ],
)
def test_alike_within_what_is_declared(tmp_path: Path, one: str, other: str, allowed: Tolerance, alike: bool) -> None:
    """Numbers by so much, lines in any order, exceptions by kind; nothing of it unless it is declared."""
    assert alike == (not differ(tmp_path, one, other, allowed))


def test_a_difference_is_shown_in_a_few_printable_lines(tmp_path: Path) -> None:
    """File, line, both sides; a long line is cut around the place; nothing reaches the terminal as it is."""
    same = "x" * 100_000
    said = differ(tmp_path, f"1\n{same}\x1b[2Ja\n", f"1\n{same}b\n", EXACT)

    assert "01, line 2:" == said[0]
    assert [True, True] == [any(row.startswith(sign) for row in said) for sign in "-+"]
    assert max(map(len, said)) < 200
    assert "\x1b" not in "".join(said)
    assert ["+ (nothing more)"] == differ(tmp_path, "1\n2", "1", EXACT)[-1:]


def test_names_and_kinds_are_part_of_the_answer(tmp_path: Path) -> None:
    """A file that one side alone wrote, or a link instead of a file, is a difference; no link is followed."""
    assert [] == differ(tmp_path, "42\n", "42\n", EXACT)
    (tmp_path / "cand" / "more").mkdir()
    (tmp_path / "cand" / "more" / "x").write_text("")
    assert ["more/x: written by the candidate alone"] == answers.difference(tmp_path / "base", tmp_path / "cand", EXACT)
    (tmp_path / "cand" / "more" / "x").unlink()
    (tmp_path / "cand" / "01").unlink()
    (tmp_path / "cand" / "01").symlink_to(tmp_path / "base" / "01")
    assert "a link to" in answers.difference(tmp_path / "base", tmp_path / "cand", EXACT)[0]
    (tmp_path / "cand" / "01").unlink()
    os.mkfifo(tmp_path / "cand" / "01")  # it would never end to be read
    assert "no regular file" in answers.difference(tmp_path / "base", tmp_path / "cand", EXACT)[0]


def test_what_is_declared_is_read_from_the_script() -> None:
    """One comment holds it, so that it is locked with the script; what there is not is named."""
    script = "#!/bin/bash\n# OUTPUTS: numbers=1e-9 order=any\n#OUTPUTS: exceptions=kind\necho '# OUTPUTS: x'\n"
    assert Tolerance(1e-9, any_order=True, kinds=True) == answers.declared(script)
    assert EXACT == answers.declared("#!/bin/bash\n# outputs of the program\n")
    for wrong in ("numbers=2", "numbers=a", "numbers", "order=all", "exceptions=", "colour=any"):
        with pytest.raises(answers.UndeclaredError, match="none of numbers"):
            answers.declared(f"# OUTPUTS: {wrong}\n")


@given(st.text(), st.text(), st.booleans(), st.booleans(), st.sampled_from([0.0, 1e-9]))
def test_any_text_is_like_itself_and_any_difference_is_symmetric(
    one: str, other: str, any_order: bool, kinds: bool, numbers: float
) -> None:
    """Whatever is declared: a text is like itself, and which side is which plays no part."""
    allowed = Tolerance(numbers, any_order, kinds)
    ours, theirs = (answers._lines(text.encode("utf-8", "surrogatepass"), allowed) for text in (one, other))

    assert [] == answers._first_difference(ours, ours, allowed)
    forth, back = (answers._first_difference(a, b, allowed) for a, b in ((ours, theirs), (theirs, ours)))
    assert bool(forth) == bool(back)
