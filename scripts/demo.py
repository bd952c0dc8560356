#!/usr/bin/env python3
"""A whole session on a throw-away repository, worked with the scripts as an agent would."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console
from helpers.demo import cases

EXAMPLES = """\
  demo.py                 # about two minutes; everything it measures, it measures here
  demo.py --case toml     # a session on a real program, fetched from its registry (examples/CASES.md)
"""


def entry(argv: list[str]) -> int:
    """Run the case; exit 0 when what was kept is what the case expects."""
    p = console.parser(__doc__ or "", EXAMPLES)
    p.add_argument(
        "--case", default="demo", metavar="NAME", help="a folder of examples/cases (default: the demonstration)"
    )
    p.add_argument("--dir", type=Path, metavar="DIR", help="where to make the repository (default: a temporary folder)")
    args = p.parse_args(argv)
    case = cases.find_case(args.case)
    missing = [tool for tool in case.data.get("needs", []) if shutil.which(tool) is None]
    if missing:
        raise console.outside(f"this case needs {', '.join(missing)}", "install them (Debian: git make gcc)")
    folder = (args.dir or Path(tempfile.mkdtemp(prefix="autoresearch-demo-"))).resolve()
    if folder.exists() and any(folder.iterdir()):
        raise console.usage(f"{folder} is not empty", "name a new folder")
    work = cases.Work(case, folder / args.case)
    began = time.monotonic()
    work.begin()
    for number, row in enumerate(case.data["experiments"], 1):
        work.experiment(f"exp-{number:02d}", row)
    kept = work.end()
    console.note(f"{time.monotonic() - began:.0f} seconds; the repository is in {work.repository}")
    print(f"kept: {', '.join(kept) or 'nothing'}")
    must, may = set(case.data["must_keep"]), set(case.data["may_keep"])
    return console.DONE if must <= set(kept) <= must | may else console.NO


if __name__ == "__main__":
    console.main(entry)
