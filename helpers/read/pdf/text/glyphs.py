"""Letters that a PDF shows and does not name: ligatures, codes of old TeX fonts, accents that stand alone.

Sources: The TeXbook, appendix F (the OT1 codes); Unicode, Alphabetic Presentation Forms (FB00 to FB06).
"""

import re
import unicodedata
from collections import Counter

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_LETTERS = _LIGATURES | {0x0B: "ff", 0x0C: "fi", 0x0D: "fl", 0x0E: "ffi", 0x0F: "ffl", 0xAD: "-", 0xA0: " "}
_OT1 = {ord("{"): "–", ord("|"): "—", ord("\\"): "“", ord('"'): "”", 0x10: "ı", 0x13: "´", 0x7F: "¨"}
"""Only in fonts of pictures without a name, which are TeX's: elsewhere these are what they seem."""
_MARKS = "´¨ˆ˜ˇ¸˘˚˝"
_COMBINING = "\u0301\u0308\u0302\u0303\u030c\u0327\u0306\u030a\u030b"
_ACCENT = re.compile(r"([A-Za-zı]?)( ?)([´¨ˆ˜ˇ¸˘˚˝]) ?([A-Za-zı]?)")
_VOWELS = "aeiouyıAEIOUY"


def decoded(text: str, font: str) -> str:
    """Return a run of one font's text with its codes read as letters; a font of pictures is named by a number."""
    if text.isascii() and text.isprintable() and not font.startswith("#"):
        return text
    if text == "\x0f":
        return "•"  # a bullet in the fonts of symbols
    text = text.translate(_LETTERS)
    return text.translate(_OT1) if font.startswith("#") else text


def accents(text: str) -> str:
    """Put accents that stand alone onto their letters: `L ´eon`, `Mu¨ller` and `L´eon` come out right."""
    return _ACCENT.sub(_accent, text) if any(mark in text for mark in _MARKS) else text


def _accent(found: re.Match[str]) -> str:
    before, space, mark, after = found.groups()
    combining = _COMBINING[_MARKS.index(mark)]
    joined = unicodedata.normalize("NFC", after.replace("ı", "i") + combining) if after else ""
    earlier = unicodedata.normalize("NFC", before.replace("ı", "i") + combining) if before else ""
    if before and not space and len(earlier) == 1 and before in _VOWELS and after not in _VOWELS:
        return earlier + after
    if len(joined) != 1:
        return earlier + space + after if len(earlier) == 1 and not space else found[0]
    return before + (space if after.isupper() else "") + joined


_COMMON = "the of and to in is a we der die und von le la les et des de el los que il di do da van het een och det"


def readable(text: str) -> float:
    """Return about what share of a text a person could read: 1 for prose, under 0.75 for codes without letters."""
    led = len(text)
    text = re.sub(r"(?:\.\s*){4,}", " ", text)
    listed = len(text) < 0.8 * led  # a table of contents: names, and hardly a word of prose
    words, common = text.split(), set(_COMMON.split())
    seen = Counter("".join(words))
    if not seen:
        return 1.0
    odd = [
        c for c in seen if unicodedata.category(c) in ("Cc", "Co", "Cn", "Cf") or "\xa1" <= c <= "\xbf" or c == "\ufffd"
    ]
    latin = sum(n for c, n in seen.items() if "A" <= c <= "\u024f")
    if (
        len(words) > 300
        and not listed
        and latin > 0.6 * seen.total()
        and sum(w in common for w in words) < 0.01 * len(words)
    ):
        return 0.0  # letters, but no language
    wordlike = sum(n for w, n in Counter(words).items() if len(w) > 1 and re.search("[aeiouyAEIOUY\u00c0-\uffff]", w))
    return min(1 - sum(seen[c] for c in odd) / seen.total(), 3 * wordlike / len(words) if len(words) > 40 else 1.0)
