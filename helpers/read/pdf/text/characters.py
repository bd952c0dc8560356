"""Words of a page with their place and face, as PDFium hands out its characters. Runs in the limited child.

PDFium keeps the order in which the page was written, which in papers is the order of reading. Each call of it costs, so
that as little is asked as will do: a page has a hundred characters for each of its pieces of text.
"""

import ctypes
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from helpers.read.pdf.text import pdfium

MOST = 200_000
"""Characters of one page; a page of a book has 5,000."""
_OBJECTS = 200_000
_BOLD = re.compile(r"(?i:bold|black|heavy|demi)|Medi$|Medi-|^(CM|SF|EC|LM|cm|ec|sf)(BX|B\d|SSBX|bx)|[a-z]TB|-B$|\.B\b")
_ITALIC = re.compile(r"(?i:ital|obli)|Ital|^(CM|SF|EC|cm)(TI|SL|BXTI|ti|sl)|-It\b|TI$|\.I\b")
_HYPHEN = "\x02"
"""What PDFium makes of a hyphen at the end of a line; no other sign for the line's end follows it."""
_WORD = re.compile(rf"(?:(?!{_HYPHEN})(?:\S|[\x0b\x0c\x1c-\x1f]|\r(?!\n)))+{_HYPHEN}?|{_HYPHEN}")
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


class _Piece(NamedTuple):
    """What is written at once: its face, its baseline, and how wide each of the letters of this look is."""

    face: Face
    y: float
    widths: dict[str, float]


@dataclass
class Looks:
    """What is learnt of a document's fonts, for all of its pages."""

    names: dict[int, tuple[str, bool, bool]] = field(default_factory=dict)
    sizes: dict[int, float] = field(default_factory=dict)
    """Of fonts of pictures."""
    faces: dict[tuple[object, ...], tuple[Face, dict[str, float]]] = field(default_factory=dict)


class Page:
    """The characters of one page."""

    def __init__(self, page: int, looks: Looks) -> None:
        """`page`: PDFium's handle of it."""
        self._pdfium = pdfium.library()
        self._raw = self._pdfium.FPDFText_LoadPage(page)
        if not self._raw:
            raise ValueError("its text cannot be read")
        self._looks = looks
        found = list(_text_and_pictures(self._pdfium, page, 0))
        self.pictured = any(kind == pdfium.IMAGE for kind, _ in found)
        self._inside = {shown for kind, shown in found if kind == pdfium.TEXT}
        self._pieces: dict[int, _Piece] = {}
        self._box, self._matrix, self._rgba = (ctypes.c_float * 4)(), (ctypes.c_float * 6)(), (ctypes.c_uint * 4)()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._place = [ctypes.byref(self._x), ctypes.byref(self._y)]
        self._parts = [ctypes.byref(self._rgba, 4 * n) for n in range(4)]
        self._shown, self._until = 0, 0
        """The piece of text at hand, and up to where it is known to go."""

    def close(self) -> None:
        """Give back what PDFium holds of it."""
        self._pdfium.FPDFText_ClosePage(self._raw)

    def words(self) -> list[Word]:
        """Return the words in the order of writing. Raises OverflowError where there are more than a page can hold."""
        count = self._pdfium.FPDFText_CountChars(self._raw)
        if count > MOST:
            raise OverflowError("more text on one page than a page can hold")
        buffer = (ctypes.c_ushort * (count + 1))()
        whole = self._pdfium.FPDFText_GetText(self._raw, 0, count, buffer) == count + 1
        codes = buffer[:count] if whole else [self._pdfium.FPDFText_GetUnicode(self._raw, n) for n in range(count)]
        text, last = "".join(map(chr, codes)).replace("\ufffe", _HYPHEN), 0
        made: list[Word] = []
        for found in _WORD.finditer(text):
            start, end = found.span()
            blank, word = " " in text[last:start], found[0].replace(_HYPHEN, "-")
            last, begin = end, start
            while begin < end:
                stop = self._same(begin, end)
                made += self._one_face(word[begin - start : stop - start], begin, blank and begin == start)
                begin = stop
        return made

    def _same(self, start: int, end: int) -> int:
        """Return up to where the characters from `start` on, at most to `end`, are of one piece."""
        shown = self._pdfium.FPDFText_GetTextObject
        if start >= self._until:
            self._shown, step = shown(self._raw, start) or 0, 8
            self._until = start + 1
            while shown(self._raw, start + step) == self._shown:
                self._until, step = start + step + 1, step * 2
        if end > self._until and shown(self._raw, end - 1) == self._shown:
            self._until = end
        while self._until < end and shown(self._raw, self._until) == self._shown:
            self._until += 1
        return min(end, self._until)

    def _one_face(self, text: str, start: int, blank: bool) -> list[Word]:
        """Return a word of one face, in parts where a gap in it is a blank that was not written."""
        piece = self._pieces.get(self._shown) or self._look(start)
        face, last = piece.face, start + len(text) - 1
        left, right = self._span(start, face.turn)
        x = self._begin(start, face.turn)
        if last == start:
            return [Word(text, x, piece.y, right, face, blank)]
        widths, end = piece.widths, self._span(last, face.turn)[1]
        if (
            "f" not in text
            and all(map(widths.__contains__, text))
            and abs(sum(map(widths.__getitem__, text)) - end + left) < 0.3 * face.blank
        ):
            return [Word(text, x, piece.y, end, face, blank)]
        made, begin = [], start
        widths[text[0]] = right - left
        for n in range(start + 1, last + 1):
            left, after = self._span(n, face.turn)
            if left - right > face.blank:
                made.append(Word(text[begin - start : n - start], x, piece.y, right, face, blank))
                begin, x, blank = n, self._begin(n, face.turn), False
            right = widths[text[n - start]] = after
            widths[text[n - start]] -= left
        return [*made, Word(text[begin - start :], x, piece.y, right, face, blank)]

    def _span(self, n: int, turn: int) -> tuple[float, float]:
        """Return where a character begins on its line, and where the next one would."""
        self._pdfium.FPDFText_GetLooseCharBox(self._raw, n, self._box)
        left, top, right, bottom = self._box
        if turn == 0:
            return left, right
        return ((bottom, top), (-right, -left), (-top, -bottom))[turn - 1]

    def _begin(self, n: int, turn: int) -> float:
        """Return where a character was put, which need not be where its box begins."""
        self._pdfium.FPDFText_GetCharOrigin(self._raw, n, *self._place)
        return (self._x.value, self._y.value, -self._x.value, -self._y.value)[turn]

    def _look(self, n: int) -> _Piece:
        """Look at the piece at hand, which the character n is of."""
        if not self._shown:
            return _Piece(Face("", 1.0, False, False, 0), 0.0, {})
        font = self._pdfium.FPDFTextObj_GetFont(self._shown)
        nominal = self._pdfium.FPDFText_GetFontSize(self._raw, n)
        self._pdfium.FPDFText_GetMatrix(self._raw, n, self._matrix)
        a, b, c, d, x, y = self._matrix
        turn, colour, drawn = round(math.atan2(b, a) / (math.pi / 2)) % 4, self._colour(), self._shown in self._inside
        key = (font, nominal, a, b, c, d, colour, drawn)
        if key not in self._looks.faces:
            name, bold, italic = self._looks.names.get(font) or self._font(font)
            size = nominal * math.hypot(c, d) if name else self._picture_size(font, n)
            face = Face((name or f"#{font}") + colour, size, bold, italic, turn, drawn)
            self._looks.faces[key] = face, {}
        face, widths = self._looks.faces[key]
        return self._pieces.setdefault(self._shown, _Piece(face, (y, -x, -y, x)[turn], widths))

    def _font(self, font: int) -> tuple[str, bool, bool]:
        """Return a font's name, empty for one of pictures, and whether it is bold and italic."""
        buffer = ctypes.create_string_buffer(200)
        self._pdfium.FPDFFont_GetBaseFontName(font, buffer, 200)
        name = buffer.value.decode("utf-8", "replace").rpartition("+")[2]
        bold = bool(_BOLD.search(name)) or bool(self._pdfium.FPDFFont_GetFlags(font) & _FORCED_BOLD)
        return self._looks.names.setdefault(font, (name, bold, bool(_ITALIC.search(name))))

    def _colour(self) -> str:
        """Return `~rrggbb` for what is not black: a part of the face, as headings are often told from text by it."""
        if not self._pdfium.FPDFPageObj_GetFillColor(self._shown, *self._parts):
            return ""
        red, green, blue, _ = self._rgba
        return f"~{red:02x}{green:02x}{blue:02x}" if max(red, green, blue) > 60 else ""

    def _picture_size(self, font: int, start: int) -> float:
        """Return about the size of a font of pictures, from the width of its letters."""
        widths: list[float] = []
        for n in range(start, start + 400 if font not in self._looks.sizes else 0):
            shown = self._pdfium.FPDFText_GetTextObject(self._raw, n)
            if shown and self._pdfium.FPDFTextObj_GetFont(shown) == font:
                left, right = self._span(n, 0)
                widths += [right - left] if right > left else []
        return self._looks.sizes.setdefault(font, 2.1 * sum(widths) / max(1, len(widths)))


def _text_and_pictures(library: Any, holder: int, depth: int) -> Iterator[tuple[int, int]]:  # noqa: ANN401
    """Yield the texts that stand in drawings, and all pictures."""
    count, get = (
        (library.FPDFPage_CountObjects, library.FPDFPage_GetObject)
        if depth == 0
        else (library.FPDFFormObj_CountObjects, library.FPDFFormObj_GetObject)
    )
    for n in range(min(count(holder), _OBJECTS) if depth < 12 else 0):
        shown = get(holder, n)
        kind = library.FPDFPageObj_GetType(shown)
        if kind == pdfium.FORM:
            yield from _text_and_pictures(library, shown, depth + 1)
        elif kind == pdfium.IMAGE or (kind == pdfium.TEXT and depth):
            yield kind, shown
