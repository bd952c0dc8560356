"""Branches that no check meets: of a change those that the benchmark enters, of the baseline those that are gone.

An input that is large enough, a name, a kind of file lead there; a special case is what a rewritten function forgets.
Each such condition is made to end the program where it holds, and the checks pass all the same.
"""

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from helpers.judge.compare.broken_copy import Changed
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.judge.policy import code
from helpers.run.jobs import blame
from helpers.run.jobs.task import CHECK_TIMEOUT

MOST, SECONDS, SEEDS = 6, 20.0, 8
"""So many conditions are tried, while these seconds last; by so many seeds of the outputs script."""
_IF = re.compile(r"(?<![\w.$@#])(?:if|elif|elsif)\b\s*")
_WAY_OUT = re.compile(
    r"\b(?:raise|throw|panic|die|croak|abort|exit|goto|assert\w*)\b|(?i:\berr)"
    r"|\breturn\b\s*(?:[({]\s*)?(?:-?\d+|NULL|nullptr|null|nil|None|undefined|[fF]alse|Err\b.*)?[\s;)}]*$",
    re.MULTILINE,
)
_C, _THROW = "(__builtin_trap(), 1)", "(() => { throw 0 })()"
_STOPS = {
    "(": {
        **dict.fromkeys(("c", "h", "cc", "cpp", "cxx", "hpp", "hh", "hxx", "m"), f"&& {_C}"),
        **dict.fromkeys(("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"), f"&& {_THROW}"),
        "java": '&& "".charAt(0) == 0',
        "cs": "&& int.Parse(string.Empty) == 0",
        "php": "&& throw new Error()",
    },
    "{": {"rs": "&& panic!()", "go": '&& func() bool { panic("") }()', "swift": "&& { fatalError() }()"},
    ":": {"py": "and 1 // 0", "pyx": "and 1 // 0"},
    ";": {"pl": "&& die", "pm": "&& die", "rb": "&& raise", "lua": "and error()"},
}
"""By what ends a condition that stands in no brackets, and by suffix: what is added to it, to end the program."""


@dataclass(frozen=True)
class Condition:
    """What stands behind an `if`: in which file, on which line, from 0, and that line made to end the program there."""

    name: str
    number: int
    condition: str
    stopped: str
    place: str


def unchecked(
    side: Side, trees: Trees, metric: str, name: str, text: str, lines: Collection[int], alike: Callable[[int], bool]
) -> Iterator[str]:
    """Yield the conditions on these lines of a file, from 0, of which the benchmark alone meets the branch.

    `alike` tells whether the outputs script hears the baseline's answers on a seed.
    """
    for each in _unmet(side, trees, text, (found for found in conditions(name, text) if found.number in lines), alike):
        if _ends(side, metric):
            yield each.place


def forgotten(
    side: Side, trees: Trees, metric: str, name: str, text: str, new: str, alike: Callable[[int], bool], *, held: bool
) -> Iterator[str]:
    """Yield the conditions of a file that `new`, all of the change, lacks, and whose branch nothing meets.

    `side` is the baseline. Where the benchmark's answers are `held` against the baseline's it counts too. Errors and
    early ways out are left to the policy: hardly any check meets a failing malloc.
    """
    there, rows = "".join(new.split()), text.split("\n")
    gone = (each for each in conditions(name, text) if "".join(each.condition.split()) not in there)
    special = (each for each in gone if not _WAY_OUT.search("\n".join(rows[each.number : each.number + 2])))
    for each in _unmet(side, trees, text, special, alike):
        if not (held and _ends(side, metric)):
            yield each.place


def _unmet(
    side: Side, trees: Trees, text: str, chosen: Iterable[Condition], alike: Callable[[int], bool]
) -> Iterator[Condition]:
    """Yield the conditions whose branch neither checks nor outputs script meet; the side is built with each."""
    task, until = side.task, time.monotonic() + SECONDS
    for each in itertools.islice(chosen, MOST):
        if time.monotonic() > until:
            break
        rows = text.split("\n")
        rows[each.number] = each.stopped
        try:
            side.task = task
            side.build(Changed(trees, {each.name: "\n".join(rows).encode("latin-1")}))
            side.task = replace(task, envs={**task.envs, CHECK_TIMEOUT: "30"})
            if side.check() == "passed" and all(alike(1 + seed) for seed in blame.often(SEEDS, SECONDS / MOST)):
                yield each
        except SideError:  # then it cannot be told
            continue
    side.task = task


def _ends(side: Side, metric: str) -> bool:
    try:
        side.measure(metric)
    except SideError:
        return True
    return False


def conditions(name: str, text: str) -> Iterator[Condition]:
    """Yield the conditions of a file, read as latin-1, that stand in its code, one to a line, and are read easily."""
    suffix, read = name.rpartition(".")[2].lower(), code.source(name, text)
    told = Counter(read.lines(*found.span())[0] - 1 for found in _IF.finditer(read.code))
    for end, stop in ((end, stops[suffix]) for end, stops in _STOPS.items() if suffix in stops):
        for number, line in enumerate(text.split("\n")):
            if told[number] == 1 == len(_IF.findall(line)) and (its := _condition(line, end)):
                at = line.index(its, _IF.search(line).end())  # type: ignore[union-attr]
                stopped = f"{line[:at]}(({its}) {stop}){line[at + len(its) :]}"
                said = line.encode("latin-1").decode("utf-8", "replace").strip()
                yield Condition(name, number, its, stopped, f"{name}:{number + 1}: {said}")


def _condition(line: str, end: str) -> str:
    """Return what stands behind `if`; empty where that is not on the line, or more than a condition."""
    found = _IF.search(line)
    first, depth, last = found.end() if found else len(line), 0, len(line)
    for at in range(first, len(line)):
        closes = line[at] in ")]}" or (end == ":" and line.startswith(" else ", at))
        if not depth and (closes or (line[at] == end != "(")):
            last = at
            break
        depth += (line[at] in "([{") - (line[at] in ")]}")
        if not depth and end in "(;" and line[first] == "(":
            last = at + 1
            break
    its = line[first:last].rstrip()
    read = its and not depth and ";" not in its and not its.startswith("let ") and (end != "(" or its[0] == "(")
    return its if read else ""
