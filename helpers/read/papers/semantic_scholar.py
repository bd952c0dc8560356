"""Semantic Scholar: knows papers without a DOI (OSDI, NSDI) and citations.

One pool for all who have no key, so 429 is common.

See api.semanticscholar.org/api-docs.
"""

import re
from urllib.parse import quote

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.papers import answers, identifiers, paper
from helpers.read.papers.answers import Catalogue
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question, within
from helpers.read.web import client, destinations

SERVICE = Catalogue(
    "Semantic Scholar",
    "https://api.semanticscholar.org",
    "SEMANTIC_SCHOLAR_API_URL",
    ("SEMANTIC_SCHOLAR_API_KEY", "S2_API_KEY"),
)
FIELDS = "title,authors,year,publicationDate,venue,externalIds,citationCount,openAccessPdf,url,abstract"
LINKED_AT_ONCE = 500
"""How many papers around a known one are asked for at once: they come in no useful order."""


def search(question: Question, budget: client.Budget) -> Found:
    """Return the papers that Semantic Scholar finds; raises Failure when it cannot be asked."""
    words = re.sub(r'["-]', " ", question.query)  # a word with a hyphen finds nothing there
    params = {"query": words, "fields": FIELDS, "limit": str(min(question.depth, 100))}
    if question.years:
        params["year"] = "-".join(str(y or "") for y in question.years)
    answer = _ask("/graph/v1/paper/search", params, budget)
    found = [_paper(item) for item in json_fields.items(answer.get("data"))]
    if question.field == "ti":  # it always searches title and abstract together
        found = [p for p in found if paper.why(p, question.query).startswith("title")]
    return Found(found, int(answer.get("total") or 0))


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
    server, key = SERVICE.base, SERVICE.key
    pace = 0.0 if destinations.is_loopback(destinations.origin(server)[1]) else 1.1
    headers = {"accept": "application/json", **({"x-api-key": key} if key else {})}
    answer = client.get(server + path, params=params, headers=headers, trusted=[server], pace=pace, budget=budget)
    return SERVICE.checked(answer, searched=path.endswith("/search"))


def _paper(item: Json) -> Paper:
    text = json_fields.text_at
    return Paper(
        title=printable.one_line(text(item, "title"), 500),
        authors=answers.people(a.get("name") for a in json_fields.items(item.get("authors"))),
        year=json_fields.integer(item, "year"),
        date=text(item, "publicationDate"),
        venue=printable.one_line(text(item, "venue"), 150),
        arxiv=text(item, "externalIds", "ArXiv"),
        doi=text(item, "externalIds", "DOI").lower(),
        s2=text(item, "paperId"),
        citations=json_fields.integer(item, "citationCount"),
        abstract=printable.prose(" ".join(text(item, "abstract").split())),
        url=text(item, "url"),
        pdf=text(item, "openAccessPdf", "url"),
        license=printable.one_line(text(item, "openAccessPdf", "license"), 60),
        sources=("s2",),
    )


def _id(identifier: str) -> str:
    kind, value = identifiers.parse_id(identifier)
    if kind == "openalex":
        raise console.answer_no(f"Semantic Scholar does not know OpenAlex ids ({value})", "give a DOI or an arXiv id")
    prefix = {"arxiv": "ARXIV:", "doi": "DOI:", "url": "URL:"}.get(kind, "")
    return prefix + quote(identifiers.without_version(value) if kind == "arxiv" else value, safe="/:")
