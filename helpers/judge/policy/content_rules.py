"""What new code may not do and old code may not lose, by the table rules.txt: its words and its one reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.judge.policy import code, python_state
from helpers.judge.policy.file_rules import Level

_REMEMBERS = "state that outlives the call: is it the benchmark's repetition that it speeds up?"
_UNSAFE = "the old code had it: is the program still as safe, and its answer as sure?"


@dataclass(frozen=True)
class Rule:
    """A row of rules.txt."""

    kind: str
    level: Level
    view: str
    families: tuple[str, ...]
    reason: str
    pattern: re.Pattern[str]


def _table() -> Iterator[Rule]:
    for block in Path(__file__).with_name("rules.txt").read_text(encoding="utf-8").split("\n[")[1:]:
        heading, *rows = block.rstrip().split("\n")
        words, _, reason = heading.partition("] ")
        kind, level, view, *families = words.split()
        pattern = re.compile("|".join(row.strip() for row in rows), re.MULTILINE)
        yield Rule(kind, "refuse" if level == "refuse" else "review", view, tuple(families), reason, pattern)


RULES = list(_table())
_SETTING = re.compile(
    r"level|compress|quality|precision|retr(?:y|ies)|timeout|buffer|sync|durab|strict|tolerance|epsilon|\beps\b|iterations|"
    r"rounds|max_?iter|digits|dtype|journal_mode|safe|checksum|verify|validate|window|depth|limit",
    re.IGNORECASE,
)
_LITERAL = re.compile(
    r"\b\d[\w.]*(?:e-?\d+)?\b|\b(?:true|false|True|False|None|NULL|null|double|float|off|on)\b|\"[^\"]*\"|'[^']*'"
)
_TEST_LINE = re.compile(
    r"#\[\s*(?:\w+::)?test\b|#\[\s*cfg\(test\)|^\s*(?:///?!?\s*)?>>> |^\s*def test_\w+|\b(?:it|test|describe)\s*\(\s*[\"']|"
    r"^func (?:Test|Benchmark|Fuzz)\w*|@Test\b|\bassert(?:_eq|_ne|Equals|Equal|That)!?\s*\(|^\s*(?:ok|is|is_deeply)\s*\(?"
)


@dataclass(frozen=True)
class Place:
    """One place where a rule speaks: a line of the new file, or of the old one where the line is gone."""

    kind: str
    level: Level
    reason: str
    line: int
    quoted: str


def added_places(path: str, new: str, old: str, added: list[tuple[int, str]]) -> Iterator[Place]:
    """Yield what the added lines do that a rule knows."""
    read, lines = code.source(path, new), {number for number, _ in added}
    before, after = _stripped(old), new.split("\n")
    views = {"code": [read.code], "text": [read.text], "all": [read.text, read.comments]}
    macros = [macro for macro in code.expanded(read) if lines & set(macro[1])]
    for rule in RULES:
        kind, level, view, pattern, reason = rule.kind, rule.level, rule.view, rule.pattern, rule.reason
        if view == "old" or (rule.families and read.family not in rule.families):
            continue
        texts: list[tuple[str, Level]] = [(text, level) for text in views[view]]
        if view != "all" and not read.exact and level == "refuse":
            texts.append((read.comments, "review"))
        for text, says in texts:
            for match in pattern.finditer(text):
                at = [n for n in read.lines(*match.span()) if n in lines]
                quoted = " ".join(after[at[0] - 1].split()) if at else ""
                if at and not (says == "review" and quoted in before):
                    yield Place(kind, says, reason, at[0], quoted)
        for text, lines_of, body in macros if view != "all" else []:
            if pattern.search(text) and not pattern.search(body):  # a macro's own definition is looked at by itself
                first = min(lines & set(lines_of))
                yield Place(kind, level, reason + " (through a macro)", first, " ".join(text.split()))
    if read.family == "py":
        for number in sorted(set(python_state.lines(new)) & lines):
            yield Place("remembers", "review", _REMEMBERS, number, " ".join(after[number - 1].split()))


def removed_places(path: str, old: str, new: str, elsewhere: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Yield what the old text had more of than the new: durability, checks, error paths, locks, frees, tests, settings.

    `elsewhere`: the lines that other files of the change got; what moved there is not gone.
    """
    reads = [code.source(path, text) for text in (old, new)]
    if reads[0].family == "prose":
        return
    now, was = _stripped(new), _stripped(old)
    gone = [
        (number, text)
        for number, text in enumerate(old.split("\n"), 1)
        if " ".join(text.split()) not in now | elsewhere
    ]
    missing = {number for number, _ in gone}
    for rule in (rule for rule in RULES if rule.view == "old"):
        pattern = rule.pattern
        counts = [Counter(" ".join(m[0].split()) for m in pattern.finditer(read.code)) for read in reads]
        if sum(counts[0].values()) <= sum(counts[1].values()):
            continue
        for match in pattern.finditer(reads[0].code):
            number = reads[0].lines(*match.span())[-1]
            if number in missing and counts[0][" ".join(match[0].split())] > counts[1][" ".join(match[0].split())]:
                yield Place("less-safe", "review", rule.reason, number, "")
    tests = [sum(bool(_TEST_LINE.search(line)) for line in text.split("\n")) for text in (old, new)]
    if tests[1] < tests[0]:
        for number, text in gone:
            if _TEST_LINE.search(text):
                yield Place("tests", "refuse", "a test that stood here is gone", number, text.strip())
    yield from _weaker(gone, [(n, t) for n, t in enumerate(new.split("\n"), 1) if " ".join(t.split()) not in was])


def _weaker(gone: list[tuple[int, str]], come: list[tuple[int, str]]) -> Iterator[Place]:
    """Yield added lines that are a deleted one with another value of a setting, or float in place of double."""
    shapes = {_LITERAL.sub("?", " ".join(text.split())): text for _, text in gone}
    for number, text in come:
        before = shapes.get(_LITERAL.sub("?", " ".join(text.split())))
        if before is None:
            continue
        if "double" in before and "float" in text:
            yield Place("precision", "review", "float in place of double: do the checks see it?", number, text.strip())
        elif _SETTING.search(re.sub(r"\"[^\"]*\"", "", text)):
            yield Place("less-safe", "review", f"another value of a setting; {_UNSAFE}", number, text.strip())


def _stripped(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.split("\n")}


MAX_NUMBERS = 500
MAX_LINE_LENGTH = 2000
_NUMBER = re.compile(r"\b(?:0[xX][0-9a-fA-F]+|\d+)\b")


def embedded_data(added: list[tuple[int, str]]) -> int | None:
    """Return the line where the added lines begin to hold a table or a blob: an answer may have been computed beforehand."""
    count = 0
    for number, text in added:
        count += len(_NUMBER.findall(text))
        if count > MAX_NUMBERS or len(text) > MAX_LINE_LENGTH:
            return number
    return None
