#!/usr/bin/env python3
"""What the session gave, from its journal alone: in the terminal, as IMPROVEMENTS.md, and for other tools."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console, printable

if TYPE_CHECKING:
    from helpers.git import Repository

EXAMPLES = """\
  render_report.py                                  # headline, cost, the best three, four questions with their facts
  render_report.py --as improvements                # kept changes by effect, near misses, dead ends, ideas left
  render_report.py --as csv --out results.csv       # for pandas; --json for everything
  render_report.py --html report.html               # chart, table, every experiment with diff, log and pairs
  render_report.py --serve                          # the same live, on this machine alone; prints its address
  render_report.py --picture progress.svg           # every experiment in time; setup.sh --deps-only --with-picture once
  render_report.py --as karpathy --out results.tsv  # also skypilot, worktree: the shapes that other tools read
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Report on the session, from the journal alone; nothing of the session changes.", EXAMPLES)
    shapes = ["summary", "improvements", "csv", "karpathy", "skypilot", "worktree"]
    p.add_argument("--as", dest="shape", choices=shapes, default="summary", help="what to print (default summary)")
    p.add_argument("--out", metavar="FILE", type=Path, help="write it there instead, whole")
    p.add_argument("--html", metavar="FILE", type=Path, help="write one page that needs no network")
    p.add_argument("--picture", metavar="FILE", type=Path, help="draw the progress, as .png or .svg (needs matplotlib)")
    p.add_argument(
        "--serve", action="store_true", help="show that page on this machine and let it grow; ends with Ctrl-C"
    )
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Report."""
    args = build_parser().parse_args(argv)
    from helpers import files, git, venv
    from helpers.record.report import faces, html, page_data, projection
    from helpers.record.session import next_steps

    repository = git.find()
    if args.serve:
        return serve(repository)
    if args.html:
        text = html.page(page_data.load(repository, next_steps.lines, detailed=True))
        files.replace(args.html, text)
        return wrote(args, args.html, f"{len(text.encode()):,} bytes, one page that needs no network")
    if args.json and not (args.out or args.picture):
        console.emit_json(faces.render(repository, projection.load(repository.root), "json"), full=args.full)
        return console.DONE
    session = projection.load(repository.root)
    if args.picture:
        from helpers.record.report import picture

        venv.require("matplotlib", extra="--with-picture")
        picture.save(session, args.picture)
        return wrote(args, args.picture, "the progress")
    if args.out:
        text = faces.render(repository, session, "json" if args.json else args.shape)
        files.replace(args.out, text)
        return wrote(args, args.out, f"{text.count(chr(10)):,} lines")
    console.emit(faces.render(repository, session, args.shape), full=args.full)
    return console.DONE


def wrote(args: argparse.Namespace, file: Path, what: str) -> int:
    """Tell of a file that was written."""
    console.show(args, {"wrote": str(file), "what": what}, f"wrote {printable.name(str(file))}: {what}")
    return console.DONE


def serve(repository: "Repository") -> int:
    """Show the live page until Ctrl-C."""
    from helpers.record.report import projection
    from helpers.record.report.serve import Server
    from helpers.record.session import next_steps

    projection.load(repository.root)
    with Server(repository, next_steps.lines) as server:
        print(server.address, flush=True)
        server.serve_forever()
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
