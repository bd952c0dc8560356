"""Two folders of answers to the same input, baseline and candidate: where they differ beyond what is declared."""

import math
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from helpers import printable

_DECLARED = re.compile(r"^# ?OUTPUTS:(.*)$", re.MULTILINE)
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_RAISES = re.compile(r"^(.*?\braises [\w.$]+).*$")
_SHOWN_LINES, _SHOWN_CHARACTERS = 3, 160


class UndeclaredError(ValueError):
    """A tolerance is declared that there is not."""


@dataclass(frozen=True)
class Tolerance:
    """What may differ: numbers by so much, the order of lines, what an exception says beside its kind."""

    numbers: float = 0.0
    any_order: bool = False
    kinds: bool = False


def declared(script: str) -> Tolerance:
    """Read `# OUTPUTS: numbers=1e-9 order=any exceptions=kind` in a script; raises UndeclaredError.

    Nothing declared means byte for byte. An integer is never within a tolerance of another one.
    """
    found: dict[str, str] = {}
    for word in " ".join(_DECLARED.findall(script)).split():
        name, _, value = word.partition("=")
        found[name] = value
        if (name, value) in (("order", "any"), ("exceptions", "kind")):
            continue
        if name != "numbers" or not _NUMBER.fullmatch(value) or not 0 < float(value) < 1:
            raise UndeclaredError(f"{word!r} is none of numbers=FRACTION, order=any, exceptions=kind")
    return Tolerance(float(found.get("numbers", 0)), "order" in found, "exceptions" in found)


def difference(baseline: Path, candidate: Path, allowed: Tolerance) -> list[str]:
    """Return the first difference in a few printable lines: its file and line, what each side says. Empty where alike.

    No link is followed: what a side left may point at the other side's answers.
    """
    ours, theirs = _entries(baseline), _entries(candidate)
    for name in sorted({*ours, *theirs}):
        shown = printable.name(name)
        if name not in theirs or name not in ours:
            return [f"{shown}: written by the {'baseline' if name in ours else 'candidate'} alone"]
        if ours[name] != theirs[name]:
            return [f"{shown}: {ours[name] or 'a file'} against {theirs[name] or 'a file'}"]
        if ours[name]:
            continue
        one, other = (baseline / name).read_bytes(), (candidate / name).read_bytes()
        if one != other and (found := _first_difference(_lines(one, allowed), _lines(other, allowed), allowed)):
            return [f"{shown}, {found[0]}", *found[1:]]
    return []


def in_a_line(found: Sequence[str]) -> str:
    """Return a difference in one line of at most 250 characters: the place, and what each side says from there on."""
    sides = [next((row[2:] for row in found[1:] if row.startswith(sign)), "") for sign in "-+"]
    if len(found) < 3 or not any(sides):
        return " ".join(found)[:250]
    column = len(os.path.commonprefix(sides))  # noqa: RUF071 - of texts
    start = max(sides[0].rfind(" ", 0, column) + 1, column - 20)
    parts = [printable.one_line(f"{'... ' * (start > 0)}{side[start:]}", 80) for side in sides]
    return f"{printable.one_line(found[0], 70)} - {parts[0]} + {parts[1]}"


def _entries(folder: Path) -> dict[str, str]:
    """Return the names below `folder`; to each what it is, empty for a regular file."""
    found: dict[str, str] = {}
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            found |= {f"{entry.name}/{name}": kind for name, kind in _entries(Path(entry.path)).items()}
        elif entry.is_symlink():
            found[entry.name] = f"a link to {printable.name(str(Path(entry.path).readlink()))}"
        else:
            regular = stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
            found[entry.name] = "" if regular else "no regular file"
    return found


def _lines(content: bytes, allowed: Tolerance) -> list[str]:
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    if allowed.kinds:
        lines = [_RAISES.sub(r"\1", line) for line in lines]
    return sorted(lines) if allowed.any_order else lines


def _first_difference(ours: Sequence[str], theirs: Sequence[str], allowed: Tolerance) -> list[str]:
    for number, (one, other) in enumerate(zip_longest(ours, theirs)):
        if one == other or (allowed.numbers and one is not None and other is not None and _near(one, other, allowed)):
            continue
        column = len(os.path.commonprefix([one or "", other or ""]))  # noqa: RUF071 - of texts
        from_here = max(0, column - 60) if max(len(one or ""), len(other or "")) > _SHOWN_CHARACTERS else 0
        rows = [f"line {number + 1}:"]
        for sign, lines in (("-", ours), ("+", theirs)):
            part = lines[number : number + _SHOWN_LINES]
            cut = [line[from_here:][:_SHOWN_CHARACTERS] for line in part] or ["(nothing more)"]
            rows += [f"{sign} {printable.name(line)}" for line in cut]
        return rows
    return []


def _near(one: str, other: str, allowed: Tolerance) -> bool:
    ours, theirs = _NUMBER.split(one), _NUMBER.split(other)
    if len(ours) != len(theirs) or ours[::2] != theirs[::2]:
        return False
    return all(a == b or _close(a, b, allowed.numbers) for a, b in zip(ours[1::2], theirs[1::2], strict=True))


def _close(one: str, other: str, tolerance: float) -> bool:
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        return False
    return math.isclose(float(one), float(other), rel_tol=tolerance, abs_tol=tolerance)
