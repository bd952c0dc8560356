"""Words from outside stay in their place: nothing hidden acts on a terminal, no text begins a line of its own."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import printable

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
TRICKS = {
    "a carriage return": "good\rforged",
    "a C1 sequence": "\x9b2J",
    "a title": "\x1b]0;title\x07",
    "a direction mark": "a\u202eb",
    "an isolate": "\u2066a\u2069",
    "a zero-width space": "a\u200bb",
    "a joiner in ASCII": "mem\u200ccpy",
    "joiners in a row": "\u06cc\u200c\u200c\u062e",
    "a filler": "a\u3164b",
    "a tag": "a\U000e0041b",
    "delete": "a\x7fb",
    "a line separator": "a\u2028b",
    "a next line": "a\x85b",
    "half a character": "a\udc80b",
}


SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters that are seen: signs that stand before or around the digits that follow (Unicode 23.3)."""


def hidden(text: str) -> set[str]:
    """What stands in a text and acts without being seen, by Unicode's own categories.

    A joiner inside a word is none.
    """
    return {
        c
        for c in text.replace("\n", "").replace(PERSIAN, "")
        if (unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c not in SEEN)
        or c in "\u3164\u115f\u1160\uffa0\u034f"
    }


@pytest.mark.parametrize("text", TRICKS.values(), ids=TRICKS)
@pytest.mark.parametrize("way", [printable.one_line, printable.prose, printable.shown, printable.flat, printable.name])
def test_no_trick_is_left(way: object, text: str) -> None:
    """Each way out of the module leaves nothing hidden, whichever trick is played."""
    assert set() == hidden(way(f"before {text} after"))  # type: ignore[operator]


def test_every_character_alone_is_clean() -> None:
    """No character of Unicode is shown as it is where it acts without being seen."""
    assert [] == [hex(c) for c in range(0xA0, 0x110000) if hidden(printable.shown(f"a{chr(c)}b"))]


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    """What becomes a field is one line, clean, and stays as it is when it is cleaned again."""
    for way in (printable.one_line, printable.flat, printable.name):
        assert [way(text)] == (way(text).splitlines() or [""])
        assert way(text) == way(way(text))
    assert printable.prose(text) == printable.prose(printable.prose(text))
    assert set() == {c for c in hidden(printable.shown(text).replace("\r\n", "\n")) if c not in "\t\u200c\u200d"}


@given(st.text())
def test_json_stays_the_same_document(text: str) -> None:
    """What a terminal may have of a JSON document is the same document."""
    assert json.loads(printable.shown(json.dumps({"text": text}, ensure_ascii=False))) == {"text": text}


def test_a_joiner_in_a_word_is_honest() -> None:
    """Persian keeps its joiner in prose and in output; a name shows it."""
    assert (PERSIAN, PERSIAN, PERSIAN) == (
        printable.one_line(PERSIAN),
        printable.shown(PERSIAN),
        printable.flat(PERSIAN),
    )
    assert PERSIAN.replace("\u200c", r"\u200c") == printable.name(PERSIAN)


def test_colours_go_and_tricks_are_seen() -> None:
    """Output of a compiler loses its colours; what else is hidden in it, or in a file's name, can be seen."""
    assert r"error: x\u0008.c bad" == printable.flat("\x1b[1;31merror:\x1b[0m x\x08.c\nbad")
    assert r"a\u001b[2K\u000d\u000ab" == printable.name("a\x1b[2K\r\nb")
    assert "red two" == printable.one_line("\x1b[31mred\x1b[0m\r\n\ttwo")
    assert "ab..." == printable.one_line("ab cdefgh", 6)


@pytest.mark.parametrize(
    ("said", "tells"),
    [
        (
            (
                "[\x1b[1;31mERROR\x1b[m] Cannot access central in offline mode\n[\x1b[1;31mERROR\x1b[m]\n"
                "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.\n"
                "[ERROR] \x1b[1m[Help 1]\x1b[m http://example.org/PluginResolutionException"
            ),
            "[ERROR] Cannot access central in offline mode",
        ),
        (
            (
                "npm error code EAI_AGAIN\nnpm error request to https://example.org/jest failed\n"
                "npm error A complete log of this run can be found in: /x/debug-0.log"
            ),
            "npm error request to https://example.org/jest failed",
        ),
        ("src/a.c:1: error: no such file\nmake: *** [all] Error 2", "src/a.c:1: error: no such file"),
    ],
)
def test_the_line_that_tells_is_not_where_to_read_more(said: str, tells: str) -> None:
    """Of an output its error is quoted, not what build systems say below it."""
    assert tells == printable.telling(said.split("\n"))


@pytest.mark.parametrize("most", [20, 21, 22, 23, 24])
def test_a_title_is_cut_between_two_words(most: int) -> None:
    """What does not fit goes whole, and dots say so; one long word alone is cut within."""
    said = printable.one_line("fuse the passes of the softmax", most)

    assert said.endswith("...")
    assert len(said) <= most
    assert set(said.removesuffix("...").split()) <= {"fuse", "the", "passes", "of"}
    assert "x" * (most - 3) + "..." == printable.one_line("x" * 99, most)
