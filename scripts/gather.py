#!/usr/bin/env python3
"""Ask every source for one topic and leave a page of ranked leads."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console

EXAMPLES = """\
  gather.py "hash table"                    # the log, fetched forks, release notes, comments; papers and GitHub
  gather.py utf8 OR simd --local            # what is on this machine, no network
  ideas.py add --from ID                    # takes a lead into the queue

The page stays in .autoresearch/leads.md. Every answer is kept for a while, so that asking again costs nothing.
Google Scholar has no interface for programs: Semantic Scholar and OpenAlex stand in for it.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("One topic, all sources, one page of at most 6,000 characters.", EXAMPLES)
    p.add_argument("topic", nargs="+", metavar="QUERY", help='words, "phrases", OR between alternatives')
    p.add_argument("--local", action="store_true", help="only what is on this machine")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Gather, print the page and say where it lies."""
    args = build_parser().parse_args(argv)
    from helpers import git, venv
    from helpers.read import gather
    from helpers.read.forge import query

    topic = query.checked(query.SearchRequest(" ".join(args.topic))).words
    root = git.find().root
    local = args.local or not gather.asked_web(root)
    if not local:
        venv.require("httpx", "stamina", "arxiv")
    found = gather.gather_leads(root, topic, local=local)
    text = gather.page(root, found)
    file = gather.leave(root, text)
    console.show(args, gather.document(root, found, file), f"{text}\n{file}")
    if found.leads:
        return console.DONE
    return console.OUTSIDE if found.silent else console.NO


if __name__ == "__main__":
    console.main(entry)
