"""Pages as lines with their place, size and font, by pypdf's plain mode. Runs in the limited child.

Plain mode keeps the order in which the page was written, which in papers is the order of reading.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from helpers.read import pdf_letters

_BOLD = re.compile(r"(?i:bold|black|heavy|demi)|Medi$|Medi-|^(CM|SF|EC|LM|cm|ec|sf)(BX|B\d|SSBX|bx)|[a-z]TB|-B$|\.B\b")
_ITALIC = re.compile(r"(?i:ital|obli)|Ital|^(CM|SF|EC|cm)(TI|SL|BXTI|ti|sl)|-It\b|TI$|\.I\b")
_MATH = re.compile(
    r"(?i)^(cmmi|cmsy|cmex|cmbsy|msam|msbm|mt(sy|mi|ex)|symbol|eufm|rsfs|txsy|txmi|txex|px(sy|mi|ex)|.*math|stmary|lasy)"
)
_MONO = re.compile(r"(?i)mono|cour|cmtt|typewriter|consol|sftt|ectt|[^a-z]tt")
MOST = 200_000
"""Characters of one page; a page of a book has 5,000."""


@dataclass
class Line:
    """A line of a page: where it begins (points from the lower left), its size in points, and its face."""

    text: str
    page: int
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    font: str = ""
    bold: bool = False
    italic: bool = False
    math: float = 0.0
    lead: str = ""
    """The first words, where they are of another face than what follows them."""
    right: float = 0.0
    """About where it ends."""

    @property
    def style(self) -> tuple[str, float]:
        """The face, for telling headings from text."""
        return self.font, round(self.size * 2) / 2


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


@dataclass
class Fonts:
    """What is known of the document's fonts."""

    names: dict[int, str] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    bold: set[int] = field(default_factory=set)
    old_tex: set[int] = field(default_factory=set)
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


def narrow_blanks(font: Any) -> None:  # noqa: ANN401
    """Make pypdf see the narrow blanks of tight lines: where TeX's fonts have another sign at 32, it takes that one's
    width for the blank's, and words run together.
    """  # noqa: D205
    try:
        widths, at = font["/Widths"].get_object(), 32 - int(font["/FirstChar"])
        if 0 <= at < len(widths) and float(widths[at]) > 350 and not _MONO.search(str(font.get("/BaseFont"))):
            from pypdf.generic import NumberObject

            widths[at] = NumberObject(300)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        return


def _is_bold(font: Any, name: str) -> bool:  # noqa: ANN401
    if _BOLD.search(name):
        return True
    try:
        about = font.get("/FontDescriptor", {}).get_object()
        return float(about.get("/FontWeight", 400)) >= 600 or bool(int(about.get("/Flags", 0)) & 0x40000)
    except (AttributeError, TypeError, ValueError):
        return False


def _type3_height(font: Any) -> float:  # noqa: ANN401
    """Return what one unit of size means in a font of drawn letters."""
    try:
        box, matrix = font["/FontBBox"], font["/FontMatrix"]
        height = abs((float(box[3]) - float(box[1])) * float(matrix[3])) * 0.8
    except (KeyError, TypeError, ValueError, IndexError):
        return 1.0
    return height if 0 < height < 1000 else 1.0


def runs(page: Any, fonts: Fonts) -> list[Run]:  # noqa: ANN401 - pypdf's page
    """Return the runs of a page in the order of writing; line ends are in their text."""
    found: list[Run] = []
    total = 0

    def take(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:  # noqa: ANN401
        nonlocal total
        if not text:
            return
        total += len(text)
        if total > MOST:
            raise OverflowError("more text on one page than a page can hold")
        key = fonts.key(font)
        across, along = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
        up = math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        found.append(Run(text, x, y, abs(size) * up * fonts.heights.get(key, 1.0), fonts.names.get(key, ""), key,
                         abs(along) > abs(across) * 1.2))  # fmt: skip
        if pdf_letters.shows_old_tex(text):
            fonts.old_tex.add(key)

    for font in _fonts_of(page):
        narrow_blanks(font)
    page.extract_text(visitor_text=take)
    return found


def _fonts_of(page: Any) -> list[Any]:  # noqa: ANN401
    try:
        fonts = page["/Resources"].get_object()["/Font"].get_object()
        return [fonts[name].get_object() for name in list(fonts)[:200]]
    except (AttributeError, KeyError, TypeError):
        return []


def lines(page_runs: list[Run], page: int, fonts: Fonts) -> list[Line]:
    """Return the lines of a page, letters mended; text that is turned on an upright page is left out."""
    upright = sum(len(r.text) for r in page_runs if not r.turned)
    if upright * 2 > sum(len(r.text) for r in page_runs):
        page_runs = [r if not r.turned else Run("\n", r.x, r.y, r.size, r.font, r.key, turned=False) for r in page_runs]
    found: list[Line] = []
    now: list[Run] = []
    for run in page_runs:
        *ended, rest = run.text.split("\n")
        for part in ended:
            now.append(Run(part, run.x, run.y, run.size, run.font, run.key, run.turned))
            found += _line(now, page, fonts)
            now = []
        if rest:
            now.append(Run(rest, run.x, run.y, run.size, run.font, run.key, run.turned))
    found += _line(now, page, fonts)
    return _beside(found)


def _line(parts: list[Run], page: int, fonts: Fonts) -> list[Line]:
    parts = [p for p in parts if p.text.strip()] and parts
    texts = [pdf_letters.known(p.text, p.font, old_tex=p.key in fonts.old_tex) for p in parts]
    text = "".join(texts)
    if not text.strip():
        return []
    shown = [(p, t) for p, t in zip(parts, texts, strict=True) if t.strip()]
    weight: dict[int, int] = {}
    for part, piece in shown:
        weight[part.key] = weight.get(part.key, 0) + len(piece)
    main = max(weight, key=lambda k: weight[k])
    first = shown[0][0]
    of_main = next(p for p, _ in shown if p.key == main)
    symbols = sum(len(t) for p, t in shown if _MATH.match(p.font))
    lead = ""
    if len(weight) > 1 and (first.key != main or weight[main] < sum(weight.values())):
        for part, piece in shown:
            if part.key != first.key:
                break
            lead += piece
    last, tail = shown[-1]
    return [Line(
        text=pdf_letters.accents(re.sub(r"[ \t]+", " ", text)).strip(), page=page, x=first.x, y=of_main.y, size=of_main.size,
        font=of_main.font or f"#{main}", bold=(first.key in fonts.bold and main in fonts.bold), italic=bool(_ITALIC.search(of_main.font)),
        math=symbols / max(1, len(text)), lead=lead.strip() if first.key in fonts.bold or _ITALIC.search(first.font) else "",
        right=max(last.x + len(tail) * last.size * 0.45, first.x),
    )]  # fmt: skip


def _beside(found: list[Line]) -> list[Line]:
    """Join what stands on one line of the page but was handed out in parts: indices, formulas, a heading's number."""
    made: list[Line] = []
    for line in found:
        before = made[-1] if made else None
        small = before is not None and line.size < before.size * 0.85
        if (
            before is not None
            and abs(line.y - before.y) < (0.65 if small else 0.35) * max(line.size, before.size)
            and before.x < line.x < before.right + (2.5 if _NUMBER.fullmatch(before.text) else 1.2) * before.size
            and line.right > before.right
        ):
            gap = "" if small or before.size < line.size * 0.85 or not _WORD_END.search(before.text) else " "
            before.text += gap + line.text
            before.right = line.right
            before.math = (before.math + line.math) / 2
        else:
            made.append(line)
    return made


_NUMBER = re.compile(r"(\d+|[A-Z])(\.\d+)*\.?|[IVX]+\.")
_WORD_END = re.compile(r"[\w.,;:)\]]$")
