"""The verbs of search_github.py and the options that each of them takes."""

from __future__ import annotations

import argparse

from helpers import console

VERBS = {
    "prs": "pull requests, merged and rejected; without a QUERY by words of performance",
    "issues": "issues, in the same way",
    "commits": "commits of the default branch; without a QUERY by words of performance",
    "releases": "release notes: the lines with the QUERY, with --perf those about performance",
    "forks": "forks that are truly ahead, with the titles of their own commits",
    "show": "one pull request, issue (OWNER/REPO#123) or commit (OWNER/REPO@sha)",
    "code": "files that contain the QUERY; needs a token",
    "similar": "projects that share topics and language, QUERY narrowing them down",
}
LOCAL = ("prs", "commits", "releases", "forks", "show")


def add(p: argparse.ArgumentParser) -> None:
    """Add a parser for each verb."""
    sub = p.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
    for verb, what in VERBS.items():
        v = sub.add_parser(verb, help=what, description=what, epilog=console.EXIT_CODES, allow_abbrev=False)
        words, about = {
            "show": ("WHAT", "OWNER/REPO#123, OWNER/REPO@sha, its web address, or #123 of the remote origin"),
            "code": ("QUERY", "words; in all repositories unless --repo"),
            "forks": ("OWNER/REPO", "or its web address; default: the remote origin"),
        }.get(verb, ("OWNER/REPO QUERY", "a repository may be its web address; default: the remote origin"))
        v.add_argument("words", nargs="*", metavar=words, help=about)
        if verb not in ("show", "forks"):
            v.add_argument(
                "--repo", default="", metavar="OWNER/REPO", help="the repository, so that all words are the QUERY"
            )
        if verb == "forks":
            v.add_argument(
                "--branches",
                action="store_true",
                help="look at up to 3 other branches of each fork too (4 requests more a fork)",
            )
        if verb == "show":
            v.add_argument("--diff", action="store_true", help="show the diff too, cut to size unless --full")
        else:
            v.add_argument("--limit", type=int, default=15, metavar="N", help="findings to show, 1 to 100 (default 15)")
            v.add_argument(
                "--pages", type=int, default=1, metavar="N", help="pages of 100 to look through, 1 to 10 (default 1)"
            )
        if verb in ("prs", "issues", "commits", "releases", "forks"):
            v.add_argument("--since", type=int, default=0, metavar="YEAR", help="not older than this year")
        if verb in ("prs", "issues"):
            states = ("merged", "rejected", "open", "all") if verb == "prs" else ("open", "closed", "all")
            v.add_argument("--state", choices=states, default="all")
            v.add_argument("--label", action="append", default=[], metavar="L", help="with this label; may repeat")
            v.add_argument("--meaning", action="store_true", help="find by meaning too (needs a token)")
        if verb in ("commits", "releases"):
            v.add_argument("--perf", action="store_true", help="only what speaks of performance")
        about = "use the git log there (default: here) instead, with no network" if verb in LOCAL else argparse.SUPPRESS
        v.add_argument("--local", nargs="?", const=".", metavar="PATH", help=about)
        if verb == "similar":
            v.add_argument("--any-language", action="store_true", help="also projects in other languages")
        if verb == "code":
            v.add_argument("--language", default="", metavar="NAME", help="only files of this language")
        v.add_argument("--api", default="", metavar="BASE", help="another server: https://HOST/api/v3")
        v.add_argument(
            "--max-requests",
            type=int,
            metavar="N",
            help="requests at most (default 12, with --pages more; forks 11, with a token 32)",
        )
        v.add_argument("--no-cache", action="store_true", help="ask even when the answer is remembered")
        console.add_output_options(v)
