"""OpenAlex: knows SIGMOD and PVLDB well, citations and open copies.

It gives each caller a daily allowance ($0.10 without a key: 100 searches; looking up by id is free).
See developers.openalex.org.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.papers import answers, identifiers
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question
from helpers.read.web import client

PUBLIC = "https://api.openalex.org"
FIELDS = (
    "id,doi,display_name,publication_year,publication_date,authorships,primary_location,best_oa_location,locations,"
    "cited_by_count,abstract_inverted_index"
)


def base() -> str:
    """Return the address of OpenAlex, $OPENALEX_API_URL when set."""
    return os.environ.get("OPENALEX_API_URL", "").rstrip("/") or PUBLIC


def api_key() -> str:
    """Return the person's key ($OPENALEX_API_KEY), empty without one."""
    return os.environ.get("OPENALEX_API_KEY", "")


def search(question: Question, budget: client.Budget) -> Found:
    """Return the works that OpenAlex finds; raises Failure when it cannot be asked."""
    text, params = question.query, {"select": FIELDS, "per_page": str(min(question.depth, 100))}
    filters = _years(question)
    name = {"ti": "title.search", "abs": "abstract.search", "au": "raw_author_name.search"}.get(question.field)
    if name:
        filters.append(f"{name}:{re.sub('[,|!:]', ' ', text)}")  # these would be read as more filters
    else:
        params["search"] = text
    if filters:
        params["filter"] = ",".join(filters)
    answer = _ask("/works", params, budget)
    return Found([_paper(w) for w in json_fields.items(answer.get("results"))], _count(answer))


def around(question: Question, budget: client.Budget) -> Found:
    """Return the works that cite the known one, or that it refers to, most cited first."""
    work = lookup(question.linked, budget).openalex
    filters = [f"{'cites' if question.cites else 'cited_by'}:{work}", *_years(question)]
    params = {"select": FIELDS, "per_page": "100", "sort": "cited_by_count:desc", "filter": ",".join(filters)}
    answer = _ask("/works", params, budget)
    return Found([_paper(w) for w in json_fields.items(answer.get("results"))], _count(answer))


def lookup(identifier: str, budget: client.Budget) -> Paper:
    """Return one work by its id; raises Failure (1) when it is not known."""
    kind, value = identifiers.parse_id(identifier)
    if kind == "arxiv":
        kind, value = "doi", f"10.48550/arxiv.{identifiers.without_version(value)}"
    if kind not in ("doi", "openalex"):
        raise console.answer_no(f"OpenAlex cannot look up {identifier}", "give a DOI or an arXiv id")
    key = f"doi:{quote(value, safe='/')}" if kind == "doi" else value
    return _paper(_ask(f"/works/{key}", {"select": FIELDS}, budget))


def _ask(path: str, params: dict[str, str], budget: client.Budget) -> Json:
    server, key = base(), api_key()
    answer = client.get(
        server + path,
        params=params,
        headers={"accept": "application/json"},
        trusted=[server],
        budget=budget,
        secret_params={"api_key": key} if key else None,
    )
    return answers.checked(answer, "OpenAlex", "OPENALEX_API_KEY" if key else "", searched=path == "/works")


def _paper(work: Json) -> Paper:
    first, best = json_fields.mapping(work.get("primary_location")), json_fields.mapping(work.get("best_oa_location"))
    doi = json_fields.text(work.get("doi")).lower().removeprefix("https://doi.org/")
    places = [
        doi,
        *(
            json_fields.text(x.get("landing_page_url"))
            for x in (first, best, *json_fields.items(work.get("locations")))
        ),
    ]
    return Paper(
        title=printable.line(json_fields.text(work.get("display_name")), 500),
        authors=answers.names(
            json_fields.mapping(a.get("author")).get("display_name") for a in json_fields.items(work.get("authorships"))
        ),
        year=json_fields.integer(work.get("publication_year")),
        date=json_fields.text(work.get("publication_date")),
        venue=printable.line(json_fields.text(json_fields.mapping(first.get("source")).get("display_name")), 150),
        arxiv=next((found for place in places if (found := _arxiv_of(place))), ""),
        doi="" if doi.startswith("10.48550/arxiv.") else doi,
        openalex=json_fields.text(work.get("id")).rsplit("/", 1)[-1],
        citations=json_fields.integer(work.get("cited_by_count")),
        abstract=printable.prose(_uninvert(json_fields.mapping(work.get("abstract_inverted_index")))),
        url=json_fields.text(first.get("landing_page_url")) or json_fields.text(work.get("id")),
        pdf=json_fields.text(best.get("pdf_url")),
        license=printable.line(json_fields.text(best.get("license")), 60),
        sources=("openalex",),
    )


def _arxiv_of(place: str) -> str:
    """Return the arXiv id that a DOI or an address stands for, empty when it stands for none."""
    if "arxiv" not in place.lower():
        return ""
    try:
        kind, value = identifiers.parse_id(place)
    except console.Failure:
        return ""
    return identifiers.without_version(value) if kind == "arxiv" else ""


def _uninvert(index: Json) -> str:
    """Put an abstract that OpenAlex stores as word -> positions back in order."""
    pairs = [(p, w) for w, places in index.items() if isinstance(places, list) for p in places if isinstance(p, int)]
    return " ".join(word for _, word in sorted(pairs))


def _years(question: Question) -> list[str]:
    if not question.years:
        return []
    first, last = question.years
    return [f"publication_year:{first or ''}-{last or ''}"]


def _count(answer: Json) -> int:
    return json_fields.integer(json_fields.mapping(answer.get("meta")).get("count")) or 0
