"""Tables: lines whose cells stand apart, one below the other."""

import re

from helpers.read.pdf.text.lines import Line

_LONG = 40
"""Characters of a cell; what is longer is a column of text."""
_LISTED = re.compile(r"[•◦▪■●○◆◇►‣∙·*–—-]|\(?(\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\[.*\]|.*\.\s?\.\s?\.")


def mark(lines: list[Line], kinds: list[str]) -> None:
    """Set the kind of the lines of tables."""
    n = 0
    while n < len(lines):
        last = m = n
        heights = set()
        while m < len(lines) and m < last + 4 and kinds[m] in ("text", "small") and lines[m].page == lines[n].page:
            if _in_a_row(lines, m):
                last = m
                heights.add(round(lines[m].y))
            elif m == n or len(lines[m].text) > _LONG:
                break
            m += 1
        if len(heights) > 1:
            kinds[n : last + 1] = ["table"] * (last + 1 - n)
        n = last + 1


def _in_a_row(lines: list[Line], n: int) -> bool:
    """Say whether a line has cells, or is one beside another."""
    line = lines[n]
    cells = [*line.cells]
    for m in (n - 1, n + 1):
        if 0 <= m < len(lines) and lines[m].page == line.page and abs(lines[m].y - line.y) < 2:
            cells += lines[m].cells
    if line.drawn or len(cells) < 2 or max(map(len, cells)) > _LONG:
        return False
    return len(cells) > 2 or not (_LISTED.match(line.text) or sum(map(len, cells)) > _LONG)


def rows(lines: list[Line]) -> str:
    """Return a table's rows, their cells parted by two blanks."""
    made: list[list[str]] = []
    for n, line in enumerate(lines):
        if n and abs(line.y - lines[n - 1].y) < 2 and line.x > lines[n - 1].x:
            made[-1] += line.cells
        else:
            made.append([*line.cells])
    return "\n".join("  ".join(row) for row in made)
