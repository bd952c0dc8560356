"""The runs of text of a page, one font at one place each, as pypdf's plain mode hands them out.

Plain mode keeps the order in which the page was written, which in papers is the order of reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from helpers.read.pdf.text import fonts as text_fonts
from helpers.read.pdf.text import glyphs

MOST = 200_000
"""Characters of one page; a page of a book has 5,000."""


@dataclass
class Run:
    """Text of one font at one place, as pypdf hands it out."""

    text: str
    x: float
    y: float
    size: float
    font: str
    key: int
    turned: bool
    drawn: bool = False


def runs(page: Any, fonts: text_fonts.Fonts) -> list[Run]:  # noqa: ANN401 - pypdf's page
    """Return the runs of a page in the order of writing; line ends are in their text.

    Raises OverflowError for a page that shows more than a page can hold, and whatever pypdf raises.
    """
    for font in _fonts_of(page):
        text_fonts.repair_codes(font, fonts)
    visitor = _Visitor(fonts)
    page.extract_text(
        visitor_text=visitor.take, visitor_operand_before=visitor.enter, visitor_operand_after=visitor.leave
    )
    return visitor.found


class _Visitor:
    """Follows pypdf through a page."""

    def __init__(self, fonts: text_fonts.Fonts) -> None:
        self.found: list[Run] = []
        self._fonts, self._total = fonts, 0
        self._depth, self._before = 0, False
        """How deep in drawings; whether the text that comes next was shown before the drawing that was just entered."""
        self._spacing, self._size, self._saved = 0.0, 1.0, [(0.0, 1.0)]

    def enter(self, operator: bytes, operands: Any, cm: Any, tm: Any) -> None:  # noqa: ANN401, ARG002
        """Before an operator."""
        if operator == b"TJ":
            if self._spacing:
                self._widen(operands)
        elif operator == b"Tf" and len(operands) > 1:
            self._size = _number(operands[1]) or 1.0
        elif operator == b"Tw" and operands:
            self._spacing = _number(operands[0])
        elif operator == b"q":
            self._saved = [*self._saved[-200:], (self._spacing, self._size)]
        elif operator == b"Q" and self._saved:
            self._spacing, self._size = self._saved.pop()
        elif operator == b"Do":
            self._depth, self._before = self._depth + 1, True

    def _widen(self, operands: Any) -> None:  # noqa: ANN401
        """Write what every code 32 is stretched by as an offset after it.

        pypdf leaves it out: it then takes the place where a stretched line goes on for a gap, and misses the gap where
        code 32 is a letter, as in fonts that were cut down and numbered again.
        """
        from pypdf.generic import FloatObject, NumberObject

        parts = operands[0] if operands and isinstance(operands[0], list) else []
        offset = -round(self._spacing / abs(self._size) * 1000)
        if not offset or abs(offset) > 5_000:
            return
        made: list[Any] = []
        for part in parts:
            blank: Any = b" " if isinstance(part, bytes) else " "
            make: Any = type(part)
            if not isinstance(part, (str, bytes)):
                stretched = made and isinstance(made[-1], NumberObject) and made[-1] == offset
                made[-1:] = [FloatObject(float(part) + offset)] if stretched else [*made[-1:], part]
                continue
            if blank not in part:
                made.append(part)
                continue
            *ended, rest = part.split(blank)
            for piece in ended:
                made += [make(piece + blank), NumberObject(offset)]
            if rest:
                made.append(make(rest))
        parts[:] = made

    def leave(self, operator: bytes, operands: Any, cm: Any, tm: Any) -> None:  # noqa: ANN401, ARG002
        """After an operator."""
        self._depth -= operator == b"Do"

    def take(self, text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:  # noqa: ANN401
        """Take text that is complete."""
        drawn, self._before = self._depth > self._before, False
        if not text:
            return
        self._total += len(text)
        if self._total > MOST:
            raise OverflowError("more text on one page than a page can hold")
        key = self._fonts.key(font)
        across, along = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
        up = math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        size = abs(size) * up * self._fonts.heights.get(key, 1.0)
        turned = abs(along) > abs(across) * 1.2
        self.found.append(Run(text, x, y, size, self._fonts.names.get(key, ""), key, turned, drawn))
        self._fonts.show(key, text)
        if glyphs.shows_old_tex(text):
            self._fonts.old_tex.add(key)


def _number(value: Any) -> float:  # noqa: ANN401
    return float(value) if isinstance(value, (int, float)) else 0.0


def _fonts_of(page: Any) -> list[Any]:  # noqa: ANN401
    try:
        fonts = page["/Resources"].get_object()["/Font"].get_object()
        return [fonts[name].get_object() for name in list(fonts)[:200]]
    except (AttributeError, KeyError, TypeError):
        return []
