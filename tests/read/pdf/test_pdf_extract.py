"""extract_pdf.py as its users run it: on real papers, and on files that are none."""

import json
import mmap
import os
import re
import subprocess
import sys
from pathlib import Path

import pdf_files
import pytest

from helpers.read.pdf import document

BUNDLE = Path(__file__).resolve().parents[3]
PAPERS = Path(__file__).with_name("papers")
MEGASTORE = PAPERS / "megastore-cidr11.pdf"


def extract(*args, cwd="/", code=0):
    """Run the script from a foreign directory; return the finished process."""
    done = subprocess.run(
        [sys.executable, str(BUNDLE / "scripts" / "extract_pdf.py"), *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert "Traceback" not in done.stderr
    assert code == done.returncode, done.stderr + done.stdout[:500]
    return done


def data(*args):
    """Return the JSON that the script prints."""
    return json.loads(extract(*args, "--json", "--full").stdout)


@pytest.fixture(scope="module")
def whole():
    """The whole text of a paper, as one line a paragraph."""
    return extract(MEGASTORE, "--full").stdout


@pytest.mark.parametrize(
    "sentence",
    [
        # over the end of a column, with a licence in small print and a page number between
        "A service can be built rapidly using MySQL [10] as its datastore, but scaling the service",
        "a highly available system that provides reasonable latencies for interactive applications",
        # over a column that begins with a figure of code
        "While traditional relational modeling recommends that all primary keys take surrogate values",
        "We provide fully serializable ACID semantics within fine-grained partitions of data.",
        "demands is challenging due to a number of conflicting requirements.",
    ],
)
def test_sentences_are_whole(whole, sentence):
    """A sentence goes on over lines, columns and figures; ligatures and its own hyphens are right."""
    assert sentence in whole


def test_no_running_head_and_no_control_code(whole):
    """Page numbers are gone, and nothing is left of the codes of old fonts."""
    assert [] == re.findall(r"(?m)^22[3-9]$", whole)
    assert [] == re.findall(r"[\x00-\x08\x0b-\x1f\x7f]", whole)


def test_text_is_fenced_and_bounded():
    """Without --full at most 8,000 characters come, in a fence that names the source."""
    out = extract(MEGASTORE).stdout
    assert len(out) <= 8_100
    assert out.startswith("```text from outside: megastore-cidr11.pdf")


def test_outline():
    """All fifty headings in order, with number, level and page."""
    rows = data(MEGASTORE, "--outline")["outline"]
    truth = json.loads((BUNDLE / "benchmarks" / "pdf_truth" / "megastore-cidr11.json").read_text(encoding="utf-8"))
    wanted = [re.sub(r"\W", "", h).lower() for h in truth["headings"]]
    assert wanted == [re.sub(r"\W", "", f"{r['number']}{r['title']}").lower() for r in rows]
    assert ("2.1.2", 3, 2) == next((r["number"], r["level"], r["page"]) for r in rows if r["title"] == "Enter Paxos")


@pytest.mark.parametrize("wanted", ["2.1.2", "2.1.2.", "enter paxos", "Enter", "2.1.2 Enter Paxos"])
def test_a_section_by_number_or_words(wanted):
    """A section is found by its number or title; it ends where the next begins."""
    text = data(MEGASTORE, "--section", wanted)["text"]
    assert text.startswith("#### 2.1.2 Enter Paxos")
    assert "We decided to use Paxos" in text
    assert "Partitioning and Locality" not in text


def test_an_unknown_section_names_those_there_are():
    """Exit 1, and the sections are named."""
    assert "2.1 Replication" in extract(MEGASTORE, "--section", "17", code=1).stderr


def test_pages():
    """--pages gives what stands on them; a page that is not there is wrong input."""
    text = data(MEGASTORE, "--pages", "2-2")["text"]
    assert "Enter Paxos" in text
    assert "A TOUR OF MEGASTORE" not in text
    extract(MEGASTORE, "--pages", "40", code=2)
    extract(MEGASTORE, "--pages", "5-3", code=2)
    extract(MEGASTORE, "--pages", "x", code=2)


def test_grep():
    """Sentences with page and section; context adds its neighbours; nothing found is a no."""
    found = data(MEGASTORE, "--grep", "two-pronged")
    (place,) = found["places"]
    assert (1, 2, "2 TOWARD AVAILABILITY AND SCALE") == (found["count"], place["page"], place["section"])
    assert "To do so, we have taken a two-pronged approach:" == place["text"]
    more = data(MEGASTORE, "--grep", "MUST bind", "--context", "1")["places"][0]["text"]
    assert "hardware building blocks" in more
    extract(MEGASTORE, "--grep", "no such words", code=1)


def test_a_bad_expression_and_one_that_never_ends():
    """Both are told as wrong input; the second is stopped."""
    assert "not a regular expression" in extract(MEGASTORE, "--grep", "(", code=2).stderr
    assert "backtracks" in extract(MEGASTORE, "--grep", r"(\w+\s*)+(\w+\s*)+\x00", code=2).stderr


def test_abstract_references_captions():
    """Each by itself, counted."""
    abstract = data(MEGASTORE, "--abstract")["text"]
    assert abstract.startswith("Megastore is a storage system developed")
    assert abstract.endswith("services built with Megastore.")
    references = data(MEGASTORE, "--references")
    assert 33 == references["count"] == len(references["references"])
    assert references["references"][32].startswith("[33] F. Yang, J. Shanmugasundaram, and R. Yerneni.")
    captions = data(MEGASTORE, "--captions")["captions"]
    assert [str(n) for n in range(1, 11)] == [c["number"] for c in captions]
    assert {
        "kind": "figure",
        "number": "3",
        "text": "Figure 3: Sample Schema for Photo Sharing Service",
        "page": 4,
    } == captions[2]


def test_other_papers():
    """The template of the ACM: headings in the same face, appendices after the references; the APS's: roman numbers."""
    acm = data(PAPERS / "acmart-sample-sigconf.pdf", "--outline")
    assert (38, 4) == (acm["references"], acm["captions"])
    assert ["A", "A.1", "A.2", "B"] == [r["number"] for r in acm["outline"]][-4:]
    aps = data(PAPERS / "revtex-apssamp.pdf", "--outline")
    assert (44, ["I", "A", "1", "B", "1", "2"]) == (aps["references"], [r["number"] for r in aps["outline"]][:6])


def test_hyphens():
    """Words broken at line ends are whole."""
    text = extract(PAPERS / "grobid-dehyph1.pdf", "--full").stdout
    assert [] == re.findall(r"[a-z]-\s+[a-z]", text)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.pdf", None, "no such file"),
        ("empty.pdf", b"", "not a PDF but empty"),
        ("page.pdf", b"<!DOCTYPE html><html>log in", "not a PDF but a web page"),
        ("cut.pdf", MEGASTORE.read_bytes()[:20_000], "broken PDF"),
        ("header.pdf", b"%PDF-1.7\n", "broken PDF"),
    ],
)
def test_what_is_no_pdf(tmp_path, name, content, said):
    """One clear line and exit 2."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    error = extract(file, code=2).stderr
    assert said in error
    assert len(error.strip().splitlines()) <= 2


def test_encrypted_and_scanned(tmp_path):
    """A password is asked for nobody; pictures without text are told as such."""
    assert "password" in extract(PAPERS / "sample-encrypted.pdf", code=2).stderr
    import pdf_files

    scan = tmp_path / "scan.pdf"
    scan.write_bytes(pdf_files.scanned(3))
    assert "scanned" in extract(scan, code=2).stderr


def test_a_file_without_permission_or_a_folder(tmp_path):
    """A folder is no file."""
    assert "no such file" in extract(tmp_path, code=2).stderr


def test_help_needs_nothing():
    """--help answers on the bare interpreter, in isolation from every package."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(BUNDLE / "scripts" / "extract_pdf.py"), "--help"],
        capture_output=True,
        text=True,
    )
    assert (0, True) == (done.returncode, "--references" in done.stdout)


def test_text_that_stands_sideways_is_said(tmp_path):
    """A turned table on an upright page is named with its page, in the notes and in the text; arXiv's stamp is not."""
    rows = "".join(
        f"BT /F1 10 Tf 1 0 0 1 72 {700 - 14 * n} Tm (Upright text that goes on for a while.) Tj ET " for n in range(20)
    )
    stamp = "BT /F1 10 Tf 0 1 -1 0 20 300 Tm (arXiv:2205.14135v2  [cs.LG]  23 Jun 2022) Tj ET "
    table = "BT /F1 10 Tf 0 1 -1 0 400 100 Tm (Table 1: Sideways. alpha 10.1 200) Tj ET "
    (tmp_path / "plain.pdf").write_bytes(pdf_files.one_page((rows + stamp).encode()))
    (tmp_path / "turned.pdf").write_bytes(pdf_files.one_page((rows + stamp + table).encode()))
    assert [] == document.read_pdf(tmp_path / "plain.pdf").notes
    (note,) = document.read_pdf(tmp_path / "turned.pdf").notes
    assert note.startswith("page 1: sideways text is left out")
    assert note in document.markdown(tmp_path / "turned.pdf")


def test_what_the_reading_process_had_mapped_before_is_not_the_paper_s():
    """The limit of memory is for the paper: a process that holds much itself reads it too."""
    with mmap.mmap(-1, 950_000_000):
        assert document.read_pdf(MEGASTORE).blocks
