"""What text looks like in one document, so that what looks otherwise can be told from it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass

from helpers.read.pdf.text.lines import Line

MONO = re.compile(r"(?i)mono|cour|cm(sl)?tt|typewriter|consol|sftt|ectt|inconsol|lettergothic")
"""Fonts of programs."""
ENDED = re.compile(r"[.!?:][\"”’'»)\]]*(\s?\[[\d,\s–-]+\])?[\d∗*†‡]{0,2}$")
"""How a sentence ends."""


@dataclass
class Face:
    """What text looks like in this document: the size and font that most of it has, and the height of its lines."""

    size: float
    font: str
    leading: float
    rare: frozenset[str]
    """Fonts that hardly any text is set in: those of figures."""
    gaps: list[float]
    """Above each line, in points; 99 where it is the first of a column or page."""

    @classmethod
    def of(cls, lines: list[Line]) -> Face:
        """Look at all lines."""
        sizes: Counter[float] = Counter()
        fonts: Counter[str] = Counter()
        for line in lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
        size = sizes.most_common(1)[0][0] if sizes else 10.0
        for line in lines:
            if abs(line.size - size) < 0.6:
                fonts[line.font] += len(line.text)
        main = fonts.most_common(1)[0][0] if fonts else ""
        everything: Counter[str] = Counter()
        for line in lines:
            everything[line.font] += len(line.text)
        counts = Counter(line.font for line in lines)
        total = sum(everything.values())
        rare = frozenset(f for f, n in everything.items() if f != main and (n < 0.04 * total or n < 24 * counts[f]))
        gaps = [99.0]
        steps: Counter[float] = Counter()
        for before, line in itertools.pairwise(lines):
            down = before.y - line.y
            below = line.x < before.right + 5 and before.x < line.right + 5
            gap = down if line.page == before.page and 0 <= down < 200 and below else 99.0
            gaps.append(gap)
            if 0.7 * size < gap < 2.6 * size and abs(line.size - size) < 0.6:
                steps[round(gap * 2) / 2] += 1
        leading = steps.most_common(1)[0][0] if steps else 1.2 * size
        return cls(size, main, leading, rare, gaps[: len(lines)])

    def plain(self, line: Line) -> bool:
        """Say whether a line looks like text."""
        return line.font == self.font and abs(line.size - self.size) < 0.6

    def stands_out(self, line: Line) -> bool:
        """Say whether a line is larger than text, or bold or in a colour where text is not, or in capitals."""
        marked = line.bold or ("~" in line.font and "~" not in self.font)
        return line.size > self.size + 0.7 or (marked and line.size > self.size - 1.6) or capitals(line)


def capitals(line: Line) -> bool:
    """Say whether a line is set in capitals, small ones too."""
    return line.text.upper() == line.text and sum(c.isalpha() for c in line.text) > 3


def small_capitals(a: Line, b: Line) -> bool:
    """Say whether two lines are one text in small capitals: the line without a large one is smaller than the other."""
    return (
        a.font == b.font and a.page == b.page and capitals(a) and capitals(b) and 0.75 < a.size / (b.size or 1) < 1.34
    )
