"""How every script speaks: errors with an exit code, bounded output, one argument parser style.

stdout is data and bounded; stderr is for people. No script prompts, none shows a traceback.
"""

import argparse
import contextlib
import errno
import functools
import gc
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from helpers import files, next_step, printable

DONE, NO, USAGE, OUTSIDE, REFUSED = 0, 1, 2, 3, 4
"""Exit codes: done; the answer is "no"; wrong usage or input; something outside failed; refused (policy, budget, or a
missing condition)."""

EXIT_CODES = "exit codes: 0 done, 1 the answer is no, 2 wrong usage or input, 3 something outside failed, 4 refused"
LIMIT = 8_000
"""Characters a script may print to stdout unless asked for --full."""
at_end = contextlib.ExitStack()
"""What is undone when the script ends, however it ends."""
_documents: list[bool] = []
"""Grows with each JSON document that this process printed: with --json there is to be one."""


class Failure(Exception):  # noqa: N818 - not every failure is an error: "no" is an answer
    """Ends a script with a message that says what was wrong and what to do, and an exit code."""

    def __init__(self, code: int, message: str, do: str = "") -> None:
        """`message` says what was wrong and what was expected, `do` the next step: a command on a line of its own."""
        super().__init__(message)
        self.code, self.message, self.do = code, message, do


answer_no = functools.partial(Failure, NO)
"""The answer is "no" (exit 1)."""
usage = functools.partial(Failure, USAGE)
"""Wrong usage or input (exit 2)."""
outside = functools.partial(Failure, OUTSIDE)
"""Something outside failed and it may be tried again (exit 3)."""
refused = functools.partial(Failure, REFUSED)
"""Refused: policy, budget, or a missing condition (exit 4)."""


def no_room(what: str = "") -> Failure:
    """A disk is full: of the folders in use those that have no room are named (exit 3)."""
    temporary = files.temporary()
    full = list[str]()
    with contextlib.suppress(OSError):
        full += [str(place) for place in (temporary, Path.cwd()) if shutil.disk_usage(place).free < 1 << 20]
    named = f": no room in {' and '.join(full)}" if full else "" if what else f"; copies and runs lie in {temporary}"
    other = "\nexport TMPDIR=FOLDER  # or name another temporary folder" if str(temporary) in what + named else ""
    do = f"free some space and run the same command again; nothing confirmed was lost{other}"
    return outside(f"the disk is full{what}{named}", do)


def not_writable(place: str, said: str, do: str) -> Failure:
    """Something may not be written (exit 3); where `place` is in the folder of copies, TMPDIR names another."""
    temporary = files.temporary().resolve()
    if Path(place).resolve().is_relative_to(temporary) and "/autoresearch" in place:
        do = f"make {temporary}, where the copies are, writable\nexport TMPDIR=FOLDER  # or name another"
    return outside(said, do)


def note(text: str) -> None:
    """Progress and warnings, for people: one line, or more that are further in, so that none begins a line of ours."""
    print(_inward(text), file=sys.stderr, flush=True)


def _inward(text: str) -> str:
    return re.sub(r"[\n\x0b\x0c\x85\u2028\u2029]\s*", "\n    ", text.strip())


class _Parser(next_step.Parser):
    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if status:
            _say_json(usage((message or "").partition(" error: ")[2].strip(), f"{self.prog} --help"))
        super().exit(status, message)


def parser(description: str, examples: str = "") -> argparse.ArgumentParser:
    """Make the argument parser of a script; `examples` are shown under --help with the exit codes."""
    epilog = (f"examples:\n{next_step.runnable(examples.rstrip())}\n\n" if examples else "") + EXIT_CODES
    return _Parser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def add_output_options(p: argparse.ArgumentParser) -> None:
    """Add --json and --full, which every script that prints data has."""
    p.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    p.add_argument("--full", action="store_true", help=f"print all, even beyond {LIMIT:,} characters")


def show(args: argparse.Namespace, document: object, text: str) -> None:
    """Print what a script found: `document` with --json, else `text`; bounded unless --full."""
    if args.json:
        emit_json(document, full=args.full)
    elif text:
        emit(text, full=args.full)


def emit(text: str, *, full: bool = False) -> None:
    """Print data to stdout; beyond LIMIT characters the rest goes to a file whose path is printed."""
    text = printable.shown(text.rstrip("\n"))
    if full or len(text) <= LIMIT:
        print(text, flush=True)
        return
    path = _spill(text, ".txt")
    print(
        f"{_head(text)}\n... {len(text):,} characters in all; the whole is in {path} (or ask with --full)", flush=True
    )


def _head(text: str) -> str:
    """Return the beginning that is printed, cut at a line's end or at least a word's, a fence in it closed."""
    whole = text[: LIMIT - 400]
    head = next(
        (part for part in (whole.rpartition("\n")[0], whole.rpartition(" ")[0]) if len(part) > LIMIT // 2), whole
    )
    ticks = ""
    for line in head.split("\n"):
        mark = line[: len(line) - len(line.lstrip("`"))]
        if not ticks and len(mark) >= 3:
            ticks = mark
        elif ticks and line == ticks:
            ticks = ""
    return f"{head}\n{ticks}" if ticks else head


def emit_json(value: Any, *, full: bool = False) -> None:  # noqa: ANN401 - any JSON value
    """Print one JSON document, or its text; beyond LIMIT characters a document that names the file with the whole."""
    text = printable.shown(value.rstrip() if isinstance(value, str) else as_rows(value))
    _documents.append(True)
    if full or len(text) <= LIMIT:
        print(text, flush=True)
        return
    path = _spill(text, ".json")
    print(json.dumps({"truncated": True, "characters": len(text), "file": str(path), "hint": "--full"}), flush=True)


def as_rows(value: Any, default: Callable[[Any], Any] | None = None) -> str:  # noqa: ANN401 - any JSON value
    """Return JSON with a line for each key and each item of its lists: read by lines, and encoded in one go each."""

    def dumps(part: Any) -> str:  # noqa: ANN401 - any JSON value
        return json.dumps(part, ensure_ascii=False, default=default)

    def items(part: Any) -> str:  # noqa: ANN401 - any JSON value
        if not isinstance(part, (list, tuple)) or not part:
            return dumps(part)
        return "[\n  " + ",\n  ".join(map(dumps, part)) + "\n ]"

    if not isinstance(value, dict) or not value:
        return items(value)
    return "{\n " + ",\n ".join(f"{dumps(str(key))}: {items(part)}" for key, part in value.items()) + "\n}"


def _spill(text: str, suffix: str) -> Path:
    import hashlib
    import tempfile

    name = f"output-{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}{suffix}"
    place = Path(tempfile.gettempdir()) / name
    try:
        files.replace(place, text + "\n", durable=False)
    except OSError:
        raise outside("the output is too long to print and could not be written to a file", "use --full") from None
    return place


def main(entry: Callable[[list[str]], int | None]) -> NoReturn:
    """Run a script's entry point on sys.argv and end the process with its exit code, never with a traceback."""
    sys.stdout, sys.stderr = _screen(sys.stdout), _screen(sys.stderr)
    gc.set_threshold(1_000_000)  # a script reads much and throws little away
    with at_end:
        code = _run(entry)
    with contextlib.suppress(OSError):  # after a failure: that is what the exit code tells
        _flush()
    os._exit(code)  # taking the interpreter apart would cost 10 ms and more, beside a measurement too


class _Screen(io.TextIOWrapper):
    """A stream to people: nothing hidden reaches a terminal, whoever printed it."""

    def write(self, text: str) -> int:
        return super().write(printable.shown(text))


def _screen(stream: Any) -> Any:  # noqa: ANN401 - what Python calls a text stream, or None where the caller closed it
    buffer = getattr(stream, "buffer", None)
    if not buffer:
        return stream
    at_once = stream.line_buffering or stream.write_through  # with PYTHONUNBUFFERED only the second is set
    return _Screen(buffer, "utf-8", "backslashreplace", line_buffering=at_once)


def clear_screen() -> None:
    """Begin at the top of an empty terminal."""
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\033[H\033[2J")


def _run(entry: Callable[[list[str]], int | None]) -> int:
    try:
        code = entry(sys.argv[1:]) or DONE
        _flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = DONE
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("AUTORESEARCH_DEBUG") and not isinstance(error, (Failure, OSError)):
            raise
        told = failure_of(error)
        code = told.code
        _say_json(told)
        step = f"\n  next: {_inward(next_step.runnable(told.do))}" if told.do else ""
        print(f"error: {_inward(told.message)}{step}", file=sys.stderr, flush=True)
    return code


def failure_of(error: BaseException) -> Failure:
    """Return what is said of an error: what was wrong, what to do, and the exit code."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Failure(
            130,
            "interrupted",
            "run the same command again: what is on record stays, what was being measured may begin anew",
        )
    if isinstance(error, OSError):
        return _os_error(error)
    if isinstance(error, RecursionError):
        return usage("the input is nested too deeply", "look at the input")
    do = "set AUTORESEARCH_DEBUG=1 for details and report it"
    return outside(f"internal error: {type(error).__name__}: {error}", do)


def _say_json(failure: Failure) -> None:
    """With --json print one document, whatever the exit code; the words for people still go to stderr."""
    if "--json" in sys.argv[1:] and not _documents:
        with contextlib.suppress(OSError):  # a full disk, a closed pipe: the exit code tells
            emit_json(
                {"error": failure.message, "next": next_step.runnable(failure.do), "exit": failure.code}, full=True
            )


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by the caller
            stream.flush()


def _os_error(error: OSError) -> Failure:
    where = f" ({error.filename2 or error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_room(where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        do = "allow writing there in your sandbox, or run as its owner"
        return not_writable(str(error.filename), f"no permission to write{where}: {error.strerror}", do)
    return outside(f"{error.strerror or error}{where}", "see to that and run the same command again")
