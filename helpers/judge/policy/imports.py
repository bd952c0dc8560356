"""What a changed file newly leans on: what nobody declares, and what of its language's own does more than compute.

What only computes is listed; everything else of a library (processes, threads, files, frames, clocks) is for a reader.
"""

import re
import sys
from collections.abc import Iterator

from helpers.judge.policy import c_library, code, evaluator_reach, source_tests
from helpers.judge.policy.changes import Change
from helpers.judge.policy.evaluator_reach import Project
from helpers.judge.policy.file_rules import Level, blocks

_IMPORTS, _LIBRARY, _COMPUTES = (
    {family: re.compile("|".join(rows), re.MULTILINE) for (_, family), _, rows in blocks(f"imports_{what}.txt")}
    for what in ("how", "library", "computes")
)
_LIBRARY["py"] = re.compile("|".join(map(re.escape, sorted({*sys.stdlib_module_names, "__future__", "__main__"}))))
"""By family, what needs no declaration. C and Perl have no manifest to ask: there all that does not compute is read."""


def leant_on(change: Change, project: Project) -> Iterator[tuple[int, str, Level, str]]:
    """Yield (line, rule, level, reason) for each new import of something undeclared, or that does more than compute."""
    text = (change.new or b"").decode("utf-8", "replace")
    read = code.source(change.path, text)
    if read.family not in _IMPORTS:
        return
    lines = {number for number, _ in change.added} - source_tests.lines_built_for_tests(read)
    old = (change.base or change.old or b"").decode("utf-8", "replace")
    before = code.source(change.path, old)
    if read.family == "c":
        yield from (
            (at, rule, "review", why) for at, rule, why in c_library.taken(read, before.code, lines, _COMPUTES["libc"])
        )
    known = {_package(name, read) for name, _ in _imported(before)}
    around = "".join(f"/{path}\n" for path in project.files)
    parts = {part.partition(".")[0] for path in project.files for part in path.split("/")}
    for name, at in _imported(read):
        if at not in lines or _package(name, read) in known or name.startswith("."):
            continue
        quoted, header = name[0] == '"', name.lstrip('"')
        if _COMPUTES[read.family].fullmatch(header):
            continue
        here = read.family == "c" and f"/{header}\n" in around
        if (quoted and here) or ((quoted or here) and not evaluator_reach.of_system(header)):
            continue  # the project's own
        if read.family in ("pl", "rb") and re.split(r"::|/", name)[0] in parts:
            continue
        own = _LIBRARY.get(read.family)
        if own is None or own.fullmatch(name):
            yield at, "capability", "review", f"{name} is new in this file: what does the program do with it?"
        elif not _declared(name, read, parts, project):
            level: Level = "refuse" if read.family in ("py", "js", "go") and project.manifest else "review"
            yield at, "dependency", level, f"{name} is not declared by the project: it may not be there elsewhere"


def _imported(read: code.Source) -> Iterator[tuple[str, int]]:
    """Yield (what is imported, line): a header in quotes is the system's as well where the project has none."""
    for match in _IMPORTS[read.family].finditer(read.text):
        said = match[match.lastindex or 0]
        at = read.lines(*match.span(match.lastindex or 0))[0]
        whole = said.partition(" import")[0]
        for part in whole.split(",") if read.family == "py" else [whole]:
            name = (part.split() or ["."])[0]
            yield name.split(".")[0] or "." if read.family == "py" else name, at


def _package(name: str, read: code.Source) -> str:
    return name.rpartition(".")[0] if read.family == "java" and name.count(".") > 2 else name


def _declared(name: str, read: code.Source, parts: set[str], project: Project) -> bool:
    """Tell whether a library that is not the language's is the project's own, or stands in a manifest."""
    first = name.split(".")[0] if read.family == "java" else name.split("/")[0] if read.family == "go" else name
    if first in parts or re.search(rf"\b(?:mod|enum|as)\s+{re.escape(first)}\b", read.code):
        return True
    if read.family == "rs" and re.search(rf"\buse\b[^;]*::[^;]*\b{first}\b", read.code):
        return True  # a part of what was imported
    if read.family == "go" and (
        any(path.startswith(f"vendor/{name}/") for path in project.files)
        or (not project.manifest and name.split("/")[-1] in parts)
    ):
        return True
    whole = "/".join(name.split("/")[:3]) if read.family == "go" else name
    wanted = re.escape(whole).replace("_", "[-_]")
    return bool(re.search(rf"(?i)(?<![\w-])(?:py)?{wanted}(?![\w])", project.manifest))
