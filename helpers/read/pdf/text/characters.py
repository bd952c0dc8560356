"""Words of a page with their place and face, as PDFium hands out its characters. Runs in the limited child.

PDFium keeps the order in which the page was written, which in papers is the order of reading.
"""

from __future__ import annotations

import ctypes
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST = 200_000
"""Characters of one page; a page of a book has 5,000."""
_OBJECTS = 200_000
_BOLD = re.compile(r"(?i:bold|black|heavy|demi)|Medi$|Medi-|^(CM|SF|EC|LM|cm|ec|sf)(BX|B\d|SSBX|bx)|[a-z]TB|-B$|\.B\b")
_ITALIC = re.compile(r"(?i:ital|obli)|Ital|^(CM|SF|EC|cm)(TI|SL|BXTI|ti|sl)|-It\b|TI$|\.I\b")
_HYPHEN = "\x02"
"""What PDFium makes of a hyphen at the end of a line; no other sign for the line's end follows it."""
_WORD = re.compile(rf"(?:(?!{_HYPHEN})(?:\S|[\x0b\x0c\x1c-\x1f]|\r(?!\n)))*{_HYPHEN}?")
"""Old fonts keep ligatures where Unicode has blanks; a line's end that PDFium made is \\r\\n."""
_FORCED_BOLD = 0x40000


@dataclass(frozen=True)
class Face:
    """What a piece of text is shown in."""

    font: str
    size: float
    bold: bool
    italic: bool
    turn: int
    """Quarters of a turn, counterclockwise."""
    drawn: bool = False
    """It stands in a drawing that the page shows."""

    @functools.cached_property
    def blank(self) -> float:
        """The least gap between two letters that is a blank; pictures of letters have no bearings."""
        return (0.18 if self.font.startswith("#") else 0.12) * self.size


@dataclass
class Word:
    """A word, or the part of one that is of one face: where it begins and ends on its baseline."""

    text: str
    x: float
    y: float
    right: float
    face: Face
    blank: bool
    """Whether PDFium puts a blank before it; that it puts none says little."""


class Page:
    """The characters of one page of pypdfium2's."""

    def __init__(self, page: Any, sizes: dict[int, float]) -> None:  # noqa: ANN401
        """`sizes` keeps, from page to page, those of fonts of pictures."""
        import pypdfium2.raw as pdfium  # type: ignore[import-untyped]

        self._pdfium: Any = pdfium
        self._text_page, self._sizes = page.get_textpage(), sizes
        self._raw = self._text_page.raw
        found = list(_text_and_pictures(pdfium, page.raw, 0))
        self.pictured = any(kind == pdfium.FPDF_PAGEOBJ_IMAGE for kind, _ in found)
        self._inside = {ctypes.addressof(o.contents) for kind, o in found if kind == pdfium.FPDF_PAGEOBJ_TEXT}
        self._faces: dict[int, Face] = {}
        self._rect, self._loose = pdfium.FS_RECTF(), pdfium.FPDFText_GetLooseCharBox

    def words(self) -> Iterator[Word]:
        """Yield the words in the order of writing. Raises OverflowError where there are more than a page can hold."""
        count = self._pdfium.FPDFText_CountChars(self._raw)
        if count > MOST:
            raise OverflowError("more text on one page than a page can hold")
        buffer = (ctypes.c_ushort * (count + 1))()
        whole = self._pdfium.FPDFText_GetText(self._raw, 0, count, buffer) == count + 1
        codes = buffer[:count] if whole else [self._pdfium.FPDFText_GetUnicode(self._raw, n) for n in range(count)]
        text, last = "".join(map(chr, codes)).replace("\ufffe", _HYPHEN), 0
        for found in _WORD.finditer(text):
            if found[0]:
                between = text[last : found.start()]
                blank = " " in between
                last = found.end()
                yield from self._one_face(found[0].replace(_HYPHEN, "-"), found.start(), blank)

    def _one_face(self, text: str, start: int, blank: bool) -> Iterator[Word]:
        """Yield a word in parts of one face."""
        end, first = start + len(text), self._object(start)
        stop = end
        if stop > start + 1 and self._object(end - 1) != first:
            stop = next(n for n in range(start + 1, end) if self._object(n) != first)
        face = self._face(first, start)
        least, turn, begin = face.blank, face.turn, start
        _, right = self._box(start, turn)
        for n in range(start + 1, stop):
            left, after = self._box(n, turn)
            if left - right > least:
                yield Word(text[begin - start : n - start], *self._origin(begin, turn), right, face, blank)
                begin, blank = n, False
            right = after
        yield Word(text[begin - start : stop - start], *self._origin(begin, turn), right, face, blank)
        if stop < end:
            yield from self._one_face(text[stop - start :], stop, False)

    def _object(self, n: int) -> int:
        found = self._pdfium.FPDFText_GetTextObject(self._raw, n)
        return ctypes.addressof(found.contents) if found else 0

    def _box(self, n: int, turn: int) -> tuple[float, float]:
        """Return where a character begins on its line, and where the next one would."""
        box = self._rect
        self._loose(self._raw, n, box)
        if turn == 0:
            return box.left, box.right
        return ((box.bottom, box.top), (-box.right, -box.left), (-box.top, -box.bottom))[turn - 1]

    def _origin(self, n: int, turn: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        self._pdfium.FPDFText_GetCharOrigin(self._raw, n, x, y)
        return ((x.value, y.value), (y.value, -x.value), (-x.value, -y.value), (-y.value, x.value))[turn]

    def _face(self, address: int, n: int) -> Face:
        if address not in self._faces:
            self._faces[address] = self._look(n, drawn=address in self._inside)
        return self._faces[address]

    def _look(self, n: int, *, drawn: bool) -> Face:
        shown = self._pdfium.FPDFText_GetTextObject(self._raw, n)
        if not shown:
            return Face("", 1.0, False, False, 0)
        font = self._pdfium.FPDFTextObj_GetFont(shown)
        buffer = ctypes.create_string_buffer(200)
        self._pdfium.FPDFFont_GetBaseFontName(font, buffer, 200)
        name = buffer.value.decode("utf-8", "replace").rpartition("+")[2]
        matrix = self._pdfium.FS_MATRIX()
        self._pdfium.FPDFText_GetMatrix(self._raw, n, matrix)
        nominal = self._pdfium.FPDFText_GetFontSize(self._raw, n)
        size = nominal * math.hypot(matrix.c, matrix.d) if name else self._picture_size(font, n)
        turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        bold, italic = _bold_and_italic(name)
        bold = bold or bool(self._pdfium.FPDFFont_GetFlags(font) & _FORCED_BOLD)
        face = (name or f"#{ctypes.addressof(font.contents)}") + _colour(self._pdfium, shown)
        return Face(face, size, bold, italic, turn, drawn)

    def _picture_size(self, font: Any, start: int) -> float:  # noqa: ANN401
        """Return about the size of a font of pictures, from the width of its letters."""
        key, widths, box = ctypes.addressof(font.contents), [], self._pdfium.FS_RECTF()
        for n in range(start, start + 400 if key not in self._sizes else 0):
            shown = self._pdfium.FPDFText_GetTextObject(self._raw, n)
            if shown and ctypes.addressof(self._pdfium.FPDFTextObj_GetFont(shown).contents) == key:
                self._pdfium.FPDFText_GetLooseCharBox(self._raw, n, box)
                widths += [box.right - box.left] if box.right > box.left else []
        return self._sizes.setdefault(key, 2.1 * sum(widths) / max(1, len(widths)))


@functools.cache
def _bold_and_italic(name: str) -> tuple[bool, bool]:
    return bool(_BOLD.search(name)), bool(_ITALIC.search(name))


def _colour(pdfium: Any, shown: Any) -> str:  # noqa: ANN401
    """Return `~rrggbb` for what is not black: a part of the face, as headings are often told from text by it."""
    parts = [ctypes.c_uint() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetFillColor(shown, *parts):
        return ""
    red, green, blue = (p.value for p in parts[:3])
    return f"~{red:02x}{green:02x}{blue:02x}" if max(red, green, blue) > 60 else ""


def _text_and_pictures(pdfium: Any, holder: Any, depth: int) -> Iterator[tuple[int, Any]]:  # noqa: ANN401
    """Yield the texts that stand in drawings, and all pictures."""
    count, get = (
        (pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject)
        if depth == 0
        else (pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
    )
    for n in range(min(count(holder), _OBJECTS) if depth < 12 else 0):
        shown = get(holder, n)
        kind = pdfium.FPDFPageObj_GetType(shown)
        if kind == pdfium.FPDF_PAGEOBJ_FORM:
            yield from _text_and_pictures(pdfium, shown, depth + 1)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE or (kind == pdfium.FPDF_PAGEOBJ_TEXT and depth):
            yield kind, shown
