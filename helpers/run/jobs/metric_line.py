"""The grammar of METRIC and SAMPLES lines, in its one place.

`METRIC name=value`: a name of A-Z a-z 0-9 _ . µ (also - when read, with a warning), a finite decimal number. Anything
else that begins with METRIC is malformed and reported as such, never guessed at; metric_mistakes names what was wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.typed_line import TOO_LARGE

FORBIDDEN = ("__proto__", "constructor", "prototype")
"""Names that would be dangerous in other readers of the journal."""
MAX_LINE_LENGTH = 4096
"""Bytes of a METRIC line; a longer one is malformed."""
MAX_METRICS, MAX_SAMPLES = 1000, 100_000
READ_AT_ONCE = 1 << 16
"""Bytes of an output that are looked at together; a longer line comes in pieces."""

NAME = r"[A-Za-z0-9_.\u00b5\u03bc-]+"
_NAME = re.compile(NAME)
_EXACT = 2.0**53
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Line:
    """One parsed line: `value` of a METRIC, `values` of a SAMPLES line, or the reason why it is malformed."""

    name: str | None = None
    value: float | None = None
    values: tuple[float, ...] | None = None
    malformed: str | None = None
    warning: str | None = None


ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""A terminal's sequence: colour and the like."""
MICRO = "\u00b5"
_BLANKED = bytes.maketrans(b"\r", b" ")


def clean(raw: bytes) -> bytes:
    """Return a line of the benchmark's output as every reader takes it: what experiment.yaml writes into a log."""
    return raw.translate(_BLANKED, b"\0")


def name_of(text: str) -> str:
    """Return a metric's name with one kind of micro sign: U+03BC, the Greek letter, is taken for U+00B5."""
    return text.replace("\u03bc", MICRO)


def is_name(text: str) -> bool:
    """Tell whether this can name a metric."""
    return bool(_NAME.fullmatch(text)) and text not in FORBIDDEN


def parse_line(raw: bytes) -> Line:
    """Parse one line that begins with METRIC or SAMPLES."""
    raw = ESCAPE.sub(b"", clean(raw))
    samples = raw.startswith(b"SAMPLES")
    if not samples and len(raw) > MAX_LINE_LENGTH:
        return Line(malformed=f"longer than {MAX_LINE_LENGTH} bytes")
    try:
        text = raw.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError:
        return Line(malformed="not UTF-8")
    match = re.fullmatch(r"(?:METRIC|SAMPLES)[ \t]+([^=\s]*)=(.*)", text.rstrip(" \t"))
    if match is None:
        return Line(malformed="not of the form METRIC name=value")
    name, value = name_of(match[1]), match[2]
    if not is_name(name):
        return Line(malformed=f"{name[:60]!r} cannot name a metric")
    warning = f"the name {name} holds '-': other readers may not take it" if "-" in name else None
    if samples:
        return _samples(name, value, warning)
    number = decimal(value)
    if number is None:
        return Line(malformed=f"{name}: {value[:60]!r} is not a finite decimal number")
    return Line(name, number, warning=warning)


def values_as_printed(raw: bytes, name: str) -> list[str]:
    """Return the numbers of a METRIC or SAMPLES line of this metric as they stand there; none of any other line."""
    plain = ESCAPE.sub(b"", clean(raw))
    if not plain.startswith((b"METRIC", b"SAMPLES")) or (line := parse_line(plain)).name != name or line.malformed:
        return []
    return [part.strip() for part in plain.decode().partition("=")[2].split(",")]


def _samples(name: str, text: str, warning: str | None) -> Line:
    parts = text.split(",")
    if len(parts) > MAX_SAMPLES:
        return Line(malformed=f"{name}: more than {MAX_SAMPLES} samples")
    values = [decimal(part.strip()) for part in parts]
    if any(value is None for value in values):
        return Line(malformed=f"{name}: a sample is not a finite decimal number")
    return Line(name, values=tuple(value for value in values if value is not None), warning=warning)


def decimal(text: str) -> float | None:
    """Return a finite decimal number of ASCII digits, None for anything else; a whole one keeps each digit."""
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    if not abs(number) < TOO_LARGE:
        return None
    return int(text) if abs(number) >= _EXACT and text.lstrip("+-").isdecimal() else number
