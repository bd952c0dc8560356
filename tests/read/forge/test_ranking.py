"""What a search of the log puts first: the QUERY counts, each change stands once with what became of it."""

import json

import pytest

from helpers.read.forge import claims, history, matching

NAME = "search_github"


def hits(repo, *args, verb="commits"):
    """The findings, best first."""
    done = repo.script(
        NAME, verb, *args, "--local", "--json", "--full", code=None, AUTORESEARCH_CACHE=str(repo.root / "../cache")
    )
    return json.loads(done.stdout)["findings"]


def titles(found):
    """Their titles."""
    return [f["title"] for f in found]


@pytest.fixture
def branches(repo):
    """A history with a release branch: backports, reverts, a second attempt, and what only looks like performance."""
    fast = repo.commit("Scan with SIMD, 3x faster (#10)\n\nfrom 12 ms to 4 ms")
    repo.git("branch", "release")
    repo.commit("Precompute the hash table (#11)")
    undone = repo.git("rev-parse", "HEAD")
    repo.commit(f'Revert "Precompute the hash table (#11)"\n\nThis reverts commit {undone}.\n\nIt is 5% slower on ARM.')
    repo.commit("Faster parsing of numbers (#13)")
    number = repo.git("rev-parse", "HEAD")
    repo.commit(f'Revert "Faster parsing of numbers (#13)"\n\nThis reverts commit {number}.')
    repo.commit('Reapply "Faster parsing of numbers (#13)"')
    for other in (
        "Fix a memory leak in the reader",
        "Handle allocation failure in grow()",
        "Improve perfomance of the writer",
        "Check bounds in the loop, 5% slower",
        "DOC: speed of the parser",
        "Speed up the tests",
        "Use a faster lock\n\nMeasured: 3% faster\nExperiment: exp-03 (refs/autoresearch/exp-03)",
        "autoresearch: benchmark and checks, locked, faster",
    ):
        repo.commit(other)
    repo.git("checkout", "-q", "release")
    repo.commit("On the branch")
    repo.git("cherry-pick", "--allow-empty", "-x", fast)
    repo.commit("[Backport 1.x] Precompute the hash table (#11) (#40)")
    repo.git("checkout", "-q", "main")
    return repo


def test_a_change_stands_once_with_what_became_of_it(branches):
    """Copies are told with their change, a revert with what it reverts; one that came back is no longer reverted."""
    found = {f["title"]: f for f in hits(branches, "--limit", "50")}
    scan = found["Scan with SIMD, 3x faster (#10)"]
    assert any(fact.startswith("also as ") for fact in scan["facts"])
    assert 1 == sum("Scan with SIMD" in title for title in found)
    assert "" == found["Faster parsing of numbers (#13)"]["state"]
    assert ["reverted", "applied again"] == [
        row.split(" by ")[0] for row in found["Faster parsing of numbers (#13)"]["more"]
    ]
    (table,) = hits(branches, "hash table")
    assert ("Precompute the hash table (#11)", "reverted") == (table["title"], table["state"])
    assert table["more"][0].endswith("It is 5% slower on ARM.")
    assert any(fact.startswith("also as ") for fact in table["facts"])


def test_losses_leaks_and_our_own_are_no_gains(branches):
    """Slower is marked and last; leaks, failed allocations and our own commits are not there; tests weigh little."""
    found = hits(branches, "--limit", "50")
    said = titles(found)
    assert "slower" == next(f["state"] for f in found if "Check bounds" in f["title"])
    assert "Check bounds in the loop, 5% slower" == said[-1]
    assert not {"Fix a memory leak in the reader", "Handle allocation failure in grow()", "Use a faster lock"} & set(
        said
    )
    assert not [title for title in said if "locked" in title]
    writer = said.index("Improve perfomance of the writer")
    assert writer < min(map(said.index, ("DOC: speed of the parser", "Speed up the tests")))


def test_the_query_counts(repo):
    """Titles before bodies, near words before far ones, hyphens and one wrong letter do not count, NOT and OR do."""
    for message in (
        "Decode UTF-8 by table",
        "Rework\n\nthe utf8 decoder is now faster, 4x, 5x faster",
        "Hash of the long table of contents",
        "Keep the hash table small",
        "Table\n\nhash",
        "Lock-free queue",
        "Vectorise the checksum",
        "Perfomance of the checksum",
        "Fast path for small keys",
    ):
        repo.commit(message)
    assert ["Decode UTF-8 by table", "Rework"] == titles(hits(repo, "utf8"))
    assert titles(hits(repo, "utf8")) == titles(hits(repo, "UTF-8"))
    near = ["Keep the hash table small", "Hash of the long table of contents", "Table"]
    assert near == titles(hits(repo, "hash table"))
    assert near[:1] == titles(hits(repo, '"hash table"'))
    assert {near[0], "Fast path for small keys"} == set(titles(hits(repo, '"hash table" OR "fast path"')))
    assert ["Fast path for small keys"] == titles(hits(repo, "small NOT hash"))
    for words in ("lockfree", "lock-free", "lock free", '"lock-free queue"'):
        assert ["Lock-free queue"] == titles(hits(repo, words))
    assert near[:1] == titles(hits(repo, "hash-table small"))
    assert ["Vectorise the checksum"] == titles(hits(repo, "vectorize"))
    assert ["Perfomance of the checksum"] == titles(hits(repo, "performance checksum"))


def test_a_merge_titled_as_what_it_merged_is_the_same_change(repo):
    """However long the request lay open; two requests of one title are two."""
    for number, day in ((20, "2020-03-01"), (21, "2020-05-01")):
        repo.git("checkout", "-q", "-b", f"topic{number}")
        repo.env |= {"GIT_AUTHOR_DATE": f"{day}T00:00:00Z"}
        repo.commit("Faster decoding speed")
        repo.git("checkout", "-q", "main")
        repo.env |= {"GIT_AUTHOR_DATE": f"{day.replace('-01', '-20')}T00:00:00Z"}
        message = f"Merge pull request #{number} from a/b\n\nFaster decoding speed"
        repo.git("merge", "-q", "--no-ff", f"topic{number}", "-m", message)
    found = hits(repo)
    assert ["Faster decoding speed"] * 2 == titles(found)
    assert all(any(fact.startswith("also as ") for fact in f["facts"]) for f in found)
    assert 2 == len(hits(repo, verb="prs"))


def test_a_merge_is_one_with_what_it_brought(repo):
    """Whatever its title; its words and claims count for the commit. A release that merges others' work is none."""
    repo.git("checkout", "-q", "-b", "topic")
    for text in ("Add a loop fastpath", "Unroll it, optimized"):
        repo.write("loop.c", text)
        repo.commit(text)
    repo.git("checkout", "-q", "main")
    repo.commit("elsewhere")
    repo.git("merge", "-q", "--no-ff", "topic", "-m", "Merge pull request #20 from a/b\n\nDecoding 18% faster")
    found = hits(repo)
    assert ["Add a loop fastpath", "Unroll it, optimized"] == sorted(titles(found))
    assert ["Decoding 18% faster"] == [claim for f in found for claim in f["claims"]]
    assert ["Decoding 18% faster"] == titles(hits(repo, verb="prs"))


def test_a_revert_on_another_continent_is_told(repo):
    """What comes later is told by the time and not by what the clock there showed."""
    repo.env |= {"GIT_AUTHOR_DATE": "2024-05-01T23:30:00+10:00"}
    sha = repo.commit("Faster parsing of numbers")
    repo.env |= {"GIT_AUTHOR_DATE": "2024-05-01T20:00:00-04:00"}
    repo.commit(f'Revert "Faster parsing of numbers"\n\nThis reverts commit {sha}.\n\nIt broke ARM.')
    assert [("Faster parsing of numbers", "reverted")] == [(f["title"], f["state"]) for f in hits(repo)]


def test_what_was_rolled_back_is_told_and_a_feature_of_that_name_is_none(repo):
    """In whatever words, where the title is known; `undo` and `rollback` are also things that programs do."""
    for title in ("Faster scan (#3)", "Speed up the loop", "Undo log: faster", "Rollback is faster now"):
        repo.commit(title)
    repo.commit("Undo faster scan (#4)\n\nIt broke ARM.")
    repo.commit("Rolled back: Speed up the loop")
    found = {f["title"]: f["state"] for f in hits(repo)}
    assert {"reverted": 2, "": 2} == {state: list(found.values()).count(state) for state in found.values()}
    assert ("reverted", "reverted") == (found["Faster scan (#3)"], found["Speed up the loop"])


def test_a_copy_of_another_title_is_the_same_change(repo):
    """What changes the same lines is one change, whoever wrote it up anew; what changes others is another."""
    repo.git("branch", "release")
    repo.git("config", "color.diff", "always")
    for name in ("a.c", "b.c"):
        repo.write(name, "fast")
        repo.commit(f"PERF: faster {name}")
    repo.git("checkout", "-q", "release")
    repo.write("a.c", "fast")
    repo.commit("Speed up the first loop\n\nfrom 4 ms to 2 ms")
    found = hits(repo)
    assert ["PERF: faster b.c", "Speed up the first loop"] == sorted(titles(found))
    assert [1] == [sum("also as" in fact for fact in f["facts"]) for f in found if "loop" in f["title"]]


def test_a_clone_without_its_contents_is_searched_without_a_network(repo, tmp_path):
    """What such a clone left out is not fetched: titles must do."""
    repo.write("CHANGES.md", "## 1.0\n\n- Faster scan\n")
    for name in ("a.c", "b.c"):
        repo.write(name, "fast")
        repo.commit(f"PERF: faster {name}")
    here = tmp_path / "clone"
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.root}", str(here))
    repo.root.rename(tmp_path / "away")
    repo.root = here
    assert 2 == len(hits(repo))
    repo.script(NAME, "releases", "--local", code=1)


@pytest.mark.parametrize(
    "chore",
    [
        "Make local pre-commit faster",
        "Speed Travis builds up",
        "Pull lint to the front, faster",
        "Optimize sponsor svgs",
        "crate: add 'alloc' feature",
        "api: gate 'into_owned' on 'alloc' feature",
    ],
)
def test_what_speeds_up_the_work_around_the_program_ranks_low(chore):
    """Builds, linters, pictures of a page and names of features are below the least that is about the program."""
    assert claims.worth(chore, chore) < 0 < claims.worth("Faster scan", "Faster scan")


def test_the_verb_that_fits_is_named(repo):
    """Where no pull request is to be found but commits speak of performance, that is said, with the verb."""
    repo.commit("Faster scan")
    done = repo.script(NAME, "prs", "--local", code=1, AUTORESEARCH_CACHE=str(repo.root / "../cache"))
    assert "1 commit here speaks of performance" in done.stdout
    assert "commits --local" in done.stdout


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("performance", "perfomance", True),
        ("performance", "preformance", True),
        ("performance", "performnace", True),
        ("performance", "performancee", True),
        ("performance", "conformance", False),
        ("optimize", "optimise", True),
        ("allocate", "locate", False),
    ],
)
def test_one_wrong_letter(one, other, same):
    """Missing, added, wrong or swapped: one of it is the same word, two are not."""
    assert same == matching.near(one, other) == matching.near(other, one)


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("Check bounds, 5% slower", True),
        ("Performance regression on ARM", True),
        ("Fix a performance regression", False),
        ("No longer slower than memcpy", False),
        ("2x faster", False),
        ("Slow path for rare input", False),
    ],
)
def test_what_became_slower(text, loss):
    """A loss is what says slower and nothing of a repair."""
    assert loss == claims.is_loss(text)


@pytest.mark.parametrize(
    ("title", "revert"),
    [
        ('Revert "Use SIMD"', True),
        ('Revert "Revert "Use SIMD""', False),
        ('Reapply "Use SIMD"', False),
        ("Revert to the older table", False),
        ("revert: use simd", True),
        ("Use SIMD", False),
    ],
)
def test_what_takes_back(title, revert):
    """A revert takes back; a revert of a revert, and what goes back to something, do not."""
    assert revert == history.is_revert(history.Commit("a" * 40, (), "2020-01-01", title, title))
