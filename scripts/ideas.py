#!/usr/bin/env python3
"""The queue of ideas in autoresearch.ideas.md, a file that people edit too."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers import console, git, journal, paths
from helpers.read import ideas, sources

EXAMPLES = """\
  ideas.py add "fuse the two passes over the row" --kind paper --source arXiv:2205.14135 --impact 3 --feasibility 4
  ideas.py add --from arXiv:2205.14135        # titled after the fetched paper
  ideas.py rank
  ideas.py done idea-03 --result discarded --why "the row fits into the cache"
"""


def arguments() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Add, rank, list and close ideas; lines of the person's own are never touched.", EXAMPLES)
    sub = p.add_subparsers(dest="verb", required=True, metavar="add|rank|list|done")
    add = sub.add_parser("add", help="append an idea")
    add.add_argument("text", nargs="?", help="X should improve Y because Z, in a line")
    add.add_argument(
        "--from", dest="origin", metavar="ID", help="take the title from a fetched paper (papers/index.jsonl)"
    )
    add.add_argument("--kind", choices=ideas.KINDS, default="own")
    add.add_argument(
        "--source", default="", metavar="ID", help="arXiv:ID, DOI, owner/repo#12, owner/repo@sha, URL, profile, own"
    )
    add.add_argument("--why", default="", metavar="TEXT", help="the reason for the expected impact")
    for name in ("impact", "feasibility", "novelty"):
        add.add_argument(f"--{name}", type=int, choices=ideas.SCALE, help="1 to 5")
    rank = sub.add_parser("rank", help="the open ideas, best first; the file keeps its order")
    listing = sub.add_parser("list", help="all ideas in the file's order")
    done = sub.add_parser("done", help="close an idea with its result")
    done.add_argument("idea", metavar="ID")
    done.add_argument("--result", choices=["kept", "discarded", "ruled-out"], required=True)
    done.add_argument("--why", default="", metavar="TEXT")
    for each in (add, rank, listing, done):
        each.epilog = console.EXIT_CODES
        console.add_output_options(each)
    return p


def entry(argv: list[str]) -> int:
    """Run one verb."""
    args = arguments().parse_args(argv)
    root = git.find().root
    if args.verb == "add":
        found = [add(root, args)]
    elif args.verb == "done":
        found = [ideas.close(root, args.idea, args.result, args.why)]
        journal.append(
            root, {"type": "idea", "event": "done", "id": found[0].name, "result": args.result, "why": args.why}
        )
    else:
        found = [idea for idea in ideas.read(root) if args.verb == "list" or not idea.done]
        if args.verb == "rank":
            found.sort(key=lambda idea: -idea.score())
    if args.json:
        console.emit_json(
            [{"id": i.name, "text": i.text, "done": i.done, "score": i.score(), **i.data} for i in found],
            full=args.full,
        )
    elif found:
        console.emit("\n".join(f"{i.name}  {'done' if i.done else f'{i.score():4.1f}'}  {i.text}  {' '.join(f'{k}={v}' for k, v in i.data.items())}"
                               for i in found), full=args.full)  # fmt: skip
    return console.DONE if found else console.NO


def add(root: Path, args: argparse.Namespace) -> ideas.Idea:
    """Add an idea and journal it."""
    source = sources.check(args.source or args.origin) if args.source or args.origin else ""
    text = args.text or (title(root, args.origin) if args.origin else "")
    if not text:
        raise console.usage("the idea has no text", "give one, or --from the id of a fetched paper")
    scores = {name: str(getattr(args, name) or "") for name in ("impact", "feasibility", "novelty")}
    idea, new = ideas.add(root, text, {"kind": args.kind, "source": source, **scores, "why": args.why})
    if new:
        journal.append(root, {"type": "idea", "event": "added", "id": idea.name, "text": idea.text, **idea.data})
    else:
        console.note(f"{idea.name} is in the file already")
    return idea


def title(root: Path, origin: str) -> str:
    """Return the title of a fetched paper; raises Failure (1) when it was not fetched."""
    index = root / paths.PAPERS / "index.jsonl"
    rows = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()] if index.exists() else []
    match = next(
        (
            row
            for row in rows
            if str(row.get("id", "")).lower() in (origin.lower(), origin.lower().removeprefix("arxiv:"))
        ),
        None,
    )
    if match is None:
        raise console.answer_no(f"{origin} has not been fetched", f"fetch_paper.py {origin}, or give the idea a text")
    words = "".join(c if c.isprintable() and c not in "{}" else " " for c in str(match.get("title", "")))
    return f"{' '.join(words.split())[:200]}"


if __name__ == "__main__":
    console.main(entry)
