#!/usr/bin/env python3
"""The text of a PDF, or just the part that is needed: outline, a section, pages, the abstract, references, captions."""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console

EXAMPLES = """\
  extract_pdf.py papers/2205.14135.pdf --outline             # headings with page and length: look here first
  extract_pdf.py papers/2205.14135.pdf --section 3.1         # by number, or by words of its title
  extract_pdf.py papers/2205.14135.pdf --grep "tile|block" --context 1
  extract_pdf.py papers/2205.14135.pdf --abstract
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser(
        "A PDF as Markdown: two columns in order, broken words joined, running heads dropped. Exit 2: "
        "scanned, encrypted, broken.",
        EXAMPLES,
    )
    p.add_argument("file", type=Path, metavar="FILE", help="at most 50 MB; 200 pages are read at once")
    what = p.add_mutually_exclusive_group()
    what.add_argument("--outline", action="store_true", help="the headings, each with its page and characters of text")
    what.add_argument(
        "--section", metavar="S", help='one section with what is below it: "3", "3.1", or words of its title'
    )
    what.add_argument("--abstract", action="store_true", help="the abstract")
    what.add_argument("--references", action="store_true", help="the list of references, counted")
    what.add_argument("--captions", action="store_true", help="the captions of figures and tables")
    what.add_argument("--grep", metavar="RE", help="sentences that match this regular expression, in any case")
    p.add_argument("--context", type=arguments.whole(0), default=0, metavar="N", help="with --grep: N sentences around")
    p.add_argument("--pages", metavar="N-M", help="only what stands on these pages, as 3 or 3-5")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Read the file in a limited child and print what was asked for."""
    args = build_parser().parse_args(argv)
    first, last = _pages(args.pages)
    from helpers import venv
    from helpers.read.pdf import document as pdf_document

    pdf_document.require_pdf(args.file)
    venv.require("pypdfium2", "pypdf")
    document = pdf_document.read_pdf(args.file, first=first, last=last, grep=args.grep)
    for note in document.notes:
        console.note(f"note: {note}")
    from helpers.read.pdf import output, parts

    if first and not args.section:
        document = parts.pages_only(document, first, last)
    found = output.part(document, args)
    about = {"file": str(args.file), "title": document.title, "pages": document.pages, "notes": document.notes}
    console.show(args, {**about, **found.data}, output.fenced(found, args.file.name))
    return console.DONE if found.any else console.NO


def _pages(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 0
    found = re.fullmatch(r"\s*([1-9]\d{0,5})\s*(?:-\s*([1-9]\d{0,5})\s*)?", text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise console.usage(f"--pages {text!r} is not a page or a range", "give it as 3 or as 3-5, from 1")
    return int(found[1]), int(found[2] or found[1])


if __name__ == "__main__":
    console.main(entry)
