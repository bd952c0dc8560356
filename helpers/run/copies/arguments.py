"""The verbs of snapshot_workdir.py and the options that each of them takes."""

from __future__ import annotations

import argparse
from pathlib import Path

from helpers import arguments, console


def add(p: argparse.ArgumentParser) -> None:
    """Add the verbs to the parser."""
    sub = p.add_subparsers(dest="verb", required=True, metavar="create|seal|diff|restore|list|prune")
    create = sub.add_parser("create", help="make a copy and print its folder")
    create.add_argument("experiment", nargs="?", help="a name like exp-07; without one the next free name is taken")
    create.add_argument("--from", dest="source", metavar="REV|EXP", help="start from a revision or an experiment")
    seal = sub.add_parser("seal", help="record the copy's content as a commit on refs/autoresearch/EXP")
    seal.add_argument("experiment")
    seal.add_argument("--desc", type=arguments.words, metavar="TEXT", help="what it does and why, in a line")
    diff = sub.add_parser("diff", help="the patch from where it started")
    diff.add_argument("experiment")
    diff.add_argument("--stat", action="store_true", help="only the files and the number of lines")
    restore = sub.add_parser("restore", help="write the sealed content into an empty folder")
    restore.add_argument("experiment")
    restore.add_argument("folder", type=Path)
    listing = sub.add_parser("list", help="all experiments")
    prune = sub.add_parser("prune", help="remove copies whose content is sealed; what is sealed stays in git")
    prune.add_argument("experiment", nargs="*", help="all that are sealed, when none is named")
    prune.add_argument("--force", action="store_true", help="also copies with edits that are not sealed")
    prune.add_argument("--dry-run", action="store_true", help="say what would be removed")
    for each in (create, seal, diff, restore, listing, prune):
        arguments.add_workdir_root(each)
        each.formatter_class = argparse.RawDescriptionHelpFormatter
        each.epilog = console.EXIT_CODES
    for each in (diff, listing):
        console.add_output_options(each)
