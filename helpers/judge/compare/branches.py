"""Branches that no check meets: of a change those that the benchmark enters, of the baseline those that are gone.

An input that is large enough, a name, a kind of file lead there; a special case is what a rewritten function forgets.
Each such condition is made to end the program where it holds, and the checks pass all the same.
"""

import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from helpers.judge.compare.broken_copy import Changed
from helpers.judge.measure.side import Side, SideError, Trees
from helpers.run.jobs import blame
from helpers.run.jobs.task import BENCH_TIMEOUT, CHECK_TIMEOUT

MOST, SECONDS, SEEDS = 6, 20.0, 8
"""So many conditions are tried, while these seconds last; by so many seeds of the outputs script."""
_IF = re.compile(r"(?<![\w.$@#])(?:if|elif|elsif)\b\s*")
_NONE = re.compile(r"\s*(?:#|//|/?\*|--|%)")
_WAY_OUT = re.compile(
    rb"\b(?:raise|throw|panic|die|croak|abort|exit|goto|assert\w*)\b|(?i:\berr)"
    rb"|\breturn\b\s*(?:[({]\s*)?(?:-?\d+|NULL|nullptr|null|nil|None|undefined|[fF]alse|Err\b.*)?[\s;)}]*$",
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


def unchecked(
    side: Side, trees: Trees, metric: str, texts: dict[str, bytes], lines: Collection[int], alike: Callable[[int], bool]
) -> Iterator[str]:
    """Yield the conditions on these lines, from 0, of which the benchmark alone meets the branch.

    `alike` tells whether the outputs script hears the baseline's answers on a seed.
    """
    for place in unmet(side, trees, texts, lines, alike):
        if _ends(side, metric):
            yield place


def unmet(
    side: Side, trees: Trees, texts: dict[str, bytes], lines: Collection[int], alike: Callable[[int], bool]
) -> Iterator[str]:
    """Yield the conditions on these lines, from 0, of which neither checks nor outputs script meet the branch.

    The side is built with each, to be asked further.
    """
    task, until = side.task, time.monotonic() + SECONDS
    for name, number, line in itertools.islice(conditions(texts, lines), MOST):
        if time.monotonic() > until:
            break
        rows = texts[name].split(b"\n")
        said, rows[number] = rows[number].decode("utf-8", "replace").strip(), line.encode()
        try:
            side.task = task
            side.build(Changed(trees, {name: b"\n".join(rows)}))
            side.task = replace(task, envs={**task.envs, BENCH_TIMEOUT: "30", CHECK_TIMEOUT: "30"})
            if side.check() == "passed" and all(alike(1 + seed) for seed in blame.often(SEEDS, SECONDS / MOST)):
                yield f"{name}:{number + 1}: {said}"
        except SideError:  # then it cannot be told
            continue
    side.task = task


def forgotten(
    side: Side,
    trees: Trees,
    metric: str,
    old: bytes,
    new: bytes,
    name: str,
    alike: Callable[[int], bool],
    *,
    held: bool,
) -> Iterator[str]:
    """Yield the conditions of a file that are gone, and whose branch nothing meets under the baseline, which `side` is.

    Where the benchmark's answers are `held` against the baseline's it counts too. Errors and early ways out are left to
    the policy: hardly any check meets a failing malloc.
    """
    there, rows = {row.strip() for row in new.split(b"\n")}, old.split(b"\n")
    gone = (number for number, row in enumerate(rows) if row.strip() not in there)
    lines = [number for number in gone if not _WAY_OUT.search(b"\n".join(rows[number : number + 2]))]
    for place in unmet(side, trees, {name: old}, lines, alike):
        if not (held and _ends(side, metric)):
            yield place


def _ends(side: Side, metric: str) -> bool:
    try:
        side.measure(metric)
    except SideError:
        return True
    return False


def conditions(texts: dict[str, bytes], lines: Collection[int]) -> Iterator[tuple[str, int, str]]:
    """Yield the files, numbers and texts of lines whose condition ends the program where it holds."""
    for name, content in texts.items():
        suffix = name.rpartition(".")[2].lower()
        for end, stop in ((end, stops[suffix]) for end, stops in _STOPS.items() if suffix in stops):
            rows = content.decode("utf-8", "replace").split("\n")
            for number in sorted(line for line in lines if line < len(rows)):
                made = _stopped(rows[number], end, stop)
                if made and "\ufffd" not in made:
                    yield name, number, made


def _stopped(line: str, end: str, stop: str) -> str:
    """Return a line whose condition goes on to `stop`; empty where it has none that is read easily."""
    found = None if _NONE.match(line) else _IF.search(line)
    if not found:
        return ""
    first, depth, last = found.end(), 0, len(line)
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
    if depth or not its or its.startswith("let ") or ";" in its or (end == "(" and its[0] != "("):
        return ""
    return f"{line[:first]}(({its}) {stop}){line[first + len(its) :]}"
