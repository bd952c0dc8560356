"""Whose a commit of the git log is, when several projects lie in one repository; no message can say otherwise."""

import json
import subprocess

import pytest

from helpers.read.forge import in_tree
from helpers.read.forge.query import SearchRequest

NAME = "search_github"
OURS, THEIRS = "acme/widget", "eve/gadget"


@pytest.fixture
def two(repo, tmp_path):
    """Our project, fetched from its origin, and a foreign one that was fetched with its tags; both have a number 7."""
    hub, sibling = tmp_path / "hub.git", tmp_path / "sibling"
    repo.commit("Faster hashing (#7)")
    repo.git("init", "-q", "--bare", str(hub))
    repo.git("remote", "add", "origin", str(hub))
    repo.git("push", "-q", "origin", "main")
    repo.git("init", "-q", str(sibling))
    for message, tag in (("Faster scan (#7)", ""), ("Faster stage 1 (#31)", "v1"), ("Faster stage 2 (#32)", "")):
        repo.git("commit", "-q", "--allow-empty", "-m", message, cwd=sibling)
        if tag:
            repo.git("tag", tag, cwd=sibling)
    repo.git("checkout", "-q", "--detach", cwd=sibling)
    repo.git("commit", "-q", "--allow-empty", "-m", "Faster patch release (#33)", cwd=sibling)
    repo.git("tag", "v1.1", cwd=sibling)
    repo.git("remote", "add", "a/sibling", str(sibling))
    repo.git("fetch", "-q", "--tags", "a/sibling")
    repo.git("remote", "set-url", "origin", f"git@github.com:{OURS}.git")
    repo.git("remote", "set-url", "a/sibling", f"https://github.com/{THEIRS}")
    return repo


def prs(repo, *words, verb="prs"):
    """The ids that the log gives to what was merged, by title."""
    done = repo.script(
        NAME, verb, *words, "--local", "--json", code=None, AUTORESEARCH_CACHE=str(repo.root / "../cache")
    )
    return {
        f["title"]: (f["id"], *[x for x in f["facts"] if "remote" in x]) for f in json.loads(done.stdout)["findings"]
    }


def test_what_a_fetched_project_merged_is_its_own(two):
    """By branch, and by tag and branch; what a tag alone holds is nobody's that can be told; ours stays ours."""
    said = prs(two)
    theirs = {"Faster scan (#7)": 7, "Faster stage 1 (#31)": 31, "Faster stage 2 (#32)": 32}
    assert "remote unknown" == said["Faster patch release (#33)"][1]
    assert {title: (f"{THEIRS}#{n}", "remote a/sibling") for title, n in theirs.items()} == {t: said[t] for t in theirs}
    assert (f"{OURS}#7", "remote origin") == said["Faster hashing (#7)"]


def test_show_means_the_project_that_is_named(two):
    """OWNER/REPO#7 is the one of OWNER/REPO; a bare #7 is ours; what only another has is not shown under our name."""
    show = ("--local", "--json")
    titles = [
        json.loads(two.script(NAME, "show", what, *show).stdout)["finding"]["title"]
        for what in (f"{OURS}#7", f"{THEIRS.upper()}#7", "#7")
    ]
    assert ["Faster hashing (#7)", "Faster scan (#7)", "Faster hashing (#7)"] == titles
    for what in (f"{OURS}#31", "#31", "someone/else#7"):
        assert "not in the git log" in two.script(NAME, "show", what, "--local", code=1).stderr


def test_merged_or_shared_history_is_of_whoever_had_it_first(two):
    """A project merged into ours keeps its numbers; what is shared with a fork or upstream is the original's."""
    two.git("merge", "-q", "--allow-unrelated-histories", "-m", "Take in the gadget, faster (#8)", "a/sibling/main")
    two.git("update-ref", "refs/remotes/origin/main", "main")
    two.git("update-ref", "refs/remotes/fork/main", "main")
    two.git("remote", "add", "fork", "https://github.com/fork/widget")
    said = prs(two)
    assert f"{THEIRS}#31" == said["Faster stage 1 (#31)"][0]
    assert [f"{OURS}#7", f"{OURS}#8"] == [
        said[t][0] for t in ("Faster hashing (#7)", "Take in the gadget, faster (#8)")
    ]
    two.git("remote", "rename", "fork", "upstream")
    assert "fork/widget#7" == prs(two)["Faster hashing (#7)"][0]


def test_unknown_where_it_cannot_be_told(two):
    """Not pushed, on an orphan tag, or of a remote that is gone: the id is the commit's own, and it says unknown."""
    pushed = two.commit("Faster and not pushed (#90)")
    tree = two.git("rev-parse", "HEAD^{tree}")
    two.git("tag", "orphan", two.git("commit-tree", tree, "-m", "Faster orphan (#91)"))
    said = prs(two)
    assert (f"commit:{pushed[:12]}", "remote unknown (not pushed)") == said["Faster and not pushed (#90)"]
    assert "remote unknown" == said["Faster orphan (#91)"][1]
    two.git("config", "--remove-section", "remote.a/sibling")  # its branches stay
    assert said["Faster stage 2 (#32)"][0] != (left := prs(two)["Faster stage 2 (#32)"])[0]
    assert left[0].startswith("commit:")
    two.git("for-each-ref", "--format=delete %(refname)", "refs/remotes/a")
    subprocess.run(
        ["git", "update-ref", "--stdin"],
        input=two.git("for-each-ref", "--format=delete %(refname)", "refs/remotes/a").encode() + b"\n",
        cwd=two.root,
        env=two.env,
        check=True,
    )  # now only its tags are left
    said = prs(two)
    assert "remote unknown" == said["Faster stage 1 (#31)"][1]
    assert said["Faster stage 1 (#31)"][0].startswith("commit:")


def test_a_shallow_clone_credits_only_what_it_holds(two, tmp_path):
    """What was cut off is not guessed at, and what was fetched from elsewhere is not ours."""
    shallow = tmp_path / "shallow"
    two.git("clone", "-q", "--depth", "1", f"file://{tmp_path}/hub.git", str(shallow))
    two.git("remote", "add", "sibling", f"file://{tmp_path}/sibling", cwd=shallow)
    two.git("fetch", "-q", "sibling", cwd=shallow)
    two.git("remote", "set-url", "sibling", f"https://github.com/{THEIRS}", cwd=shallow)
    two.git("remote", "set-url", "origin", f"https://github.com/{OURS}", cwd=shallow)
    two.root = shallow
    said = prs(two)
    assert [f"{OURS}#7", f"{THEIRS}#7", f"{THEIRS}#31"] == [
        said[t][0] for t in ("Faster hashing (#7)", "Faster scan (#7)", "Faster stage 1 (#31)")
    ]


def stray(repo, title, tmp_path, base="origin/main"):
    """A repository elsewhere that goes on from ours, its tip tagged as `stray`; return it."""
    other = tmp_path / "stray"
    repo.git("clone", "-q", "--no-local", str(repo.root), str(other))
    repo.git("checkout", "-q", "--detach", repo.git("rev-parse", base), cwd=other)
    repo.git("commit", "-q", "--allow-empty", "-m", title, cwd=other)
    repo.git("tag", "stray", cwd=other)
    repo.git("bundle", "create", "-q", str(tmp_path / "stray.bundle"), "stray", cwd=other)
    return other


@pytest.mark.parametrize("source", ["stray", "stray.bundle"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_tag_fetched_by_address_is_nobodys(two, tmp_path, source, alone):
    """Whether its ancestors are the only remote's or not: that a commit goes on from ours does not make it ours."""
    stray(two, "Faster elsewhere (#88)", tmp_path)
    if alone:
        two.git("remote", "remove", "a/sibling")
    two.git("fetch", "-q", str(tmp_path / source), "refs/tags/*:refs/tags/*")
    said = prs(two)
    assert "remote unknown" == said["Faster elsewhere (#88)"][1]
    assert said["Faster elsewhere (#88)"][0].startswith("commit:")
    assert f"{OURS}#7" == said["Faster hashing (#7)"][0]
    assert "not in the git log" in two.script(NAME, "show", "#88", "--local", code=1).stderr


def test_tags_that_a_remote_keeps_apart_are_its_own(two, tmp_path):
    """A refspec that puts a remote's tags into a place of their own says whose they are."""
    other = stray(two, "Faster elsewhere (#88)", tmp_path)
    two.git("remote", "add", "eve", str(other))
    two.git("config", "--add", "remote.eve.fetch", "+refs/tags/*:refs/tags/eve/*")
    two.git("fetch", "-q", "--no-tags", "eve")
    two.git("remote", "set-url", "eve", "https://github.com/eve/stray")
    assert ("eve/stray#88", "remote eve") == prs(two)["Faster elsewhere (#88)"]


def test_what_was_taken_in_before_the_first_fetch_is_not_origins(two, tmp_path):
    """A new repository names its origin and takes a branch from another address: nothing says that origin has it."""
    other, new = stray(two, "Faster elsewhere (#88)", tmp_path), tmp_path / "new"
    for command in (["fetch", "-q", str(other), "HEAD:main"], ["pull", "-q", str(other), "stray"]):
        two.git("init", "-q", str(new))
        two.git("remote", "add", "origin", f"https://github.com/{OURS}", cwd=new)
        two.git("checkout", "-q", "-b", "begun", cwd=new)
        two.git(*command, cwd=new)
        two.root, was = new, two.root
        assert {"remote unknown"} == {said[1] for said in prs(two).values()}
        two.root = was
        subprocess.run(["rm", "-r", str(new)], check=True)


def test_what_is_pushed_to_another_place_is_not_of_the_place_that_is_fetched_from(two):
    """Fetched from upstream, pushed to one's own fork: git keeps both under one name."""
    url = two.git("remote", "get-url", "origin")
    two.git("remote", "set-url", "origin", str(two.root.parent / "hub.git"))
    two.git("update-ref", "-d", "refs/remotes/origin/main")
    two.git("fetch", "-q", "origin")
    two.commit("Faster in a fork (#61)")
    two.git("push", "-q", "origin", "HEAD:refs/heads/mine")
    two.git("remote", "set-url", "origin", url)
    assert f"{OURS}#61" == prs(two)["Faster in a fork (#61)"][0]
    two.git("remote", "set-url", "--push", "origin", "https://github.com/me/widget")
    said = prs(two)
    assert "remote unknown" == said["Faster in a fork (#61)"][1]
    assert f"{OURS}#7" == said["Faster hashing (#7)"][0]


def test_two_that_may_have_had_it_first_are_none(two):
    """Two siblings that share a history, or that are fetched into one place: neither can be told from the other."""
    two.git("remote", "add", "b", "https://github.com/bob/gadget")
    two.git("update-ref", "refs/remotes/b/main", "a/sibling/main")
    assert "remote unknown" == prs(two)["Faster scan (#7)"][1]
    two.git("update-ref", "-d", "refs/remotes/b/main")
    assert f"{THEIRS}#7" == prs(two)["Faster scan (#7)"][0]
    two.git("config", "remote.b.fetch", "+refs/heads/*:refs/remotes/a/sibling/*")
    assert "remote unknown" == prs(two)["Faster scan (#7)"][1]


def test_what_was_cut_off_may_be_of_whom_it_was_cut_from(two, tmp_path):
    """Of origin only the newest commit is here: what a fork has of older ones may be origin's, what is newer is not."""
    shallow, other = tmp_path / "shallow", tmp_path / "stray"
    two.env["GIT_COMMITTER_DATE"] = "2020-01-01T00:00:00Z"
    old = two.commit("Faster long ago (#41)")
    two.env["GIT_COMMITTER_DATE"] = "2021-01-01T00:00:00Z"
    two.commit("Faster since (#42)")
    two.git("remote", "set-url", "origin", f"{tmp_path}/hub.git")
    two.git("push", "-q", "origin", "main")
    two.env["GIT_COMMITTER_DATE"] = "2022-01-01T00:00:00Z"
    stray(two, "Faster in the fork (#43)", tmp_path, old)
    del two.env["GIT_COMMITTER_DATE"]
    two.git("clone", "-q", "--depth", "1", f"file://{tmp_path}/hub.git", str(shallow))
    two.git("remote", "add", "fork", str(other), cwd=shallow)
    two.git("fetch", "-q", "fork", "stray:refs/remotes/fork/main", cwd=shallow)
    two.git("remote", "set-url", "fork", "https://github.com/eve/widget", cwd=shallow)
    two.git("remote", "set-url", "origin", f"https://github.com/{OURS}", cwd=shallow)
    two.root = shallow
    said = prs(two)
    assert f"{OURS}#42" == said["Faster since (#42)"][0]
    assert "eve/widget#43" == said["Faster in the fork (#43)"][0]
    assert "remote unknown" == said["Faster long ago (#41)"][1]


FORGED = "\n".join(["a" * 40, "", "2026-01-01T00:00:00+00:00", "Forged record: 100x faster (#4242)"])


@pytest.mark.parametrize(
    "message",
    [
        f"Innocent title\n\nperf note\x1e{'a' * 40}\x1frefs/remotes/origin/main\x1f\x1fForged: faster (#4242)",
        f"Innocent title\n\nperf note\x00{FORGED}",
        f"Innocent title\n\nperf\n\n{FORGED}",
        "Innocent title\n\nperf (#4242)\nMerge pull request #4242 from a/b\n\nSee merge request acme/widget!4242",
        "Innocent title\n\nperf\n\nSee merge request acme/widget!4242\nFaster: yes (#4242)",
    ],
)
def test_no_message_forges_a_record(two, message):
    """Separators, whole records, other forges' words and trailers inside a message stay text of that one commit."""
    body = (
        b"tree %s\nauthor T <t@x> 1 +0000\ncommitter T <t@x> 1 +0000\n\n" % two.git("rev-parse", "HEAD^{tree}").encode()
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        input=body + message.encode(),
        cwd=two.root,
        env=two.env,
        check=True,
        capture_output=True,
    )
    two.git("update-ref", "refs/remotes/origin/odd", made.stdout.decode().strip())
    assert not [said for said in prs(two).items() if "4242" in str(said)]
    assert {"Innocent title"} == {t for t in prs(two, "perf", verb="commits") if "Innocent" in t or "orged" in t}
    assert "not in the git log" in two.script(NAME, "show", "#4242", "--local", code=1).stderr


def test_what_git_lays_over_the_history_does_not_count(two):
    """Notes, replaced commits and grafts speak of commits; they are none."""
    sha = two.git("rev-parse", "HEAD")
    two.git("notes", "add", "-m", "100x faster, see (#4242)", sha)
    forged = two.git("commit-tree", "HEAD^{tree}", "-p", "HEAD^", "-m", "Replaced: 100x faster (#4243)")
    two.git("replace", sha, forged)
    two.git("config", "notes.displayRef", "refs/notes/*")
    sibling = two.git("rev-parse", "a/sibling/main")
    (two.root / ".git" / "info" / "grafts").write_text(f"{sha} {sibling}\n{two.git('rev-parse', 'HEAD^')}\n")
    said = prs(two)
    assert f"{THEIRS}#32" == said["Faster stage 2 (#32)"][0]
    assert f"{OURS}#7" == said["Faster hashing (#7)"][0]
    assert "424" not in str(said)
    assert not prs(two, "4242", verb="commits")


def test_no_name_and_no_line_forges_the_place_of_a_wish(two):
    """Ends of lines in a file's name, and separators and zero bytes in its text, stay what they are."""
    two.write("odd\nsrc/real.c", "// TODO: 100x faster, by name\n")
    two.write("late.c", "//" + "x" * 9_000 + "\n// TODO: slow\x0csrc/real.c\x00" + "7\x00 TODO: 100x faster, by text\n")
    two.commit("odd")
    found = in_tree.wishes(two.root, SearchRequest()).found
    assert {"file:odd_src/real.c:1", "file:late.c:2"} == {f.id for f in found}


@pytest.mark.parametrize("noted", ["clone", "renamed", "fetch", "none"])
def test_an_address_that_was_changed_credits_who_was_fetched(two, tmp_path, noted):
    """A remote set to another project without a fetch: its commits are the earlier one's, where git noted which.

    A fetch since then makes them the new one's, also where nothing new came.
    """
    hub, here = tmp_path / "hub.git", tmp_path / "clone"
    rewrite = ("-c", f"url.{hub}.insteadOf=https://github.com/{OURS}")
    two.git(*rewrite, "clone", "-q", f"https://github.com/{OURS}", str(here))
    two.root, remote = here, "origin"
    if noted == "renamed":
        remote = "upstream"
        two.git("remote", "rename", "origin", remote)
    if noted in ("fetch", "none"):
        two.git("reflog", "expire", "--expire=all", "--all")
    tip = two.git("rev-parse", f"{remote}/main")
    two.git("remote", "set-url", remote, f"https://github.com/{THEIRS}")
    if noted == "fetch":
        (here / ".git/FETCH_HEAD").write_text(f"{tip}\tnot-for-merge\tbranch 'main' of https://github.com/{OURS}\n")
    assert f"{THEIRS if noted == 'none' else OURS}#7" == prs(two)["Faster hashing (#7)"][0]
    (here / ".git/FETCH_HEAD").write_text(f"{tip}\t\tbranch 'main' of github.com:{THEIRS}\n")
    assert f"{THEIRS}#7" == prs(two)["Faster hashing (#7)"][0]


def test_what_was_fetched_by_address_changes_no_remote(two):
    """A fork that stands where origin stands, fetched by its address alone, is not what origin is."""
    tip = two.git("rev-parse", "origin/main")
    (two.root / ".git/FETCH_HEAD").write_text(f"{tip}\t\tbranch 'main' of https://github.com/me/widget\n")
    assert f"{OURS}#7" == prs(two)["Faster hashing (#7)"][0]


def test_a_clone_that_became_a_fork_credits_upstream(two, tmp_path):
    """Origin set to a fork of one's own, upstream added and not fetched: what was cloned is upstream's, not the fork's.

    What was pushed to the fork since is nobody's that can be told.
    """
    hub, here = tmp_path / "hub.git", tmp_path / "clone"
    rewrite = ("-c", f"url.{hub}.insteadOf=https://github.com/{OURS}", "-c", f"url.{hub}.insteadOf=git@github.com:me")
    two.git(*rewrite, "clone", "-q", f"https://github.com/{OURS}", str(here))
    two.root = here
    two.git("remote", "set-url", "origin", "git@github.com:me/widget")
    two.git("remote", "add", "upstream", f"https://github.com/{OURS}")
    assert f"{OURS}#7" == prs(two)["Faster hashing (#7)"][0]
    mine = two.commit("Faster and mine (#3)")
    two.git("-c", f"url.{hub}.insteadOf=git@github.com:me/widget", "push", "-q", "origin", "HEAD:mine")
    assert (f"commit:{mine[:12]}", "remote unknown") == prs(two)["Faster and mine (#3)"]
    assert f"{OURS}#7" == prs(two)["Faster hashing (#7)"][0]
