"""Headings without a number: known by their name, or by looking like the other headings."""

import re
from collections import Counter

from helpers.read.pdf.layout.body_style import ENDED, MONO, Face
from helpers.read.pdf.layout.numbered_headings import LISTED, NUMBERED, Heading
from helpers.read.pdf.text.lines import Line

NAMES = re.compile(
    r"(abstract|summary|(executive )?summary|introduction|(general )?background|motivation|preliminaries|"
    r"related works?|(prior|previous) work|(experimental )?evaluations?|experiments?|(experimental |"
    r"performance )?results|discussions?|(discussion and )?conclusions?( and .{3,40})?|concluding remarks|future work|"
    r"limitations|acknowledge?ments?|acknowledgi?ng|references( cited| and notes)?|bibliography|literature cited|"
    r"appendix(es|ices)?( [a-z0-9])?([.:] .{3,70})?|categories and subject descriptors|general terms|"
    r"(author )?keywords|key words( and phrases)?|index terms|ccs concepts|(acm|pvldb) reference format|"
    r"pvldb artifact availability|table of contents|contents|notation|availability|about the authors?|"
    r"author biograph(y|ies)|notes|epilogue|postscript|preface|methods?|methodology|materials and methods|"
    r"implementation|data availability|credits|(author )?affiliations?|"
    r"(author )?contributions|funding|(conflicts? of|competing) interests?|supplementary materials?)[.:]?",
    re.IGNORECASE,
)
REFERENCES = re.compile(
    r"((\d+|[IVX]+|[A-Z])\.?\s+)?(references( cited| and notes)?|bibliography|literature cited|literature|"
    r"works cited)[.:]?",
    re.IGNORECASE,
)


_OUTER = re.compile(
    r"abstract|summary|key|ack|ref|bib|lit|index|general|categories|ccs|acm|pvldb|about|author|contents|table|"
    r"notes|credits|data|avail|append",
    re.IGNORECASE,
)
"""Names that also stand above small print; the others do so in tables and figures only."""
_RUN_IN = re.compile(r"(Abstract|ABSTRACT|Keywords|Index Terms)\s*(?:[—–:.]|[-] )\s*(?=\S)")
_NO_HEADING = re.compile(
    r"(Figure|Fig|Table|Algorithm|Listing|Theorem|Lemma|Claim|Definition|Proof|Corollary|Invariant|Proposition|"
    r"Example|Case|Remark"
    r"|Property|Observation|Step|Rule|Assumption|Axiom|Exercise|Conjecture|Fact)s?\b[\s.:(]*(\d|[A-Z]\b|$|of\b)|"
    r".*@|https?:|Copyright|©",
    re.IGNORECASE,
)


def named(lines: list[Line], face: Face, taken: set[int], end: int) -> list[Heading]:
    """Return headings known by their name; one in the face of the text needs room above it.

    `end` is the references'.
    """
    made = []
    for n, line in enumerate(lines):
        if n in taken or len(line.text) > 100 or not line.text[0].isalnum() or _in_a_row(lines, n):
            continue
        whole = NAMES.fullmatch(line.text)
        early = n < 0.3 * len(lines) + 20
        name, rest = ("", "") if whole else _run_in(line, early)
        apart = not face.plain(line) or face.gaps[n] > 1.25 * face.leading
        if n == end or (
            whole and apart and n - 1 not in taken and line.size > face.size - (2.1 if _OUTER.match(line.text) else 0.7)
        ):
            found = NUMBERED.fullmatch(line.text)
            made.append(
                Heading(n, 1, found["num"] if found else "", (found["title"] if found else line.text).rstrip(".:"))
            )
        elif name and rest and (line.lead or face.gaps[n] > 1.2 * face.leading):
            made.append(Heading(n, 1, "", name, rest=rest))
    return made


def _run_in(line: Line, early: bool) -> tuple[str, str]:
    """Return the name that begins a line's text, in a face of its own or before a dash, and the text after it."""
    lead = line.lead.rstrip(" .:—–-")
    if NAMES.fullmatch(lead) and (_OUTER if early else re.compile("ack", re.IGNORECASE)).match(lead):
        return lead, line.text[len(line.lead) :].lstrip(" .:—–-")
    found = _RUN_IN.match(line.text) if early else None
    return (found[1], line.text[found.end() :].strip()) if found else ("", "")


def by_face(lines: list[Line], face: Face, known: list[Heading], end: int) -> list[Heading]:
    """Return lines without a number that look like the headings already known, or, where none is, like each other."""
    taken = {n for h in known for n in range(h.at, h.at + h.count)}
    faces: dict[tuple[str, float], int] = {}
    for h in sorted(known, key=lambda h: -h.level):
        if not face.plain(lines[h.at]) and not h.rest:
            faces[lines[h.at].style] = h.level
    chained = sum(bool(h.number) for h in known) >= 3
    deepest = max((h.level for h in known if h.number), default=1)
    counts = Counter(line.style for line in lines if _whole(line))
    ours = Counter(lines[n].style for n in taken)
    first = min((h.at for h in known), default=0)
    made: list[Heading] = []
    for n, line in enumerate(lines):
        if n in taken or n > end or (n <= first and (line.page == 0 or line.style not in faces)) or not _titular(line):
            continue
        if _goes_on_below(lines, n, face) or _in_a_row(lines, n):
            continue
        apart = face.gaps[n] > 1.15 * face.leading or (n - 1 in taken and face.gaps[n] > 0.9 * face.leading)
        few = ours[line.style] >= (0.4 if chained else 0.03) * counts[line.style]
        if line.style in faces and few and (apart or (made and made[-1].at == n - 1)):
            made.append(_split(n, faces[line.style], line.text))
        elif chained and counts[line.style] >= 2 and _above_text(lines, n, face):
            made.append(_split(n, deepest + 1, line.text))
        elif (
            not chained
            and apart
            and face.stands_out(line)
            and line.size >= face.size - 0.3
            and 2 <= counts[line.style] <= 80
        ):
            made.append(_split(n, 1, line.text))
    return made


def _above_text(lines: list[Line], n: int, face: Face) -> bool:
    """Say whether a line in a face of its own stands apart, right above the beginning of a paragraph."""
    line, below = lines[n], lines[n + 1] if n + 1 < len(lines) else None
    if below is None or face.plain(line) or line.drawn or not _whole(line) or MONO.search(line.font):
        return False
    larger = line.size > face.size + 0.7
    if line.size < face.size - 0.3 or (line.text.endswith(".") and (not larger or len(line.text) > 50)):
        return False
    words = sum(c.isalpha() for c in below.text) > 0.7 * len(below.text.replace(" ", ""))
    began = face.plain(below) and below.text[0].isupper() and words and not _in_a_row(lines, n + 1)
    if len(below.text) < max(26, 1.1 * len(line.text)):
        return False
    ended = ENDED.search(lines[n - 1].text) is not None or not face.plain(lines[n - 1])
    near = face.gaps[n + 1] < 2.5 * face.leading and -2 < below.x - line.x < 2.5 * face.size
    return began and ended and near and face.gaps[n] > 1.3 * face.leading


def _in_a_row(lines: list[Line], n: int) -> bool:
    """Say whether a line has another beside it that was written next to it: both are cells of a table."""
    line = lines[n]
    near = [*lines[max(0, n - 2) : n], *lines[n + 1 : n + 3]]
    return any(
        o.page == line.page
        and abs(o.y - line.y) < (2 if o.x < line.right and line.x < o.right else 0.7 * line.size)
        and abs(o.x - line.x) > 1
        and o.size < 1.3 * line.size
        for o in near
    )


def _goes_on_below(lines: list[Line], n: int, face: Face) -> bool:
    """Say whether a line in the size of the text begins a paragraph: the next goes on with its sentence or title."""
    line, below = lines[n], lines[n + 1] if n + 1 < len(lines) else None
    if below is None or abs(line.size - face.size) >= 0.6 or face.gaps[n + 1] >= 1.15 * face.leading:
        return False
    return below.lead.endswith((".", ":")) if line.bold else face.plain(below) and below.text[0].islower()


def _whole(line: Line) -> bool:
    """Say whether a line is of one face: the first words of many paragraphs are in italics or bold."""
    return len(line.lead) >= len(line.text) - 1 or not line.lead


def _split(n: int, level: int, text: str) -> Heading:
    found = NUMBERED.fullmatch(text)
    if found and (found["dot"] or found["num"][0].isdigit()) and found["num"].upper() == found["num"]:
        return Heading(n, level, found["num"], found["title"])
    return Heading(n, level, "", text)


def _titular(line: Line) -> bool:
    """Say whether a line could be a heading by its words."""
    text = line.text
    letters = sum(c.isalpha() for c in text)
    return (
        len(text) <= 90
        and (text[0].isupper() or text[0].isdigit())
        and line.math <= 0.2
        and letters >= 0.75 * len(text.replace(" ", ""))
        and re.search(r"[A-Za-z]{3}", text) is not None
        and not text.endswith((",", ";", ":"))
        and not re.search("[=<>ðÞ¼]", text)
        and not LISTED.search(text)
        and not _NO_HEADING.match(text)
    )
