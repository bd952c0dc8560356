"""One log, from any executor, to one record.

Read in blocks, so that a log of gigabytes needs little memory; only lines that begin like a protocol line are looked
at. experiment.yaml prefixes everything else, so the program under test cannot print one. Prefixes that SkyPilot adds
(`(task, pid=123) `) and colour codes are taken off first.
"""

import contextlib
import json
import os
import re
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from helpers import printable
from helpers.run.jobs import metric_line

BLOCK = 1 << 20
MAX_LINE_LENGTH = 1 << 20
"""Bytes of a line that are looked at; the rest of a longer one is passed over."""
STATUSES = ("done", "checks_failed", "crash")
UNFINISHED = "the log ends before EXPERIMENT_STATUS"
NO_METRIC = "the benchmark printed no METRIC line"
"""What experiment.yaml says of it; metric_mistakes says why."""

_COLOUR = rb"(?:\x1b\[[0-9;]*m)*"
PREFIX = _COLOUR + rb"(?:\([^()\n]{1,200}pid=[0-9]+[^()\n]{0,200}\)" + _COLOUR + rb" " + _COLOUR + rb")?"
"""What SkyPilot puts before a job's line: the task in brackets, and colour codes. Never two ways to read one code: a
line of nothing else would take the square of its length."""
_NEEDLES = b"METRIC SAMPLES BASELINE EXPERIMENT_ CHECKS_STATUS: HOST: PROTECTED_SHA256: DURATION:".split()
_WORDS = (
    rb"METRIC|SAMPLES|BASELINE|EXPERIMENT_(?:ID|DESC|STATUS|ERROR):|CHECKS_STATUS:|HOST:|PROTECTED_SHA256:|DURATION:"
)
_LINE = re.compile(PREFIX + rb"((?:" + _WORDS + rb")[^\n]*)")


@dataclass
class Record:
    """What a log says: see DESIGN, The experiment protocol. Durations are seconds."""

    id: str | None = None
    description: str | None = None
    status: str = "crash"
    error: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    baseline: dict[str, list[float]] = field(default_factory=dict)
    checks: str | None = None
    host: dict[str, Any] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    protected: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    complete: bool = False
    tail: list[str] = field(default_factory=list)


def parse(source: Path | BinaryIO) -> Record:
    """Parse a log file or stream; raises OSError when it cannot be read."""
    if not isinstance(source, Path):
        return _parse_stream(source)
    with source.open("rb") as stream:
        return _parse_stream(stream)


def _parse_stream(stream: BinaryIO) -> Record:
    record, last = Record(), deque[bytes](maxlen=20)
    for block in _blocks(stream):
        for line in _protocol_lines(block):
            _take(record, line)
        _remember(last, block)
    return _ended(record, last)


def _ended(record: Record, last: deque[bytes]) -> Record:
    record.tail = [_printable(line) for line in last]
    for name in record.baseline:  # of a screen: the value is that of its pairs, not of its last call
        if record.samples.get(name):
            record.metrics[name] = statistics.median(record.samples[name])
    if not record.complete:
        record.status, record.error = "crash", record.error or UNFINISHED
    elif record.status == "done" and not record.metrics:
        record.status, record.error = "crash", NO_METRIC
    return record


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield blocks of whole lines; what a line has beyond MAX_LINE_LENGTH bytes is left out."""
    rest = b""
    skipping = False
    while block := stream.read(BLOCK):
        if skipping:
            end = block.find(b"\n")
            if end < 0:
                continue
            block, skipping = block[end:], False
        end = block.rfind(b"\n")
        if end < 0:
            rest += block
            if len(rest) > MAX_LINE_LENGTH:
                rest, skipping = rest[:MAX_LINE_LENGTH], True
            continue
        yield rest + block[: end + 1]
        rest = block[end + 1 :]
    if rest:
        yield rest + b"\n"


def _protocol_lines(block: bytes) -> list[bytes]:
    """Return the lines of a block that begin with a word of the protocol, in order.

    Searching for the words themselves runs at the speed of memory; only around a find is a line looked at.
    """
    starts = set()
    for needle in _NEEDLES:
        at = block.find(needle)
        while at >= 0:
            start = block.rfind(b"\n", 0, at) + 1
            starts.add(start)
            end = block.find(b"\n", at)
            at = block.find(needle, end) if end >= 0 else -1
    matches = (_LINE.match(block, start) for start in sorted(starts))
    return [match[1] for match in matches if match]


def _take(record: Record, line: bytes) -> None:
    line = metric_line.ESCAPE.sub(b"", line).rstrip(b"\r")
    if line.startswith((b"METRIC", b"SAMPLES", b"BASELINE")):
        _metric(record, line)
        return
    word, _, raw = line.partition(b":")
    value = _printable(raw.strip()[:2000])
    if word == b"EXPERIMENT_ID":
        record.id = value
    elif word == b"EXPERIMENT_DESC":
        record.description = value
    elif word == b"EXPERIMENT_ERROR":
        record.error = value
    elif word == b"CHECKS_STATUS":
        record.checks = value
    elif word == b"EXPERIMENT_STATUS":
        _status(record, value)
    elif word == b"HOST":
        _host(record, raw)
    elif word == b"PROTECTED_SHA256":
        match = re.fullmatch(r"(\S.{0,300}) ([0-9a-f]{64})", value)
        if match:
            record.protected[match[1]] = match[2]
        else:
            _warn(record, f"malformed PROTECTED_SHA256: {value[:80]}")
    elif word == b"DURATION":
        record.durations = {k: float(v) for k, v in re.findall(r"\b([a-z]+)=([0-9]+(?:\.[0-9]+)?)", value)}


def _status(record: Record, value: str) -> None:
    if value in STATUSES:
        record.status, record.complete = value, True
    else:
        _warn(record, f"unknown EXPERIMENT_STATUS {value[:40]!r}")
        record.status, record.complete, record.error = "crash", True, f"unknown status {value[:40]!r}"


def _host(record: Record, raw: bytes) -> None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        record.host = value
    else:
        _warn(record, "malformed HOST line")


def _metric(record: Record, line: bytes) -> None:
    beside = line.startswith(b"BASELINE")  # samples of the baseline, pair by pair
    parsed = metric_line.parse_line(line.replace(b"BASELINE", b"SAMPLES", 1) if beside else line)
    if parsed.warning:
        _warn(record, parsed.warning)
    if parsed.name is None:
        _warn(record, f"malformed line: {_printable(line[:60])}: {parsed.malformed}")
        return
    samples = record.baseline if beside else record.samples
    known = record.metrics if parsed.values is None else samples
    if parsed.name not in known and len(known) >= metric_line.MAX_METRICS:
        _warn(record, f"more than {metric_line.MAX_METRICS} metrics: the rest is left out")
    elif parsed.values is not None:
        samples[parsed.name] = list(parsed.values)
    elif parsed.value is not None:
        if parsed.name in record.metrics and parsed.name not in record.repeated:
            record.repeated.append(parsed.name)
            _warn(record, f"METRIC {parsed.name} repeated: the program's output may reach the benchmark's stdout")
        record.metrics[parsed.name] = parsed.value


def _warn(record: Record, text: str) -> None:
    if text not in record.warnings and len(record.warnings) < 50:
        record.warnings.append(text)


def _remember(last: deque[bytes], block: bytes) -> None:
    """Keep the last lines that are not the protocol's own: those are parsed, and would hide what the program said."""
    end = block[-20_000:].rstrip(b"\n").split(b"\n")
    last.extend([line[:300] for line in end if not _LINE.match(line)][-20:])


def telling_line(*files: Path) -> str:
    """Return the line that tells most in the first of these outputs that holds any; the protocol's own tell nothing."""
    return next(filter(None, (printable.telling(last_lines(file)) for file in files)), "")


def last_lines(file: Path) -> list[str]:
    """Return the last lines of an output without the protocol's own, none where it cannot be read."""
    with contextlib.suppress(OSError), file.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - BLOCK, 0))
        lines = [line for line in stream.read(BLOCK).split(b"\n") if not _LINE.match(line)]
        return [line.decode("utf-8", "replace") for line in lines]
    return []


def _printable(line: bytes) -> str:
    return printable.flat(line.decode("utf-8", "replace"))
