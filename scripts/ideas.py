#!/usr/bin/env python3
"""The queue of ideas in autoresearch.ideas.md, a file that people edit too."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step

if TYPE_CHECKING:
    from helpers.read.ideas import queue

KINDS = ("own", "profile", "paper", "pr", "issue", "fork", "commit", "competitor", "article", "simplification")
SCALE = range(1, 6)

EXAMPLES = """\
  ideas.py add "fuse the two passes over the row" --kind paper --source arXiv:2205.14135 --impact 3 --feasibility 4
  ideas.py add --from arXiv:2205.14135        # titled after the fetched paper
  ideas.py add --from facebook/zstd#1234      # after what search_github.py has found; also OWNER/REPO@sha, as of a fork
  ideas.py rank
  ideas.py done idea-03 --result discarded --why "the row fits into the cache"
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Add, rank, list and close ideas; lines of the person's own are never touched.", EXAMPLES)
    sub = p.add_subparsers(dest="verb", required=True, metavar="add|rank|list|done")
    add = sub.add_parser("add", help="append an idea")
    add.add_argument("text", nargs="?", type=arguments.words, help="X should improve Y because Z, in a line")
    add.add_argument(
        "--from",
        dest="origin",
        metavar="ID",
        help="take title and kind from a fetched paper, or a finding of search_github.py",
    )
    add.add_argument("--kind", metavar="|".join(KINDS), help="own, unless --from says more")
    add.add_argument(
        "--source", default="", metavar="ID", help="arXiv:ID, DOI, owner/repo#12, owner/repo@sha, URL, profile, own"
    )
    add.add_argument(
        "--why", default="", type=arguments.words, metavar="TEXT", help="the reason for the expected impact"
    )
    for name in ("impact", "feasibility", "novelty"):
        add.add_argument(f"--{name}", type=int, choices=SCALE, help="1 to 5")
    rank = sub.add_parser("rank", help="the open ideas, best first; the file keeps its order")
    listing = sub.add_parser("list", help="all ideas in the file's order")
    done = sub.add_parser("done", help="close an idea with its result")
    done.add_argument("idea", metavar="ID")
    done.add_argument("--result", choices=["kept", "discarded", "ruled-out"], required=True)
    done.add_argument("--why", default="", metavar="TEXT", type=arguments.words)
    for each in (add, rank, listing, done):
        each.epilog = console.EXIT_CODES
        console.add_output_options(each)
    return p


def entry(argv: list[str]) -> int:
    """Run one verb."""
    args = build_parser().parse_args(argv)
    from helpers import events, git
    from helpers.events import Idea
    from helpers.read.ideas import queue, worth

    root = git.find().root
    if args.verb == "add":
        found = [add(root, args)]
    elif args.verb == "done":
        found = [queue.close(root, args.idea, args.result, args.why)]
        events.append(root, Idea(what="done", id=found[0].name, result=args.result, why=args.why))
    else:
        found = queue.read_ideas(root) if args.verb == "list" else queue.waiting(root)
    rows = [idea.summary() for idea in found]
    if args.verb == "rank":
        rows = [*filter(None, [worth.told(worth.decisions(events.read_events(root)), queue.kind_of(root))]), *rows]
    console.show(args, [idea.as_dict() for idea in found], "\n".join(rows))
    if not found:
        some = "open ideas" if args.verb == "rank" else "ideas"
        console.note(
            next_step.runnable(f'no {some} yet: ideas.py add "..."  # or --from the id of a paper or a finding')
        )
    return console.DONE if found else console.NO


def add(root: Path, args: argparse.Namespace) -> "queue.Idea":
    """Add an idea and journal it."""
    from helpers import events
    from helpers.events import Idea
    from helpers.read.ideas import origin, queue, sources

    found = origin.origin_of(root, args.origin, title=not args.text) if args.origin else None
    source = sources.parse_source(args.source) if args.source else found.id if found else ""
    text = args.text or (found.title if found else "")
    if not text:
        raise console.usage("the idea has no text", "give one, or --from the id of a fetched paper or a finding")
    if args.kind and args.kind not in KINDS:
        console.note(f"note: {args.kind!r:.40} is not a kind of idea: taken as own ({', '.join(KINDS)})")
        args.kind = "own"
    kind = args.kind or (found.kind if found else sources.kind_of(source))
    why = args.why or (found.claim if found else "")
    scores = {name: str(getattr(args, name) or "") for name in ("impact", "feasibility", "novelty")}
    idea, new = queue.add(root, text, {"kind": kind, "source": source, **scores, "why": why})
    if new:
        events.append(root, Idea.of({"event": "added", "id": idea.name, "text": idea.text, **idea.data}))
    else:
        console.note(f"{idea.name} is in the file already")
    if found:
        origin.note(root, found)
    return idea


if __name__ == "__main__":
    console.main(entry)
