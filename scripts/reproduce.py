#!/usr/bin/env python3
"""Evidence that travels: pack a comparison so that anybody can repeat it, or repeat one that was packed."""

import argparse
import shlex
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import arguments, console

EXAMPLES = """\
  reproduce.py --bundle exp-07                           # into .autoresearch/evidence/exp-07
  reproduce.py --bundle exp-07 --to /tmp/exp-07.tar.gz   # one archive
  reproduce.py /tmp/exp-07                               # repeat it in this clone, as its repeat.py does
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser."""
    p = console.parser("Pack the evidence of a comparison, or repeat a comparison from its evidence.", EXAMPLES)
    p.add_argument("evidence", nargs="?", type=Path, metavar="FOLDER", help="evidence to repeat in this repository")
    p.add_argument("--bundle", metavar="EXP", help="pack the last comparison of this experiment")
    p.add_argument("--to", type=Path, metavar="FOLDER|FILE.tar.gz", help="where to (with --bundle)")
    p.add_argument("--seed", metavar="TEXT", help="seed of the pairs' order when repeating (default: a new one)")
    p.add_argument("--dry-run", action="store_true", help="say what would be packed or repeated")
    arguments.add_workdir_root(p)
    console.add_output_options(p)
    return p


def entry(argv: list[str]) -> int:
    """Pack or repeat."""
    args = build_parser().parse_args(argv)
    from helpers.judge.compare import evidence_folder

    if bool(args.bundle) == bool(args.evidence):
        raise console.usage("nothing was asked for", "reproduce.py --bundle EXP\nreproduce.py FOLDER  # repeats one")
    if args.bundle:
        return pack(args)
    record = evidence_folder.load(args.evidence)
    if args.dry_run:
        print(f"would build both sides of {record.experiment} from {record.base[:12]} and compare them here")
        return console.DONE
    flags = [flag for flag, on in (("--json", args.json), ("--full", args.full)) if on]
    return evidence_folder.repeat(args.evidence, [*flags, *(["--seed", args.seed] if args.seed else [])])


def pack(args: argparse.Namespace) -> int:
    """Write the evidence folder or archive of an experiment's last comparison."""
    from helpers import git, paths, replay
    from helpers.judge.compare import evidence_folder
    from helpers.run.copies.copies import Workdirs

    work = Workdirs(git.find(dry_run=args.dry_run), args.workdir_root)
    now = replay.load(work.root)
    base, description, plan, compared = evidence_folder.evidence_of(work, now, args.bundle)
    place = args.to or paths.state_folder(work.root) / "evidence" / args.bundle
    archive = place.name.endswith((".tar.gz", ".tgz"))
    if archive and place.exists():
        raise console.usage(f"{place} exists", "name another file with --to")
    if args.dry_run:
        print(f"would pack into {place}: {evidence_folder.verdict_line(compared)}")
        return console.DONE
    with tempfile.TemporaryDirectory() as temporary:
        name = place.name.removesuffix(".tgz").removesuffix(".tar.gz")
        folder = Path(temporary) / name if archive else place
        evidence_folder.write(folder, work.root, base, description, plan, compared)
        if archive:
            with tarfile.open(place, "w:gz") as out:
                out.add(folder, arcname=name)
    said = evidence_folder.verdict_line(compared)
    how = f"python3 {shlex.quote(str(Path(name if archive else place.absolute()) / 'repeat.py'))}"
    text = f"{place}\n{args.bundle}: {said}\nto repeat it in a clone with {base[:12]}"
    text += f"{', once unpacked' if archive else ''}: {how}"
    console.show(args, {"path": str(place), "base": base, "verdict": compared.verdict}, text)
    return console.DONE


if __name__ == "__main__":
    console.main(entry)
