"""Asking several sources one question: what each answered, merged, and free the next time."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from helpers import console, progress
from helpers.read.papers import paper
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question, within
from helpers.read.web import cache
from helpers.read.web.response import Budget

SOURCES = ("arxiv", "s2", "openalex")
REMEMBERED_SECONDS = 7 * 86_400.0
"""Seconds for which a remembered answer is given without asking again."""


def summary(answer: Found) -> str:
    """Say what one source answered, in a few words."""
    said, count = f"{answer.source} {answer.status}", len(answer.found)
    if answer.status == "ok":
        said += f" ({count}" + (f" of {answer.total:,})" if answer.total > count else ")")
    if answer.retry_after is not None:
        said += f" (retry after {progress.span(answer.retry_after)})"
    if answer.age is not None:
        said += f" [cache, {progress.span(answer.age)} old]"
    return said + (f": {'; '.join(answer.notes)}" if answer.notes else "")


def ask(question: Question, sources: Sequence[str], *, most: int, fresh: bool) -> tuple[list[Found], int]:
    """Ask each source, from the cache where it can be, and return the outcomes and the number of requests made."""
    known = {source: None if fresh else _remembered(question, source) for source in sources}
    missing = [s for s in sources if known[s] is None]
    budget = Budget(most)
    if missing:
        from helpers import venv

        venv.require("httpx", "stamina", *(["arxiv"] if "arxiv" in missing else []))
    return [known[s] or _asked(question, s, budget) for s in sources], budget.used


def merged(question: Question, outcomes: Sequence[Found]) -> list[Paper]:
    """Return the papers of all sources as one list, sorted and cut as the question says."""
    found = paper.merge([o.found for o in outcomes])
    found = [p for p in found if within(p, question.years)]
    if question.linked and question.query:  # the sources do not search among the papers around one: we do
        found = [p for p in found if paper.matches(p, question.query)]
        found.sort(key=lambda p: -paper.matches(p, question.query))
    if question.sort == "date":
        found.sort(key=lambda p: p.date or str(p.year or ""), reverse=True)
    elif question.sort == "citations" or (question.linked and not question.query):
        found.sort(key=lambda p: -(p.citations if p.citations is not None else -1))
    return found[: question.limit]


def _asked(question: Question, source: str, budget: Budget) -> Found:
    """Ask one source; when it cannot answer, what it once said is better than nothing, if it is said to be old."""
    try:
        found = _function(question, source)(question, budget)
    except console.Failure as failure:
        if failure.code == console.NO:
            return Found(source=source, notes=[failure.message])
        old = _remembered(question, source, float("inf"))
        if old is not None:
            return replace(old, notes=[f"asked again without an answer: {failure.message}"])
        found = Found(source=source)
        found.failed(failure)
        found.notes = [f"{failure.message} ({failure.do})"] if found.retry_after is None else []
        return found
    found = replace(found, source=source, status="ok" if found.found else "empty")
    if not found.incomplete:
        cache.save(_key(question, source), asdict(found), b"")
    return found


def _function(question: Question, source: str) -> Callable[[Question, Budget], Found]:
    """Return the function that asks this source; imported here, so that a remembered answer costs no import."""
    if source == "arxiv":
        from helpers.read.papers import arxiv

        return arxiv.search
    from helpers.read.papers import openalex, semantic_scholar

    if source == "s2":
        return semantic_scholar.around if question.linked else semantic_scholar.search
    return openalex.around if question.linked else openalex.search


def _key(question: Question, source: str) -> str:
    """Return the name of the answer in the cache; the limit counts only as far as the source is told it."""
    import os

    asked = {**asdict(question), "limit": question.depth, "sort": ""}  # sorting is done here
    if question.linked:
        asked.update(query="", limit=0)
    address = {"arxiv": "ARXIV_API_URL", "s2": "SEMANTIC_SCHOLAR_API_URL", "openalex": "OPENALEX_API_URL"}[source]
    return cache.key("search", source, os.environ.get(address, ""), asked)


def _remembered(question: Question, source: str, oldest: float = REMEMBERED_SECONDS) -> Found | None:
    entry = cache.load(_key(question, source))
    if entry is None or entry.age > oldest:
        return None
    head: dict[str, Any] = {k: v for k, v in entry.head.items() if k not in ("length", "age")}
    try:
        return Found(**{**head, "found": [paper.from_data(p) for p in head["found"]], "age": entry.age})
    except (TypeError, KeyError):
        return None
