"""Papers: ids, merging, the index; and the years of a question."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paper_services import BUNDLE

from helpers import console, printable
from helpers.read import untrusted
from helpers.read.outcome import exit_code
from helpers.read.papers import index, listing, parse_id, query
from helpers.read.papers import paper as papers_paper
from helpers.read.papers.paper import Paper
from helpers.read.papers.query import Found, Question

SICI = "10.1002/(SICI)1097-024X(199609)26:9<995::AID-SPE44>3.0.CO;2-2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2205.14135", ("arxiv", "2205.14135")),
        ("arXiv:2205.14135v2", ("arxiv", "2205.14135v2")),
        ("hep-th/9901001", ("arxiv", "hep-th/9901001")),
        ("cs.DB/0112017", ("arxiv", "cs/0112017")),
        ("https://arxiv.org/pdf/2205.14135v1.pdf", ("arxiv", "2205.14135v1")),
        ("http://export.arxiv.org/abs/cs/0112017", ("arxiv", "cs/0112017")),
        ("10.48550/arXiv.2205.14135", ("arxiv", "2205.14135")),
        ("https://doi.org/10.1145/3318464.3389710", ("doi", "10.1145/3318464.3389710")),
        ("doi:10.1145/ABC", ("doi", "10.1145/abc")),
        ("https://openalex.org/W4281758439", ("openalex", "W4281758439")),
        ("s2:" + "a" * 40, ("s2", "a" * 40)),
        ("https://www.semanticscholar.org/paper/Title/" + "b" * 40, ("s2", "b" * 40)),
        ("https://www.usenix.org/system/files/x.pdf", ("url", "https://www.usenix.org/system/files/x.pdf")),
        ("https://arxiv.org.evil.example/abs/2205.14135", ("url", "https://arxiv.org.evil.example/abs/2205.14135")),
        ("arxiv.org/abs/2205.14135", ("arxiv", "2205.14135")),
        ("arXiv:2205.14135v2 [cs.LG]", ("arxiv", "2205.14135v2")),
        ("arXiv:2205.14135v2  [cs.LG]  23 Jun 2022", ("arxiv", "2205.14135v2")),
        ("arXiv:cs/0112017 [cs.DS].", ("arxiv", "cs/0112017")),
        ("[2205.14135]", ("arxiv", "2205.14135")),
        ("arXiv 2205.14135,", ("arxiv", "2205.14135")),
        ("(arXiv: 2205.14135).", ("arxiv", "2205.14135")),
        ("https://arxiv.org/abs/2205.14135v1?context=cs.LG#x", ("arxiv", "2205.14135v1")),
        ("https://huggingface.co/papers/2205.14135", ("arxiv", "2205.14135")),
        ("www.alphaxiv.org/overview/2205.14135v3", ("arxiv", "2205.14135v3")),
        ("https://ar5iv.labs.arxiv.org/html/2205.14135", ("arxiv", "2205.14135")),
        ("https://papers.cool/arxiv/2205.14135", ("arxiv", "2205.14135")),
        ("https://www.catalyzex.com/paper/arxiv:2205.14135", ("arxiv", "2205.14135")),
        (
            "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v1.full.pdf+html",
            ("doi", "10.1101/2020.01.01.123456"),
        ),
        ("doi.org/10.1145/3318464.3389710", ("doi", "10.1145/3318464.3389710")),
        ("https://doi.org/10.1145/3318464.3389710.", ("doi", "10.1145/3318464.3389710")),
        ("DOI: 10.1145/3318464.3389710.", ("doi", "10.1145/3318464.3389710")),
        ("https://doi.org/10.48550/arXiv.2205.14135", ("arxiv", "2205.14135")),
        ("https://dl.acm.org/doi/10.1145/3318464.3389710", ("doi", "10.1145/3318464.3389710")),
        ("https://dl.acm.org/doi/pdf/10.1145/3318464.3389710", ("doi", "10.1145/3318464.3389710")),
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/spe.2203?x=1", ("doi", "10.1002/spe.2203")),
        ("https://link.springer.com/content/pdf/10.1007/s00778-019-00578-5.pdf", ("doi", "10.1007/s00778-019-00578-5")),
        ("https://www.frontiersin.org/articles/10.3389/fninf.2020.1/full", ("doi", "10.3389/fninf.2020.1")),
        ("https://www.biorxiv.org/content/10.1101/2020.01.01.123456v1.full.pdf", ("doi", "10.1101/2020.01.01.123456")),
        ("https://journals.plos.org/plosone/article?id=10.1371/journal.pone.1", ("doi", "10.1371/journal.pone.1")),
        ("https://www.nature.com/articles/s41586-020-2649-2", ("doi", "10.1038/s41586-020-2649-2")),
        ("doi:10.1016/S0004-3702(01)00129-1", ("doi", "10.1016/s0004-3702(01)00129-1")),
        ("(doi:10.1016/S0004-3702(01)00129-1)", ("doi", "10.1016/s0004-3702(01)00129-1")),
        (f"<https://doi.org/{SICI}>.", ("doi", SICI.lower())),
        (f"https://doi.org/{SICI.replace('<', '%3C').replace('>', '%3E')}", ("doi", SICI.lower())),
        ("https://example.org/10.1000/x.pdf", ("url", "https://example.org/10.1000/x.pdf")),
        ("www.usenix.org/system/files/x.pdf", ("url", "https://www.usenix.org/system/files/x.pdf")),
        ("arXiv preprint arXiv:2205.14135, 2022.", ("arxiv", "2205.14135")),
        ("2205.14135v2.pdf", ("arxiv", "2205.14135v2")),
        (r"\url{https://arxiv.org/abs/2205.14135}", ("arxiv", "2205.14135")),
        (r"\cite{arXiv:2205.14135}", ("arxiv", "2205.14135")),
        ("[2205.14135] FlashAttention: Fast and Memory-Efficient Exact Attention", ("arxiv", "2205.14135")),
        ("arXiv:2205.14135 (cs)", ("arxiv", "2205.14135")),
        ("arXiv.2205.14135", ("arxiv", "2205.14135")),
        ("\u00a02205.14135\u200b", ("arxiv", "2205.14135")),
        ("T. Dao et al. FlashAttention. NeurIPS 2022. arXiv:2205.14135v2.", ("arxiv", "2205.14135v2")),
        ("doi:10.1145/3318464.3389710 (open access)", ("doi", "10.1145/3318464.3389710")),
        (
            "A. Lee, Fast Joins, SIGMOD 2020, https://doi.org/10.1145/3318464.3389710.",
            ("doi", "10.1145/3318464.3389710"),
        ),
        ("hf.co/papers/2205.14135", ("arxiv", "2205.14135")),
        ("http://xxx.lanl.gov/abs/hep-th/9901001", ("arxiv", "hep-th/9901001")),
        ("“10.1145/3318464.3389710”", ("doi", "10.1145/3318464.3389710")),
        ("https://drops.dagstuhl.de/entities/document/10.4230/LIPIcs.X.1", ("doi", "10.4230/lipics.x.1")),
        ("https://www.nature.com/articles/s41586-021-03819-2.pdf", ("doi", "10.1038/s41586-021-03819-2")),
        ("https://api.openalex.org/works/W2741809807", ("openalex", "W2741809807")),
        ("https://notarxiv.org/abs/2205.14135", ("url", "https://notarxiv.org/abs/2205.14135")),
    ],
)
def test_ids_are_recognised(text, expected):
    """Every form in which people write a paper's id leads to one kind and value."""
    assert expected == parse_id(text)


AROUND = st.text(st.sampled_from(" .,;:[](){}<>'\"\n"), max_size=5)


@given(around=AROUND, behind=AROUND.map(lambda text: text.translate(dict.fromkeys(map(ord, "[({<")))))
def test_what_was_pasted_along_does_not_count(around, behind):
    """Brackets, quotes, blanks and full stops around an id leave its meaning."""
    assert ("doi", "10.1016/s0004-3702(01)00129-1") == parse_id(f"{around}10.1016/S0004-3702(01)00129-1{behind}")
    assert ("arxiv", "2205.14135v2") == parse_id(f"{around}arXiv:2205.14135v2{behind}")


@pytest.mark.parametrize(
    "text", ["", "flash attention", "10.1145", "../../etc/passwd", "2205.1", "arXiv:2205.14135 and arXiv:1706.03762"]
)
def test_what_is_no_id_is_a_usage_error(text):
    """Anything else is refused with examples."""
    with pytest.raises(console.Failure) as failure:
        parse_id(text)
    assert console.USAGE == failure.value.code
    assert "2205.14135" in failure.value.do


def test_one_paper_of_three_sources_is_one_entry():
    """DOI, arXiv id (any version), or title and author join entries; the best of each is kept."""
    a = Paper(
        "Fast Joins",
        ("Ada Lee",),
        2020,
        venue="arXiv",
        arxiv="2001.00001",
        abstract="long abstract",
        sources=("arxiv",),
    )
    b = Paper("Fast joins.", ("A. Lee",), 2021, venue="SIGMOD", doi="10.1/x", citations=5, sources=("openalex",))
    c = Paper("Fast Joins (extended)", (), 2021, arxiv="2001.00001", doi="10.1/X", citations=9, sources=("s2",))
    other = Paper("Fast Joins", ("Bo Chen",), 2009, sources=("s2",))
    found = papers_paper.merge([[a], [c, other], [b]])
    assert 2 == len(found)
    first = found[0]
    assert ("SIGMOD", "2001.00001", 9, {"arxiv", "s2", "openalex"}) == (
        first.venue,
        first.arxiv,
        first.citations,
        set(first.sources),
    )
    assert "arXiv:2001.00001" == first.id


def test_agreement_of_sources_ranks_first():
    """A paper that two sources find comes before one that a single source ranks first."""
    x, y = Paper("X", arxiv="2001.00001"), Paper("Y", arxiv="2001.00002")
    assert ["Y", "X"] == [p.title for p in papers_paper.merge([[x, y], [y]])]


def test_why_names_the_words_that_match():
    """The reason names which words stand in the title and which in the abstract, plurals alike."""
    paper = Paper("Cache-Oblivious Joins", abstract="A funnel sort for memory hierarchies")
    assert "title: cache join; abstract: memory" == papers_paper.why(paper, "cache join memory the gpu")


def test_the_index_has_one_line_a_paper(tmp_path):
    """A paper fetched again replaces its line; a line that cannot be read is no obstacle."""
    (tmp_path / index.INDEX).write_text('{"id":"a","n":0}\nnot json\n', encoding="utf-8")
    for n in (1, 2):
        index.write(tmp_path, {"id": "a", "n": n})
    index.write(tmp_path, {"id": "b"})
    lines = (tmp_path / index.INDEX).read_text(encoding="utf-8").splitlines()
    assert [{"id": "a", "n": 2}, {"id": "b"}] == [json.loads(line) for line in lines]
    assert [index.INDEX] == [f.name for f in tmp_path.iterdir()]


def test_writers_of_the_index_do_not_lose_each_other(tmp_path):
    """Processes that add papers at the same time leave every paper's line."""
    code = f"""
import sys; sys.path.insert(0, {str(BUNDLE)!r})
from pathlib import Path
from helpers.read.papers import index
for i in range(20): index.write(Path({str(tmp_path)!r}), {{"id": sys.argv[1] + str(i)}})
"""
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abc"]
    assert [0, 0, 0] == [p.wait(60) for p in running]
    assert 60 == len({e["id"] for e in index.read_index(tmp_path)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2018-2026", (2018, 2026)), ("2018-", (2018, None)), ("-2020", (None, 2020)), ("2020", (2020, 2020))],
)
def test_years(text, expected):
    """The four ways to write years."""
    assert expected == query.parse_years(text)


@pytest.mark.parametrize("text", ["-", "2026-2018", "20-21", "last year"])
def test_bad_years(text):
    """What is no range of years is a usage error."""
    with pytest.raises(console.Failure, match="range of years"):
        query.parse_years(text)


@given(st.text())
def test_nothing_closes_the_fence(text):
    """Whatever the text, the fence's own line of ticks stands only at its beginning and its end."""
    fenced = untrusted.fence(printable.prose(text), "x").split("\n")
    ticks = fenced[-1]
    assert set(ticks) == {"`"}
    assert fenced[0] == f"{ticks}text from outside: x"
    assert not any(row.strip().startswith(ticks) for row in fenced[1:-1])


def test_a_silent_source_is_not_no_results():
    """Nothing found while a source did not answer is "not known" (3); all answered and empty is "no" (1)."""
    throttled, empty = Found(source="s2", status="throttled", retry_after=30.0), Found(source="arxiv")
    assert console.OUTSIDE == exit_code([empty, throttled], [])
    assert console.NO == exit_code([empty], [])
    shown = listing.papers_text(Question("q"), [empty, throttled], [], abstracts=False)
    assert "NOT the same as no results" in shown
    assert "s2 throttled (retry after 30 s)" in shown
