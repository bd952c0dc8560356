"""Values in place of others: a setting made weaker, a bound made smaller."""

import re
from collections.abc import Iterator

from helpers.judge.policy import rule_table

_SETTING = (
    r"(?i:level|compress|quality|precision|retr(?:y|ies)|timeout|buffer|sync|durab|strict|isolation|passes|samples|tolerance|epsilon|\beps\b|"
    r"iterations|rounds|max_?iter|digits|dtype|journal_mode|unsafe|safe_?(?:mode|ty)|checksum|verify|validate|window|"
    r"depth|limit|cost|work_?factor)\w*"
)
_ANOTHER = "another value of a setting: is the program still as safe and as exact?"
_SET = re.compile(rf"{_SETTING}[\"'\])]*\s*(?::\s*[\w<>]+\s*)?[=:<>,(\s]*$")
"""What stands before a value that a setting gets: its name."""
_SAYS = re.compile(r"(?i:log|print|display|debug|trace|verb|warn)\w*\(\s*$")
"""What says something to people begins so: how loudly is no setting."""
_PASSED = re.compile(rf"{_SETTING}\([^()]*,\s*$")
_BOUNDS = re.compile(r"\w\s*!?\([^()\[]*$|[<>]=?\s*$")
"""What stands before a value that a call gets, or that something is held against."""
_NAME = r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b[A-Za-z]\w*(?:\.[A-Z]|::[A-Za-z])\w*\b(?:\(\)|(?!\s*[(.:<{!]))"
"""A constant, or one of the values that a type or a package offers."""
_NAMED = re.compile(r"\w[\"']?\s*[=:]\s*(?:\w+[.:]+)?$")
_NONE = re.compile(r"(?i)(?:\A|[_.:])(?:none|off|ignored?|disabled?|never|unchecked|insecure)\Z")
"""A value that says that something is not done."""
_DECLARES = re.compile(
    r"\b(?:const\w*|define|final|static|let|val|var)\b[^\n]{0,200}?\b(\w+)[^\w]{0,9}(?:[\w<>]+\s*=)?\s*$|^\s*([A-Z]\w+)\s*=\s*$"
)
_LITERAL = re.compile(
    r"\b\d+\s?<<\s?\d+\b|\b\d[\d.]*(?:[eE][-+]?\d+)?\w*\b|\b(?:true|false|True|False|None|NULL|null|off|on)\b|\"[^\"]*\"|'[^']*'|"
    + _NAME
)
_WIDE = re.compile(r"\b(?:u?int|[iu])(8|16|32|64)(?:_t)?\b")
_REMARK = re.compile(r"/\*.*?\*/|//.*$")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def weaker(
    gone: list[tuple[int, str]], come: list[tuple[int, str]], new: str, family: str
) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line, rule, reason, text) of added lines that are a deleted one with another value; `new`: the file."""
    said = dict.fromkeys(_bare(text) for _, text in gone)
    shapes: dict[str, list[str]] = {}
    for text in reversed(said):
        shapes.setdefault(_LITERAL.sub("?", text), []).append(text)
    fresh = [(number, bare) for number, text in come if (bare := _bare(text)) not in said]
    types = {_WIDE.sub("?", text): _WIDE.findall(text) for text in said}
    for rule in rule_table.of("less", family) + rule_table.of("more", family):
        made = {short for text in said for short in _without(rule, text[:2000])} if rule.view == "less" else set()
        for number, text in fresh:
            if (text and not made.isdisjoint((text, text.rstrip(";")))) or (
                rule.view == "more" and not said.keys().isdisjoint(_without(rule, text))
            ):
                yield number, rule.kind, rule.reason, text
    for number, text in fresh:
        widths = zip(types.get(_WIDE.sub("?", text), []), _WIDE.findall(text), strict=False)
        if any(int(now) < min(int(was), 64 if "=" in text else 32) for was, now in widths):
            yield number, "precision", "a narrower type than there was: does everything still fit?", text
        shape = _LITERAL.sub("?", text)
        befores = shapes.get(shape, [text])
        before = befores.pop() if len(befores) > 1 else befores[0]  # in turns, where several look alike
        for was, now in zip(_LITERAL.finditer(before), _LITERAL.finditer(text), strict=True):
            ahead, pair = text[: now.start()], (was[0], now[0])
            if (
                was[0] != now[0]
                and not _SAYS.search(ahead)
                and (
                    (_SET.search(ahead) and not re.match(r"[A-Za-z]\w*(?:\.|::)", now[0]))
                    or (now[0][0] not in "\"'" and _PASSED.search(ahead))
                    or (ahead.count("(") > ahead.count(")") and _is_off(*pair, named=bool(_NAMED.search(ahead))))
                    or re.match(r"0?\.00|.*e-", was[0])
                    or ((now[0][0] in "\"'" or _BOUNDS.search(ahead) or _bounds(ahead, new)) and _less(*pair, new))
                )
            ):
                yield number, "less-safe", _ANOTHER, text


def _without(rule: rule_table.Rule, text: str) -> Iterator[str]:
    """Yield a line without each of the places that a rule speaks of, and all, but for what the rule puts in a group."""
    for match in rule.pattern.finditer(text):
        yield text[: match.start()] + (match[match.lastindex] if match.lastindex else "") + text[match.end() :]
    yield rule.pattern.sub(lambda match: match[match.lastindex] if match.lastindex else "", text)


def _is_off(was: str, now: str, *, named: bool) -> bool:
    """Tell whether a value that is passed switches off what was on; true and false say that where they are `named`."""
    switched = named and (was.lower(), now.lower()) in (("true", "false"), ("on", "off"))
    return switched or (now[0] not in "\"'" and now != "None" and bool(_NONE.search(now)) and not _NONE.search(was))


def _less(was: str, now: str, new: str) -> bool:
    """Tell whether a number got smaller, in a text too, or became a name that is not this file's own."""
    numbers = [[float(digits) for digits in _DIGITS.findall(text)] for text in (was, now)]
    if re.fullmatch(_NAME, now):
        of = re.match(r"(\w+)(?:\.|::)", now)
        if of and (of[0] != was[: of.end()] or (of[1][0].islower() and not re.search(rf"[\"/]{of[1]}\"", new))):
            return False  # a field, or another type
        now = re.escape(of[1] if of else now)
        return not re.search(
            rf"\b(?:define|const\w*|static|let|var|enum|final|class|struct|type)\b.*\b{now}\b|^\s*{now}\s*=",
            new,
            re.MULTILINE,
        )
    same = _DIGITS.sub("", was) == _DIGITS.sub("", now) and len(numbers[0]) == len(numbers[1])
    return same and any(after < before for before, after in zip(*numbers, strict=True))


def _bounds(ahead: str, new: str) -> bool:
    """Tell whether a declared constant's name says that it bounds something, or the file uses it so."""
    match = _DECLARES.search(ahead)
    name = match and (match[1] or match[2])
    used = (
        rf"[<>]=?\s*{name}\b|\b{name}\s*[<>]=?|\.\.=?\s*{name}\b|\b(?:min|take|range|head|limit)\w*\([^()]*\b{name}\b"
    )
    return bool(name) and bool(re.match("(?i)max|min|limit", name or "") or re.search(used, new))


def _bare(text: str) -> str:
    return " ".join(_REMARK.sub("", text).split())
