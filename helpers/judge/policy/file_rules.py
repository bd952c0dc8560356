"""Which files an experiment may not touch, whatever it writes there: (rule, pattern, level, reason), from files.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Level = Literal["refuse", "review"]
Rule = tuple[str, str, Level, str]


def _table() -> Iterator[Rule]:
    for block in Path(__file__).with_name("files.txt").read_text(encoding="utf-8").split("\n[")[1:]:
        heading, _, patterns = block.partition("\n")
        words, _, reason = heading.partition("] ")
        rule, level = words.split()
        yield from ((rule, each, "refuse" if level == "refuse" else "review", reason) for each in patterns.split())


RULES: list[Rule] = list(_table())
