"""Which lines are headings, on pages made of lines."""

from pdf_made import ITALIC, PROSE, ROMAN, Page, first_page, ieee, lettered, of_kind, rest

from helpers.read.pdf import parts, worker
from helpers.read.pdf.document import Document


def test_a_heading_in_capitals_goes_on_over_two_lines():
    """Small capitals are smaller than the line above them where it holds a large one; both are one heading."""
    assert ["I INTRODUCTION", "II METHODS IN USE TODAY AND REAL WORLD ATTACKS", "III RESULTS"] == of_kind(
        "heading", *ieee()
    )


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
    assert [
        "A Last things",
        "1 Special allocators",
        "2 Object based approaches",
        "3 Pointer based approaches",
    ] == of_kind("heading", one, two)[-4:]


def test_the_head_of_a_tables_column_is_no_heading():
    """A word that headings also use, in bold, with other cells on its row or its column."""
    one, two = ieee()
    two.add("Experiments", font="Nimbus-Medi", bold=True, gap=20, width=50)
    two.add("1 50 250", font="Nimbus-Medi", bold=True, gap=0, x=150, width=50).add("reads 1 2 3", gap=12).prose(3)
    assert ["I", "II", "III"] == [h.split()[0] for h in of_kind("heading", one, two)]


def test_the_title_is_not_the_journals_name():
    """Of what is equally large the longest is the title."""
    assert ["Finding the leader when processes recover"] == of_kind("title", first_page(), rest())


def test_an_abstract_beside_the_keywords():
    """Where no heading says Abstract, the long paragraphs above the first numbered heading are it."""
    made = worker.structure([p.lines for p in (first_page(), rest())])
    document = Document(2, "", [], [b.plain() for b in made], [])
    assert parts.abstract(document)[0]["text"].startswith("Detectors are means to know")


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


def test_a_title_in_the_face_of_headings():
    """The file's own outline begins with the title: it is the title anyway, and no heading."""
    page = first_page()
    made = worker.structure([p.lines for p in (page, rest())])
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


def test_a_paragraph_in_bold_is_no_heading():
    """A whole paragraph in the face of the headings stays text."""
    two = rest()
    two.add("Thus the system acts nondeterministically, subject only to the", font="Nimbus-Medi", bold=True, gap=20)
    for _ in range(3):
        two.add("condition that if it receives often enough then every message is", font="Nimbus-Medi", bold=True)
    assert ["1 Introduction", "2 Model", "3 Proof"] == of_kind("heading", first_page(), two)


def test_headings_that_the_files_outline_leaves_out():
    """An outline seldom goes below the second level: run-in `2.1.1 Kinds.` and lines in a face of their own count."""
    two = Page(1).add("2. Model", font="Nimbus-Medi", bold=True).prose()
    for n, title in enumerate(("Kinds.", "Costs."), 1):
        two.add(f"2.{n} Plain", font="Nimbus-Medi", bold=True, gap=20).prose(2)
        two.add(f"2.{n}.1 {title} It is as was said", gap=20, lead=f"2.{n}.1 {title}").prose(2).add("as they are.")
        two.add(f"Scaling of {title}", font=ITALIC, size=11, gap=22, width=90).add(
            "It is as was said above, and"
        ).prose(2)
    two.add("3. Proof", font="Nimbus-Medi", bold=True, gap=20).prose()
    made = worker.structure([first_page().lines, two.lines])
    assert ["2.1", "2.1.1 Kinds", "Scaling of Kinds.", "2.2", "2.2.1 Costs", "Scaling of Costs."] == [
        b.text if not b.number else b.number if b.text == "Plain" else f"{b.number} {b.text}"
        for b in made
        if b.kind == "heading" and ("2." in b.number or not b.number)
    ]


def test_a_section_with_its_pages_number_is_no_running_head():
    """`2. Model` at the top of page 2 and `3.1 Plain` at that of page 3, by chance: they stay."""
    titles = ("2. Model", "3.1 Proof", "4. Numbers", "5.1 Ends")
    pages = [
        first_page(),
        *(Page(n, 720).add(title, font="Nimbus-Medi", bold=True, gap=0).prose(9) for n, title in enumerate(titles, 1)),
    ]
    assert ["1 Introduction", "2 Model", "3.1 Proof", "4 Numbers", "5.1 Ends"] == of_kind("heading", *pages)


def test_the_head_of_a_part_of_a_table_is_no_heading():
    """`Implementation:` in small bold between rows."""
    one, two = ieee()
    two.add("Server 85 2 3", size=8.0, gap=30).add("Implementation:", size=8.0, font="Nimbus-Medi", bold=True, gap=14)
    two.add("Client 34 1 2", size=8.0, gap=9)
    assert ["I", "II", "III"] == [h.split()[0] for h in of_kind("heading", one, two)]


def test_what_begins_with_a_name_in_a_face_of_its_own():
    """`General Terms Design, Performance` and, at the end, `Acknowledgments: We thank`.

    An affiliation ends references.
    """
    page = Page(0).add("General Terms Design, and more", lead="General Terms")
    page.add("1. Introduction", font="Nimbus-Medi", bold=True, gap=30).prose()
    two = rest().add("Acknowledgments: We thank them", lead="Acknowledgments:", gap=20)
    assert ["General Terms", "1 Introduction", "2 Model", "3 Proof", "Acknowledgments"] == of_kind("heading", page, two)


def test_what_stands_between_paragraphs_in_a_face_of_its_own_is_no_heading():
    """A sentence in italics, a line of a program, and the first line of a title that runs in."""
    two = rest()
    for text, font in (
        ("N is the matrix.", ITALIC),
        ("Overall sum of hod", "CMSLTT10"),
        ("What to do with those", "Nimbus-Medi"),
    ):
        for _ in range(2):
            two.add("as was said.").add(text, font=font, gap=20, width=80, bold=font == "Nimbus-Medi")
            lead = {"lead": "Other things:"} if font == "Nimbus-Medi" else {}
            two.add("Other things: the first of them is here", **lead)
    assert ["2 Model", "3 Proof"] == of_kind("heading", first_page(), two)[-2:]


def test_the_outline_names_a_heading_and_not_a_list_with_its_words():
    """A list above the section has the very words of its title."""
    two = Page(1).add("2. Model", font="Nimbus-Medi", bold=True).prose().add("Proof of it all", gap=20, x=64)
    two.add("3. Proof of it all", font="Nimbus-Medi", bold=True, gap=20).prose()
    made = worker.structure([first_page().lines, two.lines])
    assert ["1", "2", "3"] == [b.number for b in made if b.kind == "heading"][-3:]


def test_a_sign_of_another_font_in_a_bold_heading():
    """`3 Codes & design`, the sign in the face of formulas, is one title and no run-in heading."""
    two = rest().add("4. Codes & design", lead="4. Codes", font="Nimbus-Medi", bold=True, gap=20).prose()
    assert "4 Codes & design" == of_kind("heading", first_page(), two)[-1]


def test_the_heads_of_a_tables_columns_are_no_heading():
    """`Processor Model Clock Speed` in bold at the top of a page; the row below came as two cells."""
    two = rest().add("as was said.")
    for n in (2, 3):
        page = Page(n).add("Processor Model Clock Speed", font="Other-Medi", bold=True, gap=0)
        page.add("Intel Xeon E5 and all of its cores 2.30 GHz", width=150).add("72 snooping", gap=0, x=350)
        two.lines += page.prose().add("as was said.").lines
    assert ["2 Model", "3 Proof"] == of_kind("heading", first_page(), two)[-2:]


def test_a_line_that_is_mostly_in_italics_is_no_heading():
    """The first line of an abstract, as wide as the one below it, which begins with a name."""
    page = Page(0).add("Abstract", font="Nimbus-Medi", bold=True)
    page.add("We show Logically Qualified Things, and what they are", font=ITALIC, gap=18)
    page.add("Things, which is a way to tell what will be for").prose().add("It ends.")
    page.add("1. Introduction", font="Nimbus-Medi", bold=True, gap=30).prose().add("It ends.")
    page.add("We show Logically Qualified Things, and what they are", font=ITALIC, gap=18)
    page.add("Things, which is a way to tell what will be for").prose()
    assert ["Abstract", "1 Introduction", "2 Model", "3 Proof"] == of_kind("heading", page, rest())


def test_headings_in_italics_of_a_third_level_without_a_number():
    """Larger or slanted, apart from the text above, right above a paragraph, more than once."""
    two = rest().add("as was said.")
    for title in ("Software", "Trial search"):
        two.add(title, font=ITALIC, gap=20, width=60).add("It is as was said above, and").prose().add("It ends.")
    assert ["Software", "Trial search"] == of_kind("heading", first_page(), two)[-2:]


def test_headings_in_a_colour():
    """Grey or coloured lines of the text's own size above paragraphs are headings, the first of them too."""
    pages = [Page(0).add("A title of this paper", size=18).prose()]
    for n, title in enumerate(("Background and Motivation", "Transport Layer", "Conclusion"), 1):
        page = Page(n).prose().add(title, font=f"{ROMAN}~eb663e", gap=24, width=80)
        pages.append(page.add("It is as was said above, and", gap=14).prose())
    assert ["Background and Motivation", "Transport Layer", "Conclusion"] == of_kind("heading", *pages)


def test_chapters_of_a_monograph_are_sections():
    """`CHAPTER 2` stands alone, its title below it; sections count within it."""
    pages = []
    for n, (title, count) in enumerate((("Of Streams", 2), ("Of Words", 1), ("Of Ends", 1)), 1):
        page = Page(n).add(f"CHAPTER {n}", size=14, gap=60, width=80).add(title, size=20, gap=40, width=100).prose()
        for part in range(1, count + 1):
            page.add(f"{n}.{part} Part", font="Nimbus-Medi", bold=True, gap=24, width=50).prose()
        pages.append(page)
    made = worker.structure([p.lines for p in pages])
    assert [
        (1, "CHAPTER 1", "Of Streams"),
        (2, "1.1", "Part"),
        (2, "1.2", "Part"),
        (1, "CHAPTER 2", "Of Words"),
        (2, "2.1", "Part"),
        (1, "CHAPTER 3", "Of Ends"),
        (2, "3.1", "Part"),
    ] == [(b.level, b.number, b.text) for b in made if b.kind == "heading"]


def test_the_abstract_is_not_taken_from_an_appendix_nor_begun_in_a_sentence():
    """A summary below numbered sections is none; a paragraph that goes on from elsewhere does not begin it."""
    texts = [("text", "goes on from a box beside it. " * 12), ("text", "We show how words are counted. " * 12)]
    rows = [*texts, ("heading", "Introduction"), ("text", "Once."), ("heading", "Summary"), ("text", "Screens.")]
    blocks = [
        {"kind": k, "text": t, "page": 1, "end": 1, "number": "1" if t == "Introduction" else ""} for k, t in rows
    ]
    (found,) = parts.abstract(Document(1, "", [], blocks, []))
    assert found["text"].startswith("We show")
