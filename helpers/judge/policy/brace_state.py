"""State that outlives a call where braces hold functions: one rule for C, C++, JavaScript, Rust, Go, Java and Perl.

A function writes a name that it neither takes nor declares, a field that only a constructor wrote before, or what it is
given; so does a function that is handed out, of what was made for it. The patterns stand in braces.txt.
"""

import bisect
import re
from collections.abc import Iterator

from helpers.judge.policy.code import Source
from helpers.judge.policy.file_rules import blocks

_IS: dict[str, re.Pattern[str]] = {}
for (_name,), _, _rows in blocks("braces.txt"):
    _IS[_name] = re.compile(
        re.sub(r"\{\{([a-z-]+)\}\}", lambda m: f"(?:{_IS[m[1]].pattern})", "|".join(_rows)), re.MULTILINE
    )
_WORD = re.compile(r"[A-Za-z_][\w$]*")
_HEAD = 400
"""Characters of a function's head."""

Whose = tuple[str, str]
"""outer, field or given; and its name."""


def writing_lines(read: Source, old: Source) -> Iterator[int]:
    """Yield the lines that write what outlives the call, or make it; not what `old` wrote already."""
    known = {whose for _, whose, _ in _written(old)}
    words = {"?", *_WORD.findall(old.code)}
    for place, whose, function in _written(read):
        if whose not in known and (whose[0] != "given" or function in words):
            yield read.lines(place, place + 1)[0]


def _functions(code: str) -> Iterator[tuple[int, int, int, str, list[tuple[int, int]]]]:
    """Yield where each outermost function's head, body, end are, its name (none: a constructor), and those within."""
    opened: list[int] = []
    within: list[tuple[int, int]] = []
    inside = body = last = 0
    for match in re.finditer(r"[{};]", code):
        at = first = match.start()
        if match[0] == "{":
            least = max(last, at - _HEAD)
            while first > least and (_IS["goes-on"].match(part := code[first:at]) or part.count(")") > part.count("(")):
                first = max(least, code.rfind("\n", 0, first - 1) + 1)
            opened.append(first)
            if not inside and not _IS["holds"].search(code[first:at]):
                inside, body, within = len(opened), at, []
        elif match[0] == "}" and opened:
            first = opened.pop()
            if len(opened) + 1 == inside:
                inside, name = 0, ([*re.findall(r"([\w$]+)\s*(?:\(|\Z)", code[first:body]), "?"])[0]
                within += [each.span() for each in _IS["short"].finditer(code, body, at)]
                yield first, body, at, "" if _IS["begins"].search(code[first:body]) else name, sorted(within)
            elif inside and _IS["literal"].search(code[first : code.find("{", first)]):
                within.append((first, at))
        last = at + 1
    for match in _IS["short"].finditer(code):
        first = max(0, match.start() - _HEAD)
        yield max(first, code.rfind("\n", first, match.start())), match.start(), match.end(), "?", []


def _written(read: Source) -> Iterator[tuple[int, Whose, str]]:
    """Yield (place, whose, function) of what functions write and do not declare, and of where it is first named."""
    code, outside = read.code, _declared(read.code)
    named = {match[0]: match.start() for match in reversed(list(_WORD.finditer(code)))}
    for first, body, end, function, within in (
        _functions(code) if read.family not in ("py", "rb", "sh", "prose", "") else ()
    ):
        text, given = code[body:end], _words("takes", code[body:end])
        takes, own = {"this", "self", *_WORD.findall(code[first:body])} | given, _declared(text) - given
        another = _IS["another-c" if read.family == "c" else "another"].finditer(text)
        alias = {match[1]: match[2] for match in another if match[1] in own}
        inner, writes = _words("inner", text), list(_IS["writes"].finditer(code, body, end))
        fresh = {m["name"] for m in writes if not (m["chain"] or m["method"])} - alias.keys()
        out = any(not match[1] or match[1] in inner for match in _IS["hands-out"].finditer(text))
        for match in writes:
            name, chain, method = match["name"] or match[match.lastindex or 0], match["chain"] or "", match["method"]
            before = _IS["before"].search(code, max(first, match.start() - 90), match.start())
            if before and match["name"] and (before[1] or (before[0] == ":" and read.family in ("js", "rs"))):
                continue  # it is declared here, or the type of what is
            through = chain or method or not match["name"] or (before and before[0] == "*")
            root = alias.get(name, name) if name in own and through else name
            part = _IS["field"].match(chain)
            whose: Whose | None = None
            low, high = within[bisect.bisect(within, (match.start(), 0)) - 1] if within and out else (0, 0)
            if low <= match.start() < high and name in takes | own and name not in _declared(code[low:high]):
                root, whose = name, ("outer", name)
            elif root in takes - own and part and function:
                whose = ("field", part[1] or part[2])
            elif root in takes - own - fresh - {"this", "self"} and through and not part:
                whose = ("given", root)
            elif root not in takes | own and function and (root in outside or not (method or not match["name"])):
                whose = ("outer", root)
            if whose:
                yield from ((at, whose, function) for at in (match.start(), named[root]))


def _words(what: str, text: str) -> set[str]:
    """Return the words in the groups of a pattern's matches."""
    return {word for m in _IS[what].finditer(text) for word in _WORD.findall(" ".join(filter(None, m.groups())))}


def _declared(text: str) -> set[str]:
    """Return the names that a text declares."""
    found = _words("binds", text)
    for match in _IS["declares"].finditer(text):
        rest = re.sub(r"\((?:[^()]|\([^()]*\))*\)", "", match[2])
        found |= {match[1], *re.findall(r",[\s*&$@%]*([A-Za-z_][\w$]*)\s*(?=[=,;\[]|\Z)", rest)}
    return found
