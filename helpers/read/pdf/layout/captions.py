"""Captions of figures and tables: which lines begin one, and how far each goes."""

import re
from collections.abc import Callable

from helpers.read.pdf.layout.body_style import ENDED, Face, small_capitals
from helpers.read.pdf.layout.references import CAPTION
from helpers.read.pdf.text.lines import Line


def mark(lines: list[Line], kinds: list[str], face: Face, short: Callable[[Line], bool]) -> None:
    """Set the kinds of the lines of captions, `caption` for the first of each and `+caption` for what goes on.

    `short` says whether a line ends well before its column does.
    """
    found: dict[str, list[int]] = {}
    n = 0
    while n < len(lines):
        match = CAPTION.match(lines[n].text) if kinds[n] != "heading" else None
        count = 0
        if match and _begins(lines, n, match, kinds, face):
            count = _length(lines, n, match, kinds, face, short)
            kinds[n : n + count] = ["caption", *["+caption"] * (count - 1)]
            found.setdefault(f"{match['kind'][:3].lower()} {match['number']}", []).append(n)
        n += count or 1
    for same in found.values():
        _only_true(lines, kinds, face, same if len(same) > 1 else [])


def _only_true(lines: list[Line], kinds: list[str], face: Face, same: list[int]) -> None:
    """Of captions with one number take those for text again that look like text and go on a sentence."""
    for n in same:
        above = lines[n - 1].text if n and kinds[n - 1] == "text" else "."
        if face.plain(lines[n]) and not lines[n].lead and not ENDED.search(above):
            end = next((m for m in range(n + 1, len(lines)) if kinds[m] != "+caption"), len(lines))
            kinds[n:end] = ["text"] * (end - n)


def _length(
    lines: list[Line], n: int, found: re.Match[str], kinds: list[str], face: Face, short: Callable[[Line], bool]
) -> int:
    """Return how many lines the caption has that begins at line n."""
    line = lines[n]
    count, alone = 1, not found["text"].strip()
    while n + count < len(lines):
        m = n + count
        follower = lines[m]
        if kinds[m] == "heading" or CAPTION.match(follower.text) or follower.page != line.page:
            break
        if not (alone and count == 1 and face.gaps[m] < 3 * follower.size) and not _goes_on(lines, n, m, face, short):
            break
        if count == 1 and not alone and follower.x < line.x - 4 and (line.text.endswith(".") or short(line)):
            break  # centred, and what is below begins at the edge
        count += 1
    return count


def _goes_on(lines: list[Line], n: int, m: int, face: Face, short: Callable[[Line], bool]) -> bool:
    """Say whether line m belongs to the caption of line n by its look and distance."""
    line, last, follower = lines[n], lines[m - 1], lines[m]
    if face.gaps[m] >= 1.42 * max(follower.size, last.size):
        return False
    # the label may be a point larger than the rest, or of another face: a full first line goes on anyway
    label = CAPTION.match(line.text) if m == n + 1 and not face.plain(follower) else None
    full = (line.lead and CAPTION.match(line.lead)) or not (short(line) or line.text.endswith("."))
    labelled = label is not None and label["kind"][:3].lower() in ("fig", "tab") and full
    like = abs(follower.size - last.size) <= 0.6 or small_capitals(last, follower)
    if not like and not (labelled and abs(follower.size - last.size) < 1.6):
        return False
    return line.bold or not follower.bold or last.bold or follower.font == last.font


def _begins(lines: list[Line], n: int, found: re.Match[str], kinds: list[str], face: Face) -> bool:
    """Say whether what reads like `Figure 3` is a caption and not a sentence that happens to begin a line so."""
    line, text = lines[n], found["text"].strip()
    mark = found["mark"].strip()
    distinct = not face.plain(line) or (bool(line.lead) and CAPTION.match(line.lead) is not None)
    apart = face.gaps[n] > 1.2 * face.leading or (n > 0 and kinds[n - 1] not in ("text", "heading"))
    if not text:
        return apart or distinct
    if text[0] in ",.;)" or (mark == "." and re.match(r"[a-z]\b", found["text"]) and not (apart and distinct)):
        return False
    if not (text[0].isupper() or text[0] in "“\"'([`‘" or text[0].isdigit()) and not mark:
        return False
    if mark == ":" and text[0].isupper() and len(text) > 8:
        return True  # no sentence goes on so
    if mark:
        return apart or distinct
    return apart and distinct
