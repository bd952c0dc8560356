"""arXiv's HTML papers (made by LaTeXML) as Markdown: headings, paragraphs, formulas as LaTeX, captions, references.

Only the <article> is read, without the page around it. Pictures, colours and links are not kept.
"""

import re
from html.parser import HTMLParser

from helpers import printable
from helpers.read import untrusted

_SKIPPED = {"script", "style", "nav", "button", "svg", "noscript", "template", "head", "iframe", "select", "textarea"}
_BLOCK = re.compile(
    r"p|div|section|figure|figcaption|li|[uod]l|d[dt]|table|tr|blockquote|pre|article|header|footer|h[1-6]"
)
_ASIDE = re.compile("ltx_ERROR|ltx_page_footer|ltx_tag_(?:note|item)")
_LICENSE = re.compile(r"License:\s*([^<]{2,80})<", re.IGNORECASE)


def license_of(page: str) -> str:
    """Return the licence that arXiv states above an HTML paper, empty when there is none."""
    found = _LICENSE.search(page)
    return printable.one_line(found[1], 80) if found else ""


def tamed(page: str) -> str:
    """Return a page without comments and `<![`, of the many `<` before a `>` the last two.

    html.parser looks for the end of each, to the end of the page, and dies of some.
    """
    parts = (part.split("<") for part in re.sub(r"<!\[[^<>]*>?", "", untrusted.uncommented(page)).split(">"))
    return ">".join("<".join(["&lt;".join(part[:-2]), *part[-2:]] if len(part) > 3 else part) for part in parts)


def markdown(page: str) -> str:
    """Return the article of `page` as Markdown, empty when the page has none."""
    page = tamed(page)
    start = page.find("<article")
    if start < 0:
        return ""
    end = page.rfind("</article>", start)  # one may stand inside another
    reader = _Reader({"form"})
    reader.feed(page[start : end if end > 0 else len(page)])
    reader.close()
    return reader.text()


def body(page: str) -> str:
    """Return the main part of any page as Markdown, without what stands around it."""
    page = tamed(page)
    found = [page.find(f"<{tag}") for tag in ("main", "body")]
    reader = _Reader({"footer", "aside", "header"})
    reader.feed(page[next((at for at in found if at >= 0), 0) :])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Turns the tags that matter into lines; every block ends the line before it."""

    def __init__(self, skipped: set[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._skipped = _SKIPPED | skipped
        self._lines: list[str] = []
        self._now: list[str] = []
        self._prefix = ""
        self._skip, self._depth = "", 0
        self._equation = 0
        self._math: list[str] | None = None  # inside a formula that names no LaTeX of its own
        self._block, self._annotated, self._code = False, False, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or note what is to be left out."""
        if self._skip:
            self._depth += tag == self._skip
            return
        values = {k: v or "" for k, v in attrs}
        kind = values.get("class", "")
        if self._math is not None:
            if tag == "annotation" and "tex" in values.get("encoding", ""):
                self._math, self._annotated = [], True
            return
        if tag in self._skipped or _ASIDE.search(kind):
            self._skip, self._depth = tag, 1
        elif tag == "math":
            self._block = self._equation > 0 or values.get("display") == "block"
            if not values.get("alttext"):
                self._math, self._annotated = [], False
                return
            self._formula(values["alttext"])
            self._skip, self._depth = tag, 1
        elif tag == "table" and ("ltx_eqn" in kind or "ltx_equation" in kind):
            self._flush()
            self._equation += 1
        elif _BLOCK.fullmatch(tag) and not self._equation:
            self._flush()
            if "ltx_title_document" in kind:
                self._lines.clear()  # what a style has to complain of stands before the title
            self._prefix = _prefix(tag, kind) or self._prefix
            self._code = self._code or tag == "pre"
        elif tag in ("td", "th") and self._now and not self._equation:
            self._now.append(" | ")
        elif tag == "br":
            self._now.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a block."""
        if self._skip:
            self._depth -= tag == self._skip
            self._skip = self._skip if self._depth else ""
        elif self._math is not None:
            if tag == "math" or (tag == "annotation" and self._annotated):
                self._formula("".join(self._math))
                self._math = None
                self._skip, self._depth = ("", 0) if tag == "math" else ("math", 1)
        elif tag == "table" and self._equation:
            self._equation -= 1
            self._flush()
        elif _BLOCK.fullmatch(tag) and not self._equation:
            self._flush()
            self._code = self._code and tag != "pre"

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._skip:
            (self._now if self._math is None else self._math).append(data)

    def _formula(self, latex: str) -> None:
        latex = " ".join(latex.replace("%\n", "").split())
        if latex:
            self._now.append(f" $${latex}$$ " if self._block else f"${latex}$")

    def _flush(self) -> None:
        text = "".join(self._now)
        row = " ".join(text.split())
        self._now = []
        if row and self._code:
            self._lines.append("\n".join(f"    {line.rstrip()}" for line in text.strip("\r\n").splitlines()))
        elif row:
            self._lines.append(self._prefix + row.replace("$$ $$", " "))
            self._prefix = ""

    def text(self) -> str:
        """Return what was read, a blank line between blocks."""
        self._flush()
        return "\n\n".join(self._lines) + "\n" if self._lines else ""


def _prefix(tag: str, kind: str) -> str:
    if tag[0] == "h" and tag[1:].isdigit():
        return "#" * int(tag[1]) + " "
    if tag == "figcaption" or "ltx_caption" in kind:
        return "[caption] "
    return "- " if tag == "li" else ""
