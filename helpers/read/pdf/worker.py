"""Reads one PDF inside limits: a process of its own with bounded memory, processor time and wall-clock time.

Called by helpers/read/pdf/document.py only, in a fork of the script.
"""

import contextlib
import gc
import re
import signal
import time
from typing import Any

from helpers.read.pdf.layout import blocks as layout_blocks
from helpers.read.pdf.layout import headings as layout_headings
from helpers.read.pdf.layout import running_heads
from helpers.read.pdf.layout.body_style import Face
from helpers.read.pdf.limits import Bad, TooLong, limit, plainly, within
from helpers.read.pdf.text import engines, glyphs, hyphenation
from helpers.read.pdf.text.lines import Line

SECONDS, PAGE_SECONDS = 24.0, 8.0
"""For reading all pages, and for one."""
PAGES, CHARACTERS = 200, 4_000_000
HITS = 50


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request, from here on within the limits; what goes wrong is an answer too."""
    limit()
    gc.disable()  # it lives for one paper, inside a bound
    try:
        return answer_request(request)
    except Bad as bad:
        return {"error": str(bad), "do": bad.do, "code": bad.code}
    except ImportError:
        return {"error": "the package pypdf is missing", "code": 3, "do": "setup.sh --deps-only"}
    except (MemoryError, RecursionError, TooLong) as error:
        return {"error": plainly(error), "code": 3 if isinstance(error, TooLong) else 2}
    except Exception as error:  # noqa: BLE001 - a broken file may raise anything
        return {"error": f"broken PDF: {plainly(error)}", "code": 2}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def answer_request(request: dict[str, Any]) -> dict[str, Any]:
    """Return the document: pages, read, title, notes, blocks, and hits of `grep` if there is one."""
    pattern = _pattern(request.get("grep"))
    began = time.monotonic()
    engine = _open(request["file"], plain=request.get("plain", False))
    total = engine.pages
    first, last = request.get("first") or 1, request.get("last") or total
    if first > total:
        raise Bad(f"there is no page {first}: the PDF has {total}", f"--pages takes 1 to {total}")
    wanted = range(total) if total <= 60 else range(max(0, first - 2), min(total, last + 1))
    notes: list[str] = []
    if len(wanted) > PAGES:
        wanted = range(wanted.start, wanted.start + PAGES)
        notes.append(f"read pages {wanted.start + 1} to {wanted.stop} of {total}; more with --pages")
    pages, images = _pages(engine, wanted, began, notes)
    if time.monotonic() - began > PAGE_SECONDS:
        notes.append("slow to read")
    _judge(pages, images, notes)
    with within(max(4.0, SECONDS + 4 - (time.monotonic() - began))):
        blocks = structure(pages)
    if not blocks:
        raise Bad("no text on any page but its number", "find another copy of the paper")
    document: dict[str, Any] = {
        "pages": total,
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


def _open(file: str, *, plain: bool) -> engines.Engine:
    found: engines.Engine | None = None
    with within(PAGE_SECONDS):
        if not plain:
            with contextlib.suppress(Exception):  # that it is locked or broken is for pypdf to say
                found = engines.Pdfium(file)
        found = found or engines.Pypdf(file)
        if found.pages == 0:
            raise Bad("broken PDF: it has no pages", "fetch it again: it may be cut off")
    return found


def _pages(engine: engines.Engine, wanted: range, began: float, notes: list[str]) -> tuple[list[list[Line]], int]:
    """Return the lines of each page that could be read, and how many pages show an image and hardly any text."""
    found: dict[int, tuple[list[Line], str, bool]] = {}
    failed: dict[int, str] = {}
    for n in [*wanted, *wanted]:  # what could not be read is tried again, alone, with all the time that is left
        again = n in failed
        left = SECONDS - (time.monotonic() - began)
        characters = sum(len(line.text) for mine, _, _ in found.values() for line in mine)
        if n in found:
            continue
        if left <= 0.2 or characters > CHARACTERS:
            if not again:
                notes.append(
                    f"stopped after page {n} of {wanted.stop}: " + ("out of time" if left <= 0.2 else "too much text")
                )
            break
        try:
            with within(left if again else min(PAGE_SECONDS, left)):
                found[n] = engine.page(n)
        except Exception as error:  # noqa: BLE001 - one page that cannot be read is no reason to lose the others
            failed[n] = f"page {n + 1}: {plainly(error)}"
    why = [text for n, text in failed.items() if n not in found]
    if why:
        notes.append(f"{len(why)} page(s) could not be read; " + "; ".join(why[:3]))
    if not found:
        raise Bad("broken PDF: no page could be read; " + "; ".join(why[:2]), "fetch it again: it may be cut off")
    read = [found[n] for n in sorted(found)]
    notes += [said for _, said, _ in read if said]
    return [mine for mine, _, _ in read], sum(pictured for _, _, pictured in read)


def _judge(pages: list[list[Line]], images: int, notes: list[str]) -> None:
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


def structure(pages: list[list[Line]]) -> list[layout_blocks.Block]:
    """Return the blocks of a document from the lines of its pages."""
    lines = [line for page in running_heads.without(pages) for line in page]
    if not lines:
        return []
    words = hyphenation.Vocabulary(line.text for line in lines)
    face = Face.of(lines)
    headings = layout_headings.find_headings(lines, face)
    return layout_blocks.Flow(lines, face, headings, words).blocks()


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
