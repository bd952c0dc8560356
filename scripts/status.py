#!/usr/bin/env python3
"""Where the session stands, in at most 40 lines."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console

EXAMPLES = """\
  status.py               # what a fresh agent needs to go on
  status.py --watch 5     # again every 5 seconds, for people
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("The state of the session, computed from the journal.", EXAMPLES)
    p.add_argument("--watch", nargs="?", const=2.0, type=float, metavar="SECONDS", help="show it live")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Print the state."""
    args = build_parser().parse_args(argv)
    from helpers import events, git, state
    from helpers.record.session import overview

    repository = git.find()
    while True:
        now = state.fold(events.read(repository.root))
        if args.json:
            console.emit_json(overview.document(repository, now), full=args.full)
            return console.DONE
        lines = overview.overview(repository, now)
        if args.watch is None:
            console.emit("\n".join(lines), full=args.full)
            return console.DONE
        console.clear_screen()
        print("\n".join(lines), flush=True)
        time.sleep(max(0.2, args.watch))


if __name__ == "__main__":
    console.main(entry)
