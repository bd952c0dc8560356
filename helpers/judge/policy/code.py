"""Source read as its language reads it: comments and strings apart, spliced lines joined, macros replaced.

With Pygments (in the bundle's .venv) comments are left out. On a bare python3 a small scanner finds them, and as it may
be wrong about where one ends, what stands in them is still looked at: a rule that would refuse then asks for a review.
"""

import bisect
import functools
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers import paths
from helpers.judge.policy.file_rules import blocks

_BLOCKS = list(blocks("families.txt"))
_FAMILY = {suffix: family for (family, *_), _, rows in _BLOCKS for suffix in rows[0].split()}
_LEXERS = {suffix: lexer for (_, lexer, _), _, rows in _BLOCKS for suffix in rows[0].split() if lexer != "-"}
LARGEST_LEXED = 1_000_000
_AROUND = 20
"""Lines before and after a changed one within which a construct that it belongs to begins and ends."""
_STRING = r"\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`"
_SIGNS = {
    "/": re.compile(rf"(?P<comment>//[^\n]*|/\*[\s\S]*?(?:\*/|\Z))|(?P<string>{_STRING})"),
    "#": re.compile(rf"(?P<comment>(?<![\w$&])\#[^\n]*)|(?P<string>{_STRING})"),
}
_SCANNERS = {family: _SIGNS[sign] for (family, _, sign), _, _ in _BLOCKS if sign in _SIGNS}
_QUOTED = r"(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
_RUN = {
    side: re.compile(rf"{_QUOTED}(?:\s*{between}\s*[uUL]?{_QUOTED})+")
    for side, between in {True: r"\+?", False: r"[+.]"}.items()
}
"""Texts put together: where the language does so with what stands side by side, and where it needs a sign."""
_PIECE = re.compile(r"\"((?:\\.|[^\"\\\n])*)\"|'((?:\\.|[^'\\\n])*)'")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\(([\w, .]*)\))?[ \t]+(\S.{0,200})$", re.MULTILINE)
_ESCAPE = re.compile(r"\\\\|\\(?:u+\{?0*([0-9a-fA-F]{2})\}?|U000000([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|([01][0-7]{2}))")
"""A letter by its number; two backslashes are one that begins nothing."""
_ENDS_LINE = dict.fromkeys(map(ord, "\r\u2028\u2029"), "\n")
_OTHER_ENDS = ("js", "py", "java")
"""Where more than a line feed ends a line, and a remark with it."""
_JOINS = {"c": re.compile(r"(\\[ \t\f\v]*)\Z"), "sh": re.compile(r"\A(?!.*(?:^|\s)#).*(\\)\Z")}
"""What joins a line to the next: blanks behind the sign change nothing for a compiler; a shell's remark ends anyway."""
_IN_BRACKETS = re.compile(r"\(\s*[*&]*\s*(?:::)?(\w+)\s*\)\s*(?=\()")
"""A name in brackets is called like one without."""
_NAMES_IT = re.compile(r"#[ \t]*(?:define|undef|ifn?def)[ \t]+\Z")
"""Where a macro is named, not used: another definition for another machine."""

HEADER = re.compile(
    r"\A(?:\s*(?:[\w()]+\s+)*(?:def|fn|func|function|sub)\s+(\w+)|"
    r"\s*(?:(?:const|let|var)\s)?(\w+)\s*[:=]\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*=>|\w+\s*=>)|"
    r"(?!(?:if|for|while|switch|return|else|do)\b)(?=\w)[^;=(]*?\b(\w+)\s*\()"
)
"""How a function begins, and its name in one of the groups."""
MOST_BLANKS = 200
MOST_WORDS = 4000
"""Characters of Java without any sign: its lexer tries each as the first of a method's head."""
_BLANKS = re.compile(rf"[ \t]{{{MOST_BLANKS},}}")
"""So many in a row say no more than that: a lexer tries each of them as the first."""
_PREPARES = re.compile(r"\A[^=<>!(]{1,80}=(?!=)[^;]*;?\Z")
"""Before a function does something it puts something in order."""


@dataclass(frozen=True)
class Source:
    """A file's text in views of one length: code alone, with its strings, and what stands in comments."""

    family: str
    code: str
    text: str
    comments: str
    exact: bool
    starts: list[tuple[int, int]]
    runs: list[tuple[int, int]]

    @property
    def surely_code(self) -> str:
        """All that may be code: without a lexer what a string is made of, too."""
        return self.code if self.exact else self.text

    def lines(self, begin: int, end: int) -> range:
        """Return the lines of the file that a piece of a view comes from."""
        for first, last in self.runs[bisect.bisect(self.runs, (begin, 1 << 60)) - 1 :][:1]:
            end = max(end, last) if first <= begin < last else end
        at = [
            self.starts[bisect.bisect(self.starts, (place, 1 << 60)) - 1][1] for place in (begin, max(begin, end - 1))
        ]
        return range(at[0], at[1] + 1)

    def windows(self, lines: set[int]) -> list[tuple[int, int]]:
        """Return the pieces of a view that hold these lines and what may belong to them; no rule reads it all."""
        numbers = [number for _, number in self.starts]
        found: list[tuple[int, int]] = []
        for line in sorted(lines):
            first = self.starts[max(0, bisect.bisect_left(numbers, line - _AROUND))][0]
            last = self.starts[min(len(numbers) - 1, bisect.bisect(numbers, line + _AROUND))][0]
            begin = found.pop()[0] if found and first <= found[-1][1] else first
            found.append((begin, last))
        return found


def family_of(path: str, text: str = "") -> str:
    """Return the family of languages that a file belongs to; empty where none is known."""
    name = path.rsplit("/", 1)[-1]
    known = _FAMILY.get(name.rpartition(".")[2].lower(), "") if "." in name else ""
    start = re.match(r"#!.*\b(python|perl|ruby|node|bash|sh)", text[:100])
    return known or ({"python": "py", "perl": "pl", "ruby": "rb", "node": "js"}.get(start[1], "sh") if start else "")


@functools.lru_cache(maxsize=64)
def source(path: str, text: str) -> Source:
    """Read a file's text."""
    family = family_of(path, text)
    starts, parts = [(0, 1)], []
    whole = _BLANKS.sub(" " * MOST_BLANKS, text.replace("\r\n", "\n"))
    for line, row in enumerate(whole.split("\n"), 2):
        part = _ESCAPE.sub(lambda match: _spelled(match, path), row) if family not in ("prose", "sh") else row
        part = part.translate(_ENDS_LINE) if family in _OTHER_ENDS else part
        joins = _JOINS[family].search(part) if family in _JOINS else None
        part = part[: joins.start(1)] if joins else part + "\n"
        parts.append(part)
        starts.append((starts[-1][0] + len(part), line))
    whole = "".join(parts)
    if family == "c":
        whole = re.sub(r"%:|\?\?=", lambda m: "#".ljust(len(m[0])), whole)
    pieces, exact = _pieces(family, path, whole)
    code = "".join(p if k == "c" else _blank(p, "\n\"'`" if k == "s" else "\n") for k, p in pieces)
    full = "".join(_blank(p, "\n") if k == "#" else p for k, p in pieces)
    remarks = "".join(p if k == "#" else _blank(p, "\n") for k, p in pieces)
    runs: list[tuple[int, int]] = []

    def join(match: re.Match[str]) -> str:
        runs.append(match.span())
        inner = "".join(piece[1] or piece[2] or "" for piece in _PIECE.finditer(match[0]))
        return f'"{inner}"'.ljust(len(match[0]))

    full = _RUN[family in ("c", "py", "rb", "sh", "")].sub(join, full)
    return Source(family, code, full, remarks, exact, starts, runs)


def expanded(read: Source, windows: list[tuple[int, int]]) -> list[tuple[str, range, str]]:
    """Return what names in brackets and uses of C's own macros become, each with its lines and the macro's body."""
    bare = (match for window in windows for match in _IN_BRACKETS.finditer(read.code, *window))
    found = [(f"{match[1]}(", read.lines(*match.span(1)), "") for match in bare]
    for name, parameters, body in dict.fromkeys(_MACRO.findall(read.text)) if read.family == "c" else ():
        names = [part.strip() for part in parameters.split(",")] if parameters else []
        used = re.compile(rf"\b{re.escape(name)}\b" + (r"\s*\(((?:[^;{}\n()]|\([^()\n]*\))*)\)" if names else ""))
        for use in (use for window in windows for use in used.finditer(read.text, *window)):
            if _NAMES_IT.search(read.text, read.text.rfind("\n", 0, use.start()) + 1, use.start()):
                continue
            became = body
            for key, value in zip(names, use[1].split(",", len(names) - 1) if names else [], strict=False):
                quoted, plain = f'"{value.strip()}"'.replace("\\", r"\\"), value.replace("\\", r"\\")
                became = re.sub(rf"(?<!#)#\s*{re.escape(key)}\b", quoted, became)
                became = re.sub(rf"\b{re.escape(key)}\b", plain, became)
            around = read.text[max(0, read.text.rfind("\n", 0, use.start()) + 1) : use.start()]
            end = read.text.find("\n", use.end())
            found.append(
                (around + became.replace("##", "") + read.text[use.end() : end], read.lines(*use.span()), body)
            )
    return found


def body(rows: list[str], first: int) -> Iterator[tuple[int, str]]:
    """Yield (number, line) of what is indented below a line."""
    depth = len(rows[first]) - len(rows[first].lstrip())
    for at, row in enumerate(rows[first + 1 :], first + 2):
        if row.strip() not in ("", "{", "}") and len(row) - len(row.lstrip()) <= depth:
            return
        if len(row.strip()) > 1:
            yield at, row


def closed_up(lines: list[str], first: int, gone: set[int], new: str) -> bool:
    """Tell whether what stood before and behind an old block stands side by side in the new text, without blanks."""
    last = max((at for at, _ in body(lines, first - 1)), default=first)
    behind = _some(lines[at] for at in range(last, len(lines)) if at + 1 not in gone)
    behind = behind.removeprefix("}" if lines[first - 1].rstrip()[-1:] == "{" else "") + "\0"
    ahead = _some(lines[at][::-1] for at in range(first - 2, -1, -1) if at + 1 not in gone) + "\0"
    return ahead[:12][::-1] + behind[:12] in f"\0{new}\0"


def _some(rows: Iterator[str]) -> str:
    """Return the first letters of what rows say, rather some too many."""
    said = ""
    while len(said) <= 12 and (row := next(rows, None)) is not None:
        said += "".join(row.split())
    return said


def around(rows: list[str]) -> list[int]:
    """Return for each line the index of the line above that holds it, as it is indented less; -1 where none does."""
    found: list[int] = []
    depths: list[int] = []
    open_now: list[int] = []
    for at, row in enumerate(rows):
        depth = len(row) - len(row.lstrip())
        held = bisect.bisect_left(depths, depth)
        found.append(open_now[held - 1] if held else -1)
        if row.strip(" \t{}"):
            depths[held:], open_now[held:] = [depth], [at]
    return found


def functions_gone(lines: list[str], missing: set[int], new: str, now: set[str]) -> set[int]:
    """Return those of the missing lines whose function is gone, its name and most of its lines: not under another."""
    often = Counter(" ".join(row.split()) for row in lines)  # what stands elsewhere too says nothing of where this went
    names, outer, inside = set(re.findall(r"\w+", new)), around(lines), dict[int, list[int]]()
    heads = {at: HEADER.match(lines[at]) for at in set(outer) - {-1}}
    found: set[int] = set()
    for at, head in enumerate(outer):
        outer[at] = head if head < 0 or heads[head] else outer[head]
        inside.setdefault(outer[at], []).append(at + 1)
    for first, own in inside.items():
        header = heads.get(first)
        if header and header[header.lastindex or 0] not in names:
            said = {at: " ".join(row.split()) for at, row in body(lines, first)}
            once = {at: row for at, row in said.items() if often[row] == 1}
            kept = [(rows, sum(row in now for row in rows.values())) for rows in (once, said)]
            for number in missing.intersection(own):
                rest = ((len(rows) - (number in rows), still) for rows, still in kept)
                size, still = next((each for each in rest if each[0]), (0, 0))
                if 2 * still <= max(0, size - 1):
                    found.add(number)
    return found


def through_helpers(before: Source, after: Source, pattern: re.Pattern[str]) -> int:
    """Return how often new code calls a function that is new and does, first of all and always, what a rule wants."""
    rows, count = after.code.split("\n"), 0
    was, called = set(re.findall(r"\w+", before.code)), Counter(re.findall(r"\b(\w+)\s*\(", after.code))
    for first, row in enumerate(rows):
        header = HEADER.match(row)
        name = header[header.lastindex or 0] if header else ""
        if called[name] > 1 and name not in was:
            does = next((body for _, body in body(rows, first) if not _PREPARES.match(body.strip())), "")
            count += called[name] - 2 if pattern.search(does) else 0  # its own head, and what it does itself
    return count


def _spelled(match: re.Match[str], path: str) -> str:
    """Return what an escape stands for where that may be part of a name; in Java whatever it is, before all else."""
    number = match[1] or match[2] or match[3]
    letter = chr(int(number, 16)) if number else chr(int(match[4] or "0", 8))
    whole = path.endswith(".java") and match[0][1] == "u" and letter.isascii()
    return letter if whole or re.match(r"[\w$]", letter, re.ASCII) else match[0]


def _blank(text: str, keep: str) -> str:
    return re.sub(f"[^{keep}]", " ", text)


def _pieces(family: str, path: str, text: str) -> tuple[list[tuple[str, str]], bool]:
    """Return the text in pieces, each with c code, s string or # comment; and whether a real lexer said so."""
    if family == "prose":
        return [("#", text)], True
    costly = re.search(r"(?m)(?:[ \t]{0,99}\n){200}|^.{4000}", text) is not None  # lexers take the square of such lines
    costly |= family == "java" and max(map(len, re.findall(r"[\w\s.]+", text)), default=0) > MOST_WORDS
    lexer = _lexer(family, path) if len(text) <= LARGEST_LEXED and not costly else None
    if lexer is not None:
        return [(_letter(kind), value) for _, kind, value in lexer.get_tokens_unprocessed(text)], True
    scanner = _SCANNERS.get(family)
    pieces, last = [], 0
    for match in scanner.finditer(text) if scanner else ():
        pieces += [("c", text[last : match.start()]), ("#" if match["comment"] else "s", match[0])]
        last = match.end()
    return [*pieces, ("c", text[last:])], False


@functools.lru_cache(maxsize=256)
def _letter(kind: tuple[str, ...]) -> str:
    words = tuple(kind)
    if words[:1] == ("Comment",) and words[1:2] not in (("Preproc",), ("PreprocFile",), ("Hashbang",)):
        return "#"
    if words[:3] == ("Literal", "String", "Doc"):
        return "#"
    return "s" if words[:2] == ("Literal", "String") and words[2:3] != ("Interpol",) else "c"


def _lexer(family: str, path: str) -> Any:  # noqa: ANN401 - of a package that may not be there
    """Return Pygments' lexer for a family, from the bundle's environment too; None where there is none."""
    name = _LEXERS.get(path.rpartition(".")[2]) or _LEXERS.get(family)
    lexers = _pygments() if name else None
    return lexers.get_lexer_by_name(name, stripnl=False, ensurenl=False) if lexers else None


@functools.lru_cache(maxsize=1)
def _pygments() -> Any:  # noqa: ANN401
    places = [str(place) for place in sorted((paths.BUNDLE / ".venv" / "lib").glob("python3*/site-packages"))]
    sys.path += places  # pure Python: any interpreter can load it
    try:
        return importlib.import_module("pygments.lexers")
    except ImportError:
        return None
    finally:
        del sys.path[len(sys.path) - len(places) :]
