#!/usr/bin/env python3
"""Fetch one paper into papers/: its PDF, its text as Markdown, and a line in papers/index.jsonl."""

import argparse
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, printable

EXAMPLES = """\
  fetch_paper.py 2205.14135                     # papers/2205.14135.pdf and papers/2205.14135.md
  fetch_paper.py 10.1145/3318464.3389710        # an open copy of a DOI, where one is known
  fetch_paper.py https://www.usenix.org/system/files/osdi20-zhang.pdf --title "..."
  fetch_paper.py https://example.org/blog/fast-tables   # a web article: title, date and text
  fetch_paper.py 2205.14135 --text latex        # text from the LaTeX source

other servers: ARXIV_API_URL, SEMANTIC_SCHOLAR_API_URL, OPENALEX_API_URL; keys as for search_papers.py
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser(
        "A paper by arXiv id, DOI, Semantic Scholar or OpenAlex id, or the address of a PDF or article.", EXAMPLES
    )
    p.add_argument("id", metavar="ID|URL|DOI")
    p.add_argument("--dir", type=Path, metavar="DIR", help="where to (default: papers/ at the top of the repository)")
    p.add_argument(
        "--text",
        "--source",
        dest="kind",
        choices=("auto", "html", "latex", "pdf"),
        default="auto",
        help="where the text comes from; auto: arXiv's HTML, else its LaTeX, else the PDF",
    )
    p.add_argument(
        "--title", default="", type=printable.one_line, help="the title, for an address that does not tell it"
    )
    p.add_argument("--again", action="store_true", help="fetch even when it is there")
    p.add_argument("--max-mb", type=arguments.whole(1), default=50, metavar="N", help="largest download (default 50)")
    most = "requests in all (default 12)"
    p.add_argument("--max-requests", type=arguments.whole(1), default=12, metavar="N", help=most)
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Fetch, journal, and say what is there now."""
    args = build_parser().parse_args(argv)
    from helpers import paths, venv
    from helpers.read.papers import fetch_request, identifiers, index

    root = index.repository_root()
    if args.dir is None and (root or Path.cwd()).joinpath(paths.PAPERS).is_symlink():
        raise console.refused(f"{paths.PAPERS} is a link: nothing is fetched through it", "name a folder with --dir")
    folder, most = (args.dir or (root or Path.cwd()) / paths.PAPERS).resolve(), args.max_mb * 1_000_000
    ask = fetch_request.FetchRequest(args.id, folder, args.kind, most, args.max_requests, args.title)
    if Path(args.id).is_file():
        raise console.usage(f"{args.id} is a file here already", f"extract_pdf.py {shlex.quote(args.id)} --outline")
    identifiers.parse_id(ask.id)
    found = None if args.again else fetch_request.present(ask)
    fetched = found is None
    if found is None:
        venv.require("httpx", "stamina", "arxiv", "pypdfium2", "pypdf")
        from helpers.read.papers import fetch

        if root is not None and args.dir is None:
            index.exclude()
        found = fetch.fetch_paper(ask)
    index.note(root, ask.folder, found)
    document = {**found, "folder": str(ask.folder), "new": fetched}
    console.show(args, document, fetch_request.report(ask.folder, found, new=fetched))
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
