"""What a paper is to us, and how the answers of several sources become one list."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from helpers.read.papers.identifiers import without_version

_STOP = re.compile("a|an|and|are|as|at|by|for|from|how|in|is|it|of|on|or|that|the|this|to|using|via|we|what|with")


@dataclass(frozen=True)
class Paper:
    """One paper as the sources know it; what is not known is empty or None, never guessed."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    date: str = ""
    venue: str = ""
    arxiv: str = ""
    doi: str = ""
    s2: str = ""
    openalex: str = ""
    citations: int | None = None
    abstract: str = ""
    url: str = ""
    pdf: str = ""
    license: str = ""
    withdrawn: bool = False
    sources: tuple[str, ...] = field(default=())

    @property
    def id(self) -> str:
        """The id that the other scripts take: arXiv before DOI before the sources' own."""
        for prefix, value in (("arXiv", self.arxiv), ("doi", self.doi), ("s2", self.s2), ("openalex", self.openalex)):
            if value:
                return f"{prefix}:{value}"
        return self.url

    def data(self) -> dict[str, Any]:
        """Return it for JSON, id first."""
        return {"id": self.id, **asdict(self)}


def from_data(data: dict[str, Any]) -> Paper:
    """Make a paper of what `data` gave."""
    known: dict[str, Any] = {f.name: data[f.name] for f in fields(Paper) if f.name in data}
    known.update({k: tuple(v) for k, v in known.items() if isinstance(v, list)})
    return Paper(**known)


def content_words(text: str) -> list[str]:
    """Return the words of a text that carry meaning, in lower case, in order."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [w for w in re.findall(r"\w[\w+#-]*", plain) if not _STOP.fullmatch(w)]


def why(paper: Paper, query: str) -> str:
    """Say which words of the query stand in the title and in the abstract."""
    asked = list(dict.fromkeys(content_words(query)))
    title, abstract = _stems(paper.title), _stems(paper.abstract)
    here = [w for w in asked if _stem(w) in title]
    there = [w for w in asked if w not in here and _stem(w) in abstract]
    parts = ([f"title: {' '.join(here)}"] if here else []) + ([f"abstract: {' '.join(there)}"] if there else [])
    return "; ".join(parts)


def matches(paper: Paper, query: str) -> int:
    """Count the words of the query that stand in title or abstract."""
    return sum(_stem(w) in _stems(f"{paper.title} {paper.abstract}") for w in set(content_words(query)))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _stems(text: str) -> set[str]:
    found = content_words(text)
    return {_stem(w) for w in found} | {_stem(part) for w in found for part in w.split("-")}


def merge(lists: Sequence[Iterable[Paper]]) -> list[Paper]:
    """Make one list of the sources' lists, each paper once, best first.

    Two entries are one paper when they share a DOI or an arXiv id, or the title and an author. The order is by
    reciprocal rank (Cormack et al., SIGIR 2009): what several sources rank high comes first.
    """
    found: list[tuple[float, Paper]] = []
    seen: dict[str, int] = {}
    for papers in lists:
        for rank, paper in enumerate(papers):
            score, keys = 1 / (60 + rank), _keys(paper)
            place = next((seen[k] for k in keys if k in seen), None)
            if place is None:
                place = len(found)
                found.append((score, paper))
            else:
                before, other = found[place]
                found[place] = before + score, _joined(other, paper)
            for k in keys:
                seen.setdefault(k, place)
    return [paper for _, paper in sorted(found, key=lambda pair: -pair[0])]


def _keys(paper: Paper) -> list[str]:
    keys = [f"doi:{paper.doi.lower()}"] if paper.doi else []
    keys += [f"arxiv:{without_version(paper.arxiv)}"] if paper.arxiv else []
    keys += [f"s2:{paper.s2}"] if paper.s2 else []
    keys += [f"openalex:{paper.openalex}"] if paper.openalex else []
    title = "".join(content_words(paper.title))
    surnames = {content_words(a)[-1] for a in paper.authors if content_words(a)}
    return keys + [f"title:{title}:{name}" for name in sorted(surnames)]


def _joined(a: Paper, b: Paper) -> Paper:
    """Return what both know of one paper; a venue other than arXiv, and the higher citation count, win."""
    values = {f.name: getattr(a, f.name) or getattr(b, f.name) for f in fields(Paper)}
    counts = [c for c in (a.citations, b.citations) if c is not None]
    venues = [v for v in (a.venue, b.venue) if v]
    return replace(
        Paper(**values),
        citations=max(counts, default=None),
        venue=next((v for v in venues if "arxiv" not in v.lower()), venues[0] if venues else ""),
        abstract=max(a.abstract, b.abstract, key=len),
        sources=tuple(dict.fromkeys((*a.sources, *b.sources))),
    )
