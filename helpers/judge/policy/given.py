"""What a caller gave is put in order where it lies: whoever gives it again gives less to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

_INSIDE = r"((?:[^()]|\([^()]*\))*)"
_PARAMETERS = re.compile(
    rf"\bdef\s+\w+\s*\({_INSIDE}\)|\bmy\s*(\([^()]*\)|\$\w+)\s*=\s*(?:@_|shift\b)|(?<![\w$])([\w$]{{1,80}})\s{{0,9}}=>|"
    rf"(?<![\w$])(?!(?:if|for|while|switch|catch|return)\b)[\w$>\]]{{0,80}}\s{{0,9}}\({_INSIDE}\)[^;{{}}()=]*(?:\{{|=>)"
)
_ORDERED = re.compile(
    r"(?<![\w$.])(?!Collections\b|Arrays\b)([\w$]+)\.(?:sort|reverse)\w*\s*\(|\b(?:sort|slices)\.(?!Search|Is|Contains|Index|Sorted)\w+\(\s*(\w+)|"
    r"\b(?:Collections|Arrays)\.\w*(?:[sS]ort|reverse|shuffle)\(\s*(\w+)|\b(?:std::)?\w*sort\w*\(\s*(\w+)(?:\.begin|,)|"
    r"@\{?\s*\$(\w+)\s*\}?\s*=\s*(?:reverse\s+)?sort\b"
)
"""Perl's assigns; what else puts a sequence in order where it lies."""
_BACK = 2000  # characters before it in which a function begins: a long file costs no more than its length


def ordered(code: str, old: str) -> Iterator[int]:
    """Yield places in the code where a parameter, or another name for one, is sorted; `old` did not change it."""
    for match in _ORDERED.finditer(code):
        name = next(group for group in match.groups() if group)
        before = code[max(0, match.start() - _BACK) : match.start()]
        for bound in reversed(list(re.finditer(rf"(?<![\w$.]){re.escape(name)}\s*:?=\s*([\w$]+)\s*[;\n]", before))):
            name, before = bound[1], before[: bound.start()]
        word = rf"(?<![\w.]){re.escape(name)}\b"
        heads = [head for head in _PARAMETERS.finditer(before) if re.search(word, "".join(filter(None, head.groups())))]
        mine = rf"{word}\s*:?=(?!=)|{word}\s*,[\w\s,]*:="
        if heads and not re.search(mine, before[heads[-1].end() :]):
            was = re.escape(name)
            if not re.search(rf"{word}\s*\[[^\]\n]*\]\s*=(?!=)|&{was}\[|{word}\.(?:sort|reverse)\b", old) and not any(
                name in earlier.groups() for earlier in _ORDERED.finditer(old)
            ):
                yield match.start()
