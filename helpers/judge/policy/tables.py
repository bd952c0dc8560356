"""Tables and long texts in place of work: answers that may have been computed beforehand."""

import re

MAX_NUMBERS = 500
"""Of numbers, with texts of a word, a reader still follows."""
MAX_LINE_LENGTH = 2000
MAX_DENSE = 3000
"""Characters of added texts without a space that nobody reads."""
_NUMBER = re.compile(r"\b(?:0[xX][0-9a-fA-F]+|\d+)\b")
_DENSE = re.compile(r"[\"'`]([^\s\"'`]{40,})[\"'`]|\b\d{30,}\b")
_SHORT = re.compile(r"\"[^\"\s]{1,40}\"|'[^'\s]{1,40}'")
"""A text of one word: many of them are a table as well."""


def embedded_data(added: list[tuple[int, str]]) -> int | None:
    """Return the line where added lines begin a table or a blob: an answer may have been computed beforehand."""
    count, dense = 0.0, 0
    for number, text in added:
        count += len(_NUMBER.findall(text)) + 1.5 * len(_SHORT.findall(text))
        dense += sum(len(match[0]) for match in _DENSE.finditer(text))
        if count > MAX_NUMBERS or dense > MAX_DENSE or len(text) > MAX_LINE_LENGTH:
            return number
    return None
