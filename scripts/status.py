#!/usr/bin/env python3
"""Where the session stands, in at most 40 lines."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console

if TYPE_CHECKING:
    from helpers.git import Repository

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
    from helpers import events, git, replay
    from helpers.record.session import overview

    repository = git.find()
    if args.watch is not None and not args.json:
        return follow(repository, max(0.2, args.watch))
    now = replay.fold(events.held(repository.root))
    if args.json:
        console.emit_json(overview.document(repository, now), full=args.full)
    else:
        console.emit("\n".join(overview.overview_lines(repository, now)), full=args.full)
    return console.DONE


def follow(repository: "Repository", seconds: float) -> int:
    """Show what runs until Ctrl-C: a table on a terminal, else a line for whatever is new."""
    from helpers.record.session import watch

    lines = watch.Lines(repository)
    while True:
        if sys.stdout.isatty():
            text = watch.screen(repository)
            console.clear_screen()
            print(text, flush=True)
        else:
            for line in lines.new():
                print(line, flush=True)
        time.sleep(seconds)


if __name__ == "__main__":
    console.main(entry)
