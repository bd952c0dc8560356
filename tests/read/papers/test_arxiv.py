"""arXiv: the real `arxiv` package over real sockets, through our transport."""

import json
import re

import pytest
from paper_services import ERROR_FEED, addresses, entry, feed, point, script
from werkzeug import Response

from helpers import console
from helpers.read.papers import arxiv
from helpers.read.papers.query import Question
from helpers.read.web import client

API = "/api/query"


@pytest.fixture
def here(httpserver, tmp_path, monkeypatch):
    """Point arXiv at the server."""
    return point(monkeypatch, addresses(httpserver, tmp_path))


def starts(httpserver):
    """Which pages were asked for."""
    return [int(request.args["start"]) for request, _ in httpserver.log]


def test_the_fields_we_use(httpserver, here):
    """Every field that we take of an entry arrives: the contract with arXiv's feed and with the package."""
    httpserver.expect_request(API).respond_with_data(feed(entry(doi="10.1145/ABC.1", abstract="Two\n  lines")))
    found = arxiv.search(Question("flash attention"), client.Budget(5))
    paper = found.found[0]
    assert {
        "arxiv": "2205.14135",
        "title": "FlashAttention: Fast Attention",
        "authors": ("Tri Dao", "Christopher Ré"),
        "year": 2022,
        "date": "2022-05-27",
        "doi": "10.1145/abc.1",
        "abstract": "Two lines",
        "pdf": "https://arxiv.org/pdf/2205.14135v2",
        "url": "https://arxiv.org/abs/2205.14135v2",
    } == {k: getattr(paper, k) for k in ("arxiv", "title", "authors", "year", "date", "doi", "abstract", "pdf", "url")}
    assert 1 == found.total


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question("flash attention"), "all:flash AND all:attention"),
        (Question('"hash join" simd', field="ti"), 'ti:"hash join" AND ti:simd'),
        (Question("cache-oblivious", field="abs"), 'abs:"cache-oblivious"'),
        (Question("au:knuth ANDNOT ti:tex"), "(au:knuth ANDNOT ti:tex)"),
        (Question("b(tree) x:y"), 'all:"b tree" AND all:"x y"'),
        (Question("sort", category="cs.DB"), "all:sort AND cat:cs.DB"),
        (Question("sort", years=(2018, 2026)), "all:sort AND submittedDate:[201801010000 TO 202612312359]"),
    ],
)
def test_the_question_in_arxivs_language(question, expected):
    """Words, phrases, fields, categories and years become arXiv's query."""
    assert expected == arxiv.query(question)


def test_spaces_reach_arxiv_as_spaces(httpserver, here):
    """The range of dates arrives with plain spaces, never as a literal plus."""
    httpserver.expect_request(API).respond_with_data(feed(entry()))
    arxiv.search(Question("sort", years=(2018, None)), client.Budget(5))
    assert "all:sort AND submittedDate:[201801010000 TO 210012312359]" == httpserver.log[0][0].args["search_query"]


def test_no_more_is_asked_than_wanted(httpserver, here):
    """Three papers are one request for three."""
    httpserver.expect_request(API).respond_with_data(feed(*[entry(f"2205.0000{i}v1") for i in range(3)], total=9000))
    found = arxiv.search(Question("x", limit=3), client.Budget(5))
    assert (3, 9000, "3", 1) == (
        len(found.found),
        found.total,
        httpserver.log[0][0].args["max_results"],
        len(httpserver.log),
    )


def test_a_page_empty_in_the_middle_is_asked_again(httpserver, here):
    """An empty page of a longer result is arXiv's known fault: it is asked again, and nothing is missing then."""
    pages = [f"22{i:02}.00001v1" for i in range(100)], [f"23{i:02}.00001v1" for i in range(50)]
    first, second = (feed(*map(entry, p), total=150, start=s) for p, s in zip(pages, (0, 100), strict=True))
    for body in (first, feed(total=150, start=100), second):
        httpserver.expect_ordered_request(API).respond_with_data(body)
    found = arxiv.search(Question("x", limit=150), client.Budget(9))
    assert (150, "", [0, 100, 100]) == (len(found.found), "".join(found.notes), starts(httpserver))


def test_a_page_that_stays_empty_is_said(httpserver, here):
    """What was found before the fault is given, and called incomplete."""
    first = feed(*[entry(f"22{i:02}.00001v1") for i in range(100)], total=150)
    httpserver.expect_request(API, query_string=None).respond_with_handler(
        lambda r: Response(first if r.args["start"] == "0" else feed(total=150, start=100))
    )
    found = arxiv.search(Question("x", limit=150), client.Budget(9))
    assert 100 == len(found.found)
    assert found.notes[0].startswith("incomplete: ")


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (200, "<html><body>Are you a robot?</body></html>", {}, "not a feed"),
        (200, "<?xml version='1.0'?><feed><entry><id>cut", {}, "not a feed"),
        (200, feed(total=500), {}, "left the page from 0 empty"),
        (200, "Rate exceeded.", {}, "throttling"),
        (406, "", {}, "throttling"),
        (429, "Rate exceeded.", {"Retry-After": "600"}, "throttling"),
        (503, "", {"Retry-After": "600"}, "throttling"),
        (404, "", {}, "answered 404"),
        (200, feed(entry().replace("2022-05-27T17:53:09Z", "yesterday")), {}, "cannot be read"),
        (200, feed(*[re.sub("<published>.*", "", entry())] * 2), {}, "2 of its entries cannot be read"),
    ],
)
def test_what_is_no_answer_is_never_no_results(httpserver, here, status, body, headers, expected):
    """A page for robots, a cut feed, an empty first page of many, and every limit: a failure, not an empty list."""
    httpserver.expect_request(API).respond_with_data(body, status, headers)
    with pytest.raises(console.Failure, match=expected) as failure:
        arxiv.search(Question("x"), client.Budget(9))
    assert console.OUTSIDE == failure.value.code
    assert (expected == "throttling") == isinstance(failure.value, client.SourceThrottled)
    assert len(httpserver.log) <= client.ATTEMPTS


def test_an_entry_that_cannot_be_read_is_said(httpserver, here, tmp_path):
    """The others are shown; nothing of what a feed says reaches the terminal by the package's own words."""
    odd = entry("2205.00001v1\x9b31m").replace("<published>", "<printed>").replace("</published>", "</printed>")
    httpserver.expect_request(API).respond_with_data(feed(odd, entry(), total=1))
    done = script("search_papers.py", "x", "--source", "arxiv", env=here, cwd=tmp_path)
    assert 0 == done.returncode
    assert "1 of its entries cannot be read" in done.stdout
    assert not done.stderr


def test_truly_nothing_is_empty(httpserver, here, tmp_path):
    """A feed that says 0 of 0 is an answer: nothing there, exit 1."""
    httpserver.expect_request(API).respond_with_data(feed())
    done = script("search_papers.py", "xyzzy", "--source", "arxiv", env=here, cwd=tmp_path)
    assert 1 == done.returncode
    assert "arxiv empty" in done.stdout


def test_arxivs_own_words_on_a_bad_question(httpserver, here):
    """A 400, or a feed that only says so, carries arXiv's reason, and is not retried."""
    for status in (400, 200):
        httpserver.expect_ordered_request(API).respond_with_data(ERROR_FEED, status)
        with pytest.raises(console.Failure, match="incorrect id format for abc"):
            arxiv.lookup("abc", client.Budget(9))
    assert 2 == len(httpserver.log)


def test_we_name_ourselves(httpserver, here, monkeypatch):
    """ArXiv sees a User-Agent with a contact when the person gives one, and an Accept header."""
    monkeypatch.setenv("AUTORESEARCH_CONTACT", "me@example.org")
    httpserver.expect_request(API).respond_with_data(feed(entry()))
    arxiv.search(Question("x"), client.Budget(9))
    sent = httpserver.log[0][0].headers
    assert "mailto:me@example.org" in sent["User-Agent"]
    assert "application/atom+xml" == sent["Accept"]


def test_what_was_found_becomes_an_idea_by_its_id(httpserver, here, tmp_path, repo):
    """No network is needed for it: the search has remembered the title; the journal can cite it."""
    httpserver.expect_request(API).respond_with_data(feed(entry("2205.14135v2", "Fast {attention}")))
    found = script("search_papers.py", "attention", "--source", "arxiv", env=here, cwd=tmp_path)
    assert "ideas.py add --from arXiv:2205.14135" in found.stdout
    asked = len(httpserver.log)

    added = script("ideas.py", "add", "--from", "arXiv:2205.14135", env=here, cwd=repo.root)

    assert 0 == added.returncode, added.stderr
    assert "Fast attention" in (repo.root / "autoresearch.ideas.md").read_text()
    assert asked == len(httpserver.log)


@pytest.mark.live
def test_live_arxiv(tmp_path):
    """The real arXiv finds a paper that everybody knows, and fetches its metadata by id."""
    env = {"AUTORESEARCH_CACHE": str(tmp_path)}
    done = script(
        "search_papers.py", "FlashAttention IO-awareness", "--source", "arxiv", "--json", env=env, cwd=tmp_path
    )
    assert 0 == done.returncode, done.stderr
    assert any(p["arxiv"] == "2205.14135" for p in json.loads(done.stdout)["papers"])
