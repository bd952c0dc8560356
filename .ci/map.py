#!/usr/bin/env python3
"""Writes the maps of modules (README.md of helpers, of each layer, of scripts) from docstrings.

Says whether one changed.
"""

import ast
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LAYERS = ("read", "run", "judge", "record", "checkup", "demo")
HEAD = """\
# The map

One line for each module, taken from its docstring. Written by `python3 .ci/map.py`; do not edit it.
CONTRIBUTING.md says how the layers stand to each other and where to begin.
"""
NOTE = "\nWritten by `python3 .ci/map.py` from the docstrings; do not edit it.\n"


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


def contents(folder: Path) -> str:
    """Return a row for a layer, linked to its own map, and for each of its packages."""
    inner = sorted(child for child in folder.iterdir() if (child / "__init__.py").exists())
    rows = [f"| [`{folder.name}/`]({folder.name}/README.md) | {first_line(folder / '__init__.py')} |\n"]
    rows += [f"| `{folder.name}/{child.name}/` | {first_line(child / '__init__.py')} |\n" for child in inner]
    return "".join(rows)


def maps() -> dict[Path, str]:
    """Return every map as it should be now."""
    layers = [TOP / "helpers" / layer for layer in LAYERS]
    core = f"\n## helpers\n\nThe core: what every layer stands on.\n{table(TOP / 'helpers')}"
    rows = "".join(contents(layer) for layer in layers)
    whole = f"{HEAD}{core}\n## Layers and packages\n\n| folder | what |\n|---|---|\n{rows}"
    scripts = f"# scripts\n\nArguments in, one call into helpers, text out.\n{NOTE}{table(TOP / 'scripts')}"
    each = {layer / "README.md": section(layer, 1).lstrip() + NOTE for layer in layers}
    return {TOP / "helpers" / "README.md": whole, **each, TOP / "scripts" / "README.md": scripts}


def main() -> int:
    """Write the maps; with --check only say whether they are up to date (exit 1: one is not)."""
    new = maps()
    stale = [file for file in new if not file.exists() or file.read_text(encoding="utf-8") != new[file]]
    for file in stale if "--check" not in sys.argv[1:] else ():
        file.write_text(new[file], encoding="utf-8")
    names = ", ".join(file.relative_to(TOP).as_posix() for file in stale)
    print(f"changed: {names}" if stale else "the maps are up to date")
    return int("--check" in sys.argv[1:] and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
