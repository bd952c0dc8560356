"""Lines put together: paragraphs that go on over columns and pages, with captions and footnotes after them."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from helpers.read.pdf.layout import line_kinds, references, tables
from helpers.read.pdf.layout import title as layout_title
from helpers.read.pdf.layout.body_style import ENDED, Face
from helpers.read.pdf.layout.headings import references_at, unnamed_references
from helpers.read.pdf.layout.numbered_headings import Heading
from helpers.read.pdf.text.hyphenation import Vocabulary
from helpers.read.pdf.text.lines import Line

_BULLET = re.compile(r"([•◦▪■●○◆◇►‣∙·*–—]\s|[•◦▪■●‣]|[-]\s|\(?(\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s+[A-Z(“]|\[\d+\]\s)")


@dataclass
class Block:
    """A piece of a document, in order. `page` and `end` count from 1."""

    kind: str
    """title, heading, text, caption, note, small, equation, code, table, reference."""
    text: str
    page: int
    end: int
    level: int = 0
    number: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {k: v for k, v in asdict(self).items() if v not in (0, "") or k in ("text", "page")}


class Flow:
    """Builds the blocks of one document."""

    def __init__(self, lines: list[Line], face: Face, headings: list[Heading], words: Vocabulary) -> None:
        self._lines, self._face, self._words = lines, face, words
        self._columns = line_kinds.Columns(lines, face)
        self._headings = {h.at: h for h in headings}
        self._kinds = line_kinds.kinds_of(lines, face, headings, self._columns)
        self._end = references_at(lines, face)
        self._made: list[Block] = []
        self._open: list[Line] = []
        self._held: list[Block] = []

    def blocks(self) -> list[Block]:
        """Return all blocks."""
        n = self._title()
        loose = unnamed_references(self._lines, self._end)
        while n < len(self._lines):
            kind = self._kinds[n]
            if n in self._headings:
                n += self._heading(self._headings[n])
            elif n == loose:
                self._close()
                self._references(n, len(self._lines))
                break
            elif kind == "text":
                self._text(self._lines[n], self._face.gaps[n])
                n += 1
            else:
                n += self._beside(n, kind)
        self._close()
        return self._made

    def _title(self) -> int:
        """Emit the title, and as text what stands above it; return how many lines these are."""
        at, count = layout_title.find_title(self._lines, self._face.size, list(self._headings.values()))
        if at:
            self._emit("text", self._lines[:at])
        if count:
            title = self._block("title", self._lines[at : at + count])
            title.text = title.text.rstrip("∗*†‡§¶✩ ")
            self._made.append(title)
        return at + count

    def _heading(self, h: Heading) -> int:
        self._close()
        page = self._lines[h.at].page + 1
        title = h.title
        if h.count > 1:
            parts = [line.text for line in self._lines[h.at : h.at + h.count]]
            whole = parts[0]
            for part in parts[1:]:
                whole = self._words.join(whole, part)
            title = whole[whole.find(h.title[:3]) :] if h.number and h.title[:3] in whole else whole
        self._made.append(Block("heading", title.strip(), page, page, h.level, h.number))
        after = h.at + h.count
        if h.rest:
            last = self._lines[after - 1]
            self._open = [Line(**{**last.__dict__, "text": h.rest, "lead": ""})]
        if h.at != self._end:
            return h.count
        until = min((n for n in self._headings if n > h.at), default=len(self._lines))
        self._references(after, until)
        return until - h.at

    def _references(self, start: int, until: int) -> None:
        mine = [n for n in range(start, until) if self._kinds[n] not in ("caption", "+caption", "note")]
        for item in references.items([self._lines[n] for n in mine]):
            self._made.append(self._block("reference", item))
        n = start
        while n < until:
            n += self._beside(n, self._kinds[n]) if self._kinds[n] in ("caption", "note") else 1

    def _text(self, line: Line, gap: float) -> None:
        if self._open and self._breaks(self._open[-1], line, gap):
            self._close()
        self._open.append(line)

    def _breaks(self, a: Line, b: Line, gap: float) -> bool:
        """Say whether a new paragraph begins with line b."""
        size = max(a.size, b.size)
        if a.text.endswith("-") and b.text[0].islower():
            return False
        if _BULLET.match(b.text) and (
            ENDED.search(a.text) or self._columns.short(a) or self._columns.indent(b) > 3 or gap > 1.2 * size
        ):
            return True
        if abs(a.size - b.size) > (0.3 if "~" in a.font and a.font != b.font else 0.9) or (
            a.bold != b.bold and (a.bold or self._columns.short(a))
        ):
            return True
        indent = self._columns.indent(b)
        if gap < 99 and not self._held:
            return self._breaks_below(a, b, gap, indent)
        if not ENDED.search(a.text):
            return b.text[0].isupper() and (indent > 0.6 * size or self._columns.short(a))
        return not b.text[0].islower() and (indent > 0.6 * size or self._columns.short(a))

    def _breaks_below(self, a: Line, b: Line, gap: float, indent: float) -> bool:
        size, leading = b.size, self._face.leading * max(b.size / self._face.size, 0.8)
        if gap > 1.45 * leading:
            return bool(ENDED.search(a.text)) or not b.text[0].islower() or gap > 2.2 * leading
        if b.x > a.x + 0.6 * size and indent > 0.6 * size:
            return not _BULLET.match(a.text) and not b.text[0].islower()
        if b.x < a.x - 0.6 * size and len(self._open) > 1:
            return bool(ENDED.search(a.text)) and not b.text[0].islower()
        return bool(ENDED.search(a.text)) and self._columns.short(a) and gap > 1.12 * leading

    def _beside(self, n: int, kind: str) -> int:
        """Emit what is not running text; an unfinished paragraph goes on after it."""
        count = 1
        while n + count < len(self._lines) and self._goes_on(n, n + count, kind):
            count += 1
        made = self._block(kind if kind != "+caption" else "caption", self._lines[n : n + count])
        if self._open and not ENDED.search(self._open[-1].text) and not self._inside(n, kind):
            self._held.append(made)
        else:
            self._close()
            self._made.append(made)
        return count

    def _inside(self, n: int, kind: str) -> bool:
        """Say whether an equation or code stands right below the open paragraph: a part of it, not a float."""
        last, line = self._open[-1], self._lines[n]
        return kind in ("equation", "code") and self._columns.same(last, line) and -2 < last.y - line.y < 6 * last.size

    def _goes_on(self, first: int, n: int, kind: str) -> bool:
        a, b = self._lines[n - 1], self._lines[n]
        if kind == "caption":
            return self._kinds[n] == "+caption"
        if self._kinds[n] != kind or a.page != b.page:
            return False
        if kind == "note":
            return not re.match(r"[*∗†‡§¶]|\d{1,2}\s*[A-Z“]", b.text)
        if a.drawn != b.drawn:
            return False
        if kind == "small" and not a.drawn:
            return self._face.gaps[n] < 1.5 * max(a.size, b.size) and abs(a.size - b.size) < 0.6
        return n - first < (800 if kind == "table" else 80)

    def _close(self) -> None:
        if self._open:
            self._emit("text", self._open)
        self._open = []
        self._made += self._held
        self._held = []

    def _emit(self, kind: str, lines: list[Line]) -> None:
        self._made.append(self._block(kind, lines))

    def _block(self, kind: str, lines: list[Line]) -> Block:
        texts = [line.text for line in lines]
        is_table = len(lines) > 1 and sum(map(len, texts)) / len(lines) < 28  # rows or labels: most of them short
        if kind == "table":
            whole = tables.rows(lines)
        elif kind == "code" or (kind == "small" and (lines[0].drawn or is_table)):
            whole = "\n".join(texts)
        else:
            whole = texts[0]
            for text in texts[1:]:
                whole = self._words.join(whole, text)
        return Block(kind, whole, lines[0].page + 1, lines[-1].page + 1)
