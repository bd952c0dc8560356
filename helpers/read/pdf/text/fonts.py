"""The fonts of a PDF: what their dictionaries say, and what of it has to be corrected before text comes out right."""

# ruff: noqa: RUF001 - the signs that papers use are meant
from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

_BOLD = re.compile(r"(?i:bold|black|heavy|demi)|Medi$|Medi-|^(CM|SF|EC|LM|cm|ec|sf)(BX|B\d|SSBX|bx)|[a-z]TB|-B$|\.B\b")
_MONO = re.compile(r"(?i)mono|cour|cmtt|typewriter|consol|sftt|ectt|[^a-z]tt")


@dataclass
class Fonts:
    """What is known of the document's fonts."""

    names: dict[int, str] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    bold: set[int] = field(default_factory=set)
    old_tex: set[int] = field(default_factory=set)
    coded: set[int] = field(default_factory=set)
    """Fonts without a name whose codes are still letters: those of formulas, by dvips."""
    samples: dict[int, str] = field(default_factory=dict)
    """Of each font without a name, what was shown in it."""
    guessed: dict[int, bool] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    """The dictionaries themselves, so that no other takes over one's id."""

    def key(self, font: Any) -> int:  # noqa: ANN401 - a dictionary of pypdf's
        """Return a number for a font, having learned about it."""
        number = id(font)
        if font is not None and number not in self.names:
            self.kept.append(font)
            self.names[number] = str(font.get("/BaseFont", "")).lstrip("/").rpartition("+")[2]
            self.heights[number] = _type3_height(font) if font.get("/Subtype") == "/Type3" else 1.0
            if _is_bold(font, self.names[number]):
                self.bold.add(number)
        return number

    def show(self, number: int, text: str) -> None:
        """Note what was shown in a font."""
        if not self.names.get(number) and len(self.samples.get(number, "")) < 3000:
            self.samples[number] = self.samples.get(number, "") + text + " "

    def secret(self, number: int) -> bool:
        """Say whether nobody can tell which letters a font shows: it has no name, and what it shows are no words."""
        words = self.samples.get(number, "").split()
        if number in self.coded:
            return False
        if number not in self.guessed:
            letters = sum(
                re.fullmatch(r"\W*[A-Za-z\x0b-\x0f'’-]*[aeiouyAEIOUY][A-Za-z\x0b-\x0f'’-]*\W*|\W*\d+\W*", w) is not None
                for w in words
            )
            self.guessed[number] = len(words) > 25 and letters < 0.4 * len(words)
        return self.guessed[number]


def repair_codes(font: Any, fonts: Fonts) -> None:  # noqa: ANN401
    """Correct, in memory, what pypdf would take at its word in a font and what would make words run together or apart.

    Notes in `fonts` whether it is one of TeX's text fonts, by the places of its ligatures, and whether its codes are
    letters.
    """
    with contextlib.suppress(AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
        if font.get("/Subtype") != "/Type3":
            _narrow_blank(font)
            return
        _in_thousandths(font)
        codes = _name_codes(font)
        if codes & _LIGATURE_NAMES.keys():
            fonts.old_tex.add(fonts.key(font))
        if sum(chr(code).isalpha() for code in codes) > 0.6 * len(codes):
            fonts.coded.add(fonts.key(font))


def _narrow_blank(font: Any) -> None:  # noqa: ANN401
    """TeX's fonts have another sign at 32, whose width pypdf takes for the blank's: tight words run together."""
    from pypdf.generic import NumberObject

    widths, at = font["/Widths"].get_object(), 32 - int(font["/FirstChar"])
    if 0 <= at < len(widths) and float(widths[at]) > 350 and not _MONO.search(str(font.get("/BaseFont"))):
        widths[at] = NumberObject(250)


def _in_thousandths(font: Any) -> None:  # noqa: ANN401
    """Widths of drawn letters count in units of the font's own matrix, and pypdf compares them with thousandths.

    The blank gets a width, for pypdf would take one that fits no such unit; the drawings are taken out, for their
    names decide whether it believes the widths.
    """
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NumberObject

    scale = abs(float(font["/FontMatrix"][0])) * 1000
    widths, first = font["/Widths"].get_object(), int(font["/FirstChar"])
    if not scale or "/Autoresearch" in font or len(widths) > 256 or not 0 <= first <= 255:
        return
    scaled = [0.0] * first + [float(w) * scale for w in widths]
    scaled += [0.0] * (33 - len(scaled))
    drawn = [w for w in scaled if w > 0]
    if drawn and scaled[32] == 0:
        scaled[32] = sum(drawn) / len(drawn) * 0.36
    font[NameObject("/Autoresearch")] = font[NameObject("/FirstChar")] = NumberObject(0)
    font[NameObject("/LastChar")] = NumberObject(len(scaled) - 1)
    font[NameObject("/Widths")] = ArrayObject([FloatObject(w) for w in scaled])
    font[NameObject("/CharProcs")] = DictionaryObject()


def _name_codes(font: Any) -> set[int]:  # noqa: ANN401
    """Old drivers name a sign by itself (`/1`, `/:`) or by its code, which is no name that anyone knows.

    Codes are written as `/#0B`, as `/68`, or, by dvips, as two digits to the base of 36 from `/A0` on. Returns those
    that were named so, and those of ligatures.
    """
    from pypdf.generic import NameObject

    names = font["/Encoding"]["/Differences"]
    texts = [str(name)[1:] for name in names if isinstance(name, str)]
    plain = {text for text in texts if text != ".notdef"}
    decimal = len(plain) > 3 and all(re.fullmatch(r"\d{1,3}", text) for text in plain)
    dvips = len(plain) > 3 and all(re.fullmatch("[A-H][0-9A-Z]", text) for text in plain)
    if (decimal or dvips) and "/ToUnicode" in font:
        del font["/ToUnicode"]  # made from the same names
    named: set[int] = set()
    for n, name in enumerate(names):
        if isinstance(name, str):
            code = _code(str(name)[1:], decimal=decimal, dvips=dvips)
            if 0 <= code < 256 and (decimal or dvips or not chr(code).isalpha()):
                names[n] = NameObject(_LIGATURE_NAMES.get(code, f"/uni{code:04X}"))
                named |= {code} if decimal or dvips or code in _LIGATURE_NAMES else set()
    return named


def _code(text: str, *, decimal: bool, dvips: bool) -> int:
    if decimal and text.isdigit():
        return int(text)
    if dvips and len(text) == 2:
        return int(text, 36) - 360
    if re.fullmatch("#[0-9A-Fa-f]{2}", text):
        return int(text[1:], 16)
    return ord(text) if len(text) == 1 else -1


_LIGATURE_NAMES = {0x0B: "/ff", 0x0C: "/fi", 0x0D: "/fl", 0x0E: "/ffi", 0x0F: "/ffl"}


def _is_bold(font: Any, name: str) -> bool:  # noqa: ANN401
    if _BOLD.search(name):
        return True
    try:
        about = font.get("/FontDescriptor", {}).get_object()
        return float(about.get("/FontWeight", 400)) >= 600 or bool(int(about.get("/Flags", 0)) & 0x40000)
    except (AttributeError, TypeError, ValueError):
        return False


def _type3_height(font: Any) -> float:  # noqa: ANN401
    """Return about what one unit of size means in a font of drawn letters: twice the width of its average letter."""
    try:
        drawn = [float(w) for w in font["/Widths"].get_object() if float(w) > 0]
        height = 2.0 * sum(drawn) / len(drawn) * abs(float(font["/FontMatrix"][0]))
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return 1.0
    return (height if "/Autoresearch" not in font else height / (abs(float(font["/FontMatrix"][0])) * 1000)) or 1.0
