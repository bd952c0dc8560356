"""The question put to GitHub's searches: words and qualifiers within what it takes (256 characters, five operators)."""

import re
from dataclasses import dataclass

from helpers import console
from helpers.read.forge import claims
from helpers.read.forge.matching import QUALIFIER

_STATE = {
    "merged": "is:merged",
    "rejected": "is:unmerged is:closed",
    "open": "is:open",
    "closed": "is:closed",
    "all": "",
}
_OPERATOR = re.compile(r"(?<!\S)\(*(?:AND|OR|NOT)\)*(?!\S)")
_ELSEWHERE = re.compile(r"(?<!\S)[-(]*(?:repo|org|user|enterprise):", re.IGNORECASE)


@dataclass(frozen=True)
class SearchRequest:
    """What a person asked for, the repository apart."""

    words: str = ""
    state: str = "all"
    labels: tuple[str, ...] = ()
    since: int = 0
    limit: int = 15
    pages: int = 1
    perf: bool = False
    any_language: bool = False

    @property
    def by_performance(self) -> bool:
        """Whether the words of performance are searched for, since there are no others."""
        return not self.words.strip()


def checked(wanted: SearchRequest) -> SearchRequest:
    """Return it; raises Failure (2) for what the service would not take, before a request is spent on it."""
    words = wanted.words
    if _ELSEWHERE.search(words):
        raise console.usage("a QUERY may not name other repositories or users", "give OWNER/REPO as the first word")
    if not words.isprintable() or words.count('"') % 2:
        raise console.usage("the QUERY has an open quotation mark or characters that cannot be printed")
    if words.strip(' "()') == "" and words.strip():
        raise console.usage("the QUERY has no word in it")
    operators = len(_OPERATOR.findall(words))
    if operators > 5:
        raise console.usage(f"the QUERY has {operators} operators; GitHub takes five AND, OR, NOT", "ask in two parts")
    length = len(" ".join(_OPERATOR.sub(" ", QUALIFIER.sub(" ", words)).split()))
    if length > 256:
        raise console.usage(f"the QUERY has {length} characters; GitHub takes 256", "use fewer words")
    if any('"' in label or not label.isprintable() or not label.strip() for label in wanted.labels):
        raise console.usage("a --label is a name without quotation marks")
    return wanted


def issues(repo: str, kind: str, wanted: SearchRequest) -> list[str]:
    """Return the questions to /search/issues, `kind` being pr or issue: one, or one for each six words of performance.

    The alternatives are in brackets: without them the service would read `repo:X a OR b` as "b anywhere".
    """
    fixed = [f"repo:{repo}", f"is:{kind}", _STATE[wanted.state], *(f'label:"{label}"' for label in wanted.labels)]
    fixed += [f"created:>={wanted.since}-01-01"] if wanted.since else []
    head = " ".join(part for part in fixed if part)
    if not wanted.by_performance:
        words = wanted.words.strip()
        return [f"{head} {f'({words})' if _OPERATOR.search(words) else words}"]
    if wanted.labels:
        return [head]  # a label such as "performance" is the better choice of words
    return [f"{head} ({' OR '.join(group)})" for group in claims.SEARCH_WORDS]


def commits(repo: str, wanted: SearchRequest) -> list[str]:
    """Return the questions to /search/commits, which knows no brackets."""
    since = f" author-date:>={wanted.since}-01-01" if wanted.since else ""
    if wanted.by_performance:
        return [f"{' OR '.join(group)} repo:{repo}{since}" for group in claims.SEARCH_WORDS]
    return [f"{wanted.words.strip()} repo:{repo}{since}"]


def without_brackets(question: str) -> str:
    """Return the question for a server that takes none: there OR joins plain words only, and qualifiers stand apart."""
    return re.sub(r"(?<!\S)\(([^()]*)\)(?!\S)", r"\1", question)
