#!/usr/bin/env python3
"""Say what is ready, what is missing, and the one command for each."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bundle  # noqa: F401 - first: it ends where Python is too old or the bundle is not whole
from helpers import console

EXAMPLES = """\
  check_environment.py          # exit 0: the local path works; 1: something it needs is missing
  check_environment.py --json
"""


def entry(argv: list[str]) -> int:
    """Print one line a thing and, where it is not ready, the command that corrects it."""
    p = console.parser("What is ready here, what is missing, and the one command for each. Changes nothing.", EXAMPLES)
    console.add_output_options(p)
    args = p.parse_args(argv)
    from helpers.checkup import machine
    from helpers.run.isolation import probe

    found = machine.findings(probe.WITHOUT, probe.missing())
    works = all(f.state != machine.MISSING for f in found)
    lines = [f"{f.state:8}  {f.name:12}  {f.detail}" + (f"\n{'':24}-> {f.command}" if f.command else "") for f in found]
    verdict = "the local path works" if works else "not yet: see what is missing above"
    document = {"local_path": works, "findings": list(map(vars, found))}
    console.show(args, document, "\n".join([*lines, verdict]))
    return console.DONE if works else console.NO


if __name__ == "__main__":
    console.main(entry)
