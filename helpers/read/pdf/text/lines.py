"""Pages as lines with their place, size and face, put together from words. Runs in the limited child."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from helpers.read.pdf.text import glyphs
from helpers.read.pdf.text.characters import Word

_MATH = re.compile(
    r"(?i)^(cmmi|cmsy|cmex|cmbsy|msam|msbm|mt(sy|mi|ex)|symbol|eufm|rsfs|txsy|txmi|txex|px(sy|mi|ex)|.*math|stmary|lasy)"
)
_STAMP = re.compile(r"arXiv:\S+\s+\[\S+\]\s+\d{1,2}\s+\w+\s+\d{4}")
_CAPTION = re.compile(r"\b(?:Table|Figure|Fig\.|Algorithm|Listing)\s+[\dA-Z][\d.]*\s*[:.]", re.IGNORECASE)
_WIDE = 3.0
"""A gap of this many times the size parts columns, or the cells of a table."""
_CELL = 7.5
"""A gap of this many of the narrowest blanks may part cells."""


@dataclass
class Line:
    """A line of a page: where it begins (points from the lower left), its size in points, and its face."""

    text: str
    page: int
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    font: str = ""
    bold: bool = False
    italic: bool = False
    math: float = 0.0
    lead: str = ""
    """The first words, where they are of another face than what follows them."""
    right: float = 0.0
    """Where it ends."""
    drawn: bool = False
    """It stands in a drawing that the page shows."""
    cells: tuple[str, ...] = ()
    """Its parts where wide gaps part it."""

    @property
    def style(self) -> tuple[str, float]:
        """The face, for telling headings from text."""
        return self.font, round(self.size * 2) / 2


def page_lines(words: Iterable[Word], page: int) -> tuple[list[Line], str]:
    """Return the lines of a page, and what is to be said of it.

    Most of a page is written in one direction, whichever that is. What is turned against it is left out.
    """
    found = list(words)
    turns: Counter[int] = Counter()
    for word in found:
        turns[word.face.turn] += len(word.text)
    upright = turns.most_common(1)[0][0] if turns else 0
    left = " ".join(w.text for w in found if w.face.turn != upright and not w.face.drawn)
    found = [w for w in found if w.face.turn == upright]
    whole = sum(len(w.text) for w in found if w.face.drawn) * 2 > sum(len(w.text) for w in found)
    rows: list[list[Word]] = []
    large = None
    for word in found:
        if whole and word.face.drawn:  # the page as such is a drawing
            word.face = replace(word.face, drawn=False)
        if large and _goes_on(rows[-1], large, word):
            rows[-1].append(word)
            large = word if word.face.size > large.face.size else large
        else:
            rows.append([word])
            large = word
    made = [line for row in rows if (line := _line(row, page)).text]
    return _drop_caps(made), _sideways(left, page)


def _sideways(left: str, page: int) -> str:
    """Say what is left out of a page, a turned table: more than arXiv's stamp or the name of an axis."""
    text = _STAMP.sub("", left).strip()
    if len(text) < 150 and not _CAPTION.search(text):
        return ""
    return f"page {page + 1}: sideways text is left out, look at the page itself: {text[:80]}"


def _goes_on(row: list[Word], large: Word, word: Word) -> bool:
    """Say whether a word stands on the line of those before it, the largest of which is `large`.

    Indices and the signs of formulas do too.
    """
    last = row[-1]
    if word.face.drawn != last.face.drawn:
        return False
    size = max(large.face.size, word.face.size)
    small = min(word.face.size, last.face.size) < 0.85 * size
    near = min(abs(word.y - large.y), abs(word.y - last.y)) < (0.65 if small else 0.35) * size
    return near and -0.7 * size < word.x - last.right < _WIDE * size and word.x > row[0].x


def _line(row: list[Word], page: int) -> Line:
    weight: Counter[str] = Counter()
    text, lead, leading = "", "", True
    cells = [""]
    first = row[0].face
    for before, word in zip([None, *row], row, strict=False):
        piece = glyphs.decoded(word.text, word.face.font)
        if before and word.x - before.right > _CELL * word.face.blank:
            cells.append("")
        piece = " " * _parts(before, word) + piece
        text, cells[-1] = text + piece, cells[-1] + piece
        leading = leading and word.face.font == first.font
        lead = text if leading else lead
        weight[word.face.font] += len(piece)
    main = max(weight, key=lambda font: weight[font])
    of_main = _most([w for w in row if w.face.font == main])
    total = sum(weight.values())
    bold = sum(len(w.text) for w in row if w.face.bold)
    return Line(
        text=glyphs.accents(text).strip(),
        page=page,
        x=row[0].x,
        y=of_main.y,
        size=of_main.face.size,
        font=main,
        bold=bold > 0.85 * sum(len(w.text) for w in row),
        italic=of_main.face.italic,
        math=sum(n for font, n in weight.items() if _MATH.match(font)) / max(1, len(text)),
        lead=lead.strip() if weight[main] < total and (first.bold or first.italic) else "",
        right=row[-1].right,
        drawn=first.drawn,
        cells=tuple(cell.strip() for cell in cells),
    )


def _parts(before: Word | None, word: Word) -> bool:
    """Say whether a blank stands between two words of a line."""
    gap = word.x - before.right if before else 0.0
    least = (word.face if not before or word.face.size <= before.face.size else before.face).blank
    return gap > least or (word.blank and gap > 0.3 * least and not word.face.font.startswith("#"))


def _most(words: list[Word]) -> Word:
    """Return a word that has the size of most of them; the first where sizes are far apart, as in small capitals."""
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[word.face.size] += len(word.text)
    best = max(sizes, key=lambda size: sizes[size])
    return next(w for w in words if w.face.size == best) if 0.85 < best / (words[0].face.size or 1) < 1.15 else words[0]


def _drop_caps(found: list[Line]) -> list[Line]:
    """Give the large first letter of a text back to its word."""
    made: list[Line] = []
    for line in found:
        before = made[-1] if made else None
        if (
            before
            and len(before.text) == 1
            and before.text.isupper()
            and before.size > 1.8 * line.size
            and len(line.text) > 20
        ):
            line.text, line.cells = before.text + line.text, ()
            made.pop()
        made.append(line)
    return made
