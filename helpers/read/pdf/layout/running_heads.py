"""Running heads and page numbers: what stands at the top or the bottom of page after page, its digits aside."""

import re
from collections import Counter

from helpers.read.pdf.layout.references import CAPTION
from helpers.read.pdf.text.lines import Line

_EDGE = 4
"""Lines looked at from the top and from the bottom of a page."""
_NUMBER = re.compile(r"[-–—\s]*(page\s*)?(\d{1,4}|[ivxl]{1,6})([-–—\s]*|\s*(of|/)\s*\d{1,4})", re.IGNORECASE)


def without(pages: list[list[Line]]) -> list[list[Line]]:
    """Return the pages without the lines that repeat at their edges."""
    pages = _unstamped(pages)
    counts = Counter(
        mask for page in pages for mask in {masked(row.text) for row in _edges(page) if not CAPTION.match(row.text)}
    )
    enough = 2 if len(pages) < 7 else 3  # of few pages each other one has the same head
    repeated = {mask for mask, n in counts.items() if mask and n >= enough and len(mask) < 160}
    return [_kept(page, repeated) for page in pages]


def _unstamped(pages: list[list[Line]]) -> list[list[Line]]:
    """Return the pages without what was stamped onto them as a drawing each time: numbers, notices of a library."""
    stamps = Counter(mask for page in pages for mask in {masked(line.text) for line in page if line.drawn})
    often = {mask for mask, n in stamps.items() if n >= 3 and n > 0.5 * len(pages)}
    return [[line for line in page if not (line.drawn and masked(line.text) in often)] for page in pages]


def masked(text: str) -> str:
    """Return what of a line stays the same from page to page."""
    return re.sub(r"\s+", " ", re.sub(r"\d+|\b[ivxl]+\b", "#", text.lower())).strip()


def _edges(page: list[Line]) -> list[Line]:
    rows = sorted((line for line in page if not line.drawn), key=lambda line: -line.y)
    return rows if len(rows) <= 2 * _EDGE else rows[:_EDGE] + rows[-_EDGE:]


def _kept(page: list[Line], repeated: set[str]) -> list[Line]:
    if not page:
        return page
    heights = [line.y for line in page if not line.drawn] or [0.0]
    top, bottom = max(heights), min(heights)
    gone = set()
    large = _large(page)
    for line in _edges(page):
        if line.size >= large:
            continue
        outermost = top - line.y < 16 or line.y - bottom < 16
        if (masked(line.text) in repeated and (outermost or _away(line, page))) or (
            outermost and _NUMBER.fullmatch(line.text) and _alone(line, page)
        ):
            gone.add(id(line))
    return [line for line in page if id(line) not in gone]


def _large(page: list[Line]) -> float:
    """Return from which size on lines are titles, which may repeat: the first page's, and `Chapter 2` on its own."""
    usual = sorted(line.size for line in page)[len(page) // 2]
    size = max((line.size for line in page if not line.drawn), default=0.0)
    return min(size, 1.25 * usual) if page[0].page == 0 and size > 12 else max(1.25 * usual, 1.0)


def _away(line: Line, page: list[Line]) -> bool:
    """Say whether a line stands apart from the text: nothing within two lines' height on one of its sides."""
    return min((abs(other.y - line.y) for other in page if abs(other.y - line.y) > 1), default=99) > 1.5 * line.size


def _alone(line: Line, page: list[Line]) -> bool:
    """Say whether nothing else stands on a line's height: a number there is the page's, not a table's."""
    return not any(other is not line and abs(other.y - line.y) < 2 for other in page)
