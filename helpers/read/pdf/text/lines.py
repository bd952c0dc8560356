"""Pages as lines with their place, size and font, by pypdf's plain mode. Runs in the limited child.

Plain mode keeps the order in which the page was written, which in papers is the order of reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from helpers.read.pdf.text import fonts as text_fonts
from helpers.read.pdf.text import glyphs
from helpers.read.pdf.text.runs import Run

_ITALIC = re.compile(r"(?i:ital|obli)|Ital|^(CM|SF|EC|cm)(TI|SL|BXTI|ti|sl)|-It\b|TI$|\.I\b")
_MATH = re.compile(
    r"(?i)^(cmmi|cmsy|cmex|cmbsy|msam|msbm|mt(sy|mi|ex)|symbol|eufm|rsfs|txsy|txmi|txex|px(sy|mi|ex)|.*math|stmary|lasy)"
)
JOINT = "\x1f"
"""Stands between two parts of a line of which nobody knows yet whether they are one word or two."""


_STAMP = re.compile(r"arXiv:\S+\s+\[\S+\]\s+\d{1,2}\s+\w+\s+\d{4}")
_CAPTION = re.compile(r"\b(?:Table|Figure|Fig\.|Algorithm|Listing)\s+[\dA-Z][\d.]*\s*[:.]", re.IGNORECASE)


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
    drawn: bool = False
    """It stands in a drawing that the page shows, at a place of the drawing's own."""

    @property
    def style(self) -> tuple[str, float]:
        """The face, for telling headings from text."""
        return self.font, round(self.size * 2) / 2


def lines(page_runs: list[Run], page: int, fonts: text_fonts.Fonts) -> list[Line]:
    """Return the lines of a page, letters mended; text that is turned on an upright page is left out."""
    if _upright(page_runs):
        page_runs = [r if not r.turned else replace(r, text="\n", turned=False) for r in page_runs]
    whole = sum(len(r.text) for r in page_runs if r.drawn) * 2 > sum(len(r.text) for r in page_runs)
    if whole:  # the page as such is a drawing
        page_runs = [replace(r, drawn=False) for r in page_runs]
    found: list[Line] = []
    now: list[Run] = []
    for run in page_runs:
        *ended, rest = run.text.split("\n")
        for part in ended:
            now.append(replace(run, text=part))
            found += _cells(now, page, fonts)
            now = []
        if rest:
            now.append(replace(run, text=rest))
    found += _cells(now, page, fonts)
    return [part for line in _drop_caps(_beside(found)) for part in _parted(line)]


def _upright(page_runs: list[Run]) -> bool:
    return sum(len(r.text) for r in page_runs if not r.turned) * 2 > sum(len(r.text) for r in page_runs)


def sideways(page_runs: list[Run], page: int) -> str:
    """Say what `lines` leaves out of a page, a turned table: more than arXiv's stamp or the name of an axis."""
    left = [r.text for r in page_runs if r.turned and not r.drawn] if _upright(page_runs) else []
    text = _STAMP.sub("", " ".join(" ".join(left).split()))
    if len(text) < 150 and not _CAPTION.search(text):
        return ""
    return f"page {page + 1}: sideways text is left out, look at the page itself: {text[:80]}"


def _cells(parts: list[Run], page: int, fonts: text_fonts.Fonts) -> list[Line]:
    """Part what pypdf took for one line where a wide gap is in it: two columns, or the cells of a table."""
    made: list[Line] = []
    now: list[Run] = []
    for part in parts:
        if now and part.text.strip():
            last = next((p for p in reversed(now) if p.text.strip()), now[-1])
            right = last.x + len(last.text) * last.size * 0.6
            if not part.turned and (part.x > right + 5 * part.size or part.x < last.x - 5 * part.size):
                made += _line(now, page, fonts)
                now = []
        now.append(part)
    return made + _line(now, page, fonts)


def _line(parts: list[Run], page: int, fonts: text_fonts.Fonts) -> list[Line]:
    parts = [p for p in parts if p.text.strip()] and parts
    texts = [_letters(p, fonts) for p in parts]
    text = "".join(texts)
    if not text.strip():
        return []
    shown = [(p, t) for p, t in zip(parts, texts, strict=True) if t.strip()]
    weight: dict[int, int] = {}
    for part, piece in shown:
        weight[part.key] = weight.get(part.key, 0) + len(piece)
    main = max(weight, key=lambda k: weight[k])
    first = shown[0][0]
    of_main = _most([p for p, _ in shown if p.key == main])
    symbols = sum(len(t) for p, t in shown if _MATH.match(p.font))
    lead = ""
    if len(weight) > 1 and (first.key != main or weight[main] < sum(weight.values())):
        for part, piece in shown:
            if part.key != first.key:
                break
            lead += piece
    last, tail = shown[-1]
    return [
        Line(
            text=glyphs.accents(re.sub(r"[ \t]+(?=\u2019s\b)", "", re.sub(r"[ \t]+", " ", text))).strip(),
            page=page,
            x=first.x,
            y=of_main.y,
            size=of_main.size,
            font=of_main.font or f"#{main}",
            bold=sum(n for k, n in weight.items() if k in fonts.bold) > 0.85 * sum(weight.values()),
            italic=bool(_ITALIC.search(of_main.font)),
            math=symbols / max(1, len(text)),
            lead=lead.strip() if first.key in fonts.bold or _ITALIC.search(first.font) else "",
            right=max(last.x + len(tail) * last.size * 0.45, first.x),
            drawn=first.drawn,
        )
    ]


def _most(parts: list[Run]) -> Run:
    """Return a run that has the size of most of them; the first where sizes are far apart, as in small capitals."""
    sizes: dict[float, int] = {}
    for part in parts:
        sizes[part.size] = sizes.get(part.size, 0) + len(part.text)
    best = max(sizes, key=lambda size: sizes[size])
    return next(p for p in parts if p.size == best) if 0.85 < best / (parts[0].size or 1) < 1.15 else parts[0]


def _letters(run: Run, fonts: text_fonts.Fonts) -> str:
    if not run.font and fonts.secret(run.key):
        return re.sub(r"\S+", "\ufffd", run.text)
    return glyphs.known(run.text, run.font, old_tex=run.key in fonts.old_tex)


def _beside(found: list[Line]) -> list[Line]:
    """Join what stands on one line of the page but was handed out in parts: indices, formulas, a heading's number."""
    made: list[Line] = []
    for line in found:
        before = made[-1] if made else None
        small = before is not None and line.size < before.size * 0.85
        if (
            before is not None
            and before.drawn == line.drawn
            and abs(line.y - before.y) < (0.65 if small else 0.35) * max(line.size, before.size)
            and before.x < line.x < before.right + (2.5 if _NUMBER.fullmatch(before.text) else 1.2) * before.size
            and line.right > before.right
        ):
            apart = before.text[-1].isalpha() and line.text[0].isalpha()
            gap = (
                ""
                if small or before.size < line.size * 0.85 or not _WORD_END.search(before.text)
                else JOINT
                if apart
                else " "
            )
            before.text += gap + line.text
            before.right = line.right
            before.math = (before.math + line.math) / 2
        else:
            made.append(line)
    return made


def _parted(line: Line) -> list[Line]:
    """Part a heading above references from the first of them, where both came as one line."""
    found = re.match(r"((?:\d+\.?\s*)?(?:references|bibliography))\s*(\[1\].*)", line.text, re.IGNORECASE)
    if not found:
        return [line]
    below = replace(line, text=found[2], lead="", y=line.y - line.size, bold=False, font=line.font + " ")
    return [replace(line, text=found[1], lead=""), below]


def _drop_caps(found: list[Line]) -> list[Line]:
    """Give the large first letter of a text back to its word."""
    made: list[Line] = []
    for line in found:
        before = made[-1] if made else None
        if (
            before
            and len(before.text) == 1
            and before.text.isupper()
            and before.size > 1.8 * line.size
            and len(line.text) > 20
        ):
            line.text = before.text + line.text
            made.pop()
        made.append(line)
    return made


_NUMBER = re.compile(r"(\d+|[A-Z])(\.\d+)*\.?|[IVX]+\.")
_WORD_END = re.compile(r"[\w.,;:)\]]$")
