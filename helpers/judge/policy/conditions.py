"""Under which condition, or in which loop, stands what secures a program: put in or bent, it secures less."""

import bisect
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from helpers.judge.policy import code
from helpers.judge.policy.rule_table import Rule

CONDITION = re.compile(r"\A[\s}]*(?:(?:el|else )?(?:if|unless|elif|while|guard)|else|case|default)\b")
_LOOP = re.compile(r"[\s}]*(?:async )?(?:for|while|loop|foreach|until)\b|.*\.(?:for_?[eE]ach|each|map)\b")
_FAR = 200
"""Lines above what is in a loop in which the loop's head is looked for."""
_HANDLES = re.compile(r"except\b|catch\b|rescue\b")
_IS_SOME = re.compile(
    r"\blen\((\w+)\) *(?:> *0|!= *0|>= *1)(?!\w)|(?<![\w.>-])([\w.>-]{1,80}) *!=+ *(?:NULL|nullptr|0)(?![\w.])"
)
_IS_NAN = re.compile(r"\b(?:(?:Number|math|std)[.:]+)?is_?nan\(([\w.]+)\)", re.IGNORECASE)
_GIVES_BACK = re.compile(r"\A\w{0,20}(?:[fF]ree|FREE|[dD]estroy|[rR]elease)\w{0,20}\s?\(\s?([\w.>-]+)(?:\[\w+\])?\s?\)")
"""What gives one thing back, or each of several, and its name."""
_LETS_GO = re.compile(r"(?i:(?<!defer )\b[\w.>:-]*(?:un_?lock|release|leave)\w*\s*\()")
_CAST = re.compile(
    r"\b(?:u?int|u?int64|uintptr|size_t|usize|isize|[ui]64)\(((?:[^()]|\([^()]*\))*)\)|\((?:s?size_t|u?int64_t|uintptr_t)\)\s*|"
    r"\sas (?:[ui]size|[ui]64)\b|\bstatic_cast<(?:std::)?s?size_t>(?=\()"
)
"""A number made as wide as any: the same number."""
_LOGIC = {"and", "or", "not", "is"}
_ONE = re.compile(r"\w\[\d+\]")
"""One of many by its number: asked for each before?"""
_NEGATES = re.compile(r"\bnot\b|!(?!=)")
_ANOTHER_NAME = r"(?<![\w.>-]){}\s?:?=\s?&?([\w.>-]+)(?:\.(?:clone|to_string|to_owned|copy)\(\))?;?\s?$"
"""What a name is another for."""


def bent(before: code.Source, after: code.Source, rule: Rule) -> Iterator[tuple[int, str, str]]:
    """Yield (line, reason, text) where what a rule speaks of stands, but no longer as it stood."""
    if rule.reason.startswith("removed"):
        for line, text in _others(before, after, rule.pattern):
            yield line, "this now stands under another condition: is the program still as safe?", text
    if rule.reason.startswith("removed a lock"):
        held, still = (_under(read, rule.pattern) for read in (before, after))
        rows = {text: line for line, text in enumerate(after.code.split("\n"), 1)}
        for line, text in ((rows[row], row) for row in rows if row.strip() in held - still):
            yield line, "this was done under a lock: who does it at the same time?", text
    if rule.reason.startswith("removed durability"):
        for line, text in _once(before, after, rule.pattern):
            yield line, "done once that was done each time: is it as safe?", text


def _others(before: code.Source, after: code.Source, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, condition) where it is said as before, but under a condition that was put in or bent."""
    earlier, later = _guards(before, pattern), _guards(after, pattern)
    for said in (said for said in earlier.keys() & later.keys() if not _HANDLES.match(said)):
        was, now = (Counter(guard for guard, _ in each[said]) for each in (earlier, later))
        lost = list((was - now).elements())
        if was.total() == now.total() and len(lost) == 1:
            old = lost[0]
            for guard in now - was:
                if _NEGATES.search(guard) and not _NEGATES.search(old):  # the same, said the other way round
                    continue
                if _in_full(guard, after, later[said]) == _in_full(old, before, earlier[said]):
                    continue
                plain = "".join(guard.split())
                if (back := _GIVES_BACK.match(said)) and plain in (f"if({back[1]})", f"if{back[1]}:"):
                    continue  # what is there is given back, and only that
                names, before_it = (set(re.findall(r"[A-Za-z_]\w*", text)) - _LOGIC for text in (guard, old))
                one = _ONE.search(guard) and not _ONE.search(old)
                if guard not in ("", "else") and (names <= before_it or before_it <= names or one):
                    yield dict(later[said])[guard], guard


def _under(read: code.Source, pattern: re.Pattern[str]) -> set[str]:
    """Return the lines that stand behind a lock, to where it is let go, or in its block."""
    rows, found = read.code.split("\n"), set[str]()
    often = Counter(row.strip() for row in rows)
    for at in (at for at, row in enumerate(rows) if pattern.search(row) and not _LETS_GO.search(row)):
        depth = len(rows[at]) - len(rows[at].lstrip()) + rows[at].rstrip().endswith((":", "{"))
        for row in filter(str.strip, rows[at + 1 : at + _FAR]):
            if len(row) - len(row.lstrip()) < depth or _LETS_GO.search(row):
                break
            found.add(row.strip())
    return {row for row in found if len(row) > 1 and often[row] == 1}


def _once(before: code.Source, after: code.Source, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, what) is done once behind a loop that was done each time around: lost when that ends midway."""
    was, now = _in_loops(before, pattern), _in_loops(after, pattern)
    for said, numbers in was.items():
        left = now.get(said, {})
        if len(numbers) == len(left) and 0 in left.values() and 0 not in numbers.values():
            line = next(number for number, loop in left.items() if not loop)
            yield line, said


def _in_loops(read: code.Source, pattern: re.Pattern[str]) -> dict[str, dict[int, int]]:
    """Return, for what is said, each of its lines with the line of the loop around it, 0 where there is none."""
    rows = read.code.split("\n")
    begins = [0, *itertools.accumulate(len(row) + 1 for row in rows)]
    held, found = code.around(rows), dict[str, dict[int, int]]()
    for match in pattern.finditer(read.code):
        at = first = bisect.bisect(begins, match.end() - 1) - 1
        loop = 0
        while (first := held[first]) >= 0 and not loop:
            loop = first + 1 if _LOOP.match(rows[first]) else 0
            if code.HEADER.match(rows[first]) and not loop:
                break
        found.setdefault(" ".join(match[0].split()), {})[read.lines(begins[at], 0)[0]] = loop
    return found


def _guards(read: code.Source, pattern: re.Pattern[str]) -> dict[str, list[tuple[str, int]]]:
    """Return, for what is said to the end of its line, each condition that it stands under, with the line."""
    rows = read.code.split("\n")
    begins = [0, *itertools.accumulate(len(row) + 1 for row in rows)]
    texts = [read.text[begin : begin + len(row)] for begin, row in zip(begins, rows, strict=False)]
    held, found = code.around(rows), dict[str, list[tuple[str, int]]]()
    for match in pattern.finditer(read.code):
        at = bisect.bisect(begins, match.end() - 1) - 1
        first = max(0, held[at])
        ahead = texts[at].partition(match[0].split()[0])[0]
        guard, line = (ahead, at) if CONDITION.match(ahead) else (texts[first], first)
        for row in texts[line + 1 : min(at, line + 5)]:  # a condition of several lines
            guard += f" {row}" if guard.count("(") > guard.count(")") else ""
        guard = _plain(guard, read.family) if CONDITION.match(guard) else ""
        number = read.lines(begins[line], 0)[0]
        found.setdefault(" ".join(texts[at][len(ahead) :].split()), []).append((guard, number))
    return found


def _plain(guard: str, family: str) -> str:
    """Return a condition as the shortest of those that say the same, without what Go does before it asks."""
    guard = " ".join(guard.strip("{} \t").split())
    if family == "go" and ";" in guard:
        guard = f"{guard.split()[0]} {guard.rpartition(';')[2].strip()}"
    guard = _IS_NAN.sub(r"\1 != \1", _IS_SOME.sub(lambda m: m[1] or m[2], guard))
    return _CAST.sub(lambda m: m[1] or "", guard).replace("===", "==").replace("!==", "!=")


def _in_full(guard: str, read: code.Source, places: list[tuple[str, int]]) -> str:
    """Return a condition with what its names were last, above it in its function, said to be other names for."""
    ahead = read.code.split("\n")[max(0, dict(places)[guard] - 60) : dict(places)[guard]]
    heads = [at for at, row in enumerate(ahead) if code.HEADER.match(row)]
    above = "\n".join(ahead[heads[-1] if heads else 0 :])
    for name in set(re.findall(r"(?<![\w.>-])[A-Za-z_]\w*(?![\w(])", guard)):
        said = list(re.finditer(_ANOTHER_NAME.format(name), above, re.MULTILINE))
        if said and len(re.findall(rf"(?<![\w.>-]){name}\s?[-+*/|&^%:]?=(?!=)", above)) == 1:
            guard = re.sub(rf"(?<![\w.>-]){name}\b", said[0][1], guard)
    return guard
