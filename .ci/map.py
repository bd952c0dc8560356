#!/usr/bin/env python3
"""Rewrites the map in CONTRIBUTING.md from the first line of each module's docstring; prints whether it changed."""

import ast
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- map: python3 .ci/map.py -->\n", "<!-- end of map -->\n"
ROOMS = {
    "": "The ground: what every room stands on",
    "read": "read: papers, pull requests, forks -> ideas with a source",
    "run": "run: an isolated copy on a worker -> a log, parsed into samples",
    "judge": "judge: candidate against baseline -> a verdict with an interval",
    "record": "record: journal, commit, report -> nothing is ever lost",
}


def first_line(file: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def rows(folder: Path) -> str:
    """A table row for each module of a folder."""
    files = sorted(file for file in folder.glob("*.py") if file.name != "__init__.py")
    return "".join(f"| `{file.relative_to(TOP).as_posix()}` | {first_line(file)} |\n" for file in files)


def table(folder: Path, title: str) -> str:
    """A heading and a table."""
    return f"### {title}\n\n| file | what |\n|---|---|\n{rows(folder)}\n"


def rewritten(text: str) -> str:
    """`text` with the map as it is now."""
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    parts = [table(TOP / "helpers" / room, title) for room, title in ROOMS.items()]
    parts.append(table(TOP / "scripts", "Scripts: arguments in, one call into helpers, text out"))
    return head + BEGIN + "\n" + "".join(parts) + END + tail


def main() -> int:
    """Rewrite the file; with --check only say whether it is up to date (exit 1: it is not)."""
    file = TOP / "CONTRIBUTING.md"
    old = file.read_text(encoding="utf-8")
    new = rewritten(old)
    if "--check" not in sys.argv[1:]:
        file.write_text(new, encoding="utf-8")
    print("the map is up to date" if new == old else "the map changed")
    return int("--check" in sys.argv[1:] and new != old)


if __name__ == "__main__":
    sys.exit(main())
