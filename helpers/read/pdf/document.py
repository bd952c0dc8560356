"""The text of a PDF as Markdown, and its parts: outline, sections, references, captions.

The reading is done in a limited child.
"""

import contextlib
import json
import os
import re
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from helpers import console, printable
from helpers.read.pdf import worker

BYTES = 50_000_000
"""Largest file that is read."""
SECONDS = 30.0
"""The child is ended after this long."""
_MARKS = {
    "title": "# ",
    "caption": "[caption] ",
    "equation": "[equation, as far as it can be read] ",
    "note": "[footnote] ",
    "reference": "- ",
}
"""What stands before a block that is no text."""


@dataclass(frozen=True)
class Document:
    """A PDF that was read. `blocks` are in order; their `kind` says what each is (see pdf_flow.Block)."""

    pages: int
    title: str
    notes: list[str]
    blocks: list[dict[str, Any]]
    hits: list[list[int]]
    """Of grep: (block, start, end)."""


def read_pdf(file: Path, *, first: int = 0, last: int = 0, grep: str | None = None) -> Document:
    """Read a PDF, or pages `first` to `last` of a long one.

    Raises Failure: 2 for a file that is no PDF, encrypted, scanned or broken, 3 when it took too long.
    """
    require_pdf(file)
    request = {"file": str(file.resolve()), "first": first, "last": last, "grep": grep}
    began = time.monotonic()
    answer = _ask(request, SECONDS)
    left = SECONDS - (time.monotonic() - began)
    if answer.get("died") and left > 2:
        answer = _ask({**request, "plain": True}, left)
    if "error" in answer:
        said = str(answer["error"])
        message = said if said.startswith("--") else f"{file.name}: {printable.one_line(said, 300)}"
        do = str(answer.get("do", "")) or "find another copy of the paper"
        raise console.Failure(int(answer["code"]), message, do)
    for block in answer["blocks"]:
        if "hits" not in answer:  # grep counts characters: its places must stay
            block["text"] = printable.prose(block["text"])
    return Document(
        answer["pages"],
        printable.prose(answer["title"]),
        [printable.one_line(n, 300) for n in answer["notes"]],
        answer["blocks"],
        answer.get("hits", []),
    )


def require_pdf(file: Path) -> None:
    """Raise Failure when the file cannot be a PDF that is worth opening."""
    if not file.is_file():
        raise console.usage(
            f"{file}: there is no such file", "give the path of a PDF; fetch_paper puts them into papers/"
        )
    size = file.stat().st_size
    if size > BYTES:
        raise console.usage(
            f"{file.name}: {size // 1_000_000} MB; at most {BYTES // 1_000_000} MB are read",
            "split it, as with: qpdf IN --pages . 1-50 -- OUT",
        )
    with file.open("rb") as stream:
        start = stream.read(1024)
    if b"%PDF-" not in start:
        page = re.search(rb"<html|<!doctype", start, re.IGNORECASE)
        what = "a web page" if page else "something else" if start else "empty"
        raise console.usage(f"{file.name}: not a PDF but {what}", "fetch it again, from the address of the PDF itself")


def _ask(request: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Let a child of its own read, and return its answer; whatever happens to it is told in one line.

    `died` says that it did not end by itself: PDFium aborts on some files. It is a fork: a new interpreter would take
    as long as a short paper.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(request, writer)
    os.close(writer)
    try:
        said = _said(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # it has answered, or its time is over
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if said is None:
        do = "try fewer pages with --pages"
        return {"error": f"gave up after {SECONDS:.0f} s", "code": console.OUTSIDE, "do": do}
    with contextlib.suppress(ValueError):
        return dict(json.loads(said))
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"error": "gave up: it takes too much processor time or memory", "code": console.OUTSIDE}
    ended = signal.Signals(-code).name if code < 0 else f"code {code}"
    return {"error": f"broken PDF: reading it ended with {ended}", "code": console.USAGE, "died": code < 0}


def _answer(request: dict[str, Any], writer: int) -> NoReturn:
    """In the child: read, answer, and be gone without a word and without what the parent would do at its end."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(worker.answer(request)))
        os._exit(0)
    finally:
        os._exit(1)


def _said(reader: int, end: float) -> bytes | None:
    """Return all that comes through a pipe, None where that takes longer than until `end`."""
    whole = bytearray()
    while select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
        part = os.read(reader, 1 << 16)
        if not part:
            return bytes(whole)
        whole += part
    return None


def markdown(file: Path) -> str:
    """Return the text of a PDF as Markdown, with what could not be read at its end. Raises Failure as `read` does."""
    found = read_pdf(file)
    return "\n\n".join([render(found.blocks), *(f"[note: {note}]" for note in found.notes)])


def render(blocks: list[dict[str, Any]]) -> str:
    """Return blocks as Markdown: headings, paragraphs, and what else it is where it is not text."""
    return "\n\n".join(filter(None, (_markdown(b) for b in blocks)))


def _markdown(block: dict[str, Any]) -> str:
    kind, text = block["kind"], printable.prose(block["text"]).strip()
    if kind == "heading" and text:
        return f"{'#' * min(6, block.get('level', 1) + 1)} {heading(block)}"
    if kind == "code":
        return "\n".join("    " + row for row in text.splitlines())
    return text and _MARKS.get(kind, "") + text


def heading(block: dict[str, Any]) -> str:
    """Return a heading with its number."""
    return f"{block.get('number', '')} {printable.prose(block['text'])}".strip()
