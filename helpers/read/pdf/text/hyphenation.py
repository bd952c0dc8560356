"""Words broken at the end of a line, joined again by the document's own vocabulary."""

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:[-–'’][^\W\d_]+)*")
_TAIL = re.compile(r"([^\W_]+(?:-[^\W_]+)*)-$")
_HEAD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FIRST = _set(
    "all best better co cross data end ever fast fine fixed first second third full general half hard hash high ill "
    "in large left long low lock machine main many mid multi near new non off old on one open out peer per point "
    "post pre problem re read real right run self semi short single so soft state sub super test third time top two "
    "three four un up user variable well wide write x y z byte bit block cache client server cost cpu disk domain "
    "energy error event feature file garbage gpu graph hot io key line log memory message node object page power "
    "process quasi query resource row column scale shared space stream system task thread tree type value vector "
    "virtual wait web word world zero"
)
_GLUED = _set("co in multi non off on out per post pre re semi sub super test un up")
"""Of those, the ones that are as often written together: without other evidence they are joined."""
_KEPT_AFTER = _set(
    "based aware free like level wide driven oriented specific dependent independent known only scale time term "
    "grained optimal bound intensive efficient quality performance order dimensional world art way sized tolerant "
    "to of the and in line end called defined safe ahead behind back side size house of-the-art to-end peer tuned "
    "proof case purpose linear trivial negative zero uniform empty local existing blocking volatile "
    "deterministic changing preserving saving "
    "consuming making sharing checking"
)


class Vocabulary:
    """How often each word stands in the document, whole lines only: words at a line's broken end do not count."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._seen: Counter[str] = Counter()
        broken = False
        for line in lines:
            words = _WORD.findall(line)
            self._seen.update(w.lower() for w in words[1 if broken else 0 : -1])
            broken = line.endswith("-")
            if words and not broken:
                self._seen[words[-1].lower()] += 1

    def __getitem__(self, word: str) -> int:
        return self._seen[word.lower()]

    def join(self, before: str, after: str) -> str:
        """Return two lines as one: a word broken between them is made whole, keeping a hyphen that is its own."""
        before, after = before.rstrip(), after.lstrip()
        tail, head = _TAIL.search(before[-100:]) if before.endswith("-") else None, _HEAD.match(after)
        if not tail or not head:
            glue = "" if not before or not after or before.endswith(("/", "—")) or _is_url(before, after) else " "
            return before + glue + after
        return before + after if self._hyphenated(tail[1], head[0]) else before[:-1] + after

    def _hyphenated(self, first: str, second: str) -> bool:
        if not second[0].islower() or not first[-1].isalpha() or (len(first) > 1 and first[-2:].isupper()):
            return True
        whole, parted = self[first + second], self[f"{first}-{second}"]
        if whole != parted:
            return parted > whole
        last, lead = first.rpartition("-")[2].lower(), second.split("-")[0].lower()
        if self[last + lead]:
            return False
        if last in _FIRST and last not in _GLUED:
            return lead in _KEPT_AFTER or self[lead] > 0
        if lead in _KEPT_AFTER:
            return self[last] > 0 or last in _FIRST
        return len(last) >= 4 and len(lead) >= 4 and self[last] >= 2 and self[lead] >= 2


def _is_url(before: str, after: str) -> bool:
    """Say whether an address goes on in the next line."""
    last = before.rpartition(" ")[2]
    return re.match(r"\(?(https?://|www\.)", last) is not None and (
        last.endswith(("/", "-", "_", "=", "?", "&")) or re.match(r"[\w%~-]*[/_=?&.][\w/]", after) is not None
    )
