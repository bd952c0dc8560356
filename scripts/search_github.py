#!/usr/bin/env python3
"""Search GitHub, or a git log with --local: pull requests, issues, commits, releases, forks, code, similar projects."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console
from helpers.read.forge import arguments

EXAMPLES = """\
  search_github.py prs sqlite/sqlite                       # by words of performance, with the measured claims
  search_github.py prs --state rejected "bloom filter"     # of the repository that origin is
  search_github.py prs --local                             # merged ones, from the git log, no network
  search_github.py show facebook/zstd#1234 --diff
  search_github.py show commit:4f1d2a9c --diff             # of the git log here, as commits --local names it
  search_github.py forks ggml-org/llama.cpp --limit 5      # 11 requests without a token
  search_github.py commits facebook/zstd --perf --since 2022

token: $GH_TOKEN, $GITHUB_TOKEN, gh auth token, in that order; for another server (--api, $GITHUB_API_URL)
$GH_ENTERPRISE_TOKEN, $GITHUB_ENTERPRISE_TOKEN, gh auth token --hostname.
Answers are kept for 6 hours in $AUTORESEARCH_CACHE
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("What was tried before, found by performance, ranked, quoted and never believed.", EXAMPLES)
    arguments.add(p)
    return p


def entry(argv: list[str]) -> int:
    """Ask, and print what was found and how the search came out."""
    parser = build_parser()
    args, rest = parser.parse_known_args(argv)  # argparse takes no more words after an option: people do
    if any(word.startswith("-") for word in rest):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.words += rest
    from helpers.read.forge import commands

    return commands.run(args)


if __name__ == "__main__":
    console.main(entry)
