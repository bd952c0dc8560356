"""Headings: the chain of numbers, known names, and lines of the same face as those."""

import re
from collections import Counter

from helpers.read.pdf.layout.body_style import Face, small_capitals
from helpers.read.pdf.layout.numbered_headings import NUMBERED, Heading, candidates, chain
from helpers.read.pdf.layout.unnumbered_headings import NAMES, REFERENCES, by_face, named
from helpers.read.pdf.text.lines import Line

LONGEST_HEADING = 160
"""Characters of a heading without a number; what is longer is text in the headings' face."""


def find_headings(lines: list[Line], face: Face) -> list[Heading]:
    """Return the headings in order."""
    end = references_at(lines, face)
    found = chain(candidates(lines, face, end))
    found += named(lines, face, {h.at for h in found}, end)
    found += by_face(lines, face, found, end)
    return _tidy(lines, face, [h for h in found if not lines[h.at].drawn])


def references_at(lines: list[Line], face: Face) -> int:
    """Return the index of the heading above the list of references, or the number of lines."""
    hits = [
        n
        for n, line in enumerate(lines)
        if n > len(lines) * 0.2 and REFERENCES.fullmatch(line.text) and _lists(lines[n + 1 : n + 16])
    ]
    good = [n for n in hits if not face.plain(lines[n]) or face.gaps[n] > 1.25 * face.leading]
    return (good or hits or [len(lines)])[-1]


def _lists(below: list[Line]) -> bool:
    """Say whether lines look like the beginning of a list of references: marks in front, or years."""
    marks = sum(re.match(r"\[\w|\(?1[.)]?\s", line.text) is not None for line in below)
    return marks > 0 or sum(re.search(r"\b(1[89]|20)\d\d\b", line.text) is not None for line in below) >= 2


def unnamed_references(lines: list[Line], end: int) -> int:
    """Return where a list of references begins that has no heading: at [1] near the end.

    The number of lines without one.
    """
    if end < len(lines):
        return len(lines)
    marks = [
        (n, int(m[1]))
        for n, line in enumerate(lines)
        if n > len(lines) * 0.4 and (m := re.match(r"\[(\d{1,3})\]\s?\S", line.text))
    ]
    for place, (n, value) in enumerate(marks):
        if value == 1 and [v for _, v in marks[place + 1 : place + 3]] == [2, 3]:
            return n
    return len(lines)


def _tidy(lines: list[Line], face: Face, found: list[Heading]) -> list[Heading]:
    """Order the headings, add the second lines of long ones, and set levels of those without a number by size."""
    found = sorted({h.at: h for h in reversed(found)}.values(), key=lambda h: h.at)
    made: list[Heading] = []
    for h in found:
        before = made[-1] if made else None
        if before and not h.number and h.at == before.at + before.count and _goes_on(lines, face, before, h.at):
            before.title += " " + lines[h.at].text
            before.count += 1
            continue
        made.append(h)
    taken = {h.at for h in made}
    for h in made:
        while not h.rest and h.count < 4 and (n := h.at + h.count) < len(lines) and n not in taken:
            if not _goes_on(lines, face, h, n):
                break
            h.title += " " + lines[n].text
            h.count += 1
    made = [h for h in made if h.number or len(h.title) <= LONGEST_HEADING]
    if not any(h.number for h in made):
        _levels(lines, made)
    return made


def _levels(lines: list[Line], made: list[Heading]) -> None:
    """Set the levels of headings without numbers: the larger, bolder and more capital, the higher."""

    def look(h: Heading) -> tuple[int, bool, bool]:
        return round(lines[h.at].size), lines[h.at].bold, h.title.upper() == h.title

    looks = Counter(look(h) for h in made)
    order = sorted((k for k, n in looks.items() if n > 1), reverse=True)
    for h in made:
        alone = looks[look(h)] == 1 and NAMES.fullmatch(h.title)
        h.level = 1 if alone else min(3, 1 + sum(k > look(h) for k in order))


def _goes_on(lines: list[Line], face: Face, heading: Heading, n: int) -> bool:
    """Say whether line n is the next line of a heading that was too long for one."""
    line, last = lines[n], lines[n - 1]
    like = (line.style == last.style and not face.plain(line)) or small_capitals(last, line)
    return (
        like
        and (last.lead or not line.lead or len(line.lead) > 0.8 * len(line.text))
        and face.gaps[n] < 1.45 * max(line.size, face.leading * 0.9)
        and NUMBERED.fullmatch(line.text) is None
        and len(last.text) > 18
        and not NAMES.fullmatch(heading.title)
    )
