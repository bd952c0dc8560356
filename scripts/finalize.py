#!/usr/bin/env python3
"""Turn a session's kept changes into branches that can be merged, each standing by itself. Nothing is pushed."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step

if TYPE_CHECKING:
    from helpers.record.handover.groups import Group, Handover
    from helpers.record.handover.proof import Proof

EXAMPLES = """\
  finalize.py                              # what would be made; changes no branch and no file
  finalize.py --create 1a2b3c4d5e6f        # make what the preview with this fingerprint showed
  finalize.py --squash                     # preview of one commit with all changes
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser(
        "One branch for each kept change, or group that must go together, from the merge base.", EXAMPLES
    )
    p.add_argument("--create", metavar="FINGERPRINT", help="make the branches of the preview with this fingerprint")
    p.add_argument("--squash", action="store_true", help="all changes in one commit on one branch")
    p.add_argument("--with-session-files", action="store_true", help="benchmark, checks and IMPROVEMENTS.md come along")
    p.add_argument(
        "--no-measure", action="store_true", help="build and check each branch, do not compare it with the base"
    )
    p.add_argument("--dry-run", action="store_true", help="the preview, whatever else is given")
    arguments.add_workdir_root(p)
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Preview, or prove and create."""
    args = build_parser().parse_args(argv)
    from helpers import git, replay
    from helpers.record.handover import branches, combine, groups
    from helpers.record.report import marks
    from helpers.run.copies.copies import Workdirs

    work = Workdirs(git.find(dry_run=args.dry_run or not args.create), args.workdir_root)
    now = replay.load(work.root)
    for said in marks.looks(work.root, now, marks.doubts(work.root, now)):
        console.note(f"look: {said}")
    its = groups.handover(work.root, now, work.shadow, session_files=args.with_session_files, squash=args.squash)
    if not args.create or args.dry_run:
        console.show(args, document(its, {}), preview(its, args))
        return console.DONE
    if args.create != its.fingerprint:
        raise console.refused(
            f"the preview has another fingerprint now, {its.fingerprint}: the session or the options changed",
            "finalize.py  # look again",
        )
    its, proofs = combine.proven(work, now, its, measure=not args.no_measure)
    made = branches.create(work.root, now, work.shadow, its, proofs)
    rows = [
        f"{b.name}  {b.tip[:12]}\n  {proofs[g].said}\n  text: {b.text}" for b, g in zip(made, its.groups, strict=True)
    ]
    rows.append(
        "not signed, and no hook of yours ran; both are done by: git rebase --exec "
        f"'git commit --amend --no-edit -S' {its.base[:12]} BRANCH"
    )
    rows.append("nothing was pushed: git push REMOTE BRANCH is yours to give")
    console.show(args, document(its, proofs), "\n".join(rows))
    return console.DONE if all(proof.stands for proof in proofs.values()) else console.NO


def preview(its: "Handover", args: argparse.Namespace) -> str:
    """Return what would be made."""
    count = sum(len(g.changes) for g in its.groups)
    lines = [f"from {its.base[:12]} ({its.base_name}): {count} kept change{'s' * (count != 1)}"]
    for group in its.groups:
        names = ", ".join(change.experiment for change in group.changes)
        lines += [f"{its.branch(group)}", f"  {names}: {its.title(group)}"]
        lines += [f"  changes {', '.join(sorted(group.touched)[:8])}"]
        if len(group.changes) > 1 and not args.squash:
            lines.append("  these go together: apart, one of them does not apply to the base")
    if not its.with_session_files:
        lines.append(f"left out: {', '.join(its.session_files)} (--with-session-files brings them)")
    if its.beyond:
        lines.append(f"the session's branch differs from these changes together: {', '.join(its.beyond[:8])}")
    else:
        lines.append("together they are the session's source, file by file")
    flags = "".join(f" {flag}" for flag, on in (("--squash", args.squash), ("--no-measure", args.no_measure)) if on)
    flags += " --with-session-files" if args.with_session_files else ""
    lines.append(f"next: finalize.py --create {its.fingerprint}{flags}  # builds, checks and measures each alone first")
    return next_step.runnable("\n".join(lines))


def document(its: "Handover", proofs: "dict[Group, Proof]") -> dict[str, object]:
    """Return the JSON form."""
    rows = []
    for group in its.groups:
        proof = proofs.get(group)
        row = {"branch": its.branch(group), "experiments": [c.experiment for c in group.changes]}
        rows.append({**row, **({"stands": proof.stands, "gains": proof.gains, "said": proof.said} if proof else {})})
    return {"fingerprint": its.fingerprint, "base": its.base, "tip": its.tip, "branches": rows, "beyond": its.beyond}


if __name__ == "__main__":
    console.main(entry)
