r"""A paper's own macros, as far as headings need them: \name in a title, and commands that stand for \section."""

import re
from collections.abc import Mapping

_DEFINED = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand)\*?\s*\{?\s*\\([A-Za-z@]+)\s*\}?\s*(?:\[(\d)\])?(\[[^\]]*\])?\s*\{"
    r"|\\[gex]?def\s*\\([A-Za-z@]+)((?:#\d)*)\s*\{"
    r"|\\(?:New|Renew|Provide|Declare)DocumentCommand\s*\{?\s*\\([A-Za-z@]+)\s*\}?\s*\{([smo\s]*)\}\s*\{"
)
_ALIAS = re.compile(r"\\let\s*\\([A-Za-z@]+)\s*=?\s*\\((?:sub)*section|chapter|part|paragraph)(?![A-Za-z@])")
_CALLED = re.compile(r"\\([A-Za-z@]+)(?:\{\})?")
_MOST = 2_000
"""Characters that a heading may grow to: macros that double each other are left as they stand."""
_FORM = re.compile(
    r"\\(?:xspace|protect|ensuremath|normalfont|bfseries|itshape|large|Large|LARGE|huge|Huge)\b\s*|\\\\(?:\[[^\]]*\])?|\\(?=\s)"
)

_BRACED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\}){0,300}\}"
_GROUP = re.compile(r"(?<![\\\w}\]^_])\{\s*([^{}\\$]*)\}")
"""Braces that only hold together."""

Macros = Mapping[str, tuple[int, str | None, str]]
"""Of each its number of arguments, what the first is where it is left out, and its body."""


def closing(text: str, start: int) -> int:
    """Return where the brace that was opened just before `start` closes."""
    depth = 1
    for match in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return len(text)


def defined(text: str) -> dict[str, tuple[int, str | None, str]]:
    r"""Return the macros that a text defines, other names for \section among them."""
    found: dict[str, tuple[int, str | None, str]] = {}
    for name, kind in _ALIAS.findall(text):
        found[name] = (1, None, f"\\{kind}{{#1}}")
    for match in _DEFINED.finditer(text):
        spec = "".join((match[7] or "").split())
        count = int(match[2] or 0) or (match[5] or "").count("#") or spec.count("m")
        body = text[match.end() : closing(text, match.end())][:_MOST]
        for number, kind in enumerate(spec, 1):  # a star and what may be left out are arguments too
            body = body.replace(f"#{number}", f"#{spec[:number].count('m')}" if kind == "m" else "")
        found[match[1] or match[4] or match[6]] = (count, match[3][1:-1] if match[3] else None, body)
    return found


def sectioned(text: str, macros: Macros, headings: str) -> str:
    r"""Write commands of the paper's own that make a heading of one of their arguments as what they make."""
    for name, (count, default, body) in macros.items():
        made = re.search(rf"\\({headings})\*?\s*(?:\[[^\]]*\])?\s*\{{[^{{}}]*(?:\{{[^{{}}]*)*#(\d)", body)
        left_out = default is not None
        place = int(made[2]) - left_out if made else 0
        if made and place > 0 and name not in headings.split("|"):
            before, after = rf"{_BRACED}\s*" * (place - 1), rf"\s*{_BRACED}" * (count - left_out - place)
            call = rf"\\{name}(?![A-Za-z@])\*?\s*(?:\[[^\]]*\]\s*)?{before}" + (
                f"({_BRACED}){after}" if after else r"(\{)"
            )
            text = re.sub(call, rf"\\{made[1]}\1", text)
    return text


def expanded(text: str, macros: Macros) -> str:
    """Return a heading with the paper's own macros put in, and without what only says how it looks."""
    for _ in range(5):
        after = _once(text, macros)
        if after == text or len(after) > _MOST:
            break
        text = after
    text = re.sub(r"\\texorpdfstring\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\(?:thanks|footnote)\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "", _FORM.sub(" ", text))
    return _GROUP.sub(r"\1", text)


def _once(text: str, macros: Macros) -> str:
    out, at = [], 0
    for match in _CALLED.finditer(text):
        count, default, body = macros.get(match[1], (-1, None, ""))
        if count < 0 or match.start() < at:
            continue
        out.append(text[at : match.start()])
        at, values = match.end(), list[str]()
        if default is not None:
            given = re.compile(r"\[([^\]]*)\]").match(text, at)
            values, at = [given[1] if given else default], given.end() if given else at
        while len(values) < count and text[at : at + 1] == "{":
            end = closing(text, at + 1)
            values.append(text[at + 1 : end])
            at = end + 1
        for number, value in enumerate(values, 1):
            body = body.replace(f"#{number}", value)
        out.append(body)
    return "".join([*out, text[at:]])
