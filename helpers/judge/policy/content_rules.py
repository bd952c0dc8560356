"""What new code may not do and old code may not lose, by the tables rules_*.txt and by what lines are made of."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from helpers.judge.policy import (
    brace_state,
    code,
    conditions,
    python_names,
    python_state,
    rule_table,
    source_tests,
    values,
)
from helpers.judge.policy.file_rules import Level

_REMEMBERS = "state that outlives the call: is it the benchmark's repetition that it speeds up?"
_DEAD = "code that can no longer run"
_REPLACED = "a module of the benchmark's own process is changed"

_DISPATCHES = re.compile(r"\b__builtin_cpu_(?:supports|is)\b|\bis_\w+_feature_detected\b|\bgetauxval\b|\b__?cpuid\w*\b")
"""What asks the processor before code for it runs."""
_NEVER = re.compile(r"if\s*\(?\s*(?:0|[fF]alse|None)\s*(?:(?:&&|and\b)[^|]*)?\)?\s*[{:]$|#\s*if\s+\w+$")
_HAS_BLOCKS = ("c", "py", "js", "rs", "go", "java")
_TAKES = re.compile(
    r"(?<![\w.>-])([\w.>-]{1,80})(?:\s{0,9},\s{0,9}\w{1,80}){0,2}\s{0,9}:?=(?!=)[^=;]{0,200}?(?:alloc|dup|make|[oO]pen|[cC]reate|[nN]ew)\w{0,80}\s{0,9}\(|"
    r"align\s?\((?:\([\w *]{1,40}\)\s?)?&([\w.>-]{1,80})"
)
"""What gets something that has to be given back, and the name that it gets then."""
_OPERAND = re.compile(r"[\s&(]{0,9}([\w.>-]{1,80})")
_LEAVES = re.compile(r"(?:return|raise|throw|break|continue|goto)\b")
_GOES_ON = re.compile(
    r"\A(?:[})\]#.?:&|+=*/-]|(?:case|default|else|elif|except|finally|catch|end|function|class|public|private|break)\b|@|\w+\s*:(?!:))"
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
    was = code.source(path, old).code
    windows, tests = read.windows(lines), source_tests.lines_built_for_tests(read)
    stand_ins = [each for each in code.expanded(read, windows) if lines & set(each[1])]
    if read.family == "py":
        was += "".join(said for said, _ in python_names.spelled_out(old))
        stand_ins += [(said, range(at, at + 1), "") for said, at in python_names.spelled_out(new) if at in lines]
    was = "".join(was.split())
    for rule in rule_table.rules():
        for level, lines_of, became in rule_table.spoken(rule, read, was, windows, stand_ins):
            at = [number for number in lines_of if number in lines]
            dead = _never_run(read, at[0]) if at and rule.reason == _DEAD else []
            said = {" ".join(after[number - 1].split()) for number in dead} - {"", "}"}
            if said and (not before & said or after[dead[-1]].strip("} \t")[:4] == "else"):
                continue  # left of a trial, or replaced
            quoted = " ".join(after[at[0] - 1].split()) if at else ""
            says: Level = "review" if "target" in quoted and _DISPATCHES.search(read.code) else level
            if at and (rule.kind == "tests" or at[0] not in tests) and (says == "refuse" or quoted not in before):
                named = became and "".join(became.split()) not in "".join(quoted.split())  # the line says it itself
                reason, quoted = (rule.reason + " (through a name)", became) if named else (rule.reason, quoted)
                yield Place(rule.kind, says, reason, at[0], " ".join(quoted.split()))
    for kind, reason, numbers in _by_structure(read, new, old, code.source(path, old)):
        for number in sorted((set(numbers) & lines) - tests):
            yield Place(kind, "review", reason, number, " ".join(after[number - 1].split()))


def _never_run(read: code.Source, number: int) -> list[int]:
    """Return the lines of a block that never runs, by the one where it begins; none where it is not sure."""
    rows = read.code.split("\n")
    first = rows[number - 1].strip() if read.exact and len(rows) == read.starts[-1][1] else ""
    first = first if _NEVER.match(first) else ""
    if first[:1] == "#":
        length = len(list(itertools.takewhile(lambda row: row.lstrip()[:1] != "#", rows[number : number + 99])))
        body, ends = range(number + 1, number + 1 + length), r"\s*#\s*e"
    else:
        last = max((at for at, _ in code.body(rows[: number + 99], number - 1)), default=number) if first else number
        body, ends = range(number + 1, last + 1), r"\s*\}" if first[-1:] == "{" else ""
    return list(body) if first and re.match(ends, "".join(rows[body.stop - 1 : body.stop])) else []


def _alive(path: str, text: str) -> code.Source:
    """Read a text without the blocks of it that never run: what they say secures nothing."""
    read, rows = code.source(path, text), text.split("\n")
    (dead,) = (rule.pattern for rule in rule_table.rules() if rule.reason == _DEAD)
    for match in dead.finditer(read.code):
        for number in _never_run(read, read.lines(match.start(), match.start() + 1)[0]):
            rows[number - 1] = ""
    return code.source(path, "\n".join(rows))


def _by_structure(read: code.Source, new: str, old: str, had: code.Source) -> Iterator[tuple[str, str, Iterable[int]]]:
    """Yield (rule, reason, lines) for what no single token tells."""
    if read.family == "py":
        yield "remembers", _REMEMBERS, python_state.writing_lines(new, old)
        yield "detects-benchmark", _REPLACED, python_state.replaced(new)
    yield "remembers", _REMEMBERS, brace_state.writing_lines(read, had)
    if read.family in _HAS_BLOCKS:
        yield "less-safe", "what follows it is never run: was it a check?", _unreachable(read)


def _unreachable(read: code.Source) -> Iterator[int]:
    """Yield the lines that leave a block which goes on behind them."""
    place, leaves = 0, (0, "", 0)
    for row in read.code.split("\n"):
        said, indent = row.strip(), len(row) - len(row.lstrip())
        if said:
            before, _, at = leaves
            if at and indent == before and not _GOES_ON.match(said):
                yield at
            whole = all(said.count(left) == said.count(right) for left, right in ("()", "[]", "{}"))
            at = read.lines(place, place + 1)[0] if _LEAVES.match(said) and whole and said[-1] not in ",\\:" else 0
            leaves = (indent, said, at)
        place += len(row) + 1


def removed_places(path: str, old: str, new: str, elsewhere: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Yield what the old text had more of than the new: durability, checks, error paths, locks, frees, tests, settings.

    `elsewhere`: the lines that other files of the change got; what moved there is not gone. Nor is what a function held
    that is gone as a whole.
    """
    before, after = _alive(path, old), _alive(path, new)
    if before.family == "prose":
        return
    now, was, lines, whole = _stripped(new), _stripped(old), old.split("\n"), " ".join(after.code.split())
    gone = [(number, text) for number, text in enumerate(lines, 1) if " ".join(text.split()) not in now | elsewhere]
    taken = [Counter(filter(None, map(_field, _TAKES.finditer(read.code)))) for read in (before, after)]
    lost = "" if taken[1] - taken[0] else "|".join(map(re.escape, (taken[0] - taken[1]).keys()))
    rows = before.code.split("\n")
    missing = {number for number, _ in gone} - source_tests.lines_built_for_tests(before)
    missing_here = missing - code.functions_gone(lines, missing, after.code, now)
    packed = "".join(new.split())
    for rule in rule_table.of("old", before.family):
        had, has = _said(before, rule.pattern), _said(after, rule.pattern)
        for line, reason, text in conditions.bent(before, after, rule):
            yield Place("less-safe", "review", reason, line, text)
        if had.total() <= has.total() or had.total() <= has.total() + code.through_helpers(before, after, rule.pattern):
            continue
        got = _said(code.source(path, "\n".join(sorted(elsewhere))), rule.pattern)
        excused, places = Counter[str](), []
        for match in rule.pattern.finditer(before.surely_code):
            number, said = before.lines(*match.span())[-1], " ".join(match[0].split())
            there = has[said] + (got[said] if said.endswith("(") else 0)
            if number not in missing_here or had[said] <= there:
                continue
            asked = said.partition(" ")[2].strip("(){: ") or said
            stays = asked in whole or ("a call" in rule.reason and not missing.isdisjoint((number - 1, number + 1)))
            if "nothing came" in rule.reason and (stays or not code.closed_up(lines, number, missing, packed)):
                continue
            whose = _OPERAND.match(before.code, match.end()) if "release" in rule.reason else None
            if (whose and (taken[0] - taken[1])[_field(whose)]) or (lost and _asks_whether(rows, number, lost)):
                excused[said] += 1  # it goes with what it gave back, or with what might not have been got
            else:
                places.append((said, Place(rule.kind, "review", rule.reason, number, "")))
        yield from (place for said, place in places if excused[said] < had[said] - has[said])
    if path.rpartition(".")[2] not in ("c", "h", "cc", "cpp", "hpp"):
        yield from (Place("tests", *said) for said in source_tests.changed(old, new, elsewhere))
    come = [(n, t) for n, t in enumerate(new.split("\n"), 1) if " ".join(t.split()) not in was]
    for rule in rule_table.of("swap", before.family):
        at = rule_table.swapped(rule, before, after)
        yield from (Place(rule.kind, rule.level, rule.reason, n, text.strip()) for n, text in come if n in at)
    for number, kind, reason, text in values.weaker(gone, come, new, before.family):
        yield Place(kind, "review", reason, number, text)


def _field(match: re.Match[str]) -> str:
    """Return the last name of what a match holds: of `a->b.c` it is `c`."""
    return str((re.findall(r"\w+", match[match.lastindex or 0]) or [""])[-1])


def _asks_whether(rows: list[str], number: int, names: str) -> bool:
    """Tell whether a line of C stands under nothing but the question whether one of `names` was got."""
    at = number - 1
    while at and at > number - 6 and not (conditions.CONDITION.match(rows[at]) or "assert" in rows[at]):
        at -= 1
    parts, its = re.split(r"\|\||&&", rows[at]), rf"(?:[\w.>-]*(?:>|\.))?\b(?:{names})\b"
    one = re.compile(
        rf"\A\W*(?:(?:if|assert)\W+)?(?:!\s?{its}|{its}\s?[!=]=\s?(?:NULL|nullptr|0\b)|{its}\))[)\s;{{]*\Z|align\w*\s?\(.*&{its}"
    )
    return all(one.search(part) for part in parts)


def _said(read: code.Source, pattern: re.Pattern[str]) -> Counter[str]:
    return Counter(" ".join(match[0].split()) for match in pattern.finditer(read.surely_code))


def _stripped(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.split("\n")}
