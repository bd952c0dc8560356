"""Semantic Scholar and OpenAlex: the sources that know the systems venues, citations and open copies.

Semantic Scholar knows papers without a DOI (OSDI, NSDI) and shares one pool among all who have no key, so that 429 is
common. OpenAlex knows SIGMOD and PVLDB well and gives each caller a daily allowance ($0.10 without a key: 100
searches; looking up by id is free). Docs: api.semanticscholar.org/api-docs, developers.openalex.org.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from helpers import console
from helpers.read import address, papers, transport
from helpers.read.outside import clean, line
from helpers.read.papers import Paper
from helpers.read.question import Found, Question, within

S2_PUBLIC = "https://api.semanticscholar.org"
OPENALEX_PUBLIC = "https://api.openalex.org"
S2_FIELDS = "title,authors,year,publicationDate,venue,externalIds,citationCount,openAccessPdf,url,abstract"
OPENALEX_FIELDS = (
    "id,doi,display_name,publication_year,publication_date,authorships,primary_location,best_oa_location,locations,"
    "cited_by_count,abstract_inverted_index"
)
AROUND = 500
"""How many papers around a known one are asked for at once: they come in no useful order."""
Json = Mapping[str, Any]


def s2_base() -> str:
    """Return the address of Semantic Scholar, $SEMANTIC_SCHOLAR_API_URL when set."""
    return os.environ.get("SEMANTIC_SCHOLAR_API_URL", "").rstrip("/") or S2_PUBLIC


def s2_key() -> str:
    """Return the person's key ($SEMANTIC_SCHOLAR_API_KEY or $S2_API_KEY), empty without one."""
    return os.environ.get("SEMANTIC_SCHOLAR_API_KEY") or os.environ.get("S2_API_KEY") or ""


def openalex_base() -> str:
    """Return the address of OpenAlex, $OPENALEX_API_URL when set."""
    return os.environ.get("OPENALEX_API_URL", "").rstrip("/") or OPENALEX_PUBLIC


def openalex_key() -> str:
    """Return the person's key ($OPENALEX_API_KEY), empty without one."""
    return os.environ.get("OPENALEX_API_KEY", "")


def search_s2(question: Question, budget: transport.Budget) -> Found:
    """Return the papers that Semantic Scholar finds; raises Failure when it cannot be asked."""
    words = re.sub(r'["-]', " ", question.query)  # a word with a hyphen finds nothing there
    params = {"query": words, "fields": S2_FIELDS, "limit": str(min(question.depth, 100))}
    if question.years:
        params["year"] = "-".join(str(y or "") for y in question.years)
    answer = _s2("/graph/v1/paper/search", params, budget)
    found = [_of_s2(item) for item in _items(answer.get("data"))]
    return Found(_by_field(found, question), int(answer.get("total") or 0))


def around_s2(question: Question, budget: transport.Budget) -> Found:
    """Return the papers that cite the known one, or that it refers to."""
    kind, inner = ("citations", "citingPaper") if question.cites else ("references", "citedPaper")
    path = f"/graph/v1/paper/{_s2_id(question.linked)}/{kind}"
    answer = _s2(path, {"fields": S2_FIELDS.removesuffix(",abstract"), "limit": str(AROUND)}, budget)
    found = [_of_s2(item[inner]) for item in _items(answer.get("data")) if isinstance(item.get(inner), dict)]
    more = f"only the first {AROUND} looked at" if answer.get("next") else ""
    return Found([p for p in found if p.title and within(p, question.years)], note=more)


def lookup_s2(identifier: str, budget: transport.Budget) -> Paper:
    """Return one paper by its id; raises Failure (1) when it is not known."""
    return _of_s2(_s2(f"/graph/v1/paper/{_s2_id(identifier)}", {"fields": S2_FIELDS}, budget))


def search_openalex(question: Question, budget: transport.Budget) -> Found:
    """Return the works that OpenAlex finds; raises Failure when it cannot be asked."""
    text, params = question.query, {"select": OPENALEX_FIELDS, "per_page": str(min(question.depth, 100))}
    filters = _openalex_years(question)
    name = {"ti": "title.search", "abs": "abstract.search", "au": "raw_author_name.search"}.get(question.field)
    if name:
        filters.append(f"{name}:{re.sub('[,|!:]', ' ', text)}")  # these would be read as more filters
    else:
        params["search"] = text
    if filters:
        params["filter"] = ",".join(filters)
    answer = _openalex("/works", params, budget)
    return Found([_of_openalex(w) for w in _items(answer.get("results"))], _count(answer))


def around_openalex(question: Question, budget: transport.Budget) -> Found:
    """Return the works that cite the known one, or that it refers to, most cited first."""
    work = lookup_openalex(question.linked, budget).openalex
    filters = [f"{'cites' if question.cites else 'cited_by'}:{work}", *_openalex_years(question)]
    params = {"select": OPENALEX_FIELDS, "per_page": "100", "sort": "cited_by_count:desc", "filter": ",".join(filters)}
    answer = _openalex("/works", params, budget)
    return Found([_of_openalex(w) for w in _items(answer.get("results"))], _count(answer))


def lookup_openalex(identifier: str, budget: transport.Budget) -> Paper:
    """Return one work by its id; raises Failure (1) when it is not known."""
    kind, value = papers.parse_id(identifier)
    if kind == "arxiv":
        kind, value = "doi", f"10.48550/arxiv.{papers.without_version(value)}"
    if kind not in ("doi", "openalex"):
        raise console.answer_no(f"OpenAlex cannot look up {identifier}", "give a DOI or an arXiv id")
    key = f"doi:{quote(value, safe='/')}" if kind == "doi" else value
    return _of_openalex(_openalex(f"/works/{key}", {"select": OPENALEX_FIELDS}, budget))


def _s2(path: str, params: dict[str, str], budget: transport.Budget) -> Json:
    base, key = s2_base(), s2_key()
    pace = 0.0 if address.is_loopback(address.origin(base)[1]) else 1.1
    headers = {"accept": "application/json", **({"x-api-key": key} if key else {})}
    answer = transport.get(base + path, params=params, headers=headers, trusted=[base], pace=pace, budget=budget)
    return _object(answer, "Semantic Scholar", "SEMANTIC_SCHOLAR_API_KEY" if key else "")


def _openalex(path: str, params: dict[str, str], budget: transport.Budget) -> Json:
    base, key = openalex_base(), openalex_key()
    answer = transport.get(
        base + path, params=params, headers={"accept": "application/json"}, trusted=[base], budget=budget,
        secret_params={"api_key": key} if key else None,
    )  # fmt: skip
    return _object(answer, "OpenAlex", "OPENALEX_API_KEY" if key else "")


def _object(answer: transport.Response, name: str, key: str) -> Json:
    """Return the JSON object of an answer that is one; else raise a Failure that says what to do."""
    if answer.status == 404:
        raise console.answer_no(f"{name} does not know this paper", "try its DOI, its arXiv id, or search by title")
    if answer.status in (401, 403):
        do = f"look at ${key}" if key else "it may want a key now: see references/literature.md"
        raise console.outside(f"{name} refuses us ({answer.status}): {line(answer.text, 160)}", do)
    if answer.status != 200:
        what = f"{name} did not take the question ({answer.status}): {line(answer.text, 160)}"
        raise console.outside(what, "ask in plainer words, without quotes and brackets")
    value = answer.json()
    if not isinstance(value, dict):
        raise console.outside(f"{name} answered with JSON of another shape", "its interface may have changed")
    return value


def _items(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _names(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(line(name, 100) for name in map(_text, values) if name)


def _of_s2(item: Json) -> Paper:
    ids, pdf = _dict(item.get("externalIds")), _dict(item.get("openAccessPdf"))
    return Paper(
        title=line(_text(item.get("title")), 500),
        authors=_names(a.get("name") for a in _items(item.get("authors"))),
        year=_int(item.get("year")),
        date=_text(item.get("publicationDate")),
        venue=line(_text(item.get("venue")), 150),
        arxiv=_text(ids.get("ArXiv")),
        doi=_text(ids.get("DOI")).lower(),
        s2=_text(item.get("paperId")),
        citations=_int(item.get("citationCount")),
        abstract=clean(" ".join(_text(item.get("abstract")).split())),
        url=_text(item.get("url")),
        pdf=_text(pdf.get("url")),
        license=line(_text(pdf.get("license")), 60),
        sources=("s2",),
    )


def _of_openalex(work: Json) -> Paper:
    first, best = _dict(work.get("primary_location")), _dict(work.get("best_oa_location"))
    doi = _text(work.get("doi")).lower().removeprefix("https://doi.org/")
    places = [doi, *(_text(x.get("landing_page_url")) for x in (first, best, *_items(work.get("locations"))))]
    return Paper(
        title=line(_text(work.get("display_name")), 500),
        authors=_names(_dict(a.get("author")).get("display_name") for a in _items(work.get("authorships"))),
        year=_int(work.get("publication_year")),
        date=_text(work.get("publication_date")),
        venue=line(_text(_dict(first.get("source")).get("display_name")), 150),
        arxiv=next((found for place in places if (found := _arxiv_of(place))), ""),
        doi="" if doi.startswith("10.48550/arxiv.") else doi,
        openalex=_text(work.get("id")).rsplit("/", 1)[-1],
        citations=_int(work.get("cited_by_count")),
        abstract=clean(_uninvert(_dict(work.get("abstract_inverted_index")))),
        url=_text(first.get("landing_page_url")) or _text(work.get("id")),
        pdf=_text(best.get("pdf_url")),
        license=line(_text(best.get("license")), 60),
        sources=("openalex",),
    )


def _arxiv_of(place: str) -> str:
    """Return the arXiv id that a DOI or an address stands for, empty when it stands for none."""
    if "arxiv" not in place.lower():
        return ""
    try:
        kind, value = papers.parse_id(place)
    except console.Failure:
        return ""
    return papers.without_version(value) if kind == "arxiv" else ""


def _uninvert(index: Json) -> str:
    """Put an abstract that OpenAlex stores as word -> positions back in order."""
    pairs = [(p, w) for w, places in index.items() if isinstance(places, list) for p in places if isinstance(p, int)]
    return " ".join(word for _, word in sorted(pairs))


def _s2_id(identifier: str) -> str:
    kind, value = papers.parse_id(identifier)
    if kind == "openalex":
        raise console.answer_no(f"Semantic Scholar does not know OpenAlex ids ({value})", "give a DOI or an arXiv id")
    prefix = {"arxiv": "ARXIV:", "doi": "DOI:", "url": "URL:"}.get(kind, "")
    return prefix + quote(papers.without_version(value) if kind == "arxiv" else value, safe="/:")


def _by_field(found: list[Paper], question: Question) -> list[Paper]:
    """Keep what matches in the field asked for: Semantic Scholar always searches title and abstract together."""
    if question.field == "ti":
        return [
            p for p in found if papers.matches(p, question.query) and papers.why(p, question.query).startswith("title")
        ]
    return found


def _openalex_years(question: Question) -> list[str]:
    if not question.years:
        return []
    first, last = question.years
    return [f"publication_year:{first or ''}-{last or ''}"]


def _count(answer: Json) -> int:
    return _int(_dict(answer.get("meta")).get("count")) or 0
