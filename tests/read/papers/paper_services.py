"""The shapes in which arXiv, Semantic Scholar and OpenAlex answer, written from their documentation.

arXiv: info.arxiv.org/help/api/user-manual.html (Atom 1.0 with opensearch and arxiv elements).
Semantic Scholar: api.semanticscholar.org/api-docs/graph. OpenAlex: developers.openalex.org.
"""

import os
from pathlib import Path
from xml.sax.saxutils import escape

import warm

BUNDLE = Path(__file__).resolve().parents[3]


def entry(
    arxiv="2205.14135v2", title="FlashAttention: Fast Attention", doi="", year=2022, abstract="IO-aware softmax."
):
    """One <entry> of a feed."""
    extra = f"<arxiv:doi>{doi}</arxiv:doi>" if doi else ""
    return f"""  <entry>
    <id>http://arxiv.org/abs/{arxiv}</id>
    <title>{escape(title)}</title>
    <updated>{year}-06-23T17:53:32Z</updated>
    <link href="https://arxiv.org/abs/{arxiv}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{arxiv}" rel="related" type="application/pdf" title="pdf"/>
    <summary>{escape(abstract)}</summary>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <published>{year}-05-27T17:53:09Z</published>
    <arxiv:primary_category term="cs.LG"/>
    <author>
      <name>Tri Dao</name>
    </author>
    <author>
      <name>Christopher Ré</name>
    </author>
    {extra}
  </entry>
"""


def feed(*entries, total=None, start=0):
    """A page of results."""
    total = len(entries) if total is None else total
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/oqaUC9OB2SccftmJHZqrxySXrao</id>
  <title>arXiv Query</title>
  <updated>2026-04-12T22:09:26Z</updated>
  <opensearch:itemsPerPage>10</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{"".join(entries)}</feed>
"""


ERROR_FEED = feed(
    """  <entry>
    <id>https://arxiv.org/api/errors#incorrect_id_format_for_abc</id>
    <title>Error</title>
    <updated>2026-04-12T22:59:06Z</updated>
    <summary>incorrect id format for abc</summary>
    <author><name>arXiv api core</name></author>
  </entry>
"""
)


def s2_paper(**changes):
    """One paper of the Academic Graph."""
    paper = {
        "paperId": "87c5b281fa43e6f27191b20a8dd694eda1126336",
        "externalIds": {"DBLP": "conf/nips/DaoFERR22", "ArXiv": "2205.14135", "CorpusId": 249151871},
        "url": "https://www.semanticscholar.org/paper/87c5b281fa43e6f27191b20a8dd694eda1126336",
        "title": "FlashAttention: Fast Attention",
        "abstract": "Attention that is aware of reads and writes between levels of memory.",
        "venue": "Neural Information Processing Systems",
        "year": 2022,
        "citationCount": 4021,
        "openAccessPdf": {"url": "https://arxiv.org/pdf/2205.14135", "status": "GREEN", "license": "CCBY"},
        "publicationDate": "2022-05-27",
        "authors": [{"authorId": "24593911", "name": "Tri Dao"}, {"authorId": "2061444681", "name": "Christopher Ré"}],
    }
    return {**paper, **changes}


def s2_search(*papers):
    """/graph/v1/paper/search; without results there is no `data` at all."""
    if not papers:
        return {"total": 0, "offset": 0}
    return {"total": len(papers), "offset": 0, "data": list(papers)}


def work(**changes):
    """One work of OpenAlex."""
    found = {
        "id": "https://openalex.org/W4281758439",
        "doi": "https://doi.org/10.1145/3318464.3389710",
        "display_name": "Learned Joins in Main Memory",
        "publication_year": 2020,
        "publication_date": "2020-06-11",
        "authorships": [
            {"author_position": "first", "author": {"id": "https://openalex.org/A1", "display_name": "Ada B. Lee"}}
        ],
        "primary_location": {
            "is_oa": False,
            "landing_page_url": "https://doi.org/10.1145/3318464.3389710",
            "pdf_url": None,
            "source": {"id": "https://openalex.org/S1", "display_name": "SIGMOD", "type": "conference"},
            "license": None,
        },
        "best_oa_location": {"pdf_url": "https://example.org/joins.pdf", "license": "cc-by", "landing_page_url": None},
        "locations": [],
        "cited_by_count": 57,
        "abstract_inverted_index": {"Joins": [0, 4], "are": [1], "learned;": [2], "fast": [3]},
    }
    return {**found, **changes}


def works(*found):
    """A page of /works."""
    return {"meta": {"count": len(found), "db_response_time_ms": 9, "page": 1, "per_page": 25}, "results": list(found)}


def point(monkeypatch, env):
    """Set these variables for the test's own process, and return them."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return env


def script(name, *args, env, cwd):
    """Run one of the bundle's scripts as a user would, from a folder of theirs."""
    full = {**{k: v for k, v in os.environ.items() if "proxy" not in k.lower()}, **env}
    return warm.run([str(BUNDLE / "scripts" / name), *args], cwd, full, packages="httpx stamina arxiv")


def addresses(server, tmp_path):
    """The environment that points every service at a server on loopback, with a cache of its own."""
    base = server.url_for("").rstrip("/")
    return {
        "ARXIV_API_URL": base,
        "SEMANTIC_SCHOLAR_API_URL": base,
        "OPENALEX_API_URL": base,
        "AUTORESEARCH_CACHE": str(tmp_path / "cache"),
    }
