"""Characters as PDFium hands them out, put together to lines: turned pages, gaps, colours, and what PDFium dies of."""

import pdf_files
import pytest

from helpers.read.pdf import document, worker
from helpers.read.pdf.text.engines import Pdfium

PROSE = "The stream is read once, and every word of it is counted where it stands."


def shown(*pieces, font="/F1", size=10, matrix="1 0 0 1"):
    """Content that shows (x, y, text), each at its place."""
    return "".join(f"BT {font} {size} Tf {matrix} {x} {y} Tm ({text}) Tj ET\n" for x, y, text in pieces)


def saved(tmp_path, content, **more):
    """A PDF of one page, as a file."""
    file = tmp_path / "made.pdf"
    file.write_bytes(pdf_files.one_page(content.encode(), **more))
    return file


def texts(file):
    """The lines of its first page."""
    return [line.text for line in Pdfium(str(file)).page(0)[0]]


PAGE = shown(*((72, 700 - 12 * n, f"{n}. {PROSE}") for n in range(6)))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_rotated_page_is_read_as_if_it_were_not(tmp_path, turn):
    """`/Rotate` says how a page is shown, and nothing of its text."""
    file = saved(tmp_path, PAGE)
    upright = texts(file)
    file.write_bytes(file.read_bytes().replace(b"/Type/Page/Parent", b"/Rotate %d/Type/Page/Parent" % turn))
    assert 6 == len(upright)
    assert upright == texts(file)


def test_a_page_whose_text_is_turned_as_a_whole(tmp_path):
    """What most of a page is written along is its direction."""
    rows = shown(*((100 + 12 * n, 72, f"{n}. {PROSE}") for n in range(6)), matrix="0 1 -1 0")
    assert [f"{n}. {PROSE}" for n in range(6)] == texts(saved(tmp_path, rows))


def test_a_size_that_is_in_the_matrix(tmp_path):
    """Old drivers show a font of size 1, scaled: sizes and blanks are those of what is seen."""
    file = saved(tmp_path, shown((72, 700, PROSE), size=1, matrix="9 0 0 9"))
    (line,) = Pdfium(str(file)).page(0)[0]
    assert (PROSE, 9) == (line.text, round(line.size))


def test_rows_of_a_table_stay_rows(tmp_path):
    """One line a row, cells parted by two blanks; the text around it is no part of it."""
    cells = [("term", "n", "weight"), ("terror", "8375", "386"), ("bomb", "9664", "62")]
    table = shown(
        *((x, 600 - 12 * n, c) for n, row in enumerate(cells) for x, c in zip((90, 180, 250), row, strict=True))
    )
    file = saved(tmp_path, PAGE + table + shown((72, 540, PROSE), (72, 528, PROSE)))
    found = [b["text"] for b in document.read_pdf(file).blocks if b["kind"] == "table"]
    assert ["term  n  weight\nterror  8375  386\nbomb  9664  62"] == found


def test_a_list_and_two_columns_are_no_table(tmp_path):
    """A number before a sentence, and sentences side by side, are text."""
    listed = shown(*((x, 500 - 12 * n, t) for n in range(4) for x, t in ((72, f"{n}."), (110, PROSE))))
    columns = shown(*((x, 300 - 12 * n, PROSE[:45]) for n in range(4) for x in (72, 320)))
    kinds = {b["kind"] for b in document.read_pdf(saved(tmp_path, PAGE + listed + columns)).blocks}
    assert "table" not in kinds


def test_a_colour_is_a_part_of_the_face(tmp_path):
    """Grey and coloured lines can be told from text; black, however it is said, is no colour."""
    content = (
        f"0.5 g {shown((72, 700, 'Grey'))} 1 0 0 rg {shown((72, 680, 'Red'))} 0 0 0 rg {shown((72, 660, 'Black'))}"
    )
    fonts = [line.font for line in Pdfium(str(saved(tmp_path, content))).page(0)[0]]
    assert ["Helvetica~808080", "Helvetica~ff0000", "Helvetica"] == fonts


def test_what_pdfium_cannot_open_is_read_by_pypdf(tmp_path):
    """Plain lines come from pypdf, with headings by their numbers."""
    found = worker.answer_request({"file": str(saved(tmp_path, PAGE)), "plain": True})
    assert PROSE in found["blocks"][-1]["text"]


class Slow:
    """A file whose second page fails the first time it is asked for."""

    pages, title = 3, ""

    def __init__(self):
        self.asked = []

    def page(self, n):
        """Fail once."""
        self.asked.append(n)
        if self.asked.count(1) == 1 and n == 1:
            raise worker.TooLong
        return [worker.Line(PROSE, n)], "", False


def test_a_page_that_took_too_long_is_tried_again_alone():
    """After the others, and its lines stand in their place."""
    notes, slow = [], Slow()
    pages, _ = worker._pages(slow, range(3), worker.time.monotonic(), notes)
    assert ([0, 1, 2, 1], [0, 1, 2], []) == (slow.asked, [page[0].page for page in pages], notes)
