"""Numbered headings: the heaviest consistent chain of numbers among all the lines that begin with one."""

import re
from dataclasses import dataclass

from helpers.read.pdf.layout.body_style import Face
from helpers.read.pdf.text.lines import Line

NUMBERED = re.compile(
    r"(?P<word>(?:section|chapter|appendix|part|§)\s*)?(?P<num>\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|"
    r"[A-Z](?:\.\d{1,2}){0,3})"
    r"(?P<dot>[.:)]?)(?P<gap>\s+|(?<=[\d.)])(?=(?-i:[A-Z][a-z])))(?P<title>\S.*)",
    re.IGNORECASE,
)
LISTED = re.compile(r"(\.\s?){3,}|\s(\d{1,3}|[ivxl]{1,5})$|\s\.+\s*\d{1,3}$")
"""How an entry of a table of contents ends."""
_ALONE = re.compile(r"(?i:chapter|part|appendix)\s+(\d{1,2}|[IVX]{1,5}|[A-Z])[.:]?|\d{1,2}\.?")
"""The number of a chapter, its title below."""
_ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass
class Heading:
    """A heading: which lines it takes (`at`, `count`), its level from 1, its number as printed and its title."""

    at: int
    level: int
    number: str
    title: str
    count: int = 1
    rest: str = ""
    """What follows on its last line: the text of a heading that runs in."""


@dataclass
class Candidate:
    """A line that begins as a numbered heading does; `path` is its number, as (2, 1) for 2.1."""

    at: int
    kind: str
    path: tuple[int, ...]
    number: str
    title: str
    weight: float
    rest: str = ""
    top: bool = False
    """It says `Appendix` or `Chapter` itself."""
    count: int = 1


def candidates(lines: list[Line], face: Face, end: int) -> list[Candidate]:
    """Return the lines that may be numbered headings; those below the references only where they stand out."""
    made = []
    start = next((n for n, line in enumerate(lines[:120]) if line.text.lower().startswith("abstract")), 0)
    for n, line in enumerate(lines):
        text, rest = line.text, ""
        chapter = _chapter(lines, n, face)
        if chapter:
            text = f"{text.rstrip('.:')} {chapter}"
        found = NUMBERED.fullmatch(text)
        if (
            not chapter
            and line.lead
            and len(line.lead) < len(text) - 1
            and (early := NUMBERED.fullmatch(line.lead.rstrip()))
            and (len(early["title"]) > 3)
            and not (line.bold and re.match(r"\s*[&a-z]", text[len(line.lead) :]))
        ):
            found, rest = early, text[len(line.lead) :].strip()
        if (
            not found
            or not _titled(found["title"], face.stands_out(line))
            or n < start
            or (n > end and not face.stands_out(line))
        ):
            continue
        weight = _weight(line, face, face.gaps[n], found["title"].rstrip(": ") if rest else found["title"], rest)
        if weight <= 0:
            continue
        title = found["title"].strip().rstrip(".:") if rest else found["title"].strip()
        word = (found["word"] or "").strip()
        top = word.lower() in ("appendix", "chapter")
        number = f"{word} {found['num']}" if top else found["num"]
        for kind, path in _paths(found["num"], found["word"] or ""):
            made.append(Candidate(n, kind, path, number, title, weight, rest, top, 2 if chapter else 1))
    return made


def _chapter(lines: list[Line], n: int, face: Face) -> str:
    """Return the title below a chapter's number, which stands alone on its line; both are large."""
    line, below = lines[n], lines[n + 1] if n + 1 < len(lines) else None
    if below is None or below.page != line.page or not _ALONE.fullmatch(line.text):
        return ""
    large = min(line.size, below.size) > face.size + 2
    return below.text if large and not _ALONE.fullmatch(below.text) else ""


def _titled(title: str, strong: bool) -> bool:
    """Say whether words can be a title; in bold it may be as short as `F1`."""
    if LISTED.search(title):
        return False
    letters = sum(c.isalpha() for c in title)
    least, share = (1, 0.3) if strong and title[0].isupper() and len(title) < 6 else (2, 0.5)
    return (
        letters >= least
        and len(title) < 140
        and letters > share * len(title.replace(" ", ""))
        and not re.match(r"[a-z]{1,3}\b", title)
    )


def _weight(line: Line, face: Face, gap: float, title: str, rest: str) -> float:
    apart = gap > 1.2 * face.leading
    weight = 0.1 + 0.4 * apart
    if face.stands_out(line) or (rest and line.lead):
        weight += 1.4
    elif not face.plain(line) and line.size > face.size - 1.6:
        weight += 0.8
    if title[0].islower():
        weight -= 1.0
    if title.endswith((",", ";", ":")) or (title.endswith(".") and not rest and len(title) > 60):
        weight -= 1.0
    if len(title) > 90:
        weight -= 0.6
    if line.math > 0.2:
        weight -= 0.8
    return weight


def _paths(number: str, word: str) -> list[tuple[str, tuple[int, ...]]]:
    if number[0].isdigit():
        path = tuple(int(part) for part in number.split("."))
        return [("arabic", path)] if path[0] < 40 and all(p < 40 for p in path) else []
    made: list[tuple[str, tuple[int, ...]]] = []
    head, *more = number.split(".")
    if len(head) == 1 and head.isupper():
        made.append(("letter", (ord(head) - 64, *(int(m) for m in more))))
    if not more and head.isupper() and (value := roman(head)):
        made.append(("roman", (value,)))
    return made if made and (word or number.isupper()) else []


def roman(text: str) -> int:
    """Return the value of a Roman number, 0 where it is none."""
    values = [_ROMAN.get(c, 0) for c in text.lower()]
    return 0 if 0 in values else sum(-v if v < w else v for v, w in zip(values, [*values[1:], 0], strict=True))


def chain(found: list[Candidate]) -> list[Heading]:
    """Return the heaviest chain of numbers that follow each other: 1, 1.1, 1.2, 2; or I, A, B, II.

    Appendices A, A.1.
    """
    arabic = _heaviest([c for c in found if c.kind == "arabic"])
    strong = _heaviest([c for c in found if c.kind == "arabic" and c.weight > 0.9])
    if len(strong) >= 3 and strong[0].path[0] <= 1 and len(strong) >= 0.4 * len(arabic):
        arabic = strong  # what looks like text is a list that counts on
    roman = _heaviest([c for c in found if c.kind == "roman"])
    if len(roman) >= 3 and sum(c.weight for c in roman) > 0.8 * sum(c.weight for c in arabic if len(c.path) == 1):
        return _nested(found, roman, 0.4)
    if len(arabic) < 2 or sum(c.weight for c in arabic) < 2.5:
        return []
    if len(arabic) > 2 and all(len(c.path) == 1 for c in arabic):
        return [*_nested(found, arabic[:-1], 1.2), _heading(arabic[-1]), *_appendix(found, arabic[-1].at)]
    return [_heading(c) for c in arabic] + _appendix(found, arabic[-1].at)


def _appendix(found: list[Candidate], last: int) -> list[Heading]:
    appendix = _heaviest([c for c in found if c.kind == "letter" and c.at > last and c.weight > 0.9])
    return [_heading(c) for c in appendix]


def _nested(found: list[Candidate], tops: list[Candidate], least: float) -> list[Heading]:
    """Return headings with those between them that are lettered, and between these the ones that are numbered."""
    made: list[Heading] = []
    for top, following in zip(tops, [*tops[1:], None], strict=False):
        until = following.at if following else 10**9
        made.append(_heading(top))
        inside = [c for c in found if top.at < c.at < until and c.weight > least]
        letters = _heaviest([c for c in inside if c.kind == "letter" and len(c.path) == 1])
        counted = [c for c in inside if c.kind == "arabic" and len(c.path) == 1 and c.weight > 0.7]
        for letter, after in zip(letters, [*letters[1:], None], strict=False):
            made.append(_heading(letter, 2))
            stop = after.at if after else until
            made += [_heading(c, 3) for c in _heaviest([c for c in counted if letter.at < c.at < stop])]
    return made


def _heading(c: Candidate, level: int = 0) -> Heading:
    return Heading(c.at, 1 if c.top else level or len(c.path), c.number, c.title, c.count, c.rest)


def _heaviest(found: list[Candidate]) -> list[Candidate]:
    """Dynamic programming over the last heading of a chain; a number left out costs more than one heading gives."""
    found = found[:1500]
    best: list[float] = []
    back: list[int] = []
    for n, c in enumerate(found):
        score, link = (c.weight if c.path in ((1,), (0,)) else c.weight - 1.5), -1
        for m in range(max(0, n - 400), n):
            before = found[m]
            cost = 0.0 if before.at == c.at else _step(before.path, c.path)
            if before.at != c.at and cost < 9 and best[m] - cost + c.weight > score:
                score, link = best[m] - cost + c.weight, m
        best.append(score)
        back.append(link)
    chosen: list[Candidate] = []
    at = max(range(len(best)), key=lambda n: best[n], default=-1)
    while at >= 0:
        chosen.append(found[at])
        at = back[at]
    return chosen[::-1]


def _step(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Return what it costs to go from number a to b; 9 and more is not allowed."""
    if len(b) == len(a) + 1 and b[:-1] == a:
        return 0.0 if b[-1] <= 1 else 1.2 * (b[-1] - 1)
    if len(b) <= len(a) and b[:-1] == a[: len(b) - 1]:
        gone = b[-1] - a[len(b) - 1]
        return 9.0 if gone < 1 else 1.5 * (gone - 1)
    if len(b) == 2 and b[1] == 1 and b[0] == a[0] + 1:
        return 1.0  # the chapter's own heading was not seen
    return 9.0
