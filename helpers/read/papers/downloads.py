"""Where a paper's PDF and its text can be had, and what counts as one.

An arXiv paper's HTML or LaTeX source keeps the formulas that a PDF loses, so these come first for its text.
"""

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from helpers import console, printable
from helpers.read.papers import article, arxiv, html_text, latex_text, openalex, semantic_scholar
from helpers.read.papers.fetch_request import Kind
from helpers.read.papers.paper import Paper
from helpers.read.web import client, destinations

HTML_PUBLIC = "https://arxiv.org"
SECONDS = 120.0
"""For one download."""
LEAST_CHARACTERS = 2_000
"""HTML or LaTeX that gives fewer characters than this is no paper: the next way is tried."""
HOPS = 3
"""Pages that may send on."""


@dataclass(frozen=True)
class Copy:
    """The text of a paper as Markdown, where it comes from (html, latex, pdf) and its licence if it says one."""

    text: str = ""
    origin: str = ""
    license: str = ""


@dataclass(frozen=True)
class Reader:
    """Downloads, within a number of requests and a number of bytes each."""

    budget: client.Budget
    most: int
    pages: list[client.Response] = field(default_factory=list)
    """What came as a web page where a PDF was asked for: of an address that a person gave it may be an article."""

    def pdf(self, paper: Paper, places: Iterable[str]) -> tuple[bytes, str]:
        """Return the first PDF that is one, and its address.

        Without any: nothing, and a warning, for an arXiv paper (its text may be had otherwise), else raises Failure.
        """
        reasons, optional = [], bool(paper.arxiv)
        for place in itertools.chain(places, self._onwards()):
            try:
                return self._pdf(secure(place)), secure(place)
            except (client.SourceThrottled, client.RequestsSpent):  # noqa: PERF203 - next to a download
                raise
            except console.Failure as failure:
                if failure.code in (console.USAGE, console.REFUSED) and not optional:
                    raise
                reasons.append(failure.message)
        if optional:
            console.note("warning: no PDF: " + "; ".join(reasons))
            return b"", ""
        if reasons and paper.id == paper.url:  # the address of a page, which may have been meant for an article
            what = "neither a PDF nor an article: " if self.pages else ""
            raise console.outside(what + "; ".join(reasons), "look at the address, or search for the title")
        if reasons:
            raise console.outside(
                "no PDF: " + "; ".join(reasons), "look for an open copy: search by title, or ask the person"
            )
        raise console.answer_no(
            f"no open copy of {paper.id} is known",
            "search its title on arXiv, or ask the person to put the PDF into papers/",
        )

    def _onwards(self) -> Iterator[str]:
        """Yield where the pages that came instead send their readers, as a publisher's page does to its PDF."""
        for page in self.pages:  # there may be more of them meanwhile
            if len(self.pages) <= HOPS and (place := article.leads_to(page.text, page.url)):
                yield place

    def text(self, paper: Paper, pdf: bytes, kind: Kind) -> Copy:
        """Return the text; an empty one (with a warning) when no way gives any and none was asked for by name."""
        ways: list[str] = ["html", "latex", "pdf"] if kind == "auto" else [kind]
        if not paper.arxiv:
            if kind in ("html", "latex"):
                raise console.usage(f"only arXiv has {kind} of its papers", "leave --text out")
            ways = ["pdf"]
        reasons = []
        for way in ways:
            try:
                if way == "pdf":
                    return Copy(_from_pdf(pdf), way)
                return self._html(paper.arxiv) if way == "html" else self._latex(paper.arxiv)
            except (console.Failure, ImportError) as failure:  # noqa: PERF203
                reasons.append(f"{way}: {failure}")
        if kind != "auto":
            raise console.outside("no text from " + "; ".join(reasons), "leave --text out to take the best there is")
        console.note("warning: no text from " + "; ".join(reasons))
        return Copy()

    def _get(self, url: str, accept: str) -> client.Response:
        own = arxiv.base()
        pace = arxiv.pace() if url.startswith((own, HTML_PUBLIC)) else 0.0
        trusted = (own, semantic_scholar.SERVICE.base, openalex.SERVICE.base)
        return client.get(
            url,
            headers={"accept": accept},
            trusted=trusted,
            pace=pace,
            max_bytes=self.most,
            timeout=SECONDS,
            budget=self.budget,
        )

    def _pdf(self, url: str) -> bytes:
        answer = self._get(url, "application/pdf,*/*;q=0.1")
        host = urlsplit(url).hostname
        if answer.status != 200:
            raise console.outside(f"{host} answered {answer.status}: {printable.one_line(url, 200)}", "look at the id")
        if b"%PDF-" not in answer.body[:1024]:
            self.pages.append(answer)
            kind = printable.one_line(answer.headers.get("content-type", "unknown"), 60)
            what = "a web page (a login, or one for robots)" if "html" in kind else "something that is not a PDF"
            raise console.outside(f"{host} gave {what}; content type {kind}", "give the address of the PDF itself")
        return answer.body

    def _html(self, identifier: str) -> Copy:
        host = HTML_PUBLIC if arxiv.base() == arxiv.PUBLIC else arxiv.base()
        page = self._source(f"{host}/html/{identifier}", "text/html").text
        return Copy(_enough(html_text.markdown(page)), "html", html_text.license_of(page))

    def _latex(self, identifier: str) -> Copy:
        archive = self._source(f"{arxiv.base()}/e-print/{identifier}", "*/*").body
        return Copy(_enough(latex_text.markdown(archive)), "latex")

    def _source(self, url: str, accept: str) -> client.Response:
        answer = self._get(url, accept)
        if answer.status != 200:
            raise console.outside(f"arXiv has none ({answer.status})")
        return answer


def secure(url: str) -> str:
    """Return the https form of an address: catalogues still list many by their old http one."""
    if url.lower().startswith("http://") and not destinations.is_loopback(destinations.origin(url)[1]):
        return "https://" + url[7:]
    return url


def _enough(text: str) -> str:
    if len(text) < LEAST_CHARACTERS:
        raise console.outside("what arXiv has is too short to be the paper")
    return text


def _from_pdf(pdf: bytes) -> str:
    """Return the text of a PDF, taken by the extractor (in its own limited process)."""
    if not pdf:
        raise console.outside("there is no PDF")
    from helpers.read.pdf.document import markdown

    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        return markdown(Path(file.name))
