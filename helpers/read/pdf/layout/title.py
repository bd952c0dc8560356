"""The title of a paper: where it stands on the first page."""

import re

from helpers.read.pdf.layout.numbered_headings import Heading
from helpers.read.pdf.layout.unnumbered_headings import NAMES
from helpers.read.pdf.text.lines import Line

_SERIES = re.compile(
    r"(The )?((International |IEEE |ACM )?(Journal|Transactions|Proceedings|Letters)|Technical Report|Volume)\b"
)
"""How a line begins that names where a paper appeared, often as large as its title."""


def find_title(lines: list[Line], size: float, headings: list[Heading]) -> tuple[int, int]:
    """Return where the title stands as (first line, how many); (0, 0) when there is none that can be told.

    `size` is that of the text. A heading without a number may turn out to be the title: outlines often begin with it.
    """
    stop = min((h.at for h in headings if h.number or NAMES.fullmatch(h.title)), default=len(lines))
    top = [line for line in lines[: min(stop, 25)] if line.page == lines[0].page]
    at, count = _largest(top, size)
    return (0, 0) if any(h.at < at for h in headings) else (at, count)


def _largest(top: list[Line], size: float) -> tuple[int, int]:
    """Return the largest lines, of several such parts the longest; they are larger than the text."""
    good = [not line.drawn and not _SERIES.match(line.text) for line in top]
    most = max((line.size for line, fit in zip(top, good, strict=True) if fit and len(line.text) > 3), default=0.0)
    if most < size + 1.5:
        return 0, 0
    parts: list[tuple[int, int]] = []
    for n, line in enumerate(top):
        goes_on = bool(parts) and sum(parts[-1]) == n and parts[-1][1] < 5
        if not good[n] or abs(line.size - most) > (0.8 if goes_on else 0.3):
            continue
        parts[-1:] = [(parts[-1][0], parts[-1][1] + 1)] if goes_on else [*parts[-1:], (n, 1)]
    return max(parts, key=lambda p: sum(len(line.text) for line in top[p[0] : sum(p)]), default=(0, 0))
