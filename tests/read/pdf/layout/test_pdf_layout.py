"""What a line is by its look and place, on pages made of lines: captions, titles, running heads of known layouts."""

from pdf_made import ITALIC, PROSE, Page, ieee, of_kind

from helpers.read.pdf.text import lines
from helpers.read.pdf.text.characters import Face, Word


def test_a_caption_in_small_capitals_goes_on():
    """A line of small capitals alone is smaller than one with a large capital: the caption does not end there."""
    one, two = ieee()
    two.add("Table I", size=8.0, gap=24, x=150, width=30)
    two.add("LARGEST ERRORS (NORMALIZED TO THE RANGE)", size=8.0, gap=9)
    two.add("USING BOTH WITH DIFFERENT BOUNDS", size=6.4, gap=9)
    two.add("12 3.1", size=6.2, gap=18).prose()
    assert ["Table I LARGEST ERRORS (NORMALIZED TO THE RANGE) USING BOTH WITH DIFFERENT BOUNDS"] == of_kind(
        "caption", one, two
    )


def test_captions_at_the_top_of_pages_are_no_running_heads():
    """`Table I` to `Table III` at the head of three pages stay, however alike they are."""
    pages = [*ieee()]
    for n, number in enumerate(("I", "II", "III"), 2):
        page = Page(n).add(f"Table {number}", size=8.0, x=150, width=30)
        pages.append(page.add(f"ERRORS OF THE {number}TH KIND", size=8.0, gap=9).add("1 2", size=6.2, gap=18).prose())
    assert [
        "Table I ERRORS OF THE ITH KIND",
        "Table II ERRORS OF THE IITH KIND",
        "Table III ERRORS OF THE IIITH KIND",
    ] == (of_kind("caption", *pages))


def test_a_caption_whose_label_is_of_another_face_goes_on():
    """Bold label and title, then smaller italics below: one caption. Also where only the first line is not all bold."""
    one, two = ieee()
    two.add("Figure 1. Refinement. The low-level state ma-", gap=40, font="Nimbus-Medi", lead="Figure 1. Refinement.")
    two.add("chine behaves as the high-level one does.", size=9.0, font=ITALIC, gap=11)
    two.add("Figure 2: Latency vs time. The average", size=9.0, font="Nimbus-Medi", gap=40)
    two.add("converges after two phases.", size=9.0, font="Nimbus-Medi", gap=11, bold=True)
    two.add(PROSE[0], gap=30).prose(3)
    assert [
        "Figure 1. Refinement. The low-level state machine behaves as the high-level one does.",
        "Figure 2: Latency vs time. The average converges after two phases.",
    ] == of_kind("caption", one, two)


def test_sentences_that_begin_a_line_with_a_figure_are_no_captions():
    """`(e.g., in Figure 1), black-box`, `Figure 1.b shows` and `... in Figure 1. We use` go on a sentence."""
    one, two = ieee()
    two.add("Figure 1: A machine of states.", size=9.0, gap=40).prose(2)
    two.add("this is gathered for each of those that begin it (e.g., X in").add(
        "Figure 1), black-box and other ways", font=ITALIC
    )
    two.add("Figure 1.b shows the graph of what was said, and the rest", font=ITALIC)
    three = Page(2).add("Figure 1. We use another function of the library to run", gap=0).prose(2)
    assert ["Figure 1: A machine of states."] == of_kind("caption", one, two, three)


def test_a_caption_in_the_face_of_the_text():
    """`Figure 4: Core syntax.` right below a grammar in the text's own face is a caption: no sentence goes on so."""
    one, two = ieee()
    two.add("returns an observable", x=120, width=80).add("Figure 4: Core syntax. C is a class name, f and m are")
    two.add("field and method names.").add(PROSE[0], gap=30).prose(3)
    assert ["Figure 4: Core syntax. C is a class name, f and m are field and method names."] == of_kind(
        "caption", one, two
    )


def test_the_body_of_an_algorithm_is_not_its_caption():
    """`Algorithm 1` in bold, its steps below it in smaller print."""
    one, two = ieee()
    two.add("Algorithm 1 Tiered replication", gap=40, lead="Algorithm 1").add(
        "1: while a node is left", size=9.0, gap=11
    )
    two.add("2: take it", size=9.0, gap=11).add(PROSE[0], gap=30).prose(3)
    assert ["Algorithm 1 Tiered replication"] == of_kind("caption", one, two)


def test_the_size_of_a_line_is_that_of_most_of_it():
    """A label one point larger than its caption, in the same font: the line has the caption's size."""
    label, rest = (Face("F", size, bold=False, italic=False, turn=0) for size in (10.0, 9.0))
    words = [
        Word("Figure", 72, 500, 100, label, False),
        Word("4:", 103, 500, 112, label, True),
        Word("An", 115, 500, 128, rest, True),
        Word("example", 131, 500, 170, rest, True),
    ]
    (line,) = lines.page_lines(words, 0)[0]
    assert ("Figure 4: An example", 9.0) == (line.text, line.size)


def test_a_caption_whose_label_made_its_first_line_larger():
    """The reader of PDFs gives a line the size of its label: a full first line goes on in smaller print."""
    one, two = ieee()
    two.add("12 38", size=9.0, gap=40, width=80).add(
        "Table 1: Number of reported and sampled failures for the sys-", gap=15
    )
    two.add("tems, and the catastrophic ones.", size=9.0, gap=11, width=100).add(PROSE[0], gap=24).prose(3)
    two.add("Table 2: Symptoms.", gap=30, width=70).add("oom 3 5", size=9.0, gap=12, width=80).prose(2)
    assert [
        "Table 1: Number of reported and sampled failures for the systems, and the catastrophic ones.",
        "Table 2: Symptoms.",
    ] == (of_kind("caption", one, two))


def test_a_sentence_that_begins_a_column_with_a_part_of_a_figure_is_no_caption():
    """`Figure 1.b shows the graph` at the top of a page, with nothing above it."""
    three = Page(2).add("Figure 1.b shows the graph of what was said, and the rest", gap=0).prose(2)
    assert [] == of_kind("caption", *ieee(), three)


def test_the_text_right_below_a_centred_caption_is_not_its():
    """The caption is one line that begins to the right of the column's edge; the text below begins at the edge."""
    one, two = ieee()
    two.add("Figure 5: Both of them.", x=100, width=100, gap=26).add("Based on those, it holds", gap=13).prose(3)
    assert ["Figure 5: Both of them."] == of_kind("caption", one, two)
