#!/usr/bin/env python3
"""Writes helpers/README.md, the map of modules, from the first line of each docstring; prints whether it changed."""

import ast
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
MAP = TOP / "helpers" / "README.md"
LAYERS = ("read", "run", "judge", "record", "checkup", "demo")
HEAD = """\
# The map

One line for each module, taken from its docstring. Written by `python3 .ci/map.py`; do not edit it.
CONTRIBUTING.md says how the layers stand to each other and where to begin.
"""


def first_line(file: Path) -> str:
    """Return the first paragraph of a module's docstring as one line."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def table(folder: Path) -> str:
    """Return a table with a row for each module of a folder, empty without one."""
    files = sorted(file for file in folder.glob("*.py") if file.name != "__init__.py")
    rows = "".join(f"| `{file.name}` | {first_line(file)} |\n" for file in files)
    return f"\n| file | what |\n|---|---|\n{rows}" if rows else ""


def section(folder: Path, level: int) -> str:
    """Return a package's heading, purpose and table, followed by those of its sub-packages."""
    name = folder.relative_to(TOP).as_posix()
    purpose = first_line(folder / "__init__.py")
    inner = "".join(section(child, level + 1) for child in sorted(folder.iterdir()) if (child / "__init__.py").exists())
    return f"\n{'#' * level} {name}\n\n{purpose}\n{table(folder)}{inner}"


def whole() -> str:
    """Return the map as it should be now."""
    core = f"\n## helpers\n\nThe core: what every layer stands on.\n{table(TOP / 'helpers')}"
    layers = "".join(section(TOP / "helpers" / layer, 2) for layer in LAYERS)
    scripts = f"\n## scripts\n\nArguments in, one call into helpers, text out.\n{table(TOP / 'scripts')}"
    return HEAD + core + layers + scripts


def main() -> int:
    """Write the map; with --check only say whether it is up to date (exit 1: it is not)."""
    old = MAP.read_text(encoding="utf-8") if MAP.exists() else ""
    new = whole()
    if "--check" not in sys.argv[1:]:
        MAP.write_text(new, encoding="utf-8")
    print("the map is up to date" if new == old else "the map changed")
    return int("--check" in sys.argv[1:] and new != old)


if __name__ == "__main__":
    sys.exit(main())
