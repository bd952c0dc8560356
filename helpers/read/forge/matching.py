"""How well a text answers a QUERY: all words of one alternative, near each other, in the title before the body."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r'(-?)\(*("[^"]+"|[^\s"]+)')
QUALIFIER = re.compile(r'(?<!\S)-?[a-z-]+:(?:"[^"]*"|\S+)')
_SPECIAL = re.compile(r"([][.(){}*+?^$|\\])")
_JOINED = "\xad"
"""In a term: its parts may be written together, with a hyphen, or as two words."""
_LONG = 7
"""Letters from which on a word may be misspelt by one."""
_LOOKED_AT = 20_000
"""Characters of a body."""


@dataclass(frozen=True)
class Query:
    """Alternatives, each of words and phrases that all must be there, and what must not."""

    alternatives: tuple[tuple[str, ...], ...]
    excluded: tuple[str, ...] = ()


def parsed(words: str) -> Query:
    """Read words, "phrases", OR between alternatives, NOT or a minus before what is not wanted."""
    groups: list[list[str]] = [[]]
    excluded: list[str] = []
    negated = False
    for minus, said in _TOKEN.findall(QUALIFIER.sub(" ", words)):
        if said in ("OR", "AND", "NOT"):
            groups += [[]] if said == "OR" else []
            negated = said == "NOT"
            continue
        bare = said.strip("()" if not said.startswith("(#") else "").strip('"')
        term = folded(re.sub(r"(?<=\w)[-_](?=\w)", _JOINED, bare))
        (excluded if minus or negated else groups[-1]).extend([term] if term else [])
        negated = False
    return Query(tuple(tuple(group) for group in groups if group), tuple(excluded))


def folded(text: str) -> str:
    """Return a text as it is compared: case, hyphens and underscores inside words, and line ends do not count."""
    return " ".join(re.sub(r"(?<=\w)[-_](?=\w)", "", text.casefold()).split())


def patterns(query: Query) -> list[str]:
    """Return what git's --grep is to look for (all of them): less strict than `score`, which is asked afterwards."""
    if len(query.alternatives) == 1:
        return [_pattern(term) for term in query.alternatives[0]]
    return ["|".join(_pattern(max(group, key=len)) for group in query.alternatives)] if query.alternatives else []


def score(query: Query, title: str, body: str) -> float:
    """Return 0 where the text does not answer the query; else the higher the better."""
    head, rest = folded(title), folded(body[:_LOOKED_AT])
    if any(form in head or form in rest for term in query.excluded for form in _forms(term)):
        return 0.0
    return max((_score(group, head, rest) for group in query.alternatives), default=0.0)


def near(one: str, other: str) -> bool:
    """Whether two words are the same but for one letter missing, added, wrong or swapped with the next."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest = list(zip(one[start:][::-1], other[start:][::-1], strict=False))
    end = next((i for i, (a, b) in enumerate(rest) if a != b), len(rest))
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(left), len(right)) < 2 or (len(left) == 2 and left == right[::-1])


def _score(group: tuple[str, ...], head: str, rest: str) -> float:
    total = 0.0
    for term in group:
        here = max(_strength(form, head) for form in _forms(term))
        there = max(_strength(form, rest) for form in _forms(term)) if not here else 0.0
        if not here and not there:
            return 0.0
        total += 4 * here + there
    near_each_other = max(3 * _closeness(group, head), _closeness(group, rest)) if len(group) > 1 else 0.0
    return total / len(group) + near_each_other


def _forms(term: str) -> tuple[str, ...]:
    return (term.replace(_JOINED, ""), term.replace(_JOINED, " ")) if _JOINED in term else (term,)


def _strength(term: str, text: str) -> float:
    """Return 1 for a word of its own, less inside another one or misspelt, 0 where it is not."""
    if term in text:
        return 1.0 if re.search(rf"(?<!\w){re.escape(term)}", text) else 0.6
    if len(term) >= _LONG and term.isalpha():
        like = set(re.findall(rf"\w{{{len(term) - 1},{len(term) + 1}}}", text))
        return 0.7 if any(near(term, token) for token in like) else 0.0
    return 0.0


def _closeness(group: tuple[str, ...], text: str) -> float:
    """Return 1 where the words stand side by side, less the wider the narrowest place is that holds them all."""
    places = sorted(
        (m.start(), n)
        for n, term in enumerate(group)
        for m in list(re.finditer(re.escape(term).replace(_JOINED, " ?"), text))[:50]
    )
    last: dict[int, int] = {}
    width = len(text)
    for at, n in places:
        last[n] = at
        if len(last) == len(group):
            first = min(last.values())
            width = min(width, at + len(group[n]) - first)
    return min(1.0, (sum(map(len, group)) + len(group) - 1) / max(width, 1)) if len(last) == len(group) else 0.0


def _pattern(term: str) -> str:
    """Return an extended regular expression that finds every line where `score` may find this word or phrase."""
    term = term.replace(_JOINED, " ")
    word = term.replace(" ", "")
    parts = [part for said in term.split() for part in (*re.findall(r"[^\W\d]+|\d+|\W", said), " ")][:-1]
    exact = "[-_]?".join(_SPECIAL.sub(r"\\\1", part) for part in parts).replace("[-_]? [-_]?", "[-_ ]?")
    if len(word) < 5 or not term.isalpha():
        return exact
    middle = len(word) // 2  # a hyphen or one wrong letter leaves one of the halves as it is
    return f"{word[: middle - (len(word) % 2 == 0)]}|{word[middle + 1 :] if len(word) >= _LONG else word[middle:]}"
