"""Words from outside in their place: what may stand in a field, and what may reach a terminal or a page.

Hidden is what is not seen but acts: control characters, terminal sequences, direction marks, zero-width characters.
Persian and other scripts need their joiners, which stay between two letters that are not ASCII.
"""

import re
from collections.abc import Sequence

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff]"
)
_TAG = re.compile(r"<(?!https?://[^\s<>]+>)")
_BREAKS = re.compile("[\t\n\x0b-\r\x1c-\x1f\x85\u2028\u2029]+")
_JOINERS = "\u200c\u200d"


def one_line(text: str, most: int | None = None) -> str:
    """Return prose as one line without anything hidden, of at most `most` characters, cut between two words."""
    flat = " ".join(prose(text).split())
    if most is None or len(flat) <= most:
        return flat
    whole = flat[: most - 2].rpartition(" ")[0]
    return (whole if len(whole) > most // 2 else flat[: most - 3]).rstrip() + "..."


def rendered(text: str) -> str:
    """Return a text in its line of a page that is rendered: nothing of it is a tag, or fetches a picture."""
    return _TAG.sub("&lt;", one_line(text)).replace("![", "!\\[")


def prose(text: str) -> str:
    """Drop what is hidden from a text of several lines; all kinds of line ends become one."""
    if text.isascii() and text.isprintable():
        return text
    text = _SEQUENCE.sub("", re.sub("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text))
    return _HIDDEN.sub(lambda found: found[0] if _joins(found) else "", text)


def shown(text: str) -> str:
    r"""Return a text as a terminal may have it: what is hidden becomes visible as \u001b, valid in JSON too."""
    if text.replace("\n", "").isprintable() and text.isascii():
        return text
    return _HIDDEN.sub(lambda found: found[0] if _joins(found) or _ends_line(found) else _escaped(found[0]), text)


_TELLING = re.compile(
    r"error\b|\b(?:fatal|exception|denied|cannot|killed|panic(?:ked)?|undefined|fail(?:ed|ure)?|not found|no such|"
    r"no space|read-only|unable|refused|unrecognized|invalid|missing|segmentation|assert\w*)\b",
    re.IGNORECASE,
)


_MORE = re.compile(
    r"\[ERROR\]\s*(?:$|\[Help \d|Re-run |To see |For more )|A complete log of this run|--stacktrace option"
)
"""What Maven, npm and Gradle say below an error."""


def telling(lines: Sequence[str]) -> str:
    """Return the line of an output that says what went wrong: the last that names an error, else the last with words.

    What a build system adds below the cause (`make: *** [all] Error 2`) counts only where nothing else does, and its
    words on where to read more never.
    """
    kept = [text for text in lines if text.strip() and not _MORE.search(_SEQUENCE.sub("", text))]
    for rest in (False, True):
        for text in reversed(kept):
            if _TELLING.search(text) and (rest or not re.match(r"(?:\w+\| )?\s*(?:g?make|ninja|npm)\b", text)):
                return one_line(text, 200)
    return one_line(kept[-1], 200) if kept else ""


def flat(text: str) -> str:
    """Return a text as one line, colours dropped, what else is hidden visible: for a field that may hold output."""
    if text.isascii() and text.isprintable():
        return text
    return shown(_BREAKS.sub(" ", _SEQUENCE.sub("", text)))


def name(text: str) -> str:
    """Return a file's or other name as one word for people: what is hidden, joiners and line ends too, is visible."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub("[\t\n]", lambda found: _escaped(found[0]), _HIDDEN.sub(lambda found: _escaped(found[0]), text))


def _joins(found: re.Match[str]) -> bool:
    if found[0] not in _JOINERS:
        return False
    around = found.string[max(found.start() - 1, 0) : found.start()], found.string[found.end() : found.end() + 1]
    return all(c and not c.isascii() and not c.isspace() and not _HIDDEN.match(c) for c in around)


def _ends_line(found: re.Match[str]) -> bool:
    return found[0] == "\r" and found.string[found.end() : found.end() + 1] == "\n"


def _escaped(character: str) -> str:
    return re.sub("(....)", r"\\u\1", character.encode("utf-16-be", "surrogatepass").hex())
