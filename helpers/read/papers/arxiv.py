"""arXiv through the `arxiv` package, with our own transport beneath it.

The package (4.x) has no time-out, ignores Retry-After, and takes a page for robots for an empty result. So its session
is replaced (a private attribute, hence the pin in pyproject.toml) and every page is checked before it is parsed.
Terms of use: one request at a time, 3 seconds apart. https://info.arxiv.org/help/api/tou.html
"""

import os
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from helpers import console, printable
from helpers.read.papers import identifiers
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question
from helpers.read.web import client as web_client
from helpers.read.web import destinations

PUBLIC = "https://export.arxiv.org"
PAGE = 100
_WITHDRAWN = re.compile(
    r"(?:paper|article|submission|manuscript|work|preprint|it) (?:has been|is|was|have been) (?:\w+ )?withdrawn|"
    r"^\s*\(?withdrawn\b|withdrawn by (?:the |its |arxiv )",
    re.IGNORECASE,
)


def base() -> str:
    """Return the address of arXiv: $ARXIV_API_URL, else the one that arXiv sets aside for programs."""
    return os.environ.get("ARXIV_API_URL", "").rstrip("/") or PUBLIC


def pace() -> float:
    """Seconds between requests: what arXiv asks for; none to a server on this machine."""
    return 0.0 if destinations.is_loopback(destinations.origin(base())[1]) else 3.0


def query(question: Question) -> str:
    """Return the question in arXiv's own language; one that already speaks it (ti:, AND ...) goes as it is."""
    text, prefix = question.query.strip(), question.field
    if re.search(r"\b(ti|abs|au|cat|all|co|jr|rn|id):\S|\b(AND|OR|ANDNOT)\b", text):
        parts = [f"({text})"]
    else:
        terms = re.findall(r'"[^"]+"|\S+', text)
        cleaned = [re.sub(r"[^\w\s.+-]", " ", t).strip() for t in terms]
        parts = [f'{prefix}:"{t}"' if re.search(r"\W", t) else f"{prefix}:{t}" for t in cleaned if t]
    parts += [f"cat:{question.category}"] if question.category else []
    if question.years:
        first, last = question.years
        parts.append(f"submittedDate:[{first or 1991}01010000 TO {last or 2100}12312359]")
    return " AND ".join(parts)


def search(question: Question, budget: web_client.Budget) -> Found:
    """Return the papers that arXiv finds, most relevant first; raises Failure when it cannot be asked."""
    import arxiv  # type: ignore[import-untyped]

    wanted = question.depth
    ask = arxiv.Search(query=query(question), max_results=wanted, sort_by=arxiv.SortCriterion.Relevance)
    return _collect(ask, wanted, budget)


def lookup(identifier: str, budget: web_client.Budget) -> Paper:
    """Return the paper with this arXiv id; raises Failure (1) when there is none, or not that version of it."""
    import arxiv

    asked, bare = identifiers.version(identifier), identifiers.without_version(identifier)
    for id_ in dict.fromkeys([identifier, bare]):
        found = _collect(arxiv.Search(id_list=[id_], max_results=1), 1, budget).found
        newest = identifiers.version(found[0].url) if found else 0
        if found and asked in (0, newest):
            return found[0]
        if found:
            raise console.answer_no(
                f"arXiv has no v{asked} of {bare}: the newest is v{newest}", f"fetch_paper.py {bare}v{newest}"
            )
    raise console.answer_no(f"arXiv has no paper {identifier}", "look at the id again")


def _collect(ask: Any, most: int, budget: web_client.Budget) -> Found:  # noqa: ANN401 - arxiv.Search
    import logging

    import arxiv

    logging.getLogger("arxiv").setLevel(logging.CRITICAL)  # it repeats what a feed says
    pages = _Pages(budget)
    client = arxiv.Client(page_size=min(most, PAGE), delay_seconds=0, num_retries=0)
    client.query_url_format = base() + "/api/query?{}"
    client._session = _session(pages.fetch)
    found = Found()
    why = ""
    try:
        found.found.extend(_paper(result) for result in client.results(ask))
    except console.Failure as failure:
        if not found.found:
            raise
        why = failure.message
    except Exception as error:  # noqa: BLE001 - an odd feed, of which the package may say anything
        why = printable.one_line(f"its answer cannot be read: {error}", 120)
    lost = min(pages.entries, most) - len(found.found) if not ask.id_list else 0  # an id that is not there is one too
    why = why or (f"{lost} of its entries cannot be read" if lost > 0 else "")
    if why and not found.found:
        raise web_client.Unreachable(destinations.origin(base())[1], why)
    found.total, found.incomplete = pages.total, bool(found.found and why)
    found.notes = [f"incomplete: {why}"] if found.incomplete else []
    return found


def _session(fetch: Callable[[str], bytes]) -> SimpleNamespace:
    """Return what stands in for the package's requests.Session: only a whole feed is an answer; we name ourselves."""
    return SimpleNamespace(get=lambda url, **_: SimpleNamespace(status_code=200, content=fetch(url)))


class _Pages:
    """Fetches pages of results and refuses what only looks like one."""

    def __init__(self, budget: web_client.Budget) -> None:
        self.budget, self.total, self.entries = budget, 0, 0

    def fetch(self, url: str) -> bytes:
        """Return a whole feed; asks again, three times in all, when a page is broken or empty without reason."""
        host = urlsplit(url).hostname or ""
        broken = web_client.Unreachable(host, "answered with something that is not a feed")
        for _ in range(web_client.ATTEMPTS):
            body = self._ask(url, host)
            if b"<feed" not in body or b"</feed>" not in body:
                if b"rate exceeded" in body[:2_000].lower():
                    raise web_client.SourceThrottled(host, 200, None, {}, body)
                continue
            self.entries += body.count(b"<entry")
            total = re.search(rb"<(?:\w+:)?totalResults[^>]*>\s*(\d+)", body)
            self.total = int(total[1]) if total else 0
            start = int((parse_qs(urlsplit(url).query).get("start") or ["0"])[0])
            if b"<entry" in body or start >= self.total:
                return body
            broken = web_client.Unreachable(host, f"left the page from {start} empty, of {self.total} results")
        raise broken

    def _ask(self, url: str, host: str) -> bytes:
        accept = {"accept": "application/atom+xml"}
        answer = web_client.get(url, headers=accept, trusted=[base()], pace=pace(), budget=self.budget)
        if answer.status == 406:  # what users see who ask too fast, though the standard means something else
            raise web_client.SourceThrottled(host, 406, None, answer.headers, answer.body)
        if answer.status == 400 or re.search(rb"<entry>\s*<id>[^<]*/api/errors#", answer.body):
            said = re.search(rb"<summary>(.*?)</summary>", answer.body, re.DOTALL)
            what = printable.one_line(said[1].decode("utf-8", "replace"), 300) if said else "no reason given"
            raise console.usage(f"arXiv does not understand the question: {what}", "look at the id or the query again")
        if answer.status != 200:
            raise web_client.Unreachable(host, f"answered {answer.status}", answer.status)
        return answer.body


def _paper(result: Any) -> Paper:  # noqa: ANN401 - arxiv.Result, of a package without types
    identifier = result.get_short_id()
    return Paper(
        title=printable.one_line(result.title, 500),
        authors=tuple(printable.one_line(a.name, 100) for a in result.authors),
        year=result.published.year,
        date=result.published.date().isoformat(),
        venue=printable.one_line(result.journal_ref or "arXiv", 150),
        arxiv=identifiers.without_version(identifier),
        doi=(result.doi or "").strip().lower(),
        abstract=printable.prose(" ".join(result.summary.split())),
        url=f"https://arxiv.org/abs/{identifier}",
        pdf=result.pdf_url or f"https://arxiv.org/pdf/{identifier}",
        withdrawn=bool(_WITHDRAWN.search(f"{result.comment or ''} {result.summary}"[:600])),
        sources=("arxiv",),
    )
