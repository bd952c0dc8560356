#!/usr/bin/env python3
"""How often the policy refuses honest patches: it judges the performance commits of real repositories.

python3 benchmarks/guard_rates.py ~/src/simdjson ~/src/attrs      # clones with their history

Of each commit that speaks of speed only the changed source files count: what an agent may not touch by name (builds,
tests, CI, dependencies) is left out, as it would have left it out. Tests that stand in the source cannot be left out:
who changed them is counted, and counted apart. So are those whose title speaks of speed, not their text alone: in a
message about a new feature "cache" is no claim to be faster. So are those of a size that one experiment has; and those
that call themselves a feature, a fix or a removal: what they add or take away is there to be asked about.
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
from dataclasses import replace
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE))

from helpers import console, git, git_objects  # noqa: E402
from helpers.judge.policy import check, evaluator_reach  # noqa: E402
from helpers.judge.policy.changes import changes_between  # noqa: E402

SMALL = 60
"""Lines that a change adds and takes away, at most, to be counted among those of an experiment's size."""
WORDS = "perf|faster|speed|optimi[sz]|simd|alloc|cache"
OTHER_WORK = (
    r"(?i)(?:\w+: )?(?:feat|fix|resolve|add|new|implement|support|introduce|remove|drop|revert|deprecate|release|bump|"
    r"update)"
)
"""How the title of a commit begins that is about something else than speed."""
SOURCE = (".c", ".cc", ".cpp", ".h", ".hpp", ".py", ".rs", ".go", ".js", ".ts", ".java", ".pyx", ".zig")


def source_changes(folder: Path, commit: str) -> list[check.Change]:
    """Return what a commit changes in source files that an agent may touch.

    Raises Failure where objects are missing.
    """
    changes = changes_between(folder, f"{commit}^^{{tree}}", f"{commit}^{{tree}}")
    chosen = [change for change in changes if change.path.endswith(SOURCE) and change.new is not None]
    named = [(c, judged([replace(c, added=[], moved=True)])) for c in chosen]  # by name and kind, whatever it says
    return [c for c, found in named if not any(f.line is None and f.level == "refuse" for f in found)]


def project_of(folder: Path, tree: str) -> evaluator_reach.Project:
    """Return what a tree holds and declares."""
    files = git.output(folder, ["ls-tree", "-r", "-z", "--name-only", tree]).split("\0")
    kept = [path for path in files if path.rsplit("/", 1)[-1] in evaluator_reach.MANIFESTS]
    texts = git_objects.blobs(folder, [f"{tree}:{path}" for path in kept])
    manifest = "\n".join((text or b"").decode("utf-8", "replace") for text in texts)
    return evaluator_reach.Project(frozenset(files), manifest)


def judged(changes: list[check.Change], project: evaluator_reach.Project | None = None) -> list[check.Violation]:
    """Return the policy's violations."""
    return check.violations(changes, scope=[], off_limits=[], allow=[], protected={}, present={}, project=project)


def judge(folder: Path, most: int, *, show: bool) -> None:
    """Judge one repository's commits and print the shares."""
    rows = git.output(
        folder, ["log", "--no-merges", "-E", "-i", f"--grep={WORDS}", f"--max-count={most}", "--format=%H %s"]
    )
    count, measured = 0, 0
    refused, reviewed = collections.Counter[bool](), collections.Counter[bool]()
    rules: collections.Counter[str] = collections.Counter()
    titled: collections.Counter[str] = collections.Counter()
    small: collections.Counter[str] = collections.Counter()
    other: collections.Counter[str] = collections.Counter()
    for commit, _, title in (row.partition(" ") for row in rows.splitlines()):
        try:
            changes = source_changes(folder, commit)
        except console.Failure:  # the first commit, or a clone without all objects
            continue
        if not changes:
            continue
        found = judged(changes, project_of(folder, f"{commit}^^{{tree}}"))
        count += 1
        asks = {f.rule for f in found} - {"remembers"}
        refusing = {f.rule for f in found if f.level == "refuse"}
        if asks:
            (refused if refusing else reviewed)[(refusing or asks) == {"tests"}] += 1
        measured += bool(found) and not asks
        ends = "refused" if refusing else "reviewed" if asks else "passed"
        if re.search(WORDS, title, re.IGNORECASE):
            titled[ends] += 1
        if re.match(OTHER_WORK, title):
            other[ends] += 1
        if sum(map(size, changes)) <= SMALL:
            small[ends] += 1
        rules.update({f"{f.level} {f.rule}" for f in found})
        for f in found if show else []:
            print(f"  {commit[:9]} {f.level} {f.rule} {f.path}:{f.line} {f.message[-90:]} | {title[:50]}")
    if count:
        print(
            f"{folder}: {count} commits; refused {share(refused, count)}, only to be reviewed "
            f"{share(reviewed, count)}, measured afresh for what they remember {measured}"
        )
        named = ("features, fixes and removals by title", other)
        for which, of in (("by title alone", titled), (f"of at most {SMALL} lines", small), named):
            said = f"refused {of['refused']}, only to be reviewed {of['reviewed']}"
            print(f"  {which} {of.total()} commits: {said}")
        print("  " + ", ".join(f"{rule} {n}" for rule, n in rules.most_common(12)))


def size(change: check.Change) -> int:
    """Return how many lines a change adds and takes away."""
    gone = collections.Counter((change.base or change.old or b"").split(b"\n"))
    return len(change.added) + (gone - collections.Counter((change.new or b"").split(b"\n"))).total()


def share(found: collections.Counter[bool], count: int) -> str:
    """Return how many of the commits, and how many of these for nothing but tests that stand in the source."""
    return f"{found.total()} ({found.total() / count:.0%}; {found[True]} for nothing but tests in the source)"


def main() -> None:
    """Judge the repositories."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("repository", nargs="+", type=Path)
    p.add_argument("--most", type=int, default=300, help="commits of a repository (default 300)")
    p.add_argument("--show", action="store_true", help="print each finding")
    args = p.parse_args()
    for folder in args.repository:
        judge(folder, args.most, show=args.show)


if __name__ == "__main__":
    main()
