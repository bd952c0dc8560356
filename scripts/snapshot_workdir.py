#!/usr/bin/env python3
"""Create, seal, diff, restore, list and prune isolated copies of the user's repository."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console, next_step, printable

if TYPE_CHECKING:
    from helpers.run.copies.copies import Workdirs

EXAMPLES = """\
  snapshot_workdir.py create exp-07              # a copy of the work tree; prints its folder
  snapshot_workdir.py create exp-08 --from exp-07
  snapshot_workdir.py seal exp-07 --desc "fuse the softmax passes"
  snapshot_workdir.py diff exp-07 --stat
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Isolated copies of this repository: edit there, never in the work tree.", EXAMPLES)
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
    for each, what in ((create, "made"), (seal, "sealed"), (restore, "written"), (prune, "removed")):
        each.add_argument("--dry-run", action="store_true", help=f"say what would be {what}")
    for each in (create, seal, diff, restore, listing, prune):
        arguments.add_workdir_root(each)
        each.epilog = console.EXIT_CODES
    for each in (diff, listing):
        console.add_output_options(each)
    return p


def entry(argv: list[str]) -> int:
    """Run one verb."""
    args = build_parser().parse_args(argv)
    from helpers import git
    from helpers.run.copies.copies import Workdirs

    work = Workdirs(git.find(dry_run=getattr(args, "dry_run", False)), args.workdir_root)
    verbs = {"create": create, "seal": seal, "diff": diff, "restore": restore, "list": listing, "prune": prune}
    return verbs[args.verb](work, args)


def create(work: "Workdirs", args: argparse.Namespace) -> int:
    """Make a copy."""
    from helpers import events, replay, session_branch
    from helpers.run.copies import uncommitted
    from helpers.run.jobs import budget

    now = replay.fold(events.held(work.root))
    closed, over = (budget.closed(now), budget.spent(now, here=True)) if now else ("", None)
    if closed:
        console.note(f"note: the session is closed: {closed}; it will not be run, unless another one is begun")
    elif now and over:
        console.note(next_step.runnable(f"note: {over}: it will not be run before\n{budget.way_up(now)}"))
    name = work.next_name() if args.experiment is None else args.experiment
    source = args.source or session_branch.left(work.root)
    if source and not args.source:
        console.note(f"note: another branch is checked out; the copy is made from {source}")
    if args.dry_run:
        place, start = work.require_free(name), work.start_of(source)
        print(
            f"{name}: a copy of {source or 'the work tree'} ({start[:7]}) would be made: {printable.name(str(place))}"
        )
        return console.DONE
    exp, count = work.create(name, source)
    console.note(f"{exp.name}: {count} files")
    loose = [] if source else list(uncommitted.listing(work.root))
    loose = [each for each in loose if not each.startswith("autoresearch.")]  # the lock commits what it needs of those
    if loose:
        console.note(
            f"note: the copy holds {uncommitted.named(loose)}: a change that needs it is refused; commit it first"
        )
    print(printable.name(str(exp.path)))
    return console.DONE


def seal(work: "Workdirs", args: argparse.Namespace) -> int:
    """Seal a copy."""
    from helpers.run.copies import inventory

    sealed = work.seal(work.experiment(args.experiment), args.desc)
    same = inventory.sameness(work, sealed)
    if same:
        console.note(f"note: {same}")
    would = "would be sealed: " if args.dry_run else ""
    print(f"{would}{sealed.name} {sealed.commit[:12]} tree {sealed.tree[:12]} {sealed.description}")
    return console.DONE


def diff(work: "Workdirs", args: argparse.Namespace) -> int:
    """Print the patch."""
    patch = work.diff(work.experiment(args.experiment), *(["--stat"] if args.stat else [])).decode("utf-8", "replace")
    document = {"experiment": args.experiment, "diff": patch}
    console.show(args, document, patch or f"{args.experiment}: no change")
    return console.DONE if patch else console.NO


def restore(work: "Workdirs", args: argparse.Namespace) -> int:
    """Write the sealed content out."""
    target = args.folder.resolve()
    work.restore(work.experiment(args.experiment), target, dry_run=args.dry_run)
    print(printable.name(str(target)) + (" would be written" if args.dry_run else ""))
    return console.DONE


def listing(work: "Workdirs", args: argparse.Namespace) -> int:
    """List all experiments."""
    from helpers.run.copies import inventory

    rows = inventory.rows(work)
    lines = [f"{r['experiment']}  {r['state']:8}  {r['commit'] or '-':12}  {r['description']}" for r in rows]
    none = next_step.runnable("no experiments yet: snapshot_workdir.py create exp-01")
    console.show(args, rows, "\n".join(lines) or none)
    return console.DONE


def prune(work: "Workdirs", args: argparse.Namespace) -> int:
    """Remove copies; exit 1 when one that was named is kept."""
    from helpers.run.copies import inventory

    word, kept = "would be removed" if args.dry_run else "removed", 0
    for exp, goes in inventory.prune(work, args.experiment, force=args.force, dry_run=args.dry_run):
        if goes:
            print(f"{exp.name}: {word} ({printable.name(str(exp.path))})")
        else:
            kept += 1
            console.note(f"{exp.name}: kept, what it holds is not sealed (--force removes it anyway)")
    return console.NO if kept and args.experiment else console.DONE


if __name__ == "__main__":
    console.main(entry)
