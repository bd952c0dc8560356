"""What is asked of fetch_paper.py, whether it is there already, and how it is shown: all without the network."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from helpers import printable
from helpers.read import untrusted
from helpers.read.papers import identifiers, index

Kind = Literal["auto", "html", "latex", "pdf"]


@dataclass(frozen=True)
class FetchRequest:
    """What is asked for: `kind` says where the text comes from, `most` limits a download in bytes."""

    id: str
    folder: Path
    kind: Kind = "auto"
    most: int = 50_000_000
    requests: int = 12
    title: str = ""


def present(wanted: FetchRequest) -> dict[str, Any] | None:
    """Return the index entry of a paper that is already there with its files and this kind of text, else None."""
    kind, value = identifiers.parse_id(wanted.id)
    for entry in index.read_index(wanted.folder):
        ids = {entry.get("id"), entry.get("asked")}
        if {identifiers.canonical(kind, value), wanted.id} & ids and wanted.kind in ("auto", entry.get("text_from")):
            files = [entry.get("pdf"), entry.get("text")]
            if entry.get("text") and all((wanted.folder / f).is_file() for f in files if f):
                return entry
    return None


def headings(text: str, most: int = 40) -> list[str]:
    """Return the headings inside the quotation with their line numbers, so that one section can be read."""
    found, inside = [], False
    for number, row in enumerate(text.splitlines(), 1):
        inside = inside or row.startswith("```")
        if inside and re.match(r"#{1,4} \S", row):
            found.append(f"{number}: {printable.one_line(row, 100)}")
    return [*found[:most], f"... {len(found) - most} more"] if len(found) > most else found


def report(folder: Path, entry: dict[str, Any], *, new: bool) -> str:
    """Return the text for an agent: what it is, where it lies, and its sections with line numbers."""
    place = folder / (entry["text"] or entry["pdf"])
    facts = [f"{entry['id']} {'fetched' if new else 'was there already'}: {place}"]
    text = place.read_text(encoding="utf-8", errors="replace") if entry["text"] else ""
    facts += [f"pdf: {folder / entry['pdf']} ({entry['bytes']:,} bytes)"] if entry["pdf"] else ["pdf: none"]
    size = f"text from {entry['text_from']}, {len(text):,} characters" if text else "no text: see extract_pdf.py"
    facts.append(f"{size}; license {entry.get('license') or 'unknown'}")
    shown = [
        *(["WITHDRAWN by its authors: do not build on it"] if entry.get("withdrawn") else []),
        f"title: {entry['title'] or '?'}",
        f"authors: {', '.join(entry['authors']) or '?'}",
        f"{entry['year'] or 'year ?'} {entry['venue']}",
    ]
    sections = headings(text)
    shown += ["sections (line: heading), to read one with sed -n 'A,Bp':", *sections] if sections else []
    return "\n".join([*facts, untrusted.WARNING, untrusted.fence("\n".join(shown), entry["id"])])
