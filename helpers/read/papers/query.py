"""What is asked of every source of papers, and what each answers."""

import re
from dataclasses import dataclass
from typing import Literal

from helpers import console
from helpers.read.outcome import Outcome
from helpers.read.papers.paper import Paper

Years = tuple[int | None, int | None]
Found = Outcome[Paper]


@dataclass(frozen=True)
class Question:
    """A search, or (with `cites` or `references`) the papers around a known one."""

    query: str = ""
    field: Literal["all", "ti", "abs", "au"] = "all"
    category: str = ""
    years: Years | None = None
    sort: Literal["relevance", "date", "citations"] = "relevance"
    limit: int = 10
    cites: str = ""
    references: str = ""

    @property
    def linked(self) -> str:
        """The id of the paper around which is searched, if any."""
        return self.cites or self.references

    @property
    def depth(self) -> int:
        """How many papers each source is asked for: to sort by date or citations, among the 100 most relevant."""
        return self.limit if self.sort == "relevance" else max(self.limit, 100)


def parse_years(text: str) -> Years:
    """Read 2018-2026, 2018-, -2020 or 2020; raises Failure (2)."""
    one = re.fullmatch(r"(\d{4})", text)
    if one:
        return int(text), int(text)
    two = re.fullmatch(r"(\d{4})?-(\d{4})?", text)
    if not two or text == "-" or (two[1] and two[2] and two[1] > two[2]):
        raise console.usage(f"{text!r} is not a range of years", "write 2018-2026, 2018-, -2020 or 2020")
    return (int(two[1]) if two[1] else None), (int(two[2]) if two[2] else None)


def within(paper: Paper, years: Years | None) -> bool:
    """Whether the paper is of these years; one without a year is not left out."""
    if not years or paper.year is None:
        return True
    return (years[0] or 0) <= paper.year <= (years[1] or 9999)
