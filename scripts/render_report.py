#!/usr/bin/env python3
"""What the session gave, from its journal alone: in the terminal, as IMPROVEMENTS.md, and for other tools."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console

EXAMPLES = """\
  render_report.py                                  # headline, cost, the best three, four questions with their facts
  render_report.py --as improvements                # kept changes by effect, near misses, dead ends, ideas left
  render_report.py --as csv --out results.csv       # for pandas; --json for everything
  render_report.py --as karpathy --out results.tsv  # also skypilot, worktree: the shapes that other tools read
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Report on the session, from the journal alone; nothing of the session changes.", EXAMPLES)
    shapes = ["summary", "improvements", "csv", "karpathy", "skypilot", "worktree"]
    p.add_argument("--as", dest="shape", choices=shapes, default="summary", help="what to print (default summary)")
    p.add_argument("--out", metavar="FILE", type=Path, help="write it there instead, whole")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Report."""
    args = build_parser().parse_args(argv)
    from helpers import files, git, printable
    from helpers.record.report import faces, projection

    repository = git.find()
    session = projection.load(repository.root)
    if args.out:
        text = faces.render(repository, session, "json" if args.json else args.shape)
        files.replace(args.out, text)
        print(f"wrote {printable.name(str(args.out))}: {text.count(chr(10)):,} lines")
    elif args.json:
        console.emit_json(faces.document(session), full=args.full)
    else:
        console.emit(faces.render(repository, session, args.shape), full=args.full)
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
