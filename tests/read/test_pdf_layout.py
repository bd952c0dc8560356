"""What a line is by its look and place, on pages made of lines: headings, captions, running heads of known layouts."""

from helpers.read import pdf_child, pdf_fonts, pdf_pages, pdf_parts
from helpers.read.pdf import Document
from helpers.read.pdf_pages import Line
from helpers.read.pdf_runs import Run

ROMAN, ITALIC = "Nimbus-Regu", "Nimbus-ReguItal"
PROSE = (
    "the stream is read once and every word of it is counted where it stands, and",
    "what is left over is kept for the next pass over the data, which is short as",
)


class Page:
    """A page that is written from the top; its lines of text are 12 points apart."""

    def __init__(self, number, top=720.0):
        self.lines, self._number, self._y = [], number, top

    def add(self, text, *, size=10.0, font=ROMAN, gap=12.0, x=54.0, width=240.0, **more):
        """Write a line below the last one."""
        self._y -= gap
        self.lines.append(
            Line(text, self._number, x, self._y, size, font, italic=font == ITALIC, right=x + width, **more)
        )
        return self

    def prose(self, rows=6):
        """Write lines of text."""
        for n in range(rows):
            self.add(PROSE[n % 2])
        return self


def blocks(*pages):
    """Return (kind, text) of what the pages hold."""
    return [(b.kind, f"{b.number} {b.text}".strip()) for b in pdf_child.structure([p.lines for p in pages], [])]


def of_kind(kind, *pages):
    """Return the texts of one kind."""
    return [text for k, text in blocks(*pages) if k == kind]


def ieee():
    """Return the first pages of a paper with Roman numbers in capitals of the text's own face."""
    one = Page(0).add("I. INTRODUCTION", x=120, width=90, gap=20).prose()
    one.add("II. METHODS IN USE TODAY AND REAL WORLD", gap=20, x=60).add("ATTACKS", size=8.0, x=140, width=30)
    one.add(PROSE[0], gap=16).prose(4)
    two = Page(1).add("III. RESULTS", x=120, width=70, gap=20).prose()
    return one, two


def test_a_heading_in_capitals_goes_on_over_two_lines():
    """Small capitals are smaller than the line above them where it holds a large one; both are one heading."""
    assert ["I INTRODUCTION", "II METHODS IN USE TODAY AND REAL WORLD ATTACKS", "III RESULTS"] == of_kind(
        "heading", *ieee()
    )


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
    assert ["Table I ERRORS OF THE ITH KIND", "Table II ERRORS OF THE IITH KIND", "Table III ERRORS OF THE IIITH KIND"] == (
        of_kind("caption", *pages)
    )  # fmt: skip


def lettered():
    """Return pages whose second level is lettered in italics."""
    one, two = ieee()
    one.add("A. Safe things", font=ITALIC, gap=20, width=70, lead="A. Safe things").prose()
    one.add("B. Other things", font=ITALIC, gap=20, width=70, lead="B. Other things").prose()
    return one, two


def test_a_paragraph_that_begins_in_italics_is_no_heading():
    """A line in the face of the headings whose sentence goes on below it is text."""
    one, two = lettered()
    two.add("Safety and soundness are weaker policies", font=ITALIC, gap=20, lead="Safety and soundness")
    two.add("than the former, and both are in use.").prose()
    assert ["I", "II", "A", "B", "III"] == [h.split()[0] for h in of_kind("heading", one, two)]


def test_headings_that_run_in_count_on():
    """`1) Kinds:` begins its paragraph; the second and third are found as the first is."""
    one, two = lettered()
    two.add("A. Last things", font=ITALIC, gap=20, width=70, lead="A. Last things").prose(2)
    for n, title in enumerate(("Special allocators", "Object based approaches", "Pointer based approaches"), 1):
        two.add(f"{n}) {title}: The way to", font=ITALIC, lead=f"{n}) {title}:", x=64).prose(3)
    assert ["A Last things", "1 Special allocators", "2 Object based approaches", "3 Pointer based approaches"] == of_kind(
        "heading", one, two
    )[-4:]  # fmt: skip


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


def test_the_head_of_a_tables_column_is_no_heading():
    """A word that headings also use, in bold, with other cells on its row or its column."""
    one, two = ieee()
    two.add("Experiments", font="Nimbus-Medi", bold=True, gap=20, width=50)
    two.add("1 50 250", font="Nimbus-Medi", bold=True, gap=0, x=150, width=50).add("reads 1 2 3", gap=12).prose(3)
    assert ["I", "II", "III"] == [h.split()[0] for h in of_kind("heading", one, two)]


def first_page():
    """Return a first page as journals print it: their own name as large as the title, keywords beside the abstract."""
    page = Page(0, 780).add("Journal of Systems", size=14, x=150).add("www.example.org/js", size=8, x=200)
    page.add("Finding the leader when processes recover", size=14, gap=50).add("Ada Lee, Bo Li", size=11, gap=24)
    page.add("a Departamento de Arquitectura, Universidad de Aqui, " * 6, size=6.4, font=ITALIC, gap=14)
    page.add("article info abstract", size=8.1, gap=50).add("Article history:", size=6.4, font=ITALIC, gap=19)
    page.add("Keywords:", size=6.4, font=ITALIC, gap=34).add("Consensus", size=6.4, gap=9)
    page.add("Detectors are means to know of failures, and of what follows from them.", size=7.2, gap=-40, x=208)
    for _ in range(6):
        page.add("They are of use, as each of them says which process may be trusted now.", size=7.2, gap=9, x=208)
    page.add("© 2008 Elsevier Inc. All rights reserved.", size=7.2, gap=9, x=208)
    return page.add("1. Introduction", font="Nimbus-Medi", bold=True, gap=50).prose()


def rest():
    """Return the pages after the first."""
    two = Page(1).add("2. Model", font="Nimbus-Medi", bold=True).prose()
    return two.add("3. Proof", font="Nimbus-Medi", bold=True, gap=20).prose()


def test_the_title_is_not_the_journals_name():
    """Of what is equally large the longest is the title."""
    assert ["Finding the leader when processes recover"] == of_kind("title", first_page(), rest())


def test_an_abstract_beside_the_keywords():
    """Where no heading says Abstract, the long paragraphs above the first numbered heading are it."""
    made = pdf_child.structure([p.lines for p in (first_page(), rest())], [])
    document = Document(2, 2, "", [], [b.plain() for b in made], [])
    assert pdf_parts.abstract(document)[0]["text"].startswith("Detectors are means to know")


def test_an_abstract_that_runs_in_without_a_mark():
    """`Abstract In these notes ...` in bold and plain."""
    page = (
        Page(0)
        .add("Abstract In these notes, we give an overview of it,", size=9, lead="Abstract")
        .add(PROSE[0], size=9)
    )
    page.add("1. Introduction", font="Nimbus-Medi", bold=True, gap=30).prose()
    assert ["Abstract", "1 Introduction", "2 Model", "3 Proof"] == of_kind("heading", page, rest())


def test_a_title_that_stands_on_two_pages_is_no_running_head():
    """A cover repeats the title of the page after it; the largest line of the first page stays."""
    cover = Page(0).add("A Note on Distributed Computing", size=18, gap=0).add("Jim Waldo", size=12, gap=60).prose(3)
    one = (
        Page(1)
        .add("A Note on Distributed Computing", size=18, gap=0)
        .add("1. Introduction", font="Nimbus-Medi", bold=True, gap=60)
    )
    assert ["A Note on Distributed Computing"] == of_kind("title", cover, one.prose(), *ieee())


def test_the_body_of_an_algorithm_is_not_its_caption():
    """`Algorithm 1` in bold, its steps below it in smaller print."""
    one, two = ieee()
    two.add("Algorithm 1 Tiered replication", gap=40, lead="Algorithm 1").add(
        "1: while a node is left", size=9.0, gap=11
    )
    two.add("2: take it", size=9.0, gap=11).add(PROSE[0], gap=30).prose(3)
    assert ["Algorithm 1 Tiered replication"] == of_kind("caption", one, two)


def test_a_title_that_the_files_outline_names():
    """The file's own outline begins with the title: it is the title all the same, and no heading."""
    page = first_page()
    outline = [
        (1, "Finding the leader when processes recover", 0),
        (2, "1. Introduction", 0),
        (2, "2. Model", 1),
        (2, "3. Proof", 1),
    ]
    made = pdf_child.structure([p.lines for p in (page, rest())], outline)
    assert ["Finding the leader when processes recover"] == [b.text for b in made if b.kind == "title"]
    assert ["1", "2", "3"] == [b.number for b in made if b.kind == "heading"]


def test_a_section_with_a_very_short_title():
    """`5.4 F1` in bold is a heading; so is a name with more signs than letters."""
    two = rest()
    two.add("3.1 Plain", font="Nimbus-Medi", bold=True, gap=20).prose().add(
        "3.2 F1", font="Nimbus-Medi", bold=True, gap=20
    ).prose()
    two.add("3.3 C++", font="Nimbus-Medi", bold=True, gap=20).prose()
    assert ["3.1 Plain", "3.2 F1", "3.3 C++"] == of_kind("heading", first_page(), two)[-3:]


def test_a_heading_without_a_number_among_italics():
    """Sentences that begin in italics do not make a line all in italics less of a heading."""
    one, two = lettered()
    for n in range(4):
        one.add(f"Corelet {n} is a thing that goes on", font=ITALIC, lead=f"Corelet {n}", gap=20).prose(2)
    two.add("IV. LANGUAGE", x=120, width=90, gap=20).add("Why objects at all?", font=ITALIC, gap=17, width=100)
    two.add("From the view of one who makes a language, objects are the", gap=17).prose()
    assert ["IV LANGUAGE", "Why objects at all?"] == of_kind("heading", one, two)[-2:]


def test_the_size_of_a_line_is_that_of_most_of_it():
    """A label one point larger than its caption, in the same font: the line has the caption's size."""
    fonts = pdf_fonts.Fonts()
    runs = [
        Run("Figure 4: ", 72, 500, 10.0, "F", 1, False),
        Run("An example of a schema for data, and", 115, 500, 9.0, "F", 1, False),
    ]
    (line,) = pdf_pages.lines([*runs, Run("\n", 72, 500, 9.0, "F", 1, False)], 0, fonts)
    assert 9.0 == line.size


def test_a_caption_whose_label_made_its_first_line_larger():
    """The reader of PDFs gives a line the size of its label: a full first line goes on in smaller print."""
    one, two = ieee()
    two.add("12 38", size=9.0, gap=40, width=80).add(
        "Table 1: Number of reported and sampled failures for the sys-", gap=15
    )
    two.add("tems, and the catastrophic ones.", size=9.0, gap=11, width=100).add(PROSE[0], gap=24).prose(3)
    two.add("Table 2: Symptoms.", gap=30, width=70).add("oom 3 5", size=9.0, gap=12, width=80).prose(2)
    assert ["Table 1: Number of reported and sampled failures for the systems, and the catastrophic ones.", "Table 2: Symptoms."] == (
        of_kind("caption", one, two)
    )  # fmt: skip


def test_a_paragraph_in_bold_is_no_heading():
    """A whole paragraph in the face of the headings stays text."""
    two = rest()
    two.add("Thus the system acts nondeterministically, subject only to the", font="Nimbus-Medi", bold=True, gap=20)
    for _ in range(3):
        two.add("condition that if it receives often enough then every message is", font="Nimbus-Medi", bold=True)
    assert ["1 Introduction", "2 Model", "3 Proof"] == of_kind("heading", first_page(), two)
