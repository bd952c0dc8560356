"""One paper into papers/: its PDF, its text, a line in the index. Names are ours, and nothing is ever half written."""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from helpers import console, files, printable
from helpers.read import untrusted
from helpers.read.papers import article, arxiv, downloads, identifiers, index, openalex, semantic_scholar
from helpers.read.papers import paper as papers_paper
from helpers.read.papers.fetch_request import FetchRequest
from helpers.read.papers.paper import Paper
from helpers.read.web import client


def fetch_paper(wanted: FetchRequest) -> dict[str, Any]:
    """Fetch a paper and return its index entry; raises Failure, with nothing changed, when it cannot be had."""
    kind, value = identifiers.parse_id(wanted.id)
    budget = client.Budget(wanted.requests)
    paper = _known(kind, value, budget)
    paper = replace(paper, title=wanted.title) if wanted.title else paper
    if paper.withdrawn:
        console.note(f"warning: {paper.id} was withdrawn by its authors: {paper.abstract[:200]}")
    reader = downloads.Reader(budget, wanted.most)
    body, found = b"", None
    try:
        pdf, origin = reader.pdf(paper, _places(kind, value, paper, budget))
    except console.Failure:
        articles = [(page.body, read) for page in reader.pages if (read := article.read_article(page.text))]
        if kind != "url" or not articles:
            raise
        body, found = articles[0]
        pdf, origin = b"", value
        year = int(found.date[:4]) if found.date else None
        paper = replace(paper, title=paper.title or found.title, date=found.date, year=year)
    copy = downloads.Copy(found.text, "html") if found else reader.text(paper, pdf, wanted.kind)
    if not pdf and not copy.text and paper.withdrawn:
        earlier = f"fetch_paper.py {identifiers.without_version(paper.arxiv)}v1  # if its first version will do"
        raise console.answer_no(f"{paper.id} was withdrawn by its authors, and its text with it", earlier)
    if not pdf and not copy.text:
        raise console.outside(f"neither a PDF nor a text of {wanted.id} can be had", "see the warnings above")
    paper = replace(paper, license=paper.license or copy.license)
    name = file_name(paper, value)
    content = document(paper, copy, origin).encode("utf-8", "replace") if copy.text else b""
    entry = {
        "id": paper.id,
        "asked": wanted.id,
        **({"kind": "article", "date": found.date or None} if found else {}),
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "venue": paper.venue,
        "license": paper.license or None,
        **({"withdrawn": True} if paper.withdrawn else {}),
        "doi": paper.doi or None,
        "url": paper.url or origin,
        "pdf": f"{name}.pdf" if pdf else None,
        "pdf_from": origin or None,
        "text": f"{name}.md" if content else None,
        "text_from": copy.origin or None,
        "sha256": hashlib.sha256(body or pdf or content).hexdigest(),
        "bytes": len(pdf),
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    wanted.folder.mkdir(parents=True, exist_ok=True)
    for suffix, data in ((".pdf", pdf), (".md", content)):
        if data:
            files.replace(wanted.folder / (name + suffix), data)
    index.write(wanted.folder, entry)
    return entry


def file_name(paper: Paper, value: str) -> str:
    """Return the name of the files, without suffix: of our making, whatever a server says."""
    stem = paper.arxiv or paper.doi or (value if not value.startswith("http") else "")
    if not stem:
        words = "-".join(papers_paper.content_words(paper.title)[:6]) or "paper"
        stem = f"{words[:60]}-{hashlib.sha256(value.encode()).hexdigest()[:8]}"
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-")
    return safe if len(safe) <= 100 else f"{safe[:90]}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"


def document(paper: Paper, copy: downloads.Copy, origin: str) -> str:
    """Return papers/<id>.md: a quotation of what the sources say of the paper, and of its text."""
    facts = {
        "title": paper.title,
        "authors": ", ".join(paper.authors),
        "date": paper.date,
        "year": paper.year,
        "venue": paper.venue,
        "license": paper.license or "unknown",
        "withdrawn": "by its authors" if paper.withdrawn else "",
        "url": paper.url or origin,
        "text from": copy.origin,
    }
    head = "\n".join(f"{k}: {v}" for k, v in facts.items() if v)
    fenced = untrusted.fence(printable.prose(f"{head}\n\n{copy.text}"), paper.id)
    return f"# {paper.id}\n\n{untrusted.WARNING}\n\n{fenced}\n"


def _known(kind: str, value: str, budget: client.Budget) -> Paper:
    """Return what the sources say of the paper.

    For an arXiv id that is a courtesy, for others the way to an open copy.
    """
    if kind == "url":
        return Paper(title="", url=value)
    found: list[Paper] = []
    failures: list[console.Failure] = []
    ways = [arxiv.lookup] if kind == "arxiv" else [openalex.lookup, semantic_scholar.lookup]
    for way in ways:
        try:
            found.append(way(identifiers.canonical(kind, value) if kind != "arxiv" else value, budget))
        except console.Failure as failure:
            failures.append(failure)
            continue
        if found[-1].pdf or found[-1].arxiv:
            break
    if found:
        paper = papers_paper.merge([[p] for p in found])[0]
        return replace(paper, arxiv=value) if kind == "arxiv" else paper
    if kind == "arxiv" and failures[0].code == console.OUTSIDE:
        console.note(f"warning: title and authors are not known: {failures[0].message}")
        return Paper(title="", arxiv=value, url=f"https://arxiv.org/abs/{value}", sources=("arxiv",))
    raise next((f for f in failures if f.code == console.OUTSIDE), failures[0])


def _places(kind: str, value: str, paper: Paper, budget: client.Budget) -> Iterator[str]:
    """Yield the addresses at which the PDF may be, the likeliest first; the second source is asked only when needed."""
    if kind == "url":
        yield value
        return
    if paper.arxiv:
        yield f"{arxiv.base()}/pdf/{paper.arxiv}"
        return
    if paper.pdf:
        yield paper.pdf
    if "s2" not in paper.sources:
        try:
            other = semantic_scholar.lookup(identifiers.canonical(kind, value), budget)
        except console.Failure as failure:
            console.note(f"warning: {failure.message}")
            return
        if other.arxiv:
            yield f"{arxiv.base()}/pdf/{other.arxiv}"
        elif other.pdf and other.pdf != paper.pdf:
            yield other.pdf
