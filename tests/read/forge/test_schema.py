"""The contract with GitHub: every field that is used is named in one place, and a change of one is noticed."""

import contextlib
import copy
import json
from random import Random

import pytest
from github_service import (
    REPO,
    comment,
    commit,
    comparison,
    file,
    fork,
    found_commit,
    found_file,
    issue,
    pull,
    release,
    reply,
    repository,
    review,
    search,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_services import script

from helpers import console
from helpers.read.forge import api as forge_api
from helpers.read.forge import commits, forks, names, schema, show
from helpers.read.forge import search as forge_search
from helpers.read.forge.query import SearchRequest

NAME = names.parse_name(REPO)
EXAMPLES = {
    "/search/issues": search(issue(pull=False)),
    "/search/issues (pull requests)": search(issue(), issue(13, merged=None)),
    "/search/commits": search(found_commit()),
    "/search/code": search(found_file()),
    "/search/repositories": search(repository("x/one"), repository("x/two")),
    "/repos/{repo}": repository(),
    "/repos/{repo}/commits": [commit(), commit(sha="a" * 40)],
    "/repos/{repo}/commits/{sha}": {**commit(), "stats": {"total": 13}, "files": [file()]},
    "/repos/{repo}/releases": [release()],
    "/repos/{repo}/forks": [fork("bob"), fork("eve")],
    "/repos/{repo}/compare/{range}": comparison(commit(), commit(sha="b" * 40, message="Vectorize the scan")),
    "/repos/{repo}/pulls/{number}": pull(),
    "/repos/{repo}/issues/{number}": issue(7, pull=False, state_reason="completed"),
    "/repos/{repo}/issues/{number}/comments": [comment("Closing, it is 5% slower on ARM", "eve", "OWNER")],
    "/repos/{repo}/pulls/{number}/reviews": [review("Too complex for a gain of 2%", "CHANGES_REQUESTED")],
    "/repos/{repo}/pulls/{number}/comments": [comment("this allocates", "eve", "MEMBER")],
    "/repos/{repo}/pulls/{number}/files": [file(), file("logo.png", patch=None)],
}
"""One answer an endpoint, as documented."""
OPTIONAL = {("user", "type"), ("language",), ("state_reason",), ("text_matches", "fragment"), ("patch",)}


def used(httpserver, monkeypatch, tmp_path, examples):
    """Everything that the searches make of these answers, as data."""
    monkeypatch.setenv("AUTORESEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "t")
    sha = commit()["sha"]
    places = {
        "/search/commits": "/search/commits",
        "/search/code": "/search/code",
        "/search/repositories": "/search/repositories",
        f"/repos/{REPO}": "/repos/{repo}",
        f"/repos/{REPO}/commits": "/repos/{repo}/commits",
        f"/repos/{REPO}/commits/{sha}": "/repos/{repo}/commits/{sha}",
        f"/repos/{REPO}/releases": "/repos/{repo}/releases",
        f"/repos/{REPO}/forks": "/repos/{repo}/forks",
        f"/repos/{REPO}/pulls/12": "/repos/{repo}/pulls/{number}",
        f"/repos/{REPO}/issues/7": "/repos/{repo}/issues/{number}",
        f"/repos/{REPO}/issues/12/comments": "/repos/{repo}/issues/{number}/comments",
        f"/repos/{REPO}/issues/7/comments": "/repos/{repo}/issues/{number}/comments",
        f"/repos/{REPO}/pulls/12/reviews": "/repos/{repo}/pulls/{number}/reviews",
        f"/repos/{REPO}/pulls/12/comments": "/repos/{repo}/pulls/{number}/comments",
        f"/repos/{REPO}/pulls/12/files": "/repos/{repo}/pulls/{number}/files",
    }
    for path, endpoint in places.items():
        httpserver.expect_request(path).respond_with_json(examples[endpoint])
    httpserver.expect_request(f"/repos/{REPO}/pulls/7").respond_with_json({"message": "Not Found"}, 404)
    for owner in ("bob", "eve"):
        httpserver.expect_request(f"/repos/{REPO}/compare/main...{owner}:main").respond_with_json(
            examples["/repos/{repo}/compare/{range}"]
        )
    httpserver.expect_request("/search/issues").respond_with_handler(
        lambda r: reply(examples["/search/issues (pull requests)" if "is:pr" in r.args["q"] else "/search/issues"])
    )
    api = forge_api.open_api(httpserver.url_for("").rstrip("/"), 100, fresh=True)
    wanted = SearchRequest("", limit=50)

    def newest():
        outcome = commits.Outcome()
        commits.newest(api, NAME, wanted, outcome)
        return outcome

    steps = [
        lambda: forge_search.issues(api, NAME, "pr", wanted),
        lambda: forge_search.issues(api, NAME, "issue", wanted),
        newest,
        lambda: commits.search_commits(api, NAME, wanted),
        lambda: commits.releases(api, NAME, wanted),
        lambda: forks.search_forks(api, NAME, wanted),
        lambda: forge_search.code(api, None, SearchRequest("x"), ""),
        lambda: forge_search.similar(api, NAME, wanted),
        *(
            lambda tail=tail: show.show_from_service(api, names.parse_name(f"{REPO}{tail}"), diff=True)
            for tail in ("#12", "#7", f"@{sha}")
        ),
    ]
    results = []
    for step in steps:
        try:
            results.append(repr(step()))
        except console.Failure as failure:  # noqa: PERF203
            results.append(f"failed: {failure.message}")
    return results


def reduced(value, paths):
    """Only those parts of a JSON value that the paths name, and the optional ones."""
    if isinstance(value, list):
        inner = [p[1:] for p in paths if p[:1] == ["[]"]]
        return [reduced(item, inner) for item in value] if any(inner) else value
    if not isinstance(value, dict):
        return value
    heads = {p[0]: [q[1:] for q in paths if q[:1] == p[:1] and len(q) > 1] for p in paths if p}
    return {k: reduced(v, heads[k]) if heads[k] else v for k, v in value.items() if k in heads}


def split(path):
    """`items[].title` as its steps."""
    return path.replace("[]", ".[]").lstrip(".").split(".")


def optional(endpoint):
    """The optional fields, where this endpoint may have them."""
    head = ["items", "[]"] if "/search" in endpoint else ["[]"] if isinstance(EXAMPLES[endpoint], list) else []
    deeper = [[*head, "files", "[]", "patch"]] if "files" in schema.FIELDS[endpoint] else []
    return (
        [[*head, *steps] for steps in OPTIONAL if steps != ("text_matches", "fragment")]
        + [[*head, "text_matches", "[]", "fragment"]]
        + deeper
    )


def test_nothing_is_used_that_is_not_named(httpserver, monkeypatch, tmp_path):
    """Answers reduced to the named fields give the very same results as whole ones."""
    little = {e: reduced(EXAMPLES[e], [*map(split, fields), *optional(e)]) for e, fields in schema.FIELDS.items()}
    assert "node_id" not in json.dumps(little)
    whole = used(httpserver, monkeypatch, tmp_path / "a", EXAMPLES)
    httpserver.clear()
    assert not [row for row in whole if row.startswith("failed")]
    assert whole == used(httpserver, monkeypatch, tmp_path / "b", little)


ODD = [
    None,
    -1,
    10**30,
    True,
    "",
    "\ud83d",
    "a" * 3_000,
    [],
    {},
    [None],
    [[]],
    "https://github.com/../..",
    "\x1b[31m\n```",
]


def mutated(value, random):
    """The same JSON with a few values of another kind in it."""
    if random.random() < 0.02:
        return random.choice(ODD)
    if isinstance(value, dict):
        return {k: mutated(v, random) for k, v in value.items()}
    return [mutated(v, random) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(12))
def test_odd_values_in_odd_places(httpserver, monkeypatch, tmp_path, seed):
    """Values of another kind anywhere in any answer give findings without them or a failure in words, never a crash."""
    random = Random(seed)
    results = used(httpserver, monkeypatch, tmp_path, {e: mutated(v, random) for e, v in EXAMPLES.items()})
    assert 11 == len(results)


def test_every_endpoint_has_an_example():
    """Each endpoint that is asked has one documented answer here, which passes."""
    assert set(schema.FIELDS) == set(EXAMPLES)
    for endpoint, example in EXAMPLES.items():
        schema.require_fields(example, endpoint)


@pytest.mark.parametrize(
    ("endpoint", "path"), [(e, p) for e, fields in schema.FIELDS.items() for p in fields if p != "[]"]
)
def test_a_field_that_is_gone_is_noticed(endpoint, path):
    """Each named field, renamed by the service, is named: as an error, or where optional as missing."""
    value = copy.deepcopy(EXAMPLES[endpoint])
    *steps, last = split(path)
    places = [value]
    for step in steps:
        places = [inner for place in places for inner in (place if step == "[]" else [place[step]])]
    for place in places:
        if place is not None and last != "[]":
            place[f"{last}_renamed"] = place.pop(last)
    if path.endswith(schema.OPTIONAL):
        assert [path] == [said for said in schema.require_fields(value, endpoint) if said == path]
        return
    with pytest.raises(console.Failure, match="interface may have changed") as caught:
        schema.require_fields(value, endpoint)
    assert console.OUTSIDE == caught.value.code
    assert f"{endpoint} lacks `{path}`" in caught.value.message


@pytest.mark.parametrize(
    "endpoint", ["/search/issues (pull requests)", "/repos/{repo}/compare/{range}", "/repos/{repo}/forks"]
)
def test_null_where_the_service_may_say_so(endpoint):
    """A user who has left, an empty body: null is an answer."""
    value = json.loads(json.dumps(EXAMPLES[endpoint]).replace('"body": "', '"x": "'))
    for item in value.get("items", []) if isinstance(value, dict) else []:
        item["user"] = item["body"] = item["closed_at"] = None
    schema.require_fields(value, endpoint)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["items", "total_count", "files", "commit", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=JSON, endpoint=st.sampled_from(sorted(schema.FIELDS)))
@settings(max_examples=80)
def test_any_json_is_checked_without_a_crash(value, endpoint):
    """Whatever JSON comes, the check passes or says what is lacking."""
    with contextlib.suppress(console.Failure):
        schema.require_fields(value, endpoint)


LIVE = [
    ("prs", "facebook/zstd", "--state", "merged", "--limit", "3"),
    ("prs", "facebook/zstd", "huffman", "--limit", "3"),
    ("issues", "facebook/zstd", "--limit", "3"),
    ("commits", "facebook/zstd", "--perf", "--limit", "3"),
    ("releases", "facebook/zstd", "--perf", "--limit", "3"),
    ("forks", "facebook/zstd", "--limit", "3", "--max-requests", "4"),
    ("similar", "facebook/zstd", "--limit", "3"),
    ("show", "facebook/zstd#1733", "--diff"),
]


@pytest.mark.live
@pytest.mark.parametrize("args", LIVE, ids=lambda args: " ".join(args[:3]))
def test_live(tmp_path, args):
    """The real service still answers in the shapes that we use, or says that it is throttling.

    A field gone is exit 3.
    """
    done = script(
        "search_github.py", *args, "--json", "--full", env={"AUTORESEARCH_CACHE": str(tmp_path)}, cwd=tmp_path
    )
    if "no network here" in done.stdout + done.stderr:
        pytest.skip("no network here")
    answer = json.loads(done.stdout)
    if answer.get("status") not in ("throttled", "error"):
        assert 0 == done.returncode, done.stderr
        assert answer.get("findings") or answer["finding"]["title"]
    assert "interface may have changed" not in done.stderr
