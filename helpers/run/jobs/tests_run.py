"""How many tests the checks ran, skipped, ignored and saw fail, as their runner says; None where it says none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Counts = Callable[[re.Match[str]], Mapping[str, int]]
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_WORDS = {
    "ran": "passed failed error errors xfailed xpassed passing failing pass fail",
    "skipped": "skipped skip pending todo",
    "ignored": "ignored deselected filtered",
}
_KIND = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FAILED = frozenset(("failed", "error", "errors", "failing", "fail"))
_COUNT = re.compile(r"(\d+) ([a-z]+)")


def _table(rows: dict[str, Counts | None]) -> list[tuple[re.Pattern[str], Counts]]:
    return [(re.compile(pattern, re.IGNORECASE), counts or _groups) for pattern, counts in rows.items()]


def _groups(found: re.Match[str]) -> Counter[str]:
    said = Counter({name: int(count or 0) for name, count in found.groupdict().items()})
    return Counter(
        ran=said["ran"] + said["failing"],
        skipped=said["skipped"],
        failed=said["failed"] + said["failing"] + said["errors"],
        ignored=said["ignored"] + said["pending"],
    )


def _named(found: re.Match[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for count, word in _COUNT.findall(found.string):
        counted[_KIND.get(word, "other")] += int(count)
        counted["failed"] += int(count) * (word in _FAILED)
    return counted


def _unittest(found: re.Match[str]) -> Counter[str]:
    said = Counter({name: int(count) for name, count in re.findall(r"(\w[\w ]*)=(\d+)", found[1])})
    return Counter(ran=-said["skipped"], skipped=said["skipped"], failed=said["failures"] + said["errors"])


_SUMMARIES = _table(
    {
        r"=*\s*(?:\d+ (?:passed|failed|skipped|errors?|deselected|xfailed|xpassed|warnings?)[, ]+)+in [\d.]+s": _named,
        r"test result: |\s*Tests:? +\d+ [a-z]": _named,  # cargo; jest and vitest
        r"\s*\d+ (?:passing|pending|failing)\b": _named,  # mocha
        r"[#\u2139] (?:pass +(?P<ran>\d+)|fail +(?P<failing>\d+)|(?:skip(?:ped)?|todo) +(?P<skipped>\d+))$": None,
        r"Ran (?P<ran>\d+) tests? in ": None,  # unittest
        r"(?:OK|FAILED) \((\w[\w ]*=\d.*)\)$": _unittest,
        r"Files=\d+, Tests=(?P<ran>\d+),": None,  # prove
        r"Result: FAIL$": lambda _: {"failed": 1},  # prove
        r"\d+% tests passed, (?P<failed>\d+) tests? failed out of (?P<ran>\d+)": None,  # ctest
        r"\S+\.t \.+ skipped\b": lambda _: {"skipped": 1},  # prove, a whole file
        r"\s*\d+/\d+ Test +#\d+: .*(?:\*\*\*Skipped|\*\*\*Not Run)": lambda _: {"ran": -1, "skipped": 1},  # ctest
        r"\d+%: Checks: (?P<ran>\d+), Failures: (?P<failed>\d+), Errors: (?P<errors>\d+)": None,  # C
        r"\[(?:info|error)\] (?:Passed|Failed): Total (?P<ran>\d+), Failed (?P<failed>\d+)": None,  # sbt
        r"Cases: \d+  Tried: (?P<ran>\d+)  Errors: (?P<errors>\d+)  Failures: (?P<failed>\d+)": None,  # HUnit
        r"(?:\[info\] )?Tests: succeeded (?P<ran>\d+), failed (?P<failing>\d+), canceled (?P<skipped>\d+), "
        r"ignored (?P<ignored>\d+), pending (?P<pending>\d+)": None,  # ScalaTest
        r"\d+:\d\d \+(?P<ran>\d+)(?: ~(?P<skipped>\d+))?(?: -(?P<failing>\d+))?: (?:All|Some|No) tests ": None,  # Dart
        r"[^|]+\| +(\d+)(?: +\d+)*? +(\d+) +(?:\d+m)?[\d.]+s$": lambda its: {  # Julia
            "ran": int(its[1]),
            "skipped": int(its[2]) - int(its[1]),
        },
        r" +[\w.{}-]+: (?:OK|FAIL|(SKIP))\b.* \([\d.]+[ =]": lambda found: {"skipped" if found[1] else "ran": 1},  # tox
        r"1\.\.0\b|.*\b(?:no tests (?:ran|were found|found|executed)\b|no test (?:files found|is available)|0 tests\b|"
        r"test NO-SOURCE)": lambda _: {"ran": 0},
        r"\[ FAIL (?P<failing>\d+) \| WARN \d+ \| SKIP (?P<skipped>\d+) \| PASS (?P<ran>\d+)": None,  # testthat
    }
)
_SINGLE = _table(
    {  # a line a test or package: where no summary is
        r"\s*--- (?:PASS|(FAIL)|(SKIP)): ": lambda found: {  # go
            "skipped" if found[2] else "ran": 1,
            "failed": int(bool(found[1])),
        },
        r"\s*(not )?ok \d+\b(.*#\s*(?:skip|todo)\b)?": lambda found: {  # TAP
            "skipped" if found[2] else "ran": 1,
            "failed": int(bool(found[1] and not found[2])),
        },
        r"ok\s+\S+\s+(?:[\d.]+s|\(cached\))(.*no tests to run)?": lambda found: {"package": int(not found[1])},
        r"\?\s+\S+\s+\[no test files\]|testing: warning: no tests to run": lambda _: {"package": 0},
    }
)
_OTHER = re.compile(
    r"(?:(\d+)\s+(?:tests? |test cases? |specs? )?)?\b(?:(pass|passed|passing|succeeded|successes|ok)|"
    r"(skip(?:ped|s)?|pending|ignored|disabled|todo)|(fail(?:ed|ures?|ing)?|errors?)|"
    r"(tests?(?: run| cases?)?|examples|scenarios|specs|runs|total))\b"
    r"(?(1)|\s*[]:=]\s*(\d+)\b)",
    re.IGNORECASE,
)
"""A count and its word, or a word and its count, in the summary of a runner that is not named here."""
_WORD = re.compile(r"\bskipp(?:ed|ing)\b", re.IGNORECASE)
_FORGIVEN = re.compile(r"\S*make(?:\[\d+\])?: \[.*\] .*\(ignored\)$")
"""A command of a rule that failed, where make was told to go on (`-i`, a `-` before it)."""


@dataclass(frozen=True)
class Tests:
    """What a log says; `ran` is None where no runner says it."""

    __test__ = False  # no test class of pytest's

    ran: int | None
    skipped: int = 0
    ignored: int = 0
    failed: int = 0

    def __str__(self) -> str:
        more = [f"{n} {word}" for word, n in vars(self).items() if n and word != "ran"]
        return (
            ", ".join([f"{self.ran} test{'s' * (self.ran != 1)} ran"] * (self.ran is not None) + more)
            or "no number of tests is said"
        )

    @property
    def doubtful(self) -> bool:
        """Whether something was not tested, or nothing was, or a failure was forgiven."""
        return self.ran == 0 or bool(self.skipped or self.ignored or self.failed)

    def lost(self, before: Tests) -> str:
        """Say what is less than before, or failed beyond it; empty where nothing is."""
        fewer = before.ran is not None and (self.ran is None or self.ran < before.ran)
        worse = fewer or self.skipped + self.ignored > before.skipped + before.ignored or self.failed > before.failed
        return f"{self}; on the baseline {before}" if worse else ""


def read_tests(lines: Iterable[str]) -> Tests:
    """Read the summaries of pytest, unittest, cargo, jest, vitest, mocha, node, go, TAP, prove, ctest, Julia and more.

    Else counts beside such words as "passed", "tests", "skipped" are those of another one; where there are none, lines
    that hold the word "skipped" count as such.
    """
    found: Counter[str] | None = None
    single: Counter[str] | None = None
    other: Counter[str] = Counter()
    words = forgiven = 0
    for row in lines:
        line = _COLOUR.sub("", row[:500]).rstrip()
        forgiven += bool(_FORGIVEN.match(line))
        counts = [] if line.lower().startswith("assertions") else list(_OTHER.finditer(line))
        words += bool(_WORD.search(line)) and not any(count[3] for count in counts)
        for count in counts:
            kind = "ran" if count[2] else "skipped" if count[3] else "failed" if count[4] else "all"
            other[kind] += int(count[1] or count[6])
        if (counted := _first(_SUMMARIES, line)) is not None:
            found = found or Counter()
            found.update(counted)
        elif (counted := _first(_SINGLE, line)) is not None:
            single = single or Counter()
            single.update(counted)
    if found is None and single is not None:
        found = Counter({**single, "ran": single["ran"] or single["package"]})
    if found is None:
        ran = other["ran"] if "ran" in other else max(other["all"] - other["skipped"], 0) if "all" in other else None
        return Tests(ran, other["skipped"] + words, failed=other["failed"] + forgiven)
    return Tests(found["ran"], found["skipped"], found["ignored"], found["failed"] + forgiven)


def _first(rows: list[tuple[re.Pattern[str], Counts]], line: str) -> Mapping[str, int] | None:
    return next((counts(found) for pattern, counts in rows if (found := pattern.match(line))), None)


def read_log(log: Path, prefix: str = "") -> Tests:
    """Read what the checks said in a log, whose lines may carry a prefix among others that do not."""
    if not log.is_file():
        return Tests(None)
    with log.open(encoding="utf-8", errors="replace") as lines:
        return read_tests(line.removeprefix(prefix) for line in lines if line.startswith(prefix))
