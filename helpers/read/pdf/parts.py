"""Parts of a PDF that was read: a section, pages, the abstract, references, captions, places where words stand."""

import re
from dataclasses import replace
from typing import Any

from helpers import console, printable
from helpers.read.pdf.document import Document, heading
from helpers.read.pdf.layout.numbered_headings import roman
from helpers.read.pdf.layout.references import CAPTION

_BEFORE = re.compile(
    r"(?i)@|©|copyright|permission to|(\. ){4}|^\W*\w?\W*(department|departamento|school|institute|faculty|college|"
    r"universit)"
)
"""What a long paragraph above the abstract holds: where the authors work, who may copy, a table of contents."""
Blocks = list[dict[str, Any]]


def outline(document: Document) -> list[dict[str, Any]]:
    """Return the headings: level, number, title, page, and the characters of text until the next one."""
    rows: list[dict[str, Any]] = []
    for block in document.blocks:
        if block["kind"] == "heading":
            named = {"number": block.get("number", ""), "title": printable.prose(block["text"])}
            rows.append({"level": block.get("level", 1), **named, "page": block["page"], "characters": 0})
        elif rows:
            rows[-1]["characters"] += len(block["text"])
    return rows


def section(document: Document, wanted: str) -> Blocks:
    """Return the section of that number or title (or with these words in its title), with what is below it.

    Raises Failure (1) naming the sections there are.
    """
    heads = [n for n, b in enumerate(document.blocks) if b["kind"] == "heading"]
    routes = _routes(document, heads)
    path, words = tuple(re.findall(r"\w+", wanted.lower())), _plain(wanted)
    same = [n for n in heads if routes[n] == path != ()]
    same = same or [n for n in heads if tuple(str(roman(part) or part) for part in routes[n]) == path != ()]
    same = same or [n for n in heads if path and routes[n][-len(path) :] == path]
    if len(same) > 1:
        names = "; ".join(f"{'.'.join(routes[n]).upper()} {document.blocks[n]['text']}"[:60] for n in same[:12])
        raise console.usage(
            f"{len(same)} sections are numbered {wanted!r}", f"ask for one by all its numbers or its title: {names}"
        )
    tests = (
        lambda n, _: n in same,
        lambda _, b: _plain(b["text"]) == words or _plain(heading(b)) == words,
        lambda n, b: (
            words != "" and (" ".join((*routes[n], _plain(b["text"]))) == words or words in _plain(heading(b)))
        ),
        lambda _, b: words != "" and all(w in _plain(b["text"]) for w in words.split()),
    )
    for test in tests:
        found = next((n for n in heads if test(n, document.blocks[n])), None)
        if found is not None:
            level = document.blocks[found].get("level", 1)
            end = next(
                (n for n in heads if n > found and document.blocks[n].get("level", 1) <= level), len(document.blocks)
            )
            return document.blocks[found:end]
    names = (
        "; ".join(heading(document.blocks[n])[:50] for n in heads[:40])
        or "no headings were found: use --grep or --pages"
    )
    raise console.answer_no(f"no section {wanted!r}", f"there are: {names}")


def _routes(document: Document, heads: list[int]) -> dict[int, tuple[str, ...]]:
    """Return for each heading the numbers that lead to it, ("iv", "b") for B below IV, ("2", "1") for 2.1.

    () without one.
    """
    routes: dict[int, tuple[str, ...]] = {}
    above: dict[int, tuple[str, ...]] = {}
    for n in heads:
        block = document.blocks[n]
        level, parts = block.get("level", 1), tuple(re.findall(r"\w+", block.get("number", "").lower()))
        parent = above.get(level - 1, ()) if len(parts) == 1 and not (parts[0].isdigit() and level == 1) else ()
        routes[n] = (*parent, *parts) if parts else ()
        above = {k: v for k, v in above.items() if k < level} | {level: routes[n]}
    return routes


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def pages_only(document: Document, first: int, last: int) -> Document:
    """Return what stands on these pages; a paragraph that goes over to the next is given whole."""
    kept = [n for n, b in enumerate(document.blocks) if b["page"] <= last and b["end"] >= first]
    place = {n: at for at, n in enumerate(kept)}
    hits = [[place[n], a, b] for n, a, b in document.hits if n in place]
    return replace(document, blocks=[document.blocks[n] for n in kept], hits=hits)


def abstract(document: Document) -> Blocks:
    """Return the abstract: the section of that name, else the long paragraphs before the first heading."""
    heads = [n for n, b in enumerate(document.blocks) if b["kind"] == "heading"]
    begun = next((at for at, n in enumerate(heads) if document.blocks[n].get("number")), len(heads))
    early = heads[:begun] if begun < len(heads) else heads[:3]  # an appendix may have a summary too
    named = next(
        (n for n in early if _plain(document.blocks[n]["text"]) in ("abstract", "summary", "executive summary")), None
    )
    if named is not None:
        end = next((n for n in heads if n > named), len(document.blocks))
        found = [b for b in document.blocks[named + 1 : end] if b["kind"] in ("text", "small")]
        return _until(found, 4_000)
    numbered = [
        n for n in heads if document.blocks[n].get("number") or _plain(document.blocks[n]["text"]) == "introduction"
    ]
    first = document.blocks[: (numbered or heads or [12])[0]]
    found = [b for b in first if b["kind"] in ("text", "small") and len(b["text"]) > 250 and b["page"] <= 5]
    while found and found[0]["text"][0].islower():
        del found[0]  # it goes on with a sentence
    found = [b for b in found if b["text"].lower().startswith("abstract") or not _BEFORE.search(b["text"][:200])]
    if not found:
        raise console.answer_no("no abstract was found", "read the beginning with --pages 1")
    return _until(found[:2], 4_000)


def _until(blocks: Blocks, most: int) -> Blocks:
    kept: Blocks = []
    for block in blocks:
        if kept and sum(len(b["text"]) for b in kept) + len(block["text"]) > most:
            break
        kept.append(block)
    return kept


def references(document: Document) -> list[str]:
    """Return the items of the list of references, in order."""
    return [printable.prose(b["text"]) for b in document.blocks if b["kind"] == "reference"]


def captions(document: Document) -> list[dict[str, Any]]:
    """Return the captions of figures, tables and the like: kind, number, text, page."""
    rows = []
    for block in document.blocks:
        text = printable.prose(block["text"])
        found = CAPTION.match(text) if block["kind"] == "caption" else None
        if found:
            kind = "figure" if found["kind"].lower().startswith("fig") else found["kind"].lower()
            rows.append({"kind": kind, "number": found["number"], "text": text, "page": block["page"]})
    return rows


def places(document: Document, context: int) -> list[dict[str, Any]]:
    """Return where grep matched: page, section, how often, and the sentence with `context` more around it."""
    rows: list[dict[str, Any]] = []
    sections: list[str] = []
    now = ""
    for block in document.blocks:
        now = heading(block) if block["kind"] == "heading" else now
        sections.append(now)
    last = (-1, -1)
    for number, start, end in document.hits:
        block = document.blocks[number]
        spans = _sentences(block["text"])
        at = next((n for n, (a, b) in enumerate(spans) if a <= start < b), 0)
        if number == last[0] and at <= last[1]:
            rows[-1]["matches"] += 1
            continue
        low, high = max(0, at - context), min(len(spans), at + context + 1)
        last = (number, high - 1)
        text = block["text"][spans[low][0] : max(spans[high - 1][1], min(end, start + 300))] if spans else block["text"]
        where = {"page": block["page"], "section": sections[number], "kind": block["kind"]}
        rows.append({**where, "matches": 1, "text": printable.prose(text).strip()})
    return rows


def _sentences(text: str) -> list[tuple[int, int]]:
    """Return where sentences begin and end, roughly; long ones are cut at 600 characters."""
    ends = [m.end() for m in re.finditer(r"[.!?][\"”’)\]]*\s+(?=[A-Z“(\[])|\n", text)]
    spans: list[tuple[int, int]] = []
    start = 0
    for end in [*ends, len(text)]:
        while end - start > 600:
            spans.append((start, start + 600))
            start += 600
        if end > start:
            spans.append((start, end))
        start = end
    return spans or [(0, len(text))]
