"""State that outlives a call in JavaScript: what a closure that is handed out, a function or an object keeps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

_KEPT = re.compile(
    r"\b(?:let|var)\s+[\w$]+(?:\s*,\s*[\w$]+)*\s*(?=[;=])|"
    r"\bconst\s+[\w$]+\s*=\s*(?:new\b|\{\s*\}|\[\s*\]|Object\.create|Array\b|Buffer\b)"
)
_HANDS_OUT = re.compile(
    r"\breturn\s*(?:async\b\s*)?(?:function\b|class\b|[\w$]+\s*=>|\([^()]*\)\s*=>|\{|([\w$]+)\s*[;}\n])|"
    r"\b(?:exports|module|this|globalThis|global|window)\b[.\w$\[\]]*\s*=(?!=)"
)
_FUNCTION = re.compile(
    r"\bfunction\*?\s+([\w$]+)|\b([\w$]+)\s*=\s*(?:async\b\s*)?(?:function\b|[\w$]+\s*=>|\([^()]*\)\s*=>)"
)
_OWN = re.compile(r"\bthis\.(#?[\w$]+)\s*(?:\[[^\]]*\]\s*)?(?:(?:[-+*|&?]{0,2}=)(?![=>])|\+\+)")


def writing_places(code: str, old: str) -> Iterator[int]:
    """Yield places in the code that keep something for the next call; `old`: the file before."""
    depth = list(itertools.accumulate((letter == "{") - (letter == "}") for letter in code))
    functions = {name for match in _FUNCTION.finditer(code) for name in match.groups() if name}
    for match in _KEPT.finditer(code):
        level = depth[match.start()]
        end = next((at for at in range(match.end(), len(code)) if depth[at] < level), len(code)) if level else 0
        for out in _HANDS_OUT.finditer(code, match.end(), end):
            if depth[out.start()] == level and (not out[1] or out[1] in functions):
                yield match.start()
                break
    if functions:
        names = "|".join(map(re.escape, sorted(functions)))
        for match in re.finditer(rf"(?<![\w$.])(?:{names})(?:\.[\w$]+|\[[^\]]*\])\s*(?:\|\||\?\?)?=(?![=>])", code):
            if depth[match.start()]:
                yield match.start()
    had = set(re.findall(r"[\w$]+", old))
    for match in _OWN.finditer(code):
        if match[1].lstrip("#") not in had and not re.search(r"\bconstructor\b[^}]*$", code[: match.start()]):
            yield match.start()
