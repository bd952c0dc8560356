"""The list of references as items, and captions of figures and tables."""

import itertools
import re

from helpers.read.pdf.text.lines import Line

CAPTION = re.compile(
    r"(?P<kind>Fig(?:ure|s)?|FIG(?:URE|S)?|Table|TABLE|Algorithm|ALGORITHM|Listing|Scheme|Chart|Plate|Exhibit|Box|"
    r"Code|Video|Movie|Program)\.?\s*"
    r"(?P<number>(?:[A-Z][.-]?)?\d{1,3}(?:[.-]\d{1,3})?[a-z]?|[IVX]{1,5})(?P<mark>\s*[.:|—–]|\s*-\s|\)|(?=\s|"
    r"$))\s*(?P<text>.*)",
    re.DOTALL,
)
_BRACKET = re.compile(r"\[([^\]\s]{1,3}[^\]]{0,18})\]")
_ORDINAL = re.compile(r"\(?(\d{1,3})[.)]?\s+(?=\S)")
_AUTHOR = re.compile(r"[A-Z][\w'’-]+,? (and |[A-Z]\.|[A-Z][\w'’-]+)|[A-Z]\. ?([A-Z]\. ?)?[A-Z][\w'’-]+")


def items(lines: list[Line]) -> list[list[Line]]:
    """Split the lines of a list of references into its items, by their marks, else by their indentation."""
    starts = _by_brackets(lines) or _by_numbers(lines) or _by_indent(lines) or _by_gaps(lines)
    if not starts:
        return [lines] if lines else []
    return [lines[a:b] for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _by_brackets(lines: list[Line]) -> list[int]:
    found = [n for n, line in enumerate(lines) if _BRACKET.match(line.text)]
    if len(found) < 2 or found[0] > 4:
        return []
    labels = [m[1] for n in found if (m := _BRACKET.match(lines[n].text))]
    if sum(label.isdigit() for label in labels) > 0.8 * len(labels):
        return _rising(found, [int(label) if label.isdigit() else -1 for label in labels])
    return found


def _by_numbers(lines: list[Line]) -> list[int]:
    found = [(n, int(m[1])) for n, line in enumerate(lines) if (m := _ORDINAL.match(line.text))]
    starts = _rising([n for n, _ in found], [value for _, value in found])
    return starts if len(starts) >= 3 and len(starts) * 12 > len(lines) else []


def _rising(places: list[int], values: list[int]) -> list[int]:
    """Return the places whose values count on, beginning anywhere: 1, 2, 3; a few left out are no harm."""
    best: list[int] = []
    for start in [n for n, value in enumerate(values) if value == 1][:5] or [0]:
        chosen, last = [], None
        for place, value in zip(places[start:], values[start:], strict=True):
            if last is None or last < value <= last + 3:
                chosen.append(place)
                last = value
        best = max(best, chosen, key=len)
    return best if len(best) >= 2 else []


def _columns(lines: list[Line]) -> list[float]:
    """Return for each line how far it is indented within its column (of its page), in points."""
    edges: dict[tuple[int, int], float] = {}
    column, columns = 0, []
    for n, line in enumerate(lines):
        if n and (
            line.page != lines[n - 1].page or line.y > lines[n - 1].y + 2 * line.size or line.x > lines[n - 1].right
        ):
            column += 1
        columns.append((line.page, column))
        edges[columns[-1]] = min(edges.get(columns[-1], 1e9), line.x)
    return [line.x - edges[c] for line, c in zip(lines, columns, strict=True)]


def _by_indent(lines: list[Line]) -> list[int]:
    away = _columns(lines)
    hung = sum(a > 4 for a in away)
    if not (0.25 * len(lines) <= hung <= 0.9 * len(lines)):
        return []
    starts = [n for n, a in enumerate(away) if a <= 4]
    if sum(bool(_AUTHOR.match(lines[n].text)) or lines[n].text[0].isupper() for n in starts) < 0.7 * len(starts):
        indented = [n for n, a in enumerate(away) if a > 4]  # the other way round: the first line is indented
        return indented if sum(lines[n].text[0].isupper() for n in indented) > 0.8 * len(indented) else []
    return starts if starts and starts[0] == 0 else [0, *starts]


def _by_gaps(lines: list[Line]) -> list[int]:
    gaps = [a.y - b.y if a.page == b.page and 0 < a.y - b.y < 60 else 0.0 for a, b in itertools.pairwise(lines)]
    known = sorted(g for g in gaps if g > 0)
    if len(known) < 4:
        return []
    usual = known[len(known) // 4]
    starts = [0, *(n + 1 for n, g in enumerate(gaps) if g > 1.18 * usual or (g == 0.0 and lines[n].text.endswith(".")))]
    return starts if len(starts) >= 3 else []
