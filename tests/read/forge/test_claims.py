"""Measured claims in what people wrote, and the words of performance."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.read.forge import claims


@pytest.mark.parametrize(
    "text",
    [
        "This makes it 2.3x faster on x86",
        "2.3\u00d7 faster",
        "decoding is up to 1.5-2x faster",
        "a speedup of 2.3x for short keys",
        "3 times slower on ARM",
        "-15%",
        "\u221215.3 %",
        "| lookup | 12.3ns | 4.1ns | -66.7% |",
        "roughly 30% less memory",
        "Reduces runtime by 12%",
        "Combined performance patch (5% overall)",
        "from 12 ms to 4 ms",
        "12ms -> 4ms",
        "time drops from 1.2s to 0.3s",
        "from 1,200 allocs/op to 3 allocs/op",
        "1.2 s vs 0.4 s",
    ],
)
def test_a_measured_claim_is_quoted(text):
    """Each way in which people write a measured effect is found, and quoted with its line."""
    (found,) = claims.claims_in(f"Some words.\n\n{text}\nmore words")
    assert text.strip("| ").split()[-1].strip("|)") in found


@pytest.mark.parametrize(
    "text",
    [
        "4x4 matrix multiply",
        "python 3.10 to 3.11",
        "Bump x from 1.2 to 1.3",
        "100% of tests passed",
        "coverage decreased by -0.02%",
        "0x1F",
        "on x86 and 2x",
        "fixes #12",
        "<!-- is it 2x faster? -->",
        "see section 3.2",
    ],
)
def test_numbers_that_are_no_claims(text):
    """Versions, sizes, coverage and the comments of a template are not taken for measured effects."""
    assert [] == claims.claims_in(text)


def test_few_and_each_once():
    """At most as many as asked for, each once, and a long line is cut around its claim."""
    text = "\n".join(["it is 2x faster", "It is 2x faster", *(f"{n}x faster here" for n in range(3, 9))])
    assert ["it is 2x faster", "3x faster here", "4x faster here"] == claims.claims_in(text)
    (long,) = claims.claims_in("blah " * 200 + "it is 2x faster now" + " blah" * 200)
    assert "2x faster" in long
    assert len(long) <= 170


@given(st.text(alphabet="0123456789.,x% -+fastermspd\n|>to", max_size=400))
@settings(max_examples=60)
def test_any_text_gives_clean_lines(text):
    """Whatever the text, quotes are single bounded lines."""
    for claim in claims.claims_in(text, 50):
        assert "\n" not in claim
        assert 0 < len(claim) <= 170


@pytest.mark.parametrize(
    "text", ["1" * 60_000, "1 " * 30_000, "1.1x " * 12_000, "time " * 12_000, "<!--" * 15_000, "from 1 to " * 6_000]
)
def test_no_text_takes_long(text):
    """Hostile repetitions do end: with an expression that backtracks without bound this test would not."""
    assert isinstance(claims.claims_in(text), list)
    assert isinstance(claims.speed_words(text), list)


def test_words():
    """Words of performance are found whole, each once."""
    assert ["cache", "faster", "simd"] == claims.speed_words(
        "Cache the table; faster, faster with SIMD; scaffolding, breakfast"
    )
