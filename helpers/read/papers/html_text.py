"""Web pages as Markdown: arXiv's papers (made by LaTeXML) and articles, without the page around them.

Headings, paragraphs, formulas as LaTeX, captions and references are kept; pictures, colours and links are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from helpers import printable

LEAST_CHARACTERS = 600
"""Characters of an article; a page with less is a login, a page for robots, or an error that says 200."""
_LEFT_OUT = {"script", "style", "nav", "button", "svg", "noscript", "template", "head", "iframe", "form"}
_AROUND = {"header", "footer", "aside"}
_BLOCK = re.compile(
    r"p|div|section|figure|figcaption|li|[uod]l|d[dt]|table|tr|blockquote|pre|article|main|header|footer|h[1-6]"
)
_ASIDE = re.compile("ltx_ERROR|ltx_page_footer|ltx_tag_(?:note|item)")
_TITLE = ("//meta[@property='og:title']/@content", "//title/text()", "//h1//text()")
_DATE = (
    "//meta[contains(@property, 'published_time') or @itemprop='datePublished' or @name='date']/@content",
    "//meta[starts-with(@name, 'DC.date')]/@content",
    "substring-after(//script[contains(., 'datePublished')], 'datePublished')",
    "//time/@datetime",
)


@dataclass(frozen=True)
class Article:
    """What a page holds; the date as it says it (2024-05-01), "" where it says none."""

    title: str
    date: str
    text: str


def license_of(page: str) -> str:
    """Return the licence that arXiv states above an HTML paper, empty when there is none."""
    found = re.search(r"License:\s*([^<]{2,80})<", page, re.IGNORECASE)
    return printable.one_line(found[1], 80) if found else ""


def markdown(page: str) -> str:
    """Return the article of a page as Markdown, empty when the page has none."""
    return _text(_tree(page).xpath("//article[not(ancestor::article)]"), _LEFT_OUT)


def read_article(page: str) -> Article | None:
    """Return what any page says in its main part, None where that is too little to be an article."""
    tree = _tree(page)
    text = printable.prose(markdown(page) or _text([next(tree.iter("main"), tree)], _LEFT_OUT | _AROUND))
    if len(text) < LEAST_CHARACTERS:
        return None
    title = next((found for path in _TITLE if len(found := _said(tree, path)) > 2), "")
    dates = (re.search(r"^\W*(\d{4}-\d\d-\d\d)", _said(tree, path)) for path in _DATE)
    return Article(printable.one_line(title, 300), next((date[1] for date in dates if date), ""), text)


def _tree(page: str) -> Any:  # noqa: ANN401 - an element of lxml, which has no types
    from lxml import html  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return html.document_fromstring(f"<html>{page}".encode("utf-8", "replace"), parser=parser)


def _said(tree: Any, path: str) -> str:  # noqa: ANN401
    found = tree.xpath(path)
    return (found if isinstance(found, str) else next(iter(found), "")).strip()


def _text(parts: Any, left_out: set[str]) -> str:  # noqa: ANN401
    rows = _Rows(left_out)
    for part in parts:
        rows.read(part)
        rows.end()
    return "\n\n".join(rows.rows) + "\n" if rows.rows else ""


@dataclass
class _Rows:
    """The rows of a page: every block ends the row before it, but for those inside an equation."""

    left_out: set[str]
    rows: list[str] = field(default_factory=list)
    now: list[str] = field(default_factory=list)
    prefix: str = ""

    def read(self, node: Any, *, equation: bool = False) -> None:  # noqa: ANN401
        """Take what stands in an element."""
        self.now.append(node.text or "")
        for child in node:
            tag, kind = child.tag, child.get("class", "")
            if tag == "math":
                self.now.append(_formula(child, block=equation or child.get("display") == "block"))
            elif tag not in self.left_out and not _ASIDE.search(kind):
                self._element(child, tag, kind, equation=equation)
            self.now.append(child.tail or "")

    def _element(self, child: Any, tag: str, kind: str, *, equation: bool) -> None:  # noqa: ANN401
        formula = tag == "table" and ("ltx_eqn" in kind or "ltx_equation" in kind)
        block = not equation and (formula or _BLOCK.fullmatch(tag) is not None)
        if block:
            self.end()
            if "ltx_title_document" in kind:
                self.rows.clear()  # what a style has to complain of stands before the title
            self.prefix = _prefix(tag, kind) or self.prefix
        elif tag == "br" or (tag in ("td", "th") and "".join(self.now).strip() and not equation):
            self.now.append(" " if tag == "br" else " | ")
        self.read(child, equation=equation or formula)
        if block:
            self.end()

    def end(self) -> None:
        """End the row at hand."""
        row = " ".join("".join(self.now).split())
        self.now = []
        if row:
            self.rows.append(self.prefix + row.replace("$$ $$", " "))
            self.prefix = ""


def _formula(math: Any, *, block: bool) -> str:  # noqa: ANN401
    noted = [a for a in math.iter("annotation") if "tex" in a.get("encoding", "")]
    said = math.get("alttext") or "".join((noted[0] if noted else math).itertext())
    latex = " ".join(said.replace("%\n", "").split())
    return (f" $${latex}$$ " if block else f"${latex}$") if latex else ""


def _prefix(tag: str, kind: str) -> str:
    if tag[0] == "h" and tag[1:].isdigit():
        return "#" * int(tag[1]) + " "
    if tag == "figcaption" or "ltx_caption" in kind:
        return "[caption] "
    return "- " if tag == "li" else ""
