"""Why a METRIC was not read: the line that was meant for one, what is wrong with it, and how to correct it.

Nothing here is ever taken for a result. A benchmark that gives none gets its cause instead of the end of its output.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpers import next_step, printable
from helpers.run.jobs import metric_line

_AROUND = " \t\r:,=\"'`\u00a0\u200b\u2018\u2019\u201c\u201d\ufeff\ufffd"
"""What stands around a name or a number where more than they was printed."""
_WORD = re.compile(r"metric(?![A-Za-z])", re.IGNORECASE)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?(?![0-9])|[0-9][0-9.,_']*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
_UNIT = re.compile(r"[A-Za-z\u00b5\u03bc%\u00b0][A-Za-z\u00b5\u03bc%/^*0-9.]*")
_READ = (
    "what is read is METRIC NAME=NUMBER from the beginning of a line to its end: a name of letters, digits, '_' and "
    "'.', a finite decimal number with a point, all in ASCII"
)
_PARTS = re.compile(
    rb"(?:\x1b\[[0-9;]*m|\([^()\n]{1,200}pid=[^()\n]{0,200}\) )*(build\| |bench\| |checks\| |)(.*)", re.DOTALL
)

Told = Iterable[tuple[str, bytes]]
"""Lines with where they were printed: `stdout` of the benchmark, `other` of its lines, `build` or `checks`."""


def in_log(log: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of a job's log: what the benchmark printed beside METRIC lines carries a prefix there."""
    with log.open("rb") as lines:
        while raw := lines.readline(metric_line.READ_AT_ONCE):
            match = _PARTS.match(raw)
            word = match[1][:-2].decode() if match else ""
            if match and not word and not match[2].startswith((b"METRIC", b"SAMPLES")):
                continue  # what experiment.yaml says itself
            yield {"": "stdout", "bench": "other"}.get(word, word), match[2] if match else raw


def in_output(out: Path, err: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of one call of the benchmark."""
    for where, file in (("stdout", out), ("stderr", err)):
        with file.open("rb") as lines:
            while raw := lines.readline(metric_line.READ_AT_ONCE):
                yield where, metric_line.clean(raw)


def why(lines: Told, wanted: str = "", printed: Iterable[str] = ()) -> str:
    """Say why there is no METRIC `wanted` (any, where that is empty); `printed` are the metrics that were read."""
    beside = ""
    for where, raw in lines:
        if b"etric" not in raw.lower():
            continue
        said = _fault(raw.decode("utf-8", "replace").rstrip("\n"), where)
        if said and _names(raw, wanted):
            return f"METRIC {wanted}".rstrip() + f" was not read: {said}"
        beside = beside or said
    others = list(printed)
    if others:
        meant = next_step.did_you_mean(wanted, others)
        few = ", ".join(others[:5])
        return f"METRIC {wanted} was not printed, only {few}: print a line METRIC {wanted}=NUMBER as well{meant}"
    if beside:
        return f"METRIC {wanted} was not read: {beside}"
    return (
        f"no METRIC line was printed: autoresearch.sh must print METRIC {wanted or 'NAME'}=NUMBER, a line of its stdout"
    )


def _names(raw: bytes, wanted: str) -> bool:
    return metric_line.name_of(wanted).lower() in metric_line.name_of(raw.decode("utf-8", "replace")).lower()


def _fault(text: str, where: str) -> str:
    """Return what keeps a line from being read as a METRIC, with the line and what to print; empty for other lines."""
    plain = metric_line.ESCAPE.sub(b"", text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
    found = _WORD.search(plain)
    if not found:
        return ""
    meant, cause = _meant(plain[found.end() :])
    if found[0] != "METRIC" and not meant:
        return ""  # prose
    faults = [cause] if cause else []
    if plain[: found.start()].strip(_AROUND):
        faults.append("before it stands what a progress bar (carriage return) or echo -n left there")
    if where in ("build", "checks"):
        faults.append(f"the {where} printed it, and only what autoresearch.sh prints is read")
    elif where == "stderr" or (where == "other" and re.match("METRIC(?:[ \t]|$)", text)):
        faults.append("it went to stderr, and only stdout is read (print it without >&2)")
    if plain != text:
        faults.append("it is in colour (escape codes), which ends with NO_COLOR=1, TERM=dumb or --color=never")
    if not faults and metric_line.parse_line(text.encode("utf-8", "surrogatepass")).name:
        return ""
    at = max(text.upper().find("METRIC") - 60, 0)
    step = f"; print it as a line of its own: METRIC {meant}" if meant else ""
    return f"\u201c{printable.shown(text[at : at + 160])}\u201d: {'; '.join(faults or [_READ])}{step}"


def _meant(after: str) -> tuple[str, str]:
    """Return `name=value` as it was meant, empty where that cannot be told, and what is wrong with its value."""
    match = re.match(rf"([^=]*)=(.*)|({metric_line.NAME})(?:\s*:\s*|\s+)(.*)", after.strip(_AROUND), re.DOTALL)
    name = metric_line.name_of((match[1] or match[3] or "").strip(_AROUND)) if match else ""
    if match is None or not metric_line.is_name(name):
        return "", ""
    value = "".join(str(unicodedata.decimal(c, c)) for c in match[2] or match[4] or "").replace("\u2212", "-")
    value = re.sub("[\u00a0\u202f\u2009]", " ", value).strip(_AROUND)
    found = _NUMBER.search(value)
    if found is None or re.match("[+-]?0[xX]", value):
        return "", ""
    number, cause = _with_point(re.sub("[_' ]", "", found[0]))
    unit = value[found.end() :].strip()
    if _UNIT.fullmatch(unit):
        cause = " and ".join(filter(None, [cause, f"the unit {unit!r} stands behind the number"]))
    return (f"{name}={number}" if metric_line.decimal(number) is not None else ""), cause


def _with_point(text: str) -> tuple[str, str]:
    """Return a number without commas, empty where one may part thousands or decimals, and what is wrong with them."""
    head, comma, tail = text.rpartition(",")
    if not comma:
        return text, ""
    cause = "it has a comma (LC_ALL=C before the command gives a decimal point)"
    if re.fullmatch("[+-]?[1-9][0-9]{0,2},[0-9]{3}", text):
        return "", cause
    thousands = "," in head or "." in tail
    return (head + tail).replace(",", "") if thousands else f"{head.replace('.', '')}.{tail}", cause
