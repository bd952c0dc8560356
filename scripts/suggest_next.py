#!/usr/bin/env python3
"""Say from the journal whether another experiment is likely to pay, and what to build it on. It is advice."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console

EXAMPLES = """\
  suggest_next.py                    # what another experiment is expected to gain, what to build on
  suggest_next.py --price 0.1        # is that more than 0.1%, what an experiment is worth to the person?
  suggest_next.py --worth 20         # the same for a fleet: one percent is worth $20; whom to add or release
  suggest_next.py --like exp-12      # which experiments are like it; exit 1 when one is the same idea"""


def build_parser() -> argparse.ArgumentParser:
    """Describe the arguments."""
    p = console.parser("What to build on next, and whether going on pays. Advice from the journal.", EXAMPLES)
    p.add_argument(
        "--price",
        type=arguments.percentage,
        metavar="N",
        help="cost of an experiment as the gain that would be worth it: percent, or by difference",
    )
    worth = "what one percent is worth, instead of --price: an experiment costs what the workers cost while it runs"
    p.add_argument("--worth", type=arguments.amount, metavar="USD", help=worth)
    p.add_argument("--like", metavar="EXP", help="compare its diff with those of all other experiments")
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Advise, or find what is alike."""
    args = build_parser().parse_args(argv)
    from helpers import git, replay
    from helpers.judge.advice import estimates, report

    repository = git.find()
    now = replay.load(repository.root)
    if args.price is not None and not 0 < args.price < (100 if now.scale.by_ratio else float("inf")):
        raise console.usage(f"--price {args.price}: a percentage above 0 is expected", "for example --price 0.1")
    if not args.like:
        found = report.advise(repository, now, args.price, args.worth)
        console.show(args, found.as_dict(), "\n".join(found.lines()))
        return console.DONE
    rows = estimates.similar(repository, args.like)[:10]
    same = bool(rows) and rows[0][1] >= estimates.SAME
    document = {"same": same, "similar": [{"experiment": n, "cosine": round(c, 4)} for n, c in rows]}
    console.show(args, document, "\n".join(report.likeness(args.like, rows, same=same)))
    return console.NO if same else console.DONE


if __name__ == "__main__":
    console.main(entry)
