"""Which files an experiment may not touch, whatever it writes there: (rule, pattern, level, reason), from files.txt."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Level = Literal["refuse", "review"]
Rule = tuple[str, str, Level, str]


def blocks(names: str) -> Iterator[tuple[list[str], str, list[str]]]:
    """Yield (words of its heading, reason, rows) of each block of the tables beside this module called `names`."""
    for file in sorted(Path(__file__).parent.glob(names)):
        for block in file.read_text(encoding="utf-8").split("\n[")[1:]:
            heading, *rows = block.rstrip().split("\n")
            words, _, reason = heading.partition("]")
            yield words.split(), reason.strip(), [row.strip() for row in rows]


RULES: list[Rule] = [
    (rule, pattern, "refuse" if level == "refuse" else "review", reason)
    for (rule, level), reason, rows in blocks("files.txt")
    for pattern in " ".join(rows).split()
]
