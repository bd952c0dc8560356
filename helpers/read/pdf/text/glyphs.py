"""Letters that a PDF shows and does not name: ligatures, codes of old TeX fonts, accents that stand alone.

Sources: The TeXbook, appendix F (the OT1, OML and OMS codes); Unicode, Alphabetic Presentation Forms (FB00 to FB06).
"""

# ruff: noqa: RUF001, RUF002 - the signs that papers use are meant
from __future__ import annotations

import re
import unicodedata

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_OT1 = dict(enumerate("ΓΔΘΛΞΠΣΥΦΨ")) | {
    0x0B: "ff",
    0x0C: "fi",
    0x0D: "fl",
    0x0E: "ffi",
    0x0F: "ffl",
    0x10: "ı",
    0x11: "ȷ",
    0x12: "`",
    0x13: "´",
    0x14: "ˇ",
    0x15: "˘",
    0x16: "¯",
    0x17: "˚",
    0x18: "¸",
    0x19: "ß",
    0x1A: "æ",
    0x1B: "œ",
    0x1C: "ø",
    0x1D: "Æ",
    0x1E: "Œ",
    0x1F: "Ø",
    0x7F: "¨",
}
_OT1_TEXT = _OT1 | {ord("{"): "–", ord("|"): "—", ord("\\"): "“", ord('"'): "”"}
"""Only where the font is known to be one of TeX's text fonts: elsewhere these are what they seem."""
_CORK = _OT1 | {
    0x10: "“",
    0x11: "”",
    0x15: "–",
    0x16: "—",
    0x1B: "ff",
    0x1C: "fi",
    0x1D: "fl",
    0x1E: "ffi",
    0x1F: "ffl",
    0x7F: "-",
}
_OML = dict(enumerate("ΓΔΘΛΞΠΣΥΦΨΩαβγδεζηθικλμνξπρστυφχψωεϑϖϱςϕ")) | {
    ord("<"): "<",
    ord(">"): ">",
    ord(":"): ".",
    ord(";"): ",",
}
_OML.pop(0x20)  # psi; what stands there is a blank that was put in
_OMS = {
    0x00: "−",
    0x01: "·",
    0x02: "×",
    0x03: "∗",
    0x04: "÷",
    0x06: "±",
    0x08: "⊕",
    0x0A: "⊗",
    0x0F: "•",
    0x11: "≡",
    0x12: "⊆",
    0x13: "⊇",
    0x14: "≤",
    0x15: "≥",
    0x18: "∼",
    0x19: "≈",
    0x1A: "⊂",
    0x1B: "⊃",
    0x21: "→",
    0x24: "↔",
    0x28: "⇐",
    0x29: "⇒",
    0x2C: "⇔",
    0x30: "′",
    0x31: "∞",
    0x32: "∈",
    0x38: "∀",
    0x39: "∃",
    0x3A: "¬",
    0x3B: "∅",
    0x5B: "∪",
    0x5E: "∧",
    0x5F: "∨",
    0x62: "⌊",
    0x63: "⌋",
    0x64: "⌈",
    0x65: "⌉",
    0x66: "{",
    0x67: "}",
    0x68: "⟨",
    0x69: "⟩",
    0x6A: "|",
    0x6B: "‖",
    0x70: "√",
    0x78: "§",
}
_SHORT = {0x02: "fi", 0x03: "fl"}
"""Fonts that name no codes of their own and were cut down to what is used often keep these two."""
_TEXT_FONT = re.compile(r"(CM|cm)(R|BX|B|TI|SL|BXTI|BXSL|CSC|SS|SSBX|SSI|DUNH|r|bx|ti|sl|csc|ss)\d")
_CORK_FONT = re.compile(r"(SF|EC|ec|sf)(RM|BX|TI|SL|SS|CC|rm|bx|ti)\d")
_MARKS = {
    "´": "\u0301",
    "¨": "\u0308",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "¸": "\u0327",
    "˘": "\u0306",
    "˚": "\u030a",
    "˝": "\u030b",
}
_ACCENT = re.compile(r"([A-Za-zı]?)( ?)([´¨ˆ˜ˇ¸˘˚˝]) ?([A-Za-zı]?)")
_VOWELS = "aeiouyıAEIOUY"
_QUOTES = str.maketrans(
    {0x88: "•", 0x91: "‘", 0x92: "’", 0x93: "“", 0x94: "”", 0x95: "•", 0x96: "–", 0x97: "—", 0x85: "…"}
)


def known(text: str, font: str, *, old_tex: bool = False) -> str:
    """Return a run of one font's text with its codes read as letters.

    `font` is its name without the subset's prefix; `old_tex` says that the font, whatever its name, has shown
    ligatures at the places where TeX keeps them.
    """
    if _TEXT_FONT.match(font):
        text = text.translate(_OT1_TEXT)
    elif _CORK_FONT.match(font):
        text = text.translate(_CORK)
    elif font.startswith(("CMMI", "cmmi")):
        text = text.translate(_OML)
    elif font.startswith(("CMSY", "cmsy")):
        text = text.translate(_OMS)
    elif old_tex:
        text = text.replace("\t", " ").translate(_OT1_TEXT)
    elif not text.isprintable():
        text = text.replace("\t", " ")
        text = text.translate(_QUOTES).translate({**_OT1, **_SHORT} if not font.startswith("CMTT") else {})
    return text.translate(_LIGATURES).replace("\xad", "-").replace("\xa0", " ")


def shows_old_tex(text: str) -> bool:
    """Say whether a run has the codes at which TeX's fonts keep ff, fi, fl, ffi, ffl beside letters."""
    return re.search(r"[a-z][\x0b\x0c\x0d\x0e\x0f](?=[a-z])|\b[\x0c\x0d](?=[a-z]{2})", text) is not None


def accents(text: str) -> str:
    """Put accents that stand alone onto their letters: `L ´eon`, `Mu¨ller` and `L´eon` come out right."""
    return _ACCENT.sub(_accent, text) if any(mark in text for mark in _MARKS) else text


def _accent(found: re.Match[str]) -> str:
    before, space, mark, after = found.groups()
    combining = _MARKS[mark]
    joined = unicodedata.normalize("NFC", after.replace("ı", "i") + combining) if after else ""
    earlier = unicodedata.normalize("NFC", before.replace("ı", "i") + combining) if before else ""
    if before and not space and len(earlier) == 1 and before in _VOWELS and after not in _VOWELS:
        return earlier + after
    if len(joined) != 1:
        return earlier + space + after if len(earlier) == 1 and not space else found[0]
    return before + (space if after.isupper() else "") + joined


_COMMON = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "a",
        "we",
        "der",
        "die",
        "und",
        "von",
        "le",
        "la",
        "les",
        "et",
        "des",
        "de",
        "el",
        "los",
        "que",
        "il",
        "di",
        "do",
        "da",
        "van",
        "het",
        "een",
        "och",
        "det",
    ]
)


def readable(text: str) -> float:
    """Return about what share of a text a person could read: 1 for prose, under 0.75 for codes without letters."""
    led = len(text)
    text = re.sub(r"(?:\.\s*){4,}", " ", text)
    listed = len(text) < 0.8 * led  # a table of contents: names, and hardly a word of prose
    seen = [c for c in text if not c.isspace()]
    if not seen:
        return 1.0
    bad = sum(
        unicodedata.category(c) in ("Cc", "Co", "Cn", "Cf") or c == "\ufffd" or "\xa1" <= c <= "\xbf" for c in seen
    )
    words = text.split()
    latin = sum("A" <= c <= "\u024f" for c in seen)
    if (
        len(words) > 300
        and not listed
        and latin > 0.6 * len(seen)
        and sum(w in _COMMON for w in words) < 0.01 * len(words)
    ):
        return 0.0  # letters, but no language
    wordlike = sum(len(w) > 1 and re.search(r"[aeiouyAEIOUY\u00c0-\uffff]", w) is not None for w in words)
    return min(1 - bad / len(seen), 3 * wordlike / len(words) if len(words) > 40 else 1.0)
