"""The verbs of search_github.py and the options that each of them takes."""

import argparse

from helpers import arguments, console

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
        option = v.add_argument
        words, about = {
            "show": ("WHAT", "OWNER/REPO#123, OWNER/REPO@sha, its web address, or #123 of the remote origin"),
            "code": ("QUERY", "words; in all repositories unless --repo"),
            "forks": ("OWNER/REPO", "or its web address; default: the remote origin"),
        }.get(verb, ("OWNER/REPO QUERY", "a repository may be its web address; default: the remote origin"))
        option("words", nargs="*", metavar=words, help=about)
        if verb not in ("show", "forks"):
            option("--repo", default="", metavar="OWNER/REPO", help="the repository, so that all words are the QUERY")
        if verb == "show":
            option("--diff", action="store_true", help="show the diff too, cut to size unless --full")
        else:
            most = "findings to show, 1 to 100 (default 15)"
            option("--limit", type=arguments.whole(1, 100), default=15, metavar="N", help=most)
            most = "pages of 100 to look through, 1 to 10 (default 1; GitHub shows no more than 1,000 results)"
            option("--pages", type=arguments.whole(1, 10), default=1, metavar="N", help=most)
        if verb in ("prs", "issues", "commits", "releases", "forks"):
            option("--since", type=arguments.whole(1990, 2100), default=0, metavar="YEAR", help="not older than this")
        if verb in ("prs", "issues"):
            states = ("merged", "rejected", "open", "all") if verb == "prs" else ("open", "closed", "all")
            option("--state", choices=states, default="all")
            option("--label", action="append", default=[], metavar="L", help="with this label; may repeat")
        if verb in ("commits", "releases"):
            option("--perf", action="store_true", help="only what speaks of performance")
        about = "use the git log there (default: here) instead, with no network" if verb in LOCAL else argparse.SUPPRESS
        option("--local", nargs="?", const=".", metavar="PATH", help=about)
        if verb == "similar":
            option("--any-language", action="store_true", help="also projects in other languages")
        if verb == "code":
            option("--language", default="", metavar="NAME", help="only files of this language")
        option("--api", default="", metavar="BASE", help="another server: https://HOST/api/v3")
        option(
            "--max-requests",
            type=arguments.whole(1),
            metavar="N",
            help="requests at most (default 12, with --pages more; forks 11, with a token 32)",
        )
        option("--no-cache", action="store_true", help="ask even when the answer is remembered")
        console.add_output_options(v)
