"""A page of the web as text: an article's title, date and paragraphs, without what stands around them."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from helpers import printable
from helpers.read.papers import html_text

LEAST_CHARACTERS = 600
"""Characters; a page with less is a login, a page for robots, or an error that says 200."""
MOST_CHARACTERS = 4_000_000
_TITLES = ("og:title", "citation_title", "title", "h1")
_DATED = re.compile(r"(.*:)?published_time|datepublished|dc(terms)?\.(date.*|issued|created)|(citation_.*)?date|time")
_DATE = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)")
_JSON_DATE = re.compile(r"\"datePublished\"\s*:\s*\"(\d{4}-\d\d-\d\d)")
_AT_ONCE = re.compile(r"\s*[0-5](?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Article:
    """What a page holds; the date as it says it (2024-05-01), "" where it says none."""

    title: str
    date: str
    text: str


def read_article(page: str) -> Article | None:
    """Return the article of a page, None where it has too little text to be one."""
    page = page[:MOST_CHARACTERS]
    if "\0" in page:  # a picture, an archive
        return None
    if not re.search(r"<(?:!doctype|html|body|p|div|h\d)\b", page[:100_000], re.IGNORECASE):  # a page of plain text
        text = printable.prose(page).strip()
        first = next((row for row in text.splitlines() if row.strip()), "")
        return Article(printable.one_line(first.lstrip("#="), 300), "", text) if len(text) >= LEAST_CHARACTERS else None
    text = printable.prose(html_text.markdown(page))
    text = text if len(text) >= LEAST_CHARACTERS else printable.prose(html_text.body(page))
    if len(text) < LEAST_CHARACTERS:
        return None
    said = _said(page)
    title = next((said[name] for name in _TITLES if said.get(name, "").strip()), "")
    dates = [*(said[name] for name in said if _DATED.fullmatch(name)), *_JSON_DATE.findall(page)]
    date = next((found for value in dates if (found := _DATE.match(value))), None)
    return Article(printable.one_line(title, 300), "-".join(date.groups()) if date else "", text)


def leads_to(page: str, url: str) -> str:
    """Return where a page sends its reader: to the PDF of what it presents, or at once to another page; "" nowhere."""
    said = _said(page)
    on = _AT_ONCE.match(said.get("refresh", ""))
    place = said.get("citation_pdf_url", "") or (on[1] if on else "")
    return urljoin(url, place) if place else ""


def _said(page: str) -> dict[str, str]:
    """Return what a page says of itself, by the name that it says it under, each once."""
    reader = _Head()
    reader.feed(html_text.tamed(page[:400_000]))
    return reader.said


class _Head(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {k: v or "" for k, v in attrs}
        if tag == "meta":
            names = (values.get(key, "") for key in ("property", "name", "itemprop", "http-equiv"))
            self.said.setdefault(next(filter(None, names), "").lower(), values.get("content", ""))
        elif tag == "time":
            self.said.setdefault(tag, values.get("datetime", ""))
        elif tag in ("title", "h1") and tag not in self.said:
            self._inside, self.said[tag] = tag, ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.said[self._inside] += data
