"""What each line of a paper is: a heading, text, a caption, a footnote, an equation, code, or small print."""

import re
from collections import Counter

from helpers.read.pdf.layout import captions, tables
from helpers.read.pdf.layout.body_style import MONO, Face
from helpers.read.pdf.layout.numbered_headings import Heading
from helpers.read.pdf.text.lines import Line

_NOTE = re.compile(r"([*∗†‡§¶⋆]|\d{1,2}(?=[A-Z“(h\s]))\s*\S")
_WORD = re.compile(r"[A-Za-z]{3,}")
_OPERATOR = re.compile(r"[=<>≤≥≈∼+−×·∑∏∫√∈⊆→⇒∀∃∂∞|]|\b(min|max|log|exp|lim|sup|argmin|argmax)\b")
_LABEL = re.compile(r"\(?\d{1,3}[a-z]?\)|\([A-Z]?\d?\.?\d{1,3}\)")


class Columns:
    """Where the columns of each page begin and end, by the lines of text on it."""

    def __init__(self, lines: list[Line], face: Face) -> None:
        by_page: dict[int, list[Line]] = {}
        for line in lines:
            if len(line.text) > 25 and abs(line.size - face.size) < 1.6:
                by_page.setdefault(line.page, []).append(line)
        self._edges = {page: _edges(rows) for page, rows in by_page.items()}
        self._rights: dict[tuple[int, float], float] = {}
        for page, rows in by_page.items():
            grouped: dict[float, list[float]] = {}
            for line in rows:
                grouped.setdefault(self._edge(page, line.x), []).append(line.right)
            for edge, rights in grouped.items():
                self._rights[page, edge] = sorted(rights)[int(0.7 * (len(rights) - 1))]

    def _edge(self, page: int, x: float) -> float:
        edges = self._edges.get(page, [])
        return max((e for e in edges if e <= x + 3), default=edges[0] if edges else x)

    def indent(self, line: Line) -> float:
        """How far a line begins to the right of its column's edge, in points."""
        return line.x - self._edge(line.page, line.x)

    def short(self, line: Line) -> bool:
        """Say whether a line ends well before its column does."""
        edge = self._edge(line.page, line.x)
        right = self._rights.get((line.page, edge), line.right)
        return line.right < edge + 0.72 * (right - edge)

    def same(self, a: Line, b: Line) -> bool:
        """Say whether two lines stand in the same column of the same page."""
        return a.page == b.page and self._edge(a.page, a.x) == self._edge(b.page, b.x)


def _edges(rows: list[Line]) -> list[float]:
    counts = Counter(round(line.x / 2) * 2 for line in rows)
    enough = max(2, 0.06 * len(rows))
    edges: list[float] = []
    for x in sorted(counts):
        near = sum(n for at, n in counts.items() if abs(at - x) <= 2)
        if near >= enough and (not edges or x - edges[-1] > 120):
            edges.append(x - 1.0)
    return edges


def kinds_of(lines: list[Line], face: Face, headings: list[Heading], columns: Columns) -> list[str]:
    """Return the kind of each line: heading, text, caption (`+caption` goes on), note, small, equation, code, table."""
    kinds = [_own(line, face) for line in lines]
    tables.mark(lines, kinds)
    headings = [h for h in headings if not lines[h.at].drawn]
    for h in headings:
        kinds[h.at : h.at + h.count] = ["heading"] * h.count
    _notes(lines, kinds, columns)
    for h in headings:
        _small_sections(lines, kinds, h)
    captions.mark(lines, kinds, face, columns.short)
    return kinds


def _own(line: Line, face: Face) -> str:
    if line.drawn:
        return "small"
    if MONO.search(line.font) and not MONO.search(face.font):
        return "code"
    words = _WORD.findall(line.text)
    if (
        len(words) <= 2
        and not line.bold
        and (line.math > 0.25 or len(_OPERATOR.findall(line.text)) >= 2 or _LABEL.fullmatch(line.text))
    ):
        return "equation"
    odd = line.font in face.rare and not (line.bold or line.italic or line.lead) and len(line.text) < 60
    return "small" if line.size < face.size - 0.7 or odd else "text"


def _small_sections(lines: list[Line], kinds: list[str], heading: Heading) -> None:
    """Take small print right below a heading for the section's text: abstracts and appendices are often set so."""
    n = heading.at + heading.count
    size = lines[n].size if n < len(lines) else 0.0
    if not heading.rest and n < len(lines) and len(lines[n].text) < 30:
        return
    while n < len(lines) and kinds[n] == "small" and not lines[n].drawn and abs(lines[n].size - size) < 0.6:
        kinds[n] = "text"
        n += 1


def _notes(lines: list[Line], kinds: list[str], columns: Columns) -> None:
    """Mark small print at the foot of a column, from the first line with a mark of a footnote on."""
    by_page: dict[int, list[int]] = {}
    for n, line in enumerate(lines):
        by_page.setdefault(line.page, []).append(n)
    for n, line in enumerate(lines):
        if (
            kinds[n] != "small"
            or not _NOTE.match(line.text)
            or (n and kinds[n - 1] == "small" and lines[n - 1].y < line.y + 40)
        ):
            continue
        below = [m for m in by_page[line.page] if lines[m].y < line.y and columns.same(lines[m], line)]
        if len(below) < 25 and all(kinds[m] in ("small", "equation", "code") for m in below):
            kinds[n] = "note"
            for m in below:
                kinds[m] = "note"
