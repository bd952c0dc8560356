"""How a search for papers is chosen, shown and judged: sources in, text, JSON and exit code out."""

import shlex
from collections.abc import Sequence
from typing import Any

from helpers import console, next_step, printable
from helpers.read import untrusted
from helpers.read.outcome import nothing
from helpers.read.papers import paper as papers_paper
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question
from helpers.read.papers.search import SOURCES, summary


def sources(wanted: str | None, question: Question) -> list[str]:
    """Return the sources to ask; raises Failure (2) for one that is unknown or cannot answer this question."""
    able = list(SOURCES)
    if question.linked:  # arXiv has no citations
        able = ["s2", "openalex"]
    elif question.category:  # which are arXiv's own
        able = ["arxiv"]
    elif question.field == "au":  # Semantic Scholar cannot be searched by author
        able = ["arxiv", "openalex"]
    chosen = [s.strip().lower() for s in (wanted or "").split(",") if s.strip()]
    wrong = [s for s in chosen if s not in able] or ["--category"] * bool(question.category and question.linked)
    if wrong:
        raise console.usage(f"{wrong[0]!r:.60} cannot answer this question", f"choose of {', '.join(able)}")
    return list(dict.fromkeys(chosen)) or able


def document(
    question: Question, outcomes: Sequence[Found], found: Sequence[Paper], requests: int, *, abstracts: bool
) -> dict[str, Any]:
    """Return everything for --json; the abstracts, most of its length, only when wanted."""
    left_out = () if abstracts else ("abstract",)
    asked = []
    for o in outcomes:
        answered = {"source": o.source, "status": o.status, "found": len(o.found), "total": o.total}
        asked.append({**answered, "retry_after": o.retry_after, "note": "; ".join(o.notes), "cache_age": o.age})
    papers = []
    for p in found:
        known = {k: v for k, v in p.data().items() if k not in left_out}
        papers.append({**known, "why": papers_paper.why(p, question.query)})
    warning = untrusted.WARNING.replace("inside the fence", "of the papers")
    return {"query": question.query, "warning": warning, "requests": requests, "sources": asked, "papers": papers}


def papers_text(question: Question, outcomes: Sequence[Found], found: Sequence[Paper], *, abstracts: bool) -> str:
    """Return the compact text: what each source said, then two lines a paper in a fence."""
    head = f"{len(found)} paper{'' if len(found) == 1 else 's'} · " + " · ".join(summary(o) for o in outcomes)
    if not found:
        return f"{head}\n{nothing(outcomes)}"
    body = "\n".join(entry(p, question.query, abstract=abstracts) for p in found)
    origin = ", ".join(dict.fromkeys(s for p in found for s in p.sources))
    id_ = shlex.quote(found[0].id)
    tip = next_step.runnable(f"to read one: fetch_paper.py {id_}\nto queue it: ideas.py add --from {id_}")
    return f"{head}\n{untrusted.WARNING}\n{untrusted.fence(body, origin)}\n{tip}"


def entry(paper: Paper, query: str, *, abstract: bool) -> str:
    """Return one paper: id, year, venue, citations, title; then who, why it matched and its other ids."""
    cited = f"cited {paper.citations:,}" if paper.citations is not None else ""
    gone = "WITHDRAWN" if paper.withdrawn else ""
    head = "  ".join(p for p in (paper.id, gone, str(paper.year or "year ?"), paper.venue, cited, paper.title) if p)
    names = [a.split(",")[0].split()[-1] for a in paper.authors[:3] if a.split(",")[0].split()]
    more = f" +{len(paper.authors) - 3}" if len(paper.authors) > 3 else ""
    reason = papers_paper.why(paper, query)
    other = [f"doi:{paper.doi}"] if paper.doi and not paper.id.startswith("doi:") else []
    other += ["pdf"] if paper.pdf else []
    parts = [", ".join(names) + more, f"matches {reason}" if reason else "", " ".join(other), "/".join(paper.sources)]
    lines = [head, "    " + " · ".join(p for p in parts if p)]
    return "\n".join(
        [*lines, f"    {printable.one_line(paper.abstract, 2_000)}"] if abstract and paper.abstract else lines
    )
