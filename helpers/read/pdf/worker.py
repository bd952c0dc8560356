"""Reads one PDF inside limits: a process of its own with bounded memory, processor time and wall-clock time.

Called by helpers/read/pdf/document.py only. A request comes as JSON on stdin, one JSON document goes to stdout.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

from helpers.read.pdf.layout import blocks as layout_blocks
from helpers.read.pdf.layout import headings as layout_headings
from helpers.read.pdf.layout import running_heads
from helpers.read.pdf.layout.body_style import Face
from helpers.read.pdf.limits import Bad, TooLong, limit, plainly, within
from helpers.read.pdf.text import fonts as text_fonts
from helpers.read.pdf.text import glyphs, hyphenation
from helpers.read.pdf.text import lines as text_lines
from helpers.read.pdf.text import runs as text_runs

SECONDS, PAGE_SECONDS = 24.0, 8.0
"""For reading all pages, and for one."""
PAGES, CHARACTERS = 200, 4_000_000
HITS = 50


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    limit()
    logging.disable(logging.CRITICAL)
    try:
        answer = read(request)
    except Bad as bad:
        answer = {"error": str(bad), "do": bad.do, "code": bad.code}
    except (MemoryError, RecursionError, TooLong) as error:
        answer = {"error": plainly(error), "code": 3 if isinstance(error, TooLong) else 2}
    except Exception as error:  # noqa: BLE001 - a broken file may raise anything
        answer = {"error": f"broken PDF: {plainly(error)}", "code": 2}
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def read(request: dict[str, Any]) -> dict[str, Any]:
    """Return the document: pages, read, title, notes, blocks, and hits of `grep` if there is one."""
    pattern = _pattern(request.get("grep"))
    began = time.monotonic()
    reader = _open(request["file"])
    with within(PAGE_SECONDS):
        total = _count(reader)
    first, last = request.get("first") or 1, request.get("last") or total
    if first > total:
        raise Bad(f"there is no page {first}: the PDF has {total}", f"--pages takes 1 to {total}")
    wanted = range(total) if total <= 60 else range(max(0, first - 2), min(total, last + 1))
    notes: list[str] = []
    if len(wanted) > PAGES:
        wanted = range(wanted.start, wanted.start + PAGES)
        notes.append(f"read pages {wanted.start + 1} to {wanted.stop} of {total}; more with --pages")
    pages, images = _pages(reader, wanted, began, notes)
    if time.monotonic() - began > PAGE_SECONDS:
        notes.append("slow to read")
    _judge(pages, images, notes)
    with within(max(4.0, SECONDS + 4 - (time.monotonic() - began))):
        blocks = structure(pages, _outline(reader) if len(wanted) == total else [], _title(reader))
    document: dict[str, Any] = {
        "pages": total,
        "read": len(pages),
        "title": next((b.text for b in blocks if b.kind == "title"), ""),
        "notes": notes,
        "blocks": [b.plain() for b in blocks],
    }
    if pattern is not None:
        document["hits"] = _grep(pattern, blocks)
    return document


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        with within(2):
            return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, TooLong) as error:
        raise Bad(
            f"--grep {text!r} is not a regular expression: {plainly(error)}", "quote what is meant literally with \\"
        ) from error


def _open(file: str) -> Any:  # noqa: ANN401 - pypdf's reader
    import pypdf
    from pypdf.errors import DependencyError

    pypdf.overwrite_configuration(
        zlib_maximum_output_length=20_000_000,
        lzw_maximum_output_length=20_000_000,
        run_length_maximum_output_length=20_000_000,
        array_based_stream_maximum_output_length=20_000_000,
        stream_parsing_work_maximum_count=2_000_000,
        stream_decoding_work_maximum_length=60_000_000,
        xform_maximum_invocations_per_extraction=500,
        page_tree_maximum_entries=20_000,
        outline_maximum_entries=5_000,
        jbig2dec_binary=None,
    )
    with within(PAGE_SECONDS):
        try:
            reader = pypdf.PdfReader(Path(file).open("rb"), strict=False)  # noqa: SIM115 - open as long as the process
            locked = reader.is_encrypted and not reader.decrypt("")
        except (DependencyError, NotImplementedError) as error:
            raise Bad(
                f"encrypted in a way that cannot be read: {plainly(error)}",
                "remove the protection, as with qpdf --decrypt",
            ) from error
    if locked:
        raise Bad(
            "encrypted: it needs a password",
            "remove the protection first, as with: qpdf --password=... --decrypt IN OUT",
        )
    return reader


def _count(reader: Any) -> int:  # noqa: ANN401
    total = len(reader.pages)
    if total == 0:
        raise Bad("broken PDF: it has no pages", "fetch it again: it may be cut off")
    return total


def _pages(reader: Any, wanted: range, began: float, notes: list[str]) -> tuple[list[list[text_lines.Line]], int]:  # noqa: ANN401
    """Return the lines of each page that could be read, and how many pages show an image and hardly any text."""
    fonts = text_fonts.Fonts()
    found: list[tuple[int, list[text_runs.Run]]] = []
    failed: list[str] = []
    characters = images = 0
    for n in wanted:
        left = SECONDS - (time.monotonic() - began)
        if left <= 0.2 or characters > CHARACTERS:
            notes.append(
                f"stopped after page {n} of {wanted.stop}: " + ("out of time" if left <= 0.2 else "too much text")
            )
            break
        try:
            with within(min(PAGE_SECONDS, left)):
                page = reader.pages[n]
                runs = text_runs.runs(page, fonts)
                size = sum(len(r.text) for r in runs)
                images += size < 100 and _has_image(page)
        except Exception as error:  # noqa: BLE001 - one page that cannot be read is no reason to lose the others
            failed.append(f"page {n + 1}: {plainly(error)}")
            continue
        characters += size
        found.append((n, runs))
    if failed:
        notes.append(f"{len(failed)} page(s) could not be read; " + "; ".join(failed[:3]))
    if not found:
        raise Bad("broken PDF: no page could be read; " + "; ".join(failed[:2]), "fetch it again: it may be cut off")
    notes += [said for n, runs in found if (said := text_lines.sideways(runs, n))]
    return [text_lines.lines(runs, n, fonts) for n, runs in found], images


def _has_image(page: Any) -> bool:  # noqa: ANN401
    try:
        objects = page["/Resources"].get_object()["/XObject"].get_object()
        return any(objects[name].get_object().get("/Subtype") == "/Image" for name in list(objects)[:20])
    except Exception:  # noqa: BLE001
        return False


def _judge(pages: list[list[text_lines.Line]], images: int, notes: list[str]) -> None:
    text = " ".join(line.text for page in pages for line in page)
    if len(text) < 20 * len(pages) and images:
        raise Bad(
            f"scanned: {len(pages)} page(s) of pictures, no text",
            "find another copy, or add text by OCR, as with ocrmypdf",
        )
    if not text.strip():
        raise Bad("no text on any page", "find another copy of the paper")
    if glyphs.readable(text) < 0.75:
        raise Bad(
            "unreadable: its fonts do not say which letters they show",
            "find another copy, or add text by OCR, as with ocrmypdf",
        )
    if images:
        notes.append(f"{images} page(s) are pictures without text")


def structure(
    pages: list[list[text_lines.Line]], outline: list[tuple[int, str, int]], title: str = ""
) -> list[layout_blocks.Block]:
    """Return the blocks of a document from the lines of its pages; `title` is what the file says of itself."""
    lines = [line for page in running_heads.without(pages) for line in page]
    if not lines:
        return []
    words = hyphenation.Vocabulary(line.text for line in lines)
    for line in lines:
        if text_lines.JOINT in line.text + line.lead:
            line.text, line.lead = words.settle(line.text, text_lines.JOINT), words.settle(line.lead, text_lines.JOINT)
        line.text = words.unsplit(line.text)
    face = Face.of(lines)
    headings = layout_headings.find(lines, face, outline)
    return layout_blocks.Flow(lines, face, headings, words).blocks(title)


def _title(reader: Any) -> str:  # noqa: ANN401
    with contextlib.suppress(Exception):
        return str(reader.metadata.title or "")[:300]
    return ""


def _outline(reader: Any) -> list[tuple[int, str, int]]:  # noqa: ANN401
    """Return the PDF's own outline as (level, title, page); nothing where it is broken."""
    found: list[tuple[int, str, int]] = []

    def walk(entries: list[Any], level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, level + 1)
            else:
                with contextlib.suppress(Exception):
                    page = reader.get_destination_page_number(entry)
                    if page is not None:
                        found.append((level, str(entry.title), page))

    with contextlib.suppress(Exception), within(3):
        walk(reader.outline, 1)
    return found


def _grep(pattern: re.Pattern[str], blocks: list[layout_blocks.Block]) -> list[list[int]]:
    """Return (block, start, end) of the matches, a bounded number of them, in bounded time."""
    hits: list[list[int]] = []
    try:
        with within(4):
            for n, block in enumerate(blocks):
                hits += [[n, m.start(), m.end()] for m in pattern.finditer(block.text) if m.end() > m.start()]
    except TooLong:
        raise Bad(
            "--grep takes too long on this text: the expression backtracks",
            "make it simpler: no repeats inside repeats",
        ) from None
    return hits[: HITS * 40]


if __name__ == "__main__":
    main()
