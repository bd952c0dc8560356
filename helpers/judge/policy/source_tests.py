"""Tests that stand in a source file: what they lost or got, and which lines of Rust are nothing but tests."""

import re
from collections import Counter
from collections.abc import Iterator

from helpers.judge.policy.code import Source
from helpers.judge.policy.file_rules import Level

_TEST = re.compile(
    r"\s{0,99}(?:#\[\s*(?:\w+::)*test\b|#\[\s*cfg\(test\)|(?:async )?def test_|class Test|@Test\b|"
    r"func (?:Test|Benchmark|Fuzz|Example)\w*|(?:it|test|describe|suite|subtest)\b[^=]{0,200}\(|"
    r"(?:///?!?\s*|\#\s*)?>>> )"
)
"""How a test, or a group of them, begins that stands in a source file."""
_SAYS = re.compile(rf"{_TEST.pattern}|assert|expect|should|check|verify|\b(?:ok|is)\b *\(|t\.(?:Error|Fatal)")
"""What a test says: of its other lines a reader has to judge."""
_BRINGS = re.compile(r"(?:pub )?(?:use|from|import)\b")
"""What a test says is not said by what it brings in, unless that is what it says it with."""
_REMARK = re.compile(r"\A(?://|/?\*|#(?!\[))(?!.*(?:>>> |\bassert|[oO]utput:))")
"""A comment in a test: what it says nobody checks, but for an example in the documentation."""
_MORE = re.compile(
    r"\A(?:self\.|t\.)?(?:assert\w*!?|require\.\w+|expect)\s?\((?!.*\b(?:return|exit|skip|panic)\b).*\);?$"
)
"""One more question on a line of its own: whatever was asked before still is."""
_EXAMPLE = re.compile(
    r"^[ \t]{0,99}(//[/!]|\*)? {0,9}```(?:rust|[ \t,])*\n"
    r"(?:(?(1)[ \t]*\1)(?!.*(?:```|\*/)).*\n)*?(?(1)[ \t]*\1).*assert.*\n",
    re.MULTILINE,
)
"""An example in the documentation that Rust runs as a test, to its first question: all of it in the same comment."""
_ENDS = re.compile(r"\s{0,99}[})\]]")
_BUILT_FOR_TESTS = re.compile(r"#\[\s*(?:cfg\(\s*test\s*\)\s*\]\s*mod|test\s*\]\s*fn)\s+\w+[^;{]*\{")
"""What Rust compiles for its tests alone."""


def tests_in(text: str) -> list[list[tuple[int, str]]]:
    """Return the tests that stand in a source file, each as its lines (number, text without its indent)."""
    found: list[list[tuple[int, str]]] = []
    depth, body, lines = -1, False, [*text.split("\n"), ""]
    for number, row in enumerate(lines[:-1], 1):
        said, indent = " ".join(row.split()), len(row) - len(row.lstrip())
        if depth >= 0 and said and indent <= depth and (body or ">>> " in found[-1][0][1]):
            if _ENDS.match(row) and indent == depth:
                found[-1].append((number, said))
            depth = -1 if ">>> " not in found[-1][0][1] or said.startswith(('"""', "'''")) else depth
        alone = "cfg(test)" in row and not re.match(r"\s*(?:pub\s+)?mod\b[^;]*$", lines[number])
        alone |= row.lstrip().startswith("class Test") and "def test" not in text
        if depth < 0 and _TEST.match(row) and not alone:
            found.append([])
            depth, body = indent, False
        if depth >= 0 and said:
            found[-1].append((number, said))
            body = body or indent > depth or row.rstrip().endswith(("}", ");"))
    return found


def changed(old: str, new: str, elsewhere: frozenset[str]) -> Iterator[tuple[Level, str, int, str]]:
    """Yield (level, reason, line, text) of what the tests in the source lost, and of what was put into one of them."""
    before, after = tests_in(old), tests_in(new)
    heads = {head for rows in before for head, _ in _sections(rows)}
    held = Counter(said for rows in after for _, said in rows)
    for rows in before:
        lost = [row for row in rows if _spent(held, row[1]) and row[1] not in elsewhere and not _only_brings(row[1])]
        says = sorted(lost, key=lambda row: not _SAYS.search(row[1]))
        for number, said in says[:1]:
            level: Level = "refuse" if _SAYS.search(said) else "review"
            yield level, "a test that stood here is gone, or no longer says this", number, said
    for match in (match for match in _EXAMPLE.finditer(old) if match[0] not in new):
        number = old.count("\n", 0, match.start()) + 1
        yield "review", "an example that is run as a test is gone, or another", number, ""
    was = Counter(said for rows in before for _, said in rows)
    for rows in (rows for held_in in after for head, rows in _sections(held_in) if head in heads):
        come = [row for row in rows if _spent(was, row[1]) and not _only_brings(row[1]) and not _MORE.match(row[1])]
        for number, said in come[:1]:
            yield "review", "new in a test that was there: does it still test?", number, said


def _sections(rows: list[tuple[int, str]]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yield each test of a group, and what stands before the first, with its head."""
    begins = [at for at, (_, said) in enumerate(rows) if at == 0 or (at > 1 and _TEST.match(said))]
    for at, end in zip(begins, [*begins[1:], len(rows)], strict=True):
        yield " ".join(said for _, said in rows[at : at + 2]), rows[at:end]


def _only_brings(said: str) -> bool:
    return bool(_REMARK.match(said)) or (bool(_BRINGS.match(said)) and not _SAYS.search(said))


def _spent(counted: Counter[str], said: str) -> bool:
    """Take one of a line; tell whether there was none left."""
    counted[said] -= 1
    return counted[said] < 0


def lines_built_for_tests(read: Source) -> set[int]:
    """Return the lines of Rust that no program contains, by their brackets; none where no lexer has read the file."""
    found: set[int] = set()
    end = 0
    for match in _BUILT_FOR_TESTS.finditer(read.code) if read.family == "rs" and read.exact else ():
        if match.start() < end:
            continue
        depth, end = 1, match.end()
        while depth and (bracket := re.compile(r"[{}]").search(read.code, end)):
            depth, end = depth + (1 if bracket[0] == "{" else -1), bracket.end()
        found |= set() if depth else set(read.lines(match.start(), end))
    return found
