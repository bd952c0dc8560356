"""Proof at the lock that the checks notice a wrong answer, not only a crash: small faults in the source, one by one.

What nobody holds against a known answer passes whatever it is: the program's output against itself, for one.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from helpers import console, git_objects, paths
from helpers.judge.compare.broken_copy import Changed, checks_nothing, source_files
from helpers.judge.compare.metric_limits import parse_limit
from helpers.judge.measure.side import SideError, of_session
from helpers.judge.policy.evaluator_reach import is_program
from helpers.run.copies.copies import Workdirs
from helpers.run.jobs.task import BENCH_TIMEOUT, CHECK_TIMEOUT
from helpers.state import State

LEAST, MOST, PATIENCE = 3, 8, 60.0
"""So many faults that nothing notices say something; so many are tried, where they take no more than these seconds."""
_FAULTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=\breturn\s)[^;{}]+?(?=;?\s*(?:\}\s*)?$)"), lambda _: "0"),
    (re.compile(r"""(?<![\w.#"'])\d+(?![\w."'])"""), lambda found: str(int(found[0]) + 1)),
)
_NO_ANSWER = re.compile(r"\s*(?:#|//|/?\*|--|;|%|import\b|from\b|use\b|for\b|while\b)")
Fault = tuple[str, int, str]
"""A file, the number of a line, and what stands there instead."""


def prove(work: Workdirs, now: State, seconds: float, *, compared: bool) -> list[str]:
    """Return "checks" where they notice no fault, and say it; nothing where one is noticed, or trying takes long.

    `seconds`: how long a run of the baseline takes; `compared`: whether answers are held against the baseline's anyhow.
    """
    compared = compared or any(parse_limit(text).same for text in now.config.limits)
    if compared or now.config.no_checks or checks_nothing(work, now):
        return []
    names = [name for name in source_files(work, now) if is_program(name)]
    tree = now.require_lock().tree
    texts = dict(zip(names, git_objects.blobs(work.root, [f"{tree}:{name}" for name in names]), strict=True))
    chosen = list(itertools.islice(_chosen(texts), MOST))
    if len(chosen) * seconds > PATIENCE:  # a few of many would say nothing: the checks may cover other lines
        return []
    unnoticed: list[str] = []
    for name, number, line in chosen:
        rows = (texts[name] or b"").split(b"\n")
        rows[number] = line.encode()
        with of_session(work, now, tree, "lock") as side:
            most = {each: str(math.ceil(10 + 3 * seconds)) for each in (BENCH_TIMEOUT, CHECK_TIMEOUT)}
            try:
                side.build(Changed(work.shadow, {name: b"\n".join(rows)}))
                side.task = replace(side.task, envs={**side.task.envs, **most})  # a set-up hangs on those of the lock
                side.measure(now.metric)
            except SideError:  # it neither builds nor runs: that is no wrong answer
                continue
            if (said := side.check()).startswith("failed"):
                return []
            unnoticed += [f"{name}:{number + 1}: {line.strip()}"] if said == "passed" else []
    answers_0 = len(unnoticed) == len(chosen) > 1 and any("return 0" in each for each in unnoticed)
    if len(unnoticed) < LEAST and not answers_0:  # a tiny program has place for no more; one number more says little
        return []
    console.note(
        f"warning: {paths.CHECKS} passes with each of {len(unnoticed)} faults put into the source ({unnoticed[0]!r}, "
        "...): it notices a crash, but no wrong answer. Each keep will ask for a reader's words. Compare with known "
        f"answers there, write {paths.OUTPUTS}, or print a checksum of the answers in {paths.BENCHMARK} "
        "(METRIC output_crc)"
    )
    return ["checks"]


def _chosen(texts: dict[str, bytes | None]) -> Iterator[Fault]:
    """Yield faults from all over the source, kinds in turn."""
    for found in itertools.zip_longest(*(_spread(list(_faults(texts, *kind))) for kind in _FAULTS)):
        yield from (fault for fault in found if fault)


def _faults(
    texts: dict[str, bytes | None], pattern: re.Pattern[str], put: Callable[[re.Match[str]], str]
) -> Iterator[Fault]:
    for name, content in texts.items():
        for number, line in enumerate((content or b"").decode("utf-8", "replace").split("\n")):
            if len(line) < 200 and not _NO_ANSWER.match(line) and "\ufffd" not in line:
                for found in pattern.finditer(line):
                    if (instead := put(found)) != found[0]:
                        yield name, number, line[: found.start()] + instead + line[found.end() :]


def _spread(found: Sequence[Fault]) -> Sequence[Fault]:
    return found[:: max(1, len(found) // MOST)]
