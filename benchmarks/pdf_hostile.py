#!/usr/bin/env python3
"""Hostile and broken PDFs through the script: each must end with text or one plain line, in bounded time and memory.

python3 benchmarks/pdf_hostile.py --corpus DIR --count 300

What is made here: bombs, nests, loops, false claims (tests/read/pdf/pdf_files.py), and mutations of the papers in
tests/read/pdf/papers, each by its seed. What is not here: --corpus takes folders of odd PDFs, as the source packages of
other projects hold them; where to get some, all redistributable as source:

    pip download --no-deps --no-binary :all: pypdf pikepdf pypdfium2
    apt-get source --download-only qpdf pdf.js

A crash is a traceback, a signal, an exit code other than 0 to 3, or more than two lines of error.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BUNDLE / "tests" / "read" / "pdf"))
import pdf_files  # noqa: E402

SCRIPT = [sys.executable, str(BUNDLE / "scripts" / "extract_pdf.py")]


def cases(corpus: list[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield `count` cases: those made by hand, then half mutations and half of the corpus (chosen by the seed)."""
    made = list(pdf_files.hostile())
    yield from made[:count]
    left = max(0, count - len(made))
    found = {
        p.resolve()
        for folder in corpus
        for p in folder.glob("**/*.pdf")
        if p.is_file() and p.stat().st_size < 60_000_000
    }
    odd = random.Random(seed).sample(sorted(found), min(len(found), left - left // 3 if found else 0))
    for file in odd:
        yield f"{file.parent.name}/{file.name}", file.read_bytes()
    papers = sorted((BUNDLE / "tests" / "read" / "pdf" / "papers").glob("*.pdf"))
    for n in range(left - len(odd)):
        paper = papers[n % len(papers)]
        yield f"{paper.name}, mutation {seed + n}", pdf_files.mutated(paper.read_bytes(), seed + n)


def run(file: Path) -> tuple[int, str, str, float, float]:
    """Return exit code, output, errors, seconds and the most memory of the script or its child, in MB."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([*SCRIPT, str(file)], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return (
            code,
            out.read().decode("utf-8", "replace"),
            err.read().decode("utf-8", "replace"),
            seconds,
            usage.ru_maxrss / 1024,
        )


def crashed(code: int, errors: str) -> bool:
    """Say whether that is no proper end."""
    return (
        code not in (0, 1, 2, 3)
        or "Traceback" in errors
        or "internal error" in errors
        or len(errors.strip().splitlines()) > 5
    )


def main() -> None:
    """Run all cases, print one line each and the sums."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=Path, action="append", default=[], help="a folder of PDFs; may be given again")
    p.add_argument("--count", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--quiet", action="store_true", help="only the sums and what went wrong")
    args = p.parse_args()
    ends: collections.Counter[str] = collections.Counter()
    bad: list[str] = []
    slowest, largest = (0.0, ""), (0.0, "")
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "case.pdf"
        for name, content in cases(args.corpus, args.count, args.seed):
            file.write_bytes(content)
            code, out, errors, seconds, peak = run(file)
            total += 1
            lines = (errors.strip() or f"text, {len(out)} characters").splitlines()
            reason = next((row for row in lines if row.startswith("error")), lines[0])
            wrong = crashed(code, errors) or seconds > 30 or peak > 1000
            kind = reason.replace("error: case.pdf: ", "").split(":")[1 if "broken PDF:" in reason else 0].strip()
            ends[re.sub(r"[;\d].*", "", kind)[:40] if code else "text"] += 1
            slowest, largest = max(slowest, (seconds, name)), max(largest, (peak, name))
            row = f"{code} {seconds:5.1f} s {peak:5.0f} MB  {name[:60]}: {reason[:120]}"
            if wrong:
                bad.append(row)
            if not args.quiet:
                print(row, flush=True)
    print(
        f"\n{total} files: {sum('Traceback' in b or not b[0].isdigit() or b[0] > '3' for b in bad)} crashes, "
        f"{len(bad)} out of bounds or crashed in all; slowest {slowest[0]:.1f} s ({slowest[1]}), "
        f"largest {largest[0]:.0f} MB ({largest[1]})"
    )
    print(*(f"  {n:4} {end}" for end, n in ends.most_common()), sep="\n")
    print(*bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
