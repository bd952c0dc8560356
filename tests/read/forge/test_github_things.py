"""Forks that are truly ahead, one thing shown, tokens of gh, and names: the other half of search_github.py."""

import os

import pytest
from github_service import (
    REPO,
    SHA,
    asking,
    comment,
    commit,
    comparison,
    file,
    fork,
    issue,
    limits,
    link,
    pull,
    refusal,
    reply,
    repository,
    review,
)
from hypothesis import given
from hypothesis import strategies as st

from helpers import console
from helpers.read.forge import names as forge_names
from helpers.read.forge import query
from helpers.read.forge import token as forge_token
from helpers.read.ideas import sources

NAME = "search_github.py"
TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


@pytest.fixture
def ask(httpserver, tmp_path):
    """Run the script against the server; its stdout as JSON when --json was given."""
    env = {
        **dict.fromkeys(TOKENS, ""),
        "GITHUB_API_URL": httpserver.url_for("").rstrip("/"),
        "AUTORESEARCH_CACHE": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    return asking(env, tmp_path)


# --- forks ----------------------------------------------------------------------------------------------------------


def many_forks(httpserver, owners):
    """A repository with these forks, each ahead by a commit of its own."""
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json(
        [fork(o, pushed=f"2024-06-{n:02}T00:00:00Z") for n, o in enumerate(owners, 1)]
    )
    for n, owner in enumerate(owners, 1):
        own = commit(sha=f"{n:040x}", message=f"Change {n}", repo=f"{owner}/widget")
        httpserver.expect_request(f"/repos/{REPO}/compare/main...{owner}:main").respond_with_json(comparison(own))


def test_eleven_requests_without_a_token(httpserver, ask):
    """Of twenty forks the ten that were pushed to last are compared: one request for the list and ten more."""
    many_forks(httpserver, [f"user{n}" for n in range(20)])
    answer = ask("forks", REPO, "--json")
    assert (11, 11) == (len(httpserver.log), answer["requests"])
    compared = {r.path.rsplit("...")[1] for r, _ in httpserver.log[1:]}
    assert {f"user{n}:main" for n in range(10, 20)} == compared


def test_only_forks_truly_ahead(httpserver, ask):
    """Never pushed to, nothing of its own, and merges alone are left out.

    Source, claims, stars and age rank the rest.
    """
    forks = [
        fork("idle", pushed="2022-01-01T00:00:00Z"),
        fork("even"),
        fork("merged"),
        fork("docs"),
        fork("fast", stars=3),
        fork("plain", stars=4),
    ]
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json(forks)
    answers = {
        "even": comparison(ahead=0, files=[]),
        "merged": comparison(commit(message="Merge branch 'main' of upstream", parents=2)),
        "docs": comparison(commit(sha="d" * 40, message="Fix README", repo="docs/widget"), files=[file("README.md")]),
        "fast": comparison(
            commit(sha="e" * 40, message="Use SIMD: 2x faster", repo="fast/widget"),
            commit(sha="f" * 40, message="Tests", repo="fast/widget"),
            files=[file(), file("README.md")],
        ),
        "plain": comparison(commit(sha="a" * 40, message="Add an option", repo="plain/widget")),
    }
    for owner, body in answers.items():
        httpserver.expect_request(f"/repos/{REPO}/compare/main...{owner}:main").respond_with_json(body)
    answer = ask("forks", REPO, "--json")
    assert ["fast", "plain", "docs"] == [f["title"].split()[1].split("/")[0] for f in answer["findings"]]
    best = answer["findings"][0]
    assert f"fast/widget@{'f' * 12}" == best["id"]
    assert [f"fast/widget@{'e' * 12} Use SIMD: 2x faster", f"fast/widget@{'f' * 12} Tests"] == best["more"]
    assert ["2 ahead", "4 behind", "1 source files of 2", "3 stars"] == best["facts"]
    assert ["Use SIMD: 2x faster"] == best["claims"]
    assert "compared 5 of 5 forks" in answer["notes"][0]


def test_upstream_has_another_branch_than_its_forks(httpserver, ask):
    """The branch that most forks have is tried; where upstream has renamed its own, that is asked once."""
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json(
        [fork("a1", branch="master"), fork("b1", branch="fix/äö")]
    )
    httpserver.expect_request(f"/repos/{REPO}").respond_with_json(repository(default_branch="trunk"))
    for owner, named in (("a1", "master"), ("b1", "fix/äö")):
        httpserver.expect_request(f"/repos/{REPO}/compare/trunk...{owner}:{named}").respond_with_json(
            comparison(commit(repo=f"{owner}/widget"))
        )
        httpserver.expect_request(f"/repos/{REPO}/compare/master...{owner}:{named}").respond_with_json(
            {"message": "Not Found"}, 404
        )
    answer = ask("forks", REPO, "--json")
    assert 2 == answer["found"]
    assert 1 == sum(r.path == f"/repos/{REPO}" for r, _ in httpserver.log)


def test_forks_found_before_a_limit_are_shown(httpserver, ask):
    """The limit is met half-way: what was compared is shown, incomplete is said, and when to come back."""
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json([fork("a1"), fork("b1"), fork("c1")])
    httpserver.expect_request(f"/repos/{REPO}/compare/main...a1:main").respond_with_json(
        comparison(commit(repo="a1/widget"))
    )
    exhausted = limits(0, 60)
    httpserver.expect_request(f"/repos/{REPO}/compare/main...b1:main").respond_with_handler(
        lambda _: refusal("API rate limit exceeded", 403, **exhausted)
    )
    done = ask("forks", REPO, "--json")
    assert ("ok", True, 1) == (done["status"], done["incomplete"], done["found"])
    assert 1700 < done["retry_after"] <= 1800
    assert {"remaining": 0, "limit": 60}.items() <= done["limits"]["core"].items()


def test_one_odd_comparison_is_not_the_end(httpserver, ask):
    """A fork whose comparison is no JSON, and one that is blocked, are counted and said; the third is shown."""
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json([fork("a1"), fork("b1"), fork("c1")])
    httpserver.expect_request(f"/repos/{REPO}/compare/main...a1:main").respond_with_data("<html>")
    httpserver.expect_request(f"/repos/{REPO}/compare/main...b1:main").respond_with_json(
        {"message": "Repository access blocked"}, 451
    )
    httpserver.expect_request(f"/repos/{REPO}/compare/main...c1:main").respond_with_json(
        comparison(commit(repo="c1/widget"))
    )
    answer = ask("forks", REPO, "--json")
    assert 1 == answer["found"]
    assert "compared 1 of 3 forks that were pushed to: 1 ahead; 2 could not be compared" in answer["notes"]


def test_forks_of_nothing(httpserver, ask):
    """No forks: exit 1. No such repository: exit 2."""
    httpserver.expect_request(f"/repos/{REPO}/forks").respond_with_json([])
    httpserver.expect_request("/repos/acme/gone/forks").respond_with_json({"message": "Not Found"}, 404)
    assert "empty" == ask("forks", REPO, "--json", code=1)["status"]
    assert "404" in ask("forks", "acme/gone", code=2).stderr


# --- show -----------------------------------------------------------------------------------------------------------


def rejected(httpserver, **changes):
    """A pull request that was closed without a merge, and what was said about it."""
    base = f"/repos/{REPO}"
    httpserver.expect_request(f"{base}/pulls/12").respond_with_json(pull(**changes))
    talk = [
        comment("Nice work! On my machine it is 1.8x faster.", "bob"),
        comment("Build failed", "ci[bot]", kind="Bot"),
        comment("> quoted\nClosing: 5% slower on ARM, and too complex for us.", "eve", "OWNER", "2021-03-04T05:06:00Z"),
    ]
    last = link(httpserver.url_for("").rstrip("/"), f"{base}/issues/12/comments", following=2, last=3)
    httpserver.expect_request(f"{base}/issues/12/comments", query_string={"per_page": "100"}).respond_with_handler(
        lambda _: reply(talk[:1], **last)
    )
    httpserver.expect_request(
        f"{base}/issues/12/comments", query_string={"per_page": "100", "page": "3"}
    ).respond_with_json(talk[1:])
    httpserver.expect_request(f"{base}/pulls/12/reviews").respond_with_json(
        [review("Please split this", "CHANGES_REQUESTED"), review("", "APPROVED", "zoe")]
    )
    httpserver.expect_request(f"{base}/pulls/12/comments").respond_with_json([comment("nit", "bob")])
    httpserver.expect_request(f"{base}/pulls/12/files").respond_with_json(
        [file(), {k: v for k, v in file("data.bin").items() if k != "patch"}]
    )


def test_a_rejected_pull_request_and_why(httpserver, ask):
    """Description, reviews, claims, files.

    The reason is what the project's people said at the end, also on a later page.
    """
    rejected(httpserver)
    shown = ask("show", f"{REPO}#12", "--json")
    assert ("rejected", f"{REPO}#12", "pr") == tuple(shown["finding"][k] for k in ("state", "id", "kind"))
    assert "eve (owner) 2021-03-04: Closing: 5% slower on ARM, and too complex for us." == shown["reasons"][0]
    assert "reviews: changes requested by eve, approved by zoe" == shown["outcome"][0]
    assert any("1.8x faster" in row for row in shown["outcome"])
    assert not any("Build failed" in row for row in shown["outcome"])
    assert ["src/table.c +10 -3 modified", "data.bin +10 -3 modified"] == shown["files"]
    assert {"Make lookups 2.3x faster", "Benchmark: from 12 ms to 4 ms on the large input."} <= set(
        shown["finding"]["claims"]
    )
    assert "" == shown["diff"]


def test_a_diff_within_bounds(httpserver, ask):
    """The diff is shown fenced and cut to size; a file without a patch says so; --full shows it all."""
    rejected(httpserver, body="words " * 2_000, changed_files=900)
    httpserver.clear_all_handlers()
    rejected(httpserver, body="words " * 2_000, changed_files=900)
    done = ask("show", f"https://github.com/{REPO}/pull/12/files", "--diff")
    assert len(done.stdout) < 8_000
    assert "+fast();" in done.stdout
    assert "gives no patch of this file" in done.stdout
    assert "note: 900 files were changed; 2 are listed" in done.stdout
    assert done.stdout.rstrip().endswith("```")
    assert done.stdout.count("cut here of") == 1
    assert "cut here" not in ask("show", f"{REPO}#12", "--diff", "--full").stdout


def test_a_merged_one_an_issue_and_a_commit(httpserver, ask):
    """Also tells what was merged, takes an issue where there is no pull request, and a commit."""
    rejected(httpserver, merged="2021-03-04T05:06:07Z")
    base = f"/repos/{REPO}"
    httpserver.expect_request(f"{base}/pulls/7").respond_with_json({"message": "Not Found"}, 404)
    httpserver.expect_request(f"{base}/issues/7").respond_with_json(
        issue(7, pull=False, comments=0, state_reason="not_planned")
    )
    httpserver.expect_request(f"{base}/commits/{SHA}").respond_with_json(
        {**commit(message="Use SIMD\n\n-15% here"), "files": [file()]}
    )
    assert "· pr · merged ·" in ask("show", f"{REPO}#12").stdout
    assert f"{REPO}#7 · issue · closed, not_planned" in ask("show", f"{REPO}#7").stdout
    done = ask("show", f"{REPO}@{SHA}", "--diff").stdout
    assert f"{REPO}@{SHA[:12]} · commit" in done
    assert "claims: '-15% here'" in done


def test_what_is_not_there(httpserver, ask):
    """Neither pull request nor issue, and an unknown commit: exit 2."""
    base = f"/repos/{REPO}"
    for path in ("pulls/9", "issues/9"):
        httpserver.expect_request(f"{base}/{path}").respond_with_json({"message": "Not Found"}, 404)
    httpserver.expect_request(f"{base}/commits/{SHA}").respond_with_json(
        {"message": f"No commit found for SHA: {SHA}"}, 422
    )
    assert f"no pull request or issue {REPO}#9 (404)" in ask("show", f"{REPO}#9", code=2).stderr
    assert "No commit found" in ask("show", f"{REPO}@{SHA}", code=2).stderr


# --- tokens and servers ---------------------------------------------------------------------------------------------


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """A program gh that knows one token for github.com and one for a server of its own."""
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$GH_TOKEN$GITHUB_TOKEN" = "" ] || exit 9\ncase "$4" in github.com) echo '
        "gh-pub;; ghe.example.org) echo gh-ent;; *) exit 1;; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    for name in TOKENS:
        monkeypatch.setenv(name, "")
    return program


def test_the_order_of_tokens(gh, monkeypatch):
    """GH_TOKEN before GITHUB_TOKEN before gh; another server has its own variables and gh's own answer, never these."""
    other = "https://ghe.example.org/api/v3"

    def token(api=forge_names.PUBLIC):
        found = forge_token.find_token(api)
        return (found.source, found.value) if found else None

    assert (("gh auth token", "gh-pub"), ("gh auth token", "gh-ent"), None) == (
        token(),
        token(other),
        token("https://other.example.org/api/v3"),
    )
    monkeypatch.setenv("GITHUB_TOKEN", "two")
    assert (("$GITHUB_TOKEN", "two"), ("gh auth token", "gh-ent")) == (token(), token(other))
    monkeypatch.setenv("GH_TOKEN", "one\n")
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "three")
    assert (("$GH_TOKEN", "one"), ("$GH_ENTERPRISE_TOKEN", "three")) == (token(), token(other))
    assert ("$GH_TOKEN", "one") == token("https://api.acme.ghe.com")
    assert None is token("http://127.0.0.1:8000/x") or "three" == token("http://127.0.0.1:8000/x")[1]
    assert "one" not in repr(forge_token.find_token(forge_names.PUBLIC))


@pytest.mark.parametrize(
    "host", ["api.github.com.evil.example", "evilghe.com", "ghe.com.example", "github.com.example", "127.0.0.1"]
)
def test_hosts_that_only_look_like_github(gh, monkeypatch, host):
    """A name that merely contains GitHub's never gets its tokens."""
    monkeypatch.setenv("GH_TOKEN", "one")
    found = forge_token.find_token(f"https://{host}/api/v3")
    assert found is None or "one" != found.value


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("", forge_names.PUBLIC),
        ("github.com", forge_names.PUBLIC),
        ("https://api.github.com/", forge_names.PUBLIC),
        ("ghe.example.org", "https://ghe.example.org/api/v3"),
        ("https://ghe.example.org/api/v3/", "https://ghe.example.org/api/v3"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
    ],
)
def test_bases(said, base):
    """A bare host becomes its API's address; GitHub's own in any form is one."""
    assert base == forge_names.api_address(said)


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("a/b", "gh:a/b"),
        ("gh:a/b", "gh:a/b"),
        ("a/b#12", "a/b#12"),
        ("gh:a/b@ABCDEF1", "a/b@abcdef1"),
        ("https://github.com/a/b.git", "gh:a/b"),
        ("https://github.com/a/b/pull/3/files#diff", "a/b#3"),
        ("https://www.github.com/a/b/issues/4", "a/b#4"),
        ("a/b.js", "gh:a/b.js"),
        (f"https://github.com/a/b/commit/{SHA}", f"a/b@{SHA[:12]}"),
        ("https://github.com/a/b/tree/main/src", "gh:a/b"),
        ("git@github.com:a/b.git", "gh:a/b"),
    ],
)
def test_names(said, id_):
    """Short forms and web addresses are read, and give an id that is a source of ideas."""
    assert id_ == forge_names.parse_name(said).id
    assert id_ == sources.parse_source(id_)


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:a/b.git",
        "https://github.com/a/b",
        "ssh://git@github.com/a/b.git",
        "ssh://git@ssh.github.com:443/a/b",
        "github.com:a/b",
    ],
)
def test_remotes(url):
    """Every way to write GitHub's remotes gives the same repository."""
    name = forge_names.of_remote(url)
    assert ("a/b", "github.com") == (name.full, name.host)


@given(st.text(max_size=40) | st.from_regex(r"[a-z./#@:%-]{1,20}", fullmatch=True))
def test_names_never_leave_their_place(text):
    """Whatever is given, an accepted name holds no path of its own, and anything else is usage or refused."""
    try:
        name = forge_names.parse_name(text)
    except console.Failure as failure:
        failed = failure.code
    else:
        failed = None
        assert {".", ".."}.isdisjoint({name.owner, name.repo})
        assert set(name.full) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")
        assert 1 == name.full.count("/")
        assert not name.full.startswith("-")
    assert failed in (None, console.USAGE, console.REFUSED)


@given(st.text(alphabet='abc ORANDNOT"():-', max_size=60))
def test_questions_stay_within_the_services_bounds(words):
    """A query that passes has at most five operators and names no other repository."""
    try:
        wanted = query.checked(query.SearchRequest(words))
    except console.Failure as failure:
        assert console.USAGE == failure.code  # noqa: PT017
        return
    for question in query.issues(REPO, "pr", wanted):
        assert question.startswith(f"repo:{REPO} is:pr")
        assert 0 == question.count('"') % 2
