#!/usr/bin/env python3
"""How many of the first 20 that `commits --local` shows are performance changes: this bundle beside an earlier one.

    python3 benchmarks/ranking.py --before REVISION simdjson=/path/of/clone valkey=/path numpy=/path

ranking_truth.json holds what was read by a person: gains, and what is none (a copy of one shown, tests, build flags,
features). A commit that nobody has read counts as none and is printed. `famous` are well-known ones.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = 20


def found(bundle: Path, history: str) -> list[str]:
    """Return the short hashes that a bundle shows of a clone, the best first; CPU seconds go to stderr."""
    script = bundle / "scripts" / "search_github.py"
    command = [sys.executable, script, "commits", "--local", "--limit", "100", "--json", "--full"]
    with tempfile.TemporaryDirectory() as cache:
        began = os.times()
        env = {**os.environ, "AUTORESEARCH_CACHE": cache}
        done = subprocess.run(command, cwd=history, capture_output=True, text=True, check=True, env=env)
        ended = os.times()
    spent = ended.children_user + ended.children_system - began.children_user - began.children_system
    print(f"{bundle.name} on {Path(history).name}: {spent:.1f} s of CPU", file=sys.stderr)
    return [(f["id"].rpartition("@")[2] or f["id"])[-12:] for f in json.loads(done.stdout)["findings"]]


def main() -> None:
    """Print one row a history."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, metavar="REVISION", help="of this bundle's repository")
    parser.add_argument("histories", nargs="+", metavar="NAME=CLONE")
    args = parser.parse_args()
    truth = json.loads((HERE / "ranking_truth.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        before.mkdir()
        command = ["git", "archive", args.before]
        archive = subprocess.run(command, cwd=HERE.parent, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", before], input=archive, check=True)
        print(f"{time.strftime('%Y-%m-%d')}  history    before  now   of {TOP}; famous changes: rank before -> now")
        for name, _, clone in (history.partition("=") for history in args.histories):
            known = {key: value.split() for key, value in truth[name].items()}
            lists = [found(before, clone), found(HERE.parent, clone)]
            right = [sum(sha in known["gains"] for sha in shas[:TOP]) for shas in lists]
            ranks = [[shas.index(sha) + 1 if sha in shas else "-" for shas in lists] for sha in known["famous"]]
            unread = {s for shas in lists for s in shas[:TOP]} - set(known["gains"]) - set(known["others"])
            told = ", ".join(f"{sha} {a} -> {b}" for sha, (a, b) in zip(known["famous"], ranks, strict=True))
            more = f"; unread: {sorted(unread)}" if unread else ""
            print(f"            {name:10} {right[0]:4}  {right[1]:6}   {told}{more}")


if __name__ == "__main__":
    main()
