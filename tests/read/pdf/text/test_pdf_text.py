"""The parts of PDF text extraction that are pure logic: letters, words, running heads, numbered headings."""

# ruff: noqa: RUF001 - the signs that papers use are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import console
from helpers.read.pdf import parts
from helpers.read.pdf.document import Document
from helpers.read.pdf.layout import numbered_headings, running_heads
from helpers.read.pdf.layout import references as layout_references
from helpers.read.pdf.text import glyphs
from helpers.read.pdf.text.hyphenation import Vocabulary
from helpers.read.pdf.text.lines import Line


@pytest.mark.parametrize(
    ("text", "font", "expected"),
    [
        ("\x0cne-grained con\ricting e\x0bect a\x0ene", "CMR9", "fine-grained conflicting effect affine"),
        ("Systems|concurrency, 1{2", "#7", "Systems—concurrency, 1–2"),
        ("if (a | b) { c }", "CMTT9", "if (a | b) { c }"),
        ("e\ufb03cient \ufb02ow", "Arial", "efficient flow"),
        ("Jean\xadMichel", "NimbusSanL-Regu", "Jean-Michel"),
    ],
)
def test_codes_of_fonts(text, font, expected):
    """Ligatures at the places where TeX's fonts keep them; dashes only in those of pictures."""
    assert expected == glyphs.decoded(text, font)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jean L ´eon", "Jean Léon"),
        ("Mu¨ller", "Müller"),
        ("L´opez", "López"),
        ("von ¨Ostlund", "von Östlund"),
        ("G¨odel", "Gödel"),
        ("a ˆ b", "a ˆ b"),
        ("plain", "plain"),
    ],
)
def test_accents_find_their_letters(text, expected):
    """An accent before or after its letter, with a blank or without."""
    assert expected == glyphs.accents(text)


@given(st.text(max_size=80), st.sampled_from(["CMR9", "#7", "", "Times"]))
def test_any_text_in_any_font(text, font):
    """No text is too odd."""
    assert isinstance(glyphs.accents(glyphs.decoded(text, font)), str)
    assert glyphs.readable(text) <= 1


LINES = [
    "a fast storage system for data-intensive work",
    "the storage is data-intensive and well-known",
    "readers and writers wait",
]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("this sto-", "rage is", "this storage is"),
        ("it is data-", "intensive work", "it is data-intensive work"),
        ("the RDBMS-", "based one", "the RDBMS-based one"),
        ("unseen quix-", "otic words", "unseen quixotic words"),
        ("a well-", "known fact", "a well-known fact"),
        ("Smith-", "Jones said", "Smith-Jones said"),
        ("see https://example.org/", "papers/x.pdf", "see https://example.org/papers/x.pdf"),
        ("one", "two", "one two"),
        ("range 1-", "2 holds", "range 1-2 holds"),
    ],
)
def test_words_over_line_ends(before, after, expected):
    """The document's own words decide; names and numbers keep their hyphen."""
    assert expected == Vocabulary(LINES).join(before, after)


def page(number, *rows):
    """A page of lines, from the top."""
    return [Line(text, number, 72, 760 - 12 * n if n else 790, 10, "F") for n, text in enumerate(rows)]


def test_running_heads_go_and_headings_stay():
    """What repeats at the edge goes, its digits aside; a heading that begins with its page's number stays."""
    titles = ("Transactions", "Servers", "Proofs", "Networks", "Incentives", "Privacy")
    pages = [page(n, f"Author et al. {n + 1}", f"{n + 1}. {titles[n]}", *("text",) * 6) for n in range(6)]
    kept = running_heads.without(pages)
    assert [f"{n + 1}. {title}" for n, title in enumerate(titles)] == [p[0].text for p in kept]


def test_what_repeats_below_a_running_head_stays():
    """A letter of a formula or the head of a column, high on page after page, is text."""
    pages = [page(n, "Author et al.", *("abcd"[n] * k for k in range(4, 14))) for n in range(4)]
    pages = [[*p[:2], Line("x", n, 300, 747.5, 10, "F"), *p[2:]] for n, p in enumerate(pages)]
    kept = running_heads.without(pages)
    assert [[line.text for line in p[1:]] for p in pages] == [[line.text for line in p] for p in kept]


def test_what_stands_high_on_two_pages_of_many_stays():
    """Two tables may begin alike at the top of their pages; of few pages two may well have one head."""
    pages = [page(n, "Operation Mean" if n in (2, 5) else f"{'abcdefgh'[n] * 9}", *("text",) * 6) for n in range(8)]
    kept = [[line.text for line in p] for p in running_heads.without(pages)]
    assert ["Operation Mean"] * 2 == [kept[n][0] for n in (2, 5)]
    assert "Operation Mean" not in str(running_heads.without([pages[n] for n in (0, 1, 2, 5)]))


@given(st.lists(st.lists(st.text(min_size=1, max_size=12).filter(str.strip), max_size=12), max_size=6))
def test_margins_never_add(rows):
    """Whatever the pages hold, lines only go, and no page is lost."""
    pages = [page(n, *texts) for n, texts in enumerate(rows)]
    kept = running_heads.without(pages)
    assert len(pages) == len(kept)
    assert all(
        {id(line) for line in after} <= {id(line) for line in before} for before, after in zip(pages, kept, strict=True)
    )


def candidates(*numbers, weight=1.9):
    """Candidates for headings, in order; a number in brackets weighs little."""
    made = []
    for at, number in enumerate(numbers):
        light = number.startswith("(")
        path = tuple(int(part) for part in number.strip("()").split("."))
        made.append(numbered_headings.Candidate(at, "arabic", path, number, "Title", 0.5 if light else weight))
    return made


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (("1", "1.1", "1.2", "2", "2.1", "3"), ["1", "1.1", "1.2", "2", "2.1", "3"]),
        (("1", "2", "(1)", "(2)", "(3)", "3", "4"), ["1", "2", "3", "4"]),
        (("1", "2", "4", "5"), ["1", "2", "4", "5"]),
        (("7", "1", "2", "9", "3"), ["1", "2", "3"]),
    ],
)
def test_the_chain_of_numbers(numbers, expected):
    """Numbers that follow each other are taken; lists inside a section and stray numbers are not."""
    assert expected == [h.number for h in numbered_headings.chain(candidates(*numbers))]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), max_size=40))
def test_a_chain_is_in_order(pairs):
    """Whatever numbers there are, those of a chain rise."""
    numbers = [f"{a}.{b}" if b else str(a) for a, b in pairs]
    chosen = [tuple(map(int, h.number.split("."))) for h in numbered_headings.chain(candidates(*numbers))]
    assert sorted(chosen) == chosen


def references(*rows):
    """Lines of a list of references, each (indent, text)."""
    return [Line(text, 0, 72 + indent, 700 - 12 * n, 10, "F", right=300) for n, (indent, text) in enumerate(rows)]


@pytest.mark.parametrize(
    "rows",
    [
        [(0, "[1] A. One. Title of it,"), (12, "in [7] of 1999."), (0, "[2] B. Two."), (0, "[3] C. Three.")],
        [(0, "1. A. One. Title of it,"), (12, "1999."), (0, "2. B. Two."), (0, "3. C. Three.")],
        [
            (0, "One, A. Title of it,"),
            (12, "in 1999."),
            (0, "Two, B. 2000. Title,"),
            (12, "and more."),
            (0, "Three, C. 2001."),
        ],
    ],
)
def test_items_of_references(rows):
    """Three items, by marks in brackets, by numbers, by hanging indentation."""
    assert 3 == len(layout_references.items(references(*rows)))


def test_grep_counts_matches_of_a_sentence_once():
    """Two matches in one sentence are one place."""
    blocks = [
        {"kind": "heading", "text": "Caches", "page": 1, "end": 1, "number": "2"},
        {"kind": "text", "text": "A cache is a cache. Nothing here. One cache more.", "page": 1, "end": 1},
    ]
    hits = [[1, 2, 7], [1, 13, 18], [1, 38, 43]]
    rows = parts.places(Document(1, "", [], blocks, hits), 0)
    assert [("2 Caches", 2, "A cache is a cache."), ("2 Caches", 1, "One cache more.")] == [
        (r["section"], r["matches"], r["text"]) for r in rows
    ]


def lettered():
    """A document with Roman, lettered and Arabic headings, each with a line of text."""
    rows = [
        (1, "I", "Intro"),
        (1, "IV", "Design"),
        (2, "A", "Parts"),
        (3, "1", "Small"),
        (2, "B", "Whole"),
        (1, "V", "Tests"),
        (2, "A", "Setup"),
        (2, "B", "Speed"),
    ]
    blocks = []
    for level, number, title in rows:
        blocks.append({"kind": "heading", "text": title, "page": 1, "end": 1, "level": level, "number": number})
        blocks.append({"kind": "text", "text": f"About {title}.", "page": 1, "end": 1})
    return Document(1, "", [], blocks, [])


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        ("IV.B", "Whole"),
        ("IV-B", "Whole"),
        ("iv b", "Whole"),
        ("4.2", None),
        ("4", "Design"),
        ("1", "Intro"),
        ("V.A", "Setup"),
        ("IV.A.1", "Small"),
        ("IV.A.1.", "Small"),
        ("IV", "Design"),
        ("Speed", "Speed"),
        ("V.B Speed", "Speed"),
        ("B. Speed", "Speed"),
    ],
)
def test_a_section_by_the_path_of_its_numbers(wanted, title):
    """`IV.B` is B below IV, `4` is IV where no heading is numbered 4."""
    if title is None:
        with pytest.raises(console.Failure):
            parts.section(lettered(), wanted)
    else:
        assert title == parts.section(lettered(), wanted)[0]["text"]


def test_a_number_that_several_sections_have_is_no_answer():
    """`B` names two sections: exit 2, and both are named with the way to ask for one."""
    with pytest.raises(console.Failure) as error:
        parts.section(lettered(), "B")
    assert (2, True) == (error.value.code, "IV.B Whole; V.B Speed" in error.value.do)


def test_a_table_of_contents_is_readable():
    """Leaders of dots are no codes, and a list of names without a common word is no foreign code; codes are."""
    rows = "\n".join(f"splineOrder{n} {'. ' * 40}{n}" for n in range(60))
    assert glyphs.readable(rows) > 0.75
    assert glyphs.readable("\n".join("xyVector rplot tsdiag . . . . . 12" for _ in range(200))) > 0.75
    assert glyphs.readable(" ".join(["#$%&", "'(*)", "4H.", "!#"] * 200)) < 0.75
