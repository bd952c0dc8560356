"""Semantic Scholar: knows papers without a DOI (OSDI, NSDI) and citations.

One pool for all who have no key, so 429 is common.

See api.semanticscholar.org/api-docs.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.papers import answers, identifiers, paper
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question, within
from helpers.read.web import client, destinations

PUBLIC = "https://api.semanticscholar.org"
FIELDS = "title,authors,year,publicationDate,venue,externalIds,citationCount,openAccessPdf,url,abstract"
LINKED_AT_ONCE = 500
"""How many papers around a known one are asked for at once: they come in no useful order."""


def base() -> str:
    """Return the address of Semantic Scholar, $SEMANTIC_SCHOLAR_API_URL when set."""
    return os.environ.get("SEMANTIC_SCHOLAR_API_URL", "").rstrip("/") or PUBLIC


def api_key() -> str:
    """Return the person's key ($SEMANTIC_SCHOLAR_API_KEY or $S2_API_KEY), empty without one."""
    return os.environ.get("SEMANTIC_SCHOLAR_API_KEY") or os.environ.get("S2_API_KEY") or ""


def search(question: Question, budget: client.Budget) -> Found:
    """Return the papers that Semantic Scholar finds; raises Failure when it cannot be asked."""
    words = re.sub(r'["-]', " ", question.query)  # a word with a hyphen finds nothing there
    params = {"query": words, "fields": FIELDS, "limit": str(min(question.depth, 100))}
    if question.years:
        params["year"] = "-".join(str(y or "") for y in question.years)
    answer = _ask("/graph/v1/paper/search", params, budget)
    found = [_paper(item) for item in json_fields.items(answer.get("data"))]
    return Found(_by_field(found, question), int(answer.get("total") or 0))


def around(question: Question, budget: client.Budget) -> Found:
    """Return the papers that cite the known one, or that it refers to."""
    kind, inner = ("citations", "citingPaper") if question.cites else ("references", "citedPaper")
    path = f"/graph/v1/paper/{_id(question.linked)}/{kind}"
    answer = _ask(path, {"fields": FIELDS.removesuffix(",abstract"), "limit": str(LINKED_AT_ONCE)}, budget)
    found = [_paper(item[inner]) for item in json_fields.items(answer.get("data")) if isinstance(item.get(inner), dict)]
    more = [f"only the first {LINKED_AT_ONCE} looked at"] if answer.get("next") else []
    return Found([p for p in found if p.title and within(p, question.years)], notes=more)


def lookup(identifier: str, budget: client.Budget) -> Paper:
    """Return one paper by its id; raises Failure (1) when it is not known."""
    return _paper(_ask(f"/graph/v1/paper/{_id(identifier)}", {"fields": FIELDS}, budget))


def _ask(path: str, params: dict[str, str], budget: client.Budget) -> Json:
    server, key = base(), api_key()
    pace = 0.0 if destinations.is_loopback(destinations.origin(server)[1]) else 1.1
    headers = {"accept": "application/json", **({"x-api-key": key} if key else {})}
    answer = client.get(server + path, params=params, headers=headers, trusted=[server], pace=pace, budget=budget)
    name, searched = "SEMANTIC_SCHOLAR_API_KEY" if key else "", path.endswith("/search")
    return answers.checked(answer, "Semantic Scholar", name, searched=searched)


def _paper(item: Json) -> Paper:
    ids, pdf = json_fields.mapping(item.get("externalIds")), json_fields.mapping(item.get("openAccessPdf"))
    return Paper(
        title=printable.line(json_fields.text(item.get("title")), 500),
        authors=answers.names(a.get("name") for a in json_fields.items(item.get("authors"))),
        year=json_fields.integer(item.get("year")),
        date=json_fields.text(item.get("publicationDate")),
        venue=printable.line(json_fields.text(item.get("venue")), 150),
        arxiv=json_fields.text(ids.get("ArXiv")),
        doi=json_fields.text(ids.get("DOI")).lower(),
        s2=json_fields.text(item.get("paperId")),
        citations=json_fields.integer(item.get("citationCount")),
        abstract=printable.prose(" ".join(json_fields.text(item.get("abstract")).split())),
        url=json_fields.text(item.get("url")),
        pdf=json_fields.text(pdf.get("url")),
        license=printable.line(json_fields.text(pdf.get("license")), 60),
        sources=("s2",),
    )


def _id(identifier: str) -> str:
    kind, value = identifiers.parse_id(identifier)
    if kind == "openalex":
        raise console.answer_no(f"Semantic Scholar does not know OpenAlex ids ({value})", "give a DOI or an arXiv id")
    prefix = {"arxiv": "ARXIV:", "doi": "DOI:", "url": "URL:"}.get(kind, "")
    return prefix + quote(identifiers.without_version(value) if kind == "arxiv" else value, safe="/:")


def _by_field(found: list[Paper], question: Question) -> list[Paper]:
    """Keep what matches in the field asked for: Semantic Scholar always searches title and abstract together."""
    if question.field == "ti":
        return [
            p for p in found if paper.matches(p, question.query) and paper.why(p, question.query).startswith("title")
        ]
    return found
