#!/usr/bin/env python3
"""extract_pdf.py beside plain pypdf, pdftotext, pdftotext -layout and pypdfium2, on papers read by hand.

python3 benchmarks/pdf_quality.py --papers DIR      # DIR holds the papers that cannot be redistributed, by name or hash
python3 benchmarks/pdf_quality.py --before CHECKOUT # beside what an older state of this project made of them

For each paper of benchmarks/pdf_truth: its headings in order, ten sentences that cross the end of a line, column or
page, three captions, the number of references; of some, rows of tables: one counts when a line holds all its cells in
order, parted by two blanks or `|`. A sentence counts when the text holds it whole, blanks and quotation
marks aside. The other tools give lines, so they are scored twice: as they are, and with every `-` at a line's end
removed and their lines joined ("joined"), which is the best that can be had from them without thinking. A heading of
theirs counts when it stands on lines of its own, in order; ours must come from --outline, and a wrong one costs
(headings F1). Papers that are not there, and tools that are not installed, are named.
Of some papers the truth was made from page images before any tool's text of them was seen; they are shown apart, with
what ours scored then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BUNDLE = Path(__file__).resolve().parent.parent
SCRIPT = [sys.executable, str(BUNDLE / "scripts" / "extract_pdf.py")]
PYPDF = (
    "import sys, logging, pypdf; logging.disable(50); print('\\n'.join(p.extract_text() for p in "
    "pypdf.PdfReader(sys.argv[1]).pages))"
)
PDFIUM = (
    "import sys, pypdfium2 as p; d = p.PdfDocument(sys.argv[1]); "
    "print('\\n'.join(d[n].get_textpage().get_text_range() for n in range(len(d))))"
)
TOOLS = {
    "ours": [*SCRIPT, "{}", "--full"],
    "pypdf plain": [sys.executable, "-c", PYPDF, "{}"],
    "pdftotext": ["pdftotext", "{}", "-"],
    "pdftotext -layout": ["pdftotext", "-layout", "{}", "-"],
    "pypdfium2": [sys.executable, "-c", PDFIUM, "{}"],
}


def run(command: list[str]) -> tuple[str, float, float]:
    """Return what a command printed, the processor's seconds and the most memory it or its children took, in MB."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONUTF8": "1"}
        )
        _, _, usage = os.wait4(process.pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        out.seek(0)
        return out.read().decode("utf-8", "replace"), seconds, usage.ru_maxrss / 1024


def plain(text: str) -> str:
    """Return a text without what extractors may rightly do differently: quotation marks, dashes, ligatures, blanks."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub("[\u2018\u2019`\u00b4\u2032]", "'", re.sub("[\u201c\u201d]", '"', text))
    text = re.sub("[\u2010-\u2015\u2212\u00ad]", "-", text)
    text = re.sub(r"\s+([.,;:)\]])", r"\1", re.sub(r"([(\[])\s+", r"\1", text))
    return " ".join(text.split())


def joined(text: str) -> str:
    """Return a text with its lines joined, every hyphen at a line's end removed."""
    text = re.sub("[\ufffe\x02](\r?\n)?", "", text)  # pypdfium2's sign for a hyphen at a line's end
    return re.sub(r"(?<=\w)[-\u00ad\u2010]\r?\n", "", text)


def bare(heading: str) -> str:
    """Return a heading as letters and digits."""
    return re.sub(r"[\W_]+", "", plain(heading).lower())


def in_order(wanted: list[str], found: list[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(found) + 1)
    for a in wanted:
        last = 0
        for n, b in enumerate(found, 1):
            last, row[n] = row[n], last + 1 if a == b else max(row[n], row[n - 1])
    return row[-1]


def headings_of_lines(text: str, wanted: list[str]) -> int:
    """Return how many headings stand in order on one line or on two lines of their own."""
    rows = [bare(row) for row in text.splitlines()]
    known = set(wanted)
    found = []
    for n, row in enumerate(rows):
        pair = row + rows[n + 1] if n + 1 < len(rows) else ""
        found += [row] if row in known else [pair] if pair in known and row else []
    return in_order(wanted, found)


def rows_kept(rows: list[list[str]], text: str) -> int:
    """Return how many rows of tables stand on a line of their own, their cells parted."""
    lines = [[plain(cell) for cell in re.split(r"\s{2,}|\|", line.strip())] for line in text.splitlines()]
    return sum(any(in_order([plain(c) for c in row], line) == len(row) for line in lines) for row in rows)


def score(truth: dict[str, Any], tool: str, text: str, file: Path) -> dict[str, float]:
    """Return shares of 1 for one paper and tool."""
    wanted = [bare(h) for h in truth["headings"]]
    flat, mended = plain(text), plain(joined(text))
    result = {
        "sentences": sum(plain(s) in flat for s in truth["sentences"]) / len(truth["sentences"]),
        "sentences joined": sum(plain(s) in mended for s in truth["sentences"]) / len(truth["sentences"]),
        "captions": sum(plain(c) in mended for c in truth["captions"]) / len(truth["captions"]),
    }
    if truth.get("rows"):
        result["rows"] = rows_kept(truth["rows"], text) / len(truth["rows"])
    if tool.startswith("ours"):
        parts = {
            p: json.loads(run([*TOOLS[tool][:2], str(file), f"--{p}", "--json", "--full"])[0] or "{}")
            for p in ("outline", "captions", "references")
        }
        optional = {bare(h) for h in truth["optional"]}
        found = [
            h for r in parts["outline"].get("outline", []) if (h := bare(f"{r['number']} {r['title']}")) not in optional
        ]
        good = in_order(wanted, found)
        result["headings"] = good / len(wanted)
        result["headings F1"] = 2 * good / (len(wanted) + len(found))
        captions = [plain(c["text"]) for c in parts["captions"].get("captions", [])]
        result["captions"] = sum(plain(c) in captions for c in truth["captions"]) / len(truth["captions"])
        count = parts["references"].get("count", 0)
    else:
        result["headings"] = headings_of_lines(text, wanted) / len(wanted)
        count = len(set(re.findall(r"(?m)^\s*\[([^\]\s]{1,8})\]\s+\S", text)))
    result["references"] = 1 - min(1, abs(count - truth["references"]) / truth["references"])
    return result


def papers(folders: list[Path]) -> Iterator[tuple[dict[str, Any], Path | None]]:
    """Yield each truth and the paper it is of, found by name or by hash."""
    files = [f for folder in folders for f in sorted(folder.glob("**/*.pdf"))]
    for page in sorted((BUNDLE / "benchmarks" / "pdf_truth").glob("*.json")):
        truth = json.loads(page.read_text(encoding="utf-8"))
        named = [f for f in files if f.name == truth["name"]] or files
        hit = next((f for f in named if hashlib.sha256(f.read_bytes()).hexdigest() == truth["sha256"]), None)
        yield truth, hit


def available() -> list[str]:
    """Return the tools that are installed; name the others."""
    names = []
    for name, command in TOOLS.items():
        there = shutil.which(command[0]) is not None
        if "pypdfium2" in name:
            there = subprocess.run([sys.executable, "-c", "import pypdfium2"], capture_output=True).returncode == 0
        print(end="" if there else f"absent: {name}\n")
        names += [name] if there else []
    return names


def show_held_out(
    held: list[str],
    first: dict[str, dict[str, float]],
    rows: dict[tuple[str, str], dict[str, float]],
    names: list[str],
    keys: tuple[str, ...],
) -> None:
    """Print means of the papers whose truth was made before any tool's text was seen: ours then, all now."""
    print(f"of these, {len(held)} held out; `at first` is before anything was mended for them")
    then = {k: sum(first[u].get(k, 0.0) for u in held) / len(held) for k in keys}
    print(f"{'ours, at first':18}" + "".join(f"{then[k]:18.3f}" if k in first[held[0]] else f"{'':18}" for k in keys))
    for name in names:
        print(f"{name:18}" + "".join(f"{sum(rows[name, u][k] for u in held) / len(held):18.3f}" for k in keys))


def main() -> None:
    """Score all, print a table of means and one of papers."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "--papers", type=Path, action="append", default=[], help="folder with more papers; may be given again"
    )
    p.add_argument("--before", type=Path, help="an older checkout of this project, to stand beside")
    p.add_argument("--show", action="store_true", help="name what ours missed")
    args = p.parse_args()
    if args.before:
        TOOLS["ours before"] = [
            sys.executable,
            str(args.before.resolve() / "scripts" / "extract_pdf.py"),
            "{}",
            "--full",
        ]
    names, pages = available(), 0
    rows: dict[tuple[str, str], dict[str, float]] = {}
    cost: dict[str, list[tuple[float, float, int]]] = {}
    first: dict[str, dict[str, float]] = {}
    for truth, file in papers([BUNDLE / "tests" / "read" / "pdf" / "papers", *args.papers]):
        if file is None:
            print(f"absent: {truth['name']}")
            continue
        count = int(json.loads(run([*SCRIPT, str(file), "--captions", "--json", "--full"])[0] or "{}").get("pages", 1))
        pages += count
        first |= {truth["name"]: truth["first"]} if "first" in truth else {}
        for name in names:
            text, seconds, peak = run([part.format(file) if part == "{}" else part for part in TOOLS[name]])
            rows[name, truth["name"]] = score(truth, name, text, file)
            cost.setdefault(name, []).append((seconds, peak, count))
            if args.show and name == "ours":
                print(
                    *(f"  {truth['name'][:24]} missed: {s}" for s in truth["sentences"] if plain(s) not in plain(text)),
                    sep="\n",
                )
    used = sorted({paper for _, paper in rows})
    held = [paper for paper in used if paper in first]
    if not used:
        sys.exit("no paper of the truth is here: give --papers DIR")
    keys = ("sentences", "sentences joined", "headings", "captions", "references")
    print(
        f"{len(used)} papers, {pages} pages; shares of 1\n{'tool':18}"
        + "".join(f"{k:>18}" for k in keys)
        + f"{'rows':>8}{'CPU s/page':>12}{'peak MB':>9}{'MB/page':>9}"
    )
    for name in names:
        means = [sum(rows[name, u][k] for u in used) / len(used) for k in keys]
        seconds = sum(s for s, _, _ in cost[name]) / pages
        peak, each = max(m for _, m, _ in cost[name]), sum(m / n for _, m, n in cost[name]) / len(used)
        tabled = [rows[name, u]["rows"] for u in used if "rows" in rows[name, u]]
        print(
            f"{name:18}"
            + "".join(f"{m:18.3f}" for m in means)
            + f"{sum(tabled) / max(1, len(tabled)):8.3f}{seconds:12.3f}{peak:9.0f}{each:9.1f}"
        )
    for name in [name for name in names if name.startswith("ours")]:
        mean = sum(rows[name, u]["headings F1"] for u in used) / len(used)
        print(f"{name}, headings F1 (a wrong one costs): {mean:.3f}")
    if held:
        show_held_out(held, first, rows, names, keys)
    for paper in used:
        print(
            f"{paper[:40]:42}" + " | ".join(f"{n} " + "/".join(f"{rows[n, paper][k]:.2f}" for k in keys) for n in names)
        )


if __name__ == "__main__":
    main()
