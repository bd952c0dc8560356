"""What C code newly takes from the system's library beyond computing, or replaces: the library is asked."""

import contextlib
import ctypes
import functools
import itertools
import re
from collections.abc import Iterator

from helpers.judge.policy.code import Source

_CALL = re.compile(r"(?<![\w.>:~])(?:::)?([a-z_]\w+)\s*\(")
_HANDED = re.compile(r"(?:(?<=[=,({?:&])|\breturn\b)\s*(?:::)?([a-z_]\w+)\s*(?=[;,})?:])")
"""A name that is put somewhere, from where it can be called."""
_DECLARED = r"\b(?!return|else|goto|case)\w+[\s*&]+(?:[\w*\[\] ]{1,80}(?:=[^,;(){}]{0,80})?,\s*\**){0,9}"
"""What stands before a name where it is declared as a variable, others before it."""
_CALLED = re.compile(r"\)\s*\(?\s*(?:\([\w\s*]+\)\s*)*&?\s*(\w+)(?:\s*\[[^\]]*\])?\s*\)\s*\(")
"""What is called once it was cast."""
_FUNCTION_TYPE = re.compile(
    r"\btypedef\b[^;{}()]*(?:\(\s*\*\s*(\w+)\s*\)\s*\(|\b(\w+)\s*\((?!\s*\*))|"
    r"\busing\s+(\w+)\s*=[^;()]*\([*\s]*\)?\s*\("
)
_OF_DATA = r"\b(?:char|u?int\w*|unsigned|short|long|void|byte)\b[\s*]*"
_STANDS_IN = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)|^(?!static\b)[A-Za-z_][\w \t*()]*?[\s*](\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE
)


@functools.lru_cache(maxsize=4096)
def offers(name: str) -> bool:
    """Tell whether the system's C library has a function or variable of this name."""
    return any(hasattr(library, name) for library in _library())


@functools.lru_cache(maxsize=1)
def _library() -> list[ctypes.CDLL]:
    for name in ("libc.so.6", "libc.so", "libSystem.dylib"):
        with contextlib.suppress(OSError):
            return [ctypes.CDLL(name)]
    return []


def taken(read: Source, was: str, lines: set[int], computes: re.Pattern[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (line, rule, reason) for what added lines newly call, define again, or call though it is data."""
    said = set(re.findall(r"\w+", was))
    for match in _STANDS_IN.finditer(read.code):
        name = match[1] or match[2]
        at = read.lines(*match.span(match.lastindex or 0))[0]
        if at in lines and name not in said and offers(name):
            yield at, "hidden-code", f"{name} is the system library's: whoever is built with this gets another"
    for match in itertools.chain(_CALL.finditer(read.code), _HANDED.finditer(read.code)):
        at, name = read.lines(*match.span(1))[0], match[1]
        new = at in lines and name not in said and not computes.fullmatch(name) and offers(name)
        own = rf"\b{name}\s*\([^;{{}}]*\)[\w\s]*\{{" if match.re is _CALL else rf"{_DECLARED}{name}\s*[;=,)\[:]"
        if new and not re.search(own, read.code):
            yield at, "capability", f"{name} is new in this file: what does the program do with it?"
    types = "|".join(name for found in _FUNCTION_TYPE.findall(read.code) for name in found if name) or "(?!)"
    pointer = r"\(\s*\*\s*\)"
    cast = rf"\([\w\s*]+{pointer}\s*\([^()]*\)\s*\)|\(\s*(?:{types})\s*\*?\s*\)|"
    cast += rf"\breinterpret_cast\s*<(?:[^;<>]*{pointer}[^;<>]*|\s*(?:{types})[\s*]*)>\s*\("
    becomes = re.compile(rf"(?:{cast})\s*\(?\s*&?\s*(\w+)")
    for match in itertools.chain(_CALLED.finditer(read.code), becomes.finditer(read.code)):
        at = read.lines(*match.span(1))[0]
        if at in lines and re.search(rf"{_OF_DATA}(?:\*\s*{match[1]}\b|\b{match[1]}\s*\[)", read.code):
            yield at, "hidden-code", "data is called as code"
