#!/usr/bin/env python3
"""Search arXiv, Semantic Scholar and OpenAlex for papers, or follow a good one's citations both ways."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console

EXAMPLES = """\
  search_papers.py "cache-oblivious join" --category cs.DB
  search_papers.py "adaptive radix tree" --years 2013- --sort citations --limit 5 --abstracts
  search_papers.py --cites 2205.14135 quantization        # who builds on it, and says quantization
  search_papers.py --references 10.1145/3318464.3389710   # what it builds on

keys, all optional: SEMANTIC_SCHOLAR_API_KEY, OPENALEX_API_KEY; AUTORESEARCH_CONTACT=you@example.org for politeness
other servers: ARXIV_API_URL, SEMANTIC_SCHOLAR_API_URL, OPENALEX_API_URL; the cache: AUTORESEARCH_CACHE
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser(
        "Papers of several sources as one list, each once. The same question is free for a week.", EXAMPLES
    )
    p.add_argument(
        "query", nargs="*", help='words, "phrases"; arXiv also takes its own ti: abs: au: cat: AND OR ANDNOT'
    )
    p.add_argument("--source", metavar="S,S", help="of arxiv, s2 (Semantic Scholar), openalex; all unless --category")
    p.add_argument("--field", choices=("ti", "abs", "au", "all"), default="all", help="title, abstract, author or all")
    p.add_argument("--category", default="", metavar="cs.DB", help="an arXiv category; asks arXiv only")
    p.add_argument("--years", metavar="2018-2026", help="also 2018-, -2020, 2020")
    p.add_argument(
        "--sort",
        choices=("relevance", "date", "citations"),
        default="relevance",
        help="date and citations sort the 100 most relevant of each source",
    )
    some = "papers to show, 1 to 100 (default 10)"
    p.add_argument("--limit", type=arguments.whole(1, 100), default=10, metavar="N", help=some)
    p.add_argument("--abstracts", action="store_true", help="show the abstracts")
    around = p.add_mutually_exclusive_group()
    around.add_argument("--cites", default="", metavar="ID", help="papers that cite this one; QUERY picks among them")
    around.add_argument("--references", default="", metavar="ID", help="papers that this one refers to")
    most = "to all sources together (default 12)"
    p.add_argument("--max-requests", type=arguments.whole(1), default=12, metavar="N", help=most)
    p.add_argument("--no-cache", action="store_true", help="ask even when the answer is remembered")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Ask, and print what was found and what each source said."""
    args = build_parser().parse_args(argv)
    from helpers.read import outcome
    from helpers.read.forge import findings
    from helpers.read.papers import identifiers, listing, search
    from helpers.read.papers.query import Question, parse_years

    query = " ".join(args.query)
    if not query.strip() and not (args.cites or args.references):
        raise console.usage("nothing to search for", "give a QUERY, or --cites ID, or --references ID")
    for known in filter(None, (args.cites, args.references)):
        identifiers.parse_id(known)
    years = parse_years(args.years) if args.years else None
    question = Question(query, args.field, args.category, years, args.sort, args.limit, args.cites, args.references)
    outcomes, requests = search.ask(
        question, listing.sources(args.source, question), most=args.max_requests, fresh=args.no_cache
    )
    found = search.merged(question, outcomes)
    findings.remember([findings.made(paper.id, "paper", paper.title, paper.url) for paper in found])
    document = listing.document(question, outcomes, found, requests, abstracts=args.abstracts)
    console.show(args, document, listing.papers_text(question, outcomes, found, abstracts=args.abstracts))
    return outcome.exit_code(outcomes, found)


if __name__ == "__main__":
    console.main(entry)
