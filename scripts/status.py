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
    from helpers import events, git, replay
    from helpers.record.session import overview

    repository = git.find()
    if args.watch is not None and not args.json:
        from helpers.record.session import watch

        lines, on_terminal = watch.Lines(repository), sys.stdout.isatty()
        while True:  # until Ctrl-C: a table on a terminal, else a line for whatever is new
            text = watch.screen(repository) if on_terminal else "\n".join(lines.new())
            if on_terminal:
                console.clear_screen()
            if text:
                print(text, flush=True)
            time.sleep(max(0.2, args.watch))
    now = replay.fold(events.held(repository.root))
    if args.json:
        console.emit_json(overview.document(repository, now), full=args.full)
    else:
        console.emit("\n".join(overview.overview_lines(repository, now)), full=args.full)
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
