"""Proof at the lock that the checks notice a wrong answer, not only a crash: small faults in the source, one by one.

What nobody holds against a known answer passes whatever it is: the program's output against itself, for one.
"""

import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from helpers import console, git_objects, paths
from helpers.judge.compare.broken_copy import Changed, checks_nothing, source_files
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure.side import Side, SideError, Trees, of_session
from helpers.judge.policy import experiment
from helpers.judge.policy.evaluator_reach import is_program
from helpers.run.copies.copies import Workdirs
from helpers.run.jobs.task import BENCH_TIMEOUT, CHECK_TIMEOUT
from helpers.state import State

LEAST, MOST, PATIENCE, LONGER = 3, 8, 60.0, 10.0
"""So many faults that nothing notices say something; so many are tried, while these seconds last.

And once one is noticed for no more than these, LONGER.
"""
_FAULTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?:(?<=\breturn\s)|(?<==>\s))[^;{}]+?(?=[,;]?\s*(?:\}\s*)?$)"), lambda _: "0"),
    (re.compile(r"""(?<![\w.#"'])\d+(?![\w."'])"""), lambda found: str(int(found[0]) + 1)),
)
_ANSWERS = re.compile(r"(?:\breturn|=>) [01]\b")
_NO_ANSWER = re.compile(r"\s*(?:#|//|/?\*|--|;|%|import\b|from\b|use\b|for\b|while\b)")
Fault = tuple[str, int, str]
"""A file, the number of a line, and what stands there instead."""


def prove(work: Workdirs, now: State, *, compared: bool) -> list[str]:
    """Return "checks" where they notice no fault, and say it; nothing where one is or answers are `compared` anyhow."""
    if compared or now.config.no_checks or checks_nothing(experiment.evaluator_script(work, now, paths.CHECKS)):
        return []
    names = [name for name in source_files(work, now) if is_program(name)]
    tree = now.require_lock().tree
    texts = dict(zip(names, git_objects.blobs(work.root, [f"{tree}:{name}" for name in names]), strict=True))
    same = [limit.name for limit in map(parse_limit, now.config.limits) if limit.same]
    with of_session(work, now, tree, "lock") as side:
        if same:
            side.build(work.shadow)
        seen = side.measure(now.metric) if same else {}
        found = unnoticed(side, work.shadow, now.metric, texts, {name: seen[name] for name in same})
    if not found:
        return []
    console.note(
        f"warning: {paths.CHECKS} passes with each of {len(found)} faults put into the source ({found[0]!r}, "
        "...): it notices a crash, but no wrong answer. Each keep will ask for a reader's words. Compare with known "
        f"answers there, write {paths.OUTPUTS}, or print a checksum of the answers in {paths.BENCHMARK} "
        "(METRIC output_crc)"
    )
    return ["checks"]


def unnoticed(
    side: Side,
    trees: Trees,
    metric: str,
    texts: Mapping[str, bytes | None],
    same: Mapping[str, float],
    lines: Collection[int] | None = None,
    alike: Callable[[], bool] = lambda: True,
) -> list[str] | None:
    """Return the faults that build, run and pass the checks: [] where they notice one or few say nothing, None of none.

    `same`: what the benchmark prints unless it notices a fault. `lines`: those, from 0, that faults are put into first;
    each answer in them must be noticed; the lines beside them follow where those do not tell. `alike` tells whether
    the outputs script hears the baseline's answers.
    """
    task, found, until, noticed = side.task, list[str](), time.monotonic() + PATIENCE, False
    told = False
    if not (chosen := list(itertools.islice(choose(texts, lines), MOST))):
        return None
    for name, number, line in chosen:
        inside = lines is not None and number in lines
        if time.monotonic() > until or (lines is not None and not inside and (noticed or _tells(found))):
            break
        if noticed and not _ANSWERS.search(line):
            continue
        rows = (texts[name] or b"").split(b"\n")
        rows[number] = line.encode()
        try:
            side.task = task
            side.build(Changed(trees, {name: b"\n".join(rows)}))
            told |= bool(line)
            envs = {**task.envs, BENCH_TIMEOUT: "30", CHECK_TIMEOUT: "30"}  # a set-up hangs on those of the lock
            side.task = replace(task, envs=envs)
            seen = side.measure(metric)
        except SideError:  # it neither builds nor runs: that is no wrong answer
            continue
        said = side.check() if same.items() <= seen.items() else "failed"
        if said.startswith("failed") or (said == "passed" and not alike()):
            if not inside:
                return []
            noticed, until = True, min(until, time.monotonic() + LONGER)
        elif said == "passed" and line:  # a line that is left out may have been there for speed alone
            found.append(f"{name}:{number + 1}: {line.strip()}")
    if not noticed and not told:
        return None
    if noticed:  # and yet there may be a branch that they do not enter
        return [each for each in found if _ANSWERS.search(each)]
    return found if _tells(found) else []


def _tells(found: Sequence[str]) -> bool:
    return len(found) >= LEAST or any(map(_ANSWERS.search, found))  # one number says little


def choose(texts: Mapping[str, bytes | None], lines: Collection[int] | None = None) -> Iterator[Fault]:
    """Yield faults from all over the source, kinds in turn; of `lines`, first those in them, then the next ones."""
    every = [list(_faults(texts, *kind)) for kind in _FAULTS]
    inner = [[fault for fault in faults if fault[1] in lines] for faults in every] if lines is not None else every
    for found in itertools.zip_longest(*map(_spread, inner)):
        yield from (fault for fault in found if fault)
    if lines is not None:
        if not any(inner):  # nothing to be put wrong: each statement is left out
            every_line = ((name, number) for name in texts for number in sorted(lines))
            yield from ((name, number, "") for name, number in every_line if _is_statement(texts[name], number))
        some = sorted(lines)[:: len(lines) // MOST + 1]
        outer = (fault for faults in reversed(every) for fault in faults if fault[1] not in lines)
        apart = {min(abs(fault[1] - line) for line in some): fault for fault in outer}
        yield from (apart[far] for far in sorted(apart))


def _is_statement(content: bytes | None, number: int) -> bool:
    rows = (content or b"").split(b"\n")
    return number < len(rows) and rows[number].rstrip().endswith((b";", b")")) and b"{" not in rows[number]


def _faults(
    texts: Mapping[str, bytes | None], pattern: re.Pattern[str], put: Callable[[re.Match[str]], str]
) -> Iterator[Fault]:
    for name, content in texts.items():
        for number, line in enumerate((content or b"").decode("utf-8", "replace").split("\n")):
            if len(line) < 200 and not _NO_ANSWER.match(line) and "\ufffd" not in line:
                for found in pattern.finditer(line):
                    if (instead := put(found)) != found[0]:
                        yield name, number, line[: found.start()] + instead + line[found.end() :]


def _spread(found: Sequence[Fault]) -> Sequence[Fault]:
    return found[:: max(1, len(found) // MOST)]
