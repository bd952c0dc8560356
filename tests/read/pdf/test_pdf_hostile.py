"""Hostile and broken PDFs through the script: a plain line or text, never a crash; the larger run is in benchmarks/."""

import subprocess
import sys
from pathlib import Path

import pdf_files
import pytest

BUNDLE = Path(__file__).resolve().parents[3]
PAPER = Path(__file__).with_name("papers") / "sample-multicolumn.pdf"
QUICK = {
    name: content
    for name, content in pdf_files.hostile()
    if name
    in {
        "bomb in three layers",
        "arrays 100,000 deep",
        "page tree in a loop",
        "form that draws itself",
        "forms of forms, 10 to the 8th",
        "claims 100,000 pages",
        "header and noise",
        "xref that points to itself",
    }
}


def run(tmp_path, content):
    """Run the script on these bytes."""
    file = tmp_path / "case.pdf"
    file.write_bytes(content)
    command = [sys.executable, str(BUNDLE / "scripts" / "extract_pdf.py"), str(file)]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("name", sorted(QUICK))
def test_hostile_ones_end_with_one_line(tmp_path, name):
    """Text, or one line with the reason and one with what to do."""
    done = run(tmp_path, QUICK[name])
    assert done.returncode in (0, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_mutations_end_well(tmp_path, seed):
    """A paper that was cut, or had bits flipped, parts repeated or dropped."""
    done = run(tmp_path, pdf_files.mutated(PAPER.read_bytes(), seed))
    assert done.returncode in (0, 2), done.stderr
    assert "Traceback" not in done.stderr


def test_the_child_is_limited():
    """The child takes no more memory and processor time than it allows itself."""
    code = (
        f"import sys; sys.path.insert(0, {str(BUNDLE)!r})\n"
        "from helpers.read.pdf import limits; limits.limit()\n"
        "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU)[0] <= 60)\n"
        "try:\n    bytearray(1_200_000_000); print('taken')\nexcept MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ["True", "refused"] == done.stdout.split() or sys.platform == "darwin"
