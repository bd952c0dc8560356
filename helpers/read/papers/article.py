"""A page of the web as text: an article's title, date and paragraphs, without what stands around them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from helpers import printable
from helpers.read.papers import html_text

LEAST_CHARACTERS = 600
"""Characters; a page with less is a login, a page for robots, or an error that says 200."""
_TITLE = (
    r"<meta[^>]+property=[\"']og:title[\"'][^>]+content=[\"']([^\"'<>]{3,300})",
    r"<title[^>]*>([^<]{3,300})</title>",
    r"<h1[^>]*>([^<]{3,300})</h1>",
)
_DATE = (
    r"<meta[^>]+(?:published_time|datePublished|DC\.date\w*|[\"']date)[\"'][^>]+content=[\"'](\d{4}-\d\d-\d\d)",
    r"\"datePublished\"\s*:\s*\"(\d{4}-\d\d-\d\d)",
    r"<time[^>]+datetime=[\"'](\d{4}-\d\d-\d\d)",
)


@dataclass(frozen=True)
class Article:
    """What a page holds; the date as it says it (2024-05-01), "" where it says none."""

    title: str
    date: str
    text: str


def read_article(page: str) -> Article | None:
    """Return the article of a page, None where it has too little text to be one."""
    text = printable.prose(html_text.markdown(page))
    text = text if len(text) >= LEAST_CHARACTERS else printable.prose(html_text.body(page))
    if len(text) < LEAST_CHARACTERS:
        return None
    return Article(printable.one_line(html.unescape(_first(_TITLE, page)), 300), _first(_DATE, page), text)


def _first(patterns: tuple[str, ...], page: str) -> str:
    found = (re.search(pattern, page[:400_000], re.IGNORECASE) for pattern in patterns)
    return next((match[1].strip() for match in found if match), "")
