"""Pages made of lines, as the tests of layout need them."""

from helpers.read.pdf import worker
from helpers.read.pdf.text.lines import Line

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
    return [(b.kind, f"{b.number} {b.text}".strip()) for b in worker.structure([p.lines for p in pages])]


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


def lettered():
    """Return pages whose second level is lettered in italics."""
    one, two = ieee()
    one.add("A. Safe things", font=ITALIC, gap=20, width=70, lead="A. Safe things").prose()
    one.add("B. Other things", font=ITALIC, gap=20, width=70, lead="B. Other things").prose()
    return one, two


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
