"""The tables rules_*.txt: their one reader, and where a rule of theirs speaks.

A heading: [kind level view language...] reason; below it the patterns, any of which speaks; one for some languages
alone begins with these: {c rs}. Views: code (no strings, no comments), text (strings too, put together where they stand
side by side), all (comments too: they hold directives), old (code that is gone, counted), first (code, where the file
did not say this before), less (a deleted line without this is the new one), more (a new line without this is the
deleted one), swap (WAS => NOW: less of the first, strings too, and more of the second). Languages: families of code.py;
none means all.
{{a|b}} is a part of a name, in whatever case: of `table_cleanup` and `tableCleanup` the second is `cleanup`.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.judge.policy import file_rules
from helpers.judge.policy.code import Source
from helpers.judge.policy.file_rules import Level

StandIn = tuple[str, range, str]
"""What a macro or a name becomes where it is used, its lines, and what defines it."""


@dataclass(frozen=True)
class Rule:
    """A heading of a table with its patterns."""

    kind: str
    level: Level
    view: str
    families: tuple[str, ...]
    reason: str
    pattern: re.Pattern[str]
    instead: re.Pattern[str]
    """What comes in its place, of a swap."""


_SOME = re.compile(r"\{([a-z ]+)\} ")
_PART = re.compile(r"\{\{(.*?)\}\}")
_AS_PART = r"(?:(?<![A-Za-z])|(?<=[a-z\\d])(?=[A-Z]))(?i:\1)(?![a-z])"


@functools.cache
def rules() -> list[Rule]:
    """Return every rule of the tables."""
    found = []
    for (kind, level, view, *families), reason, rows in file_rules.blocks("rules_*.txt"):
        of: dict[tuple[str, ...], list[str]] = {}
        for row in rows:
            some = _SOME.match(row)
            of.setdefault(tuple(some[1].split() if some else families), []).append(row[some.end() if some else 0 :])
        for whose, own in of.items():
            for was, _, now in [row.partition(" => ") for row in own] if view == "swap" else [("|".join(own), "", "")]:
                both = (re.compile(_PART.sub(_AS_PART, part), re.MULTILINE) for part in (was, now))
                found.append(Rule(kind, "refuse" if level == "refuse" else "review", view, whose, reason, *both))
    return found


def of(view: str, family: str) -> list[Rule]:
    """Return the rules of one view that speak of a language."""
    return [rule for rule in rules() if rule.view == view and family in (rule.families or (family,))]


def swapped(rule: Rule, before: Source, after: Source) -> set[int]:
    """Return the new text's lines that hold what comes in place, where that became more and what was there less."""
    old, new = ([[*each.finditer(read.text)] for each in (rule.pattern, rule.instead)] for read in (before, after))
    less, more = len(old[0]) > len(new[0]), len(old[1]) < len(new[1])
    return {after.lines(*match.span())[-1] for match in new[1] if less and more}


def spoken(
    rule: Rule, read: Source, was: str, windows: list[tuple[int, int]], stand_ins: list[StandIn]
) -> Iterator[tuple[Level, range, str]]:
    """Yield (level, lines, what a stand-in became) where a rule speaks of new code; `was`: the old, without spaces."""
    if rule.view in ("old", "less", "more", "swap") or (rule.families and read.family not in rule.families):
        return

    def comes(match: re.Match[str]) -> bool:
        return rule.view != "first" or "".join(match[0].split()) not in was

    whole, plain = rule.view == "all", read.text if rule.view == "text" else read.code
    texts: list[tuple[str, Level]] = [(read.text if whole else plain, rule.level)]
    if whole or not read.exact:  # on a bare python3 it may be no comment
        texts.append((read.comments, rule.level if whole else "review"))
    for text, level in texts:
        for match in (match for window in windows for match in rule.pattern.finditer(text, *window)):
            if comes(match):
                yield level, read.lines(*match.span()), ""
    for text, lines, body in stand_ins if not whole else []:
        if (said := rule.pattern.search(text)) and comes(said) and not rule.pattern.search(body):
            yield rule.level, lines, text  # a macro's own definition is looked at by itself
