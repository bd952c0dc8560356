"""What extract_pdf.py prints: the part that was asked for, as data and as text."""

import re
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from helpers.read.pdf import parts as pdf_parts
from helpers.read.pdf.document import Document, render
from helpers.read.untrusted import fence

HITS = 40


@dataclass(frozen=True)
class Part:
    """A part as JSON and as text; `any` is False when there is none of it."""

    data: dict[str, Any]
    text: str
    any: bool
    head: str = ""


def part(document: Document, args: Namespace) -> Part:
    """Return what the arguments ask for."""
    if args.outline:
        return _outline(document)
    if args.references:
        items = pdf_parts.references(document)
        text = "\n".join(item if re.match(r"\[|\d+\.", item) else f"{n}. {item}" for n, item in enumerate(items, 1))
        return Part({"count": len(items), "references": items}, text, bool(items), f"{len(items)} references")
    if args.captions:
        rows = pdf_parts.captions(document)
        text = "\n".join(f"p{r['page']} {r['text']}" for r in rows)
        return Part({"captions": rows}, text, bool(rows), f"{len(rows)} captions")
    if args.grep is not None:
        return _grep(document, args.context)
    blocks = document.blocks
    if args.section:
        blocks = pdf_parts.section(document, args.section)
    elif args.abstract:
        blocks = pdf_parts.abstract(document)
    data: dict[str, Any] = {"text": render(blocks)}
    if not args.abstract:
        data["blocks"] = blocks
    return Part(data, data["text"], bool(data["text"]))


def _outline(document: Document) -> Part:
    rows = pdf_parts.outline(document)
    text = "\n".join(_row(r) for r in rows)
    found, caps = len(pdf_parts.references(document)), len(pdf_parts.captions(document))
    parts = [f"{document.pages} pages", f"{len(rows)} headings (page, characters)"]
    parts += [f"{n} {what}" for n, what in ((found, "references"), (caps, "captions")) if n]
    data = {"outline": rows, "references": found, "captions": caps}
    head = ", ".join(parts) if rows else f"{parts[0]}, no headings were found: use --grep or --pages"
    return Part(data, text, bool(rows), head)


def _row(row: dict[str, Any]) -> str:
    name = f"{row['number']} {row['title']}".strip()
    return f"{'  ' * (row['level'] - 1)}{name}  (p{row['page']}, {row['characters']:,})"


def _grep(document: Document, context: int) -> Part:
    rows = pdf_parts.places(document, context)
    shown = rows[:HITS]
    text = "\n\n".join(
        f"p{r['page']} [{r['section']}]" + (f" ({r['kind']})" if r["kind"] != "text" else "") + f"\n{r['text']}"
        for r in shown
    )
    head = f"{len(rows)} places" + (f", the first {HITS} shown" if len(rows) > HITS else "")
    return Part({"count": len(rows), "places": shown}, text, bool(rows), head)


def fenced(found: Part, source: str) -> str:
    """Return the text of a part as text from outside."""
    if not found.any:
        return found.head or "nothing found"
    short = source if len(source) <= 60 else f"{source[:40]}...{source[-16:]}"
    return fence(found.text, f"{short}{', ' + found.head if found.head else ''}")
