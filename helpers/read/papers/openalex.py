"""OpenAlex: knows SIGMOD and PVLDB well, citations and open copies.

It gives each caller a daily allowance ($0.10 without a key: 100 searches; looking up by id is free).
See developers.openalex.org.
"""

import re
from urllib.parse import quote

from helpers import console, json_fields, printable
from helpers.json_fields import Json
from helpers.read.papers import answers, identifiers
from helpers.read.papers.answers import Catalogue
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question
from helpers.read.web import client

SERVICE = Catalogue("OpenAlex", "https://api.openalex.org", "OPENALEX_API_URL", ("OPENALEX_API_KEY",))
FIELDS = (
    "id,doi,display_name,publication_year,publication_date,authorships,primary_location,best_oa_location,locations,"
    "cited_by_count,abstract_inverted_index"
)


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
    return _found(params, budget)


def around(question: Question, budget: client.Budget) -> Found:
    """Return the works that cite the known one, or that it refers to, most cited first."""
    work = lookup(question.linked, budget).openalex
    filters = [f"{'cites' if question.cites else 'cited_by'}:{work}", *_years(question)]
    params = {"select": FIELDS, "per_page": "100", "sort": "cited_by_count:desc", "filter": ",".join(filters)}
    return _found(params, budget)


def lookup(identifier: str, budget: client.Budget) -> Paper:
    """Return one work by its id; raises Failure (1) when it is not known."""
    kind, value = identifiers.parse_id(identifier)
    if kind == "arxiv":
        kind, value = "doi", f"10.48550/arxiv.{identifiers.without_version(value)}"
    if kind not in ("doi", "openalex"):
        raise console.answer_no(f"OpenAlex cannot look up {identifier}", "give a DOI or an arXiv id")
    key = f"doi:{quote(value, safe='/')}" if kind == "doi" else value
    return _paper(_ask(f"/works/{key}", {"select": FIELDS}, budget))


def _found(params: dict[str, str], budget: client.Budget) -> Found:
    answer = _ask("/works", params, budget)
    works = json_fields.items(answer.get("results"))
    return Found([_paper(work) for work in works], json_fields.integer(answer, "meta", "count") or 0)


def _ask(path: str, params: dict[str, str], budget: client.Budget) -> Json:
    server, secret = SERVICE.base, {"api_key": SERVICE.key} if SERVICE.key else None
    headers = {"accept": "application/json"}
    answer = client.get(
        server + path, params=params, headers=headers, trusted=[server], budget=budget, secret_params=secret
    )
    return SERVICE.checked(answer, searched=path == "/works")


def _paper(work: Json) -> Paper:
    first, best, text = work.get("primary_location"), work.get("best_oa_location"), json_fields.text_at
    doi = text(work, "doi").lower().removeprefix("https://doi.org/")
    pages = (text(place, "landing_page_url") for place in (first, best, *json_fields.items(work.get("locations"))))
    return Paper(
        title=printable.one_line(text(work, "display_name"), 500),
        authors=answers.people(text(a, "author", "display_name") for a in json_fields.items(work.get("authorships"))),
        year=json_fields.integer(work, "publication_year"),
        date=text(work, "publication_date"),
        venue=printable.one_line(text(first, "source", "display_name"), 150),
        arxiv=next((found for place in (doi, *pages) if (found := _arxiv_of(place))), ""),
        doi="" if doi.startswith("10.48550/arxiv.") else doi,
        openalex=text(work, "id").rsplit("/", 1)[-1],
        citations=json_fields.integer(work, "cited_by_count"),
        abstract=printable.prose(_uninvert(json_fields.mapping(work.get("abstract_inverted_index")))),
        url=text(first, "landing_page_url") or text(work, "id"),
        pdf=text(best, "pdf_url"),
        license=printable.one_line(text(best, "license"), 60),
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
