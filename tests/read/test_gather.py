"""One topic asked of everything on this machine: a bounded page of leads that can be shown and queued."""

import json
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.read import gather
from helpers.read.forge import findings, in_tree
from helpers.read.forge.query import SearchRequest

CHANGES = """# Changelog

## 2.1.0 (2024-05-01)

- Faster hash table lookups: 30% less time,
  on all machines
- Fix a typo

## 2.0.0

- Hash tables take a seed
"""


@pytest.fixture
def project(repo):
    """A project with release notes, a wish in a comment, benchmarks, and a fetched fork that is ahead."""
    repo.git("remote", "add", "origin", "https://github.com/acme/widget")
    repo.write("CHANGELOG.md", CHANGES)
    repo.write("src/table.c", "int x;\n// TODO: the hash table lookup is slow, prefetch it\n// TODO: rename\n")
    repo.write("src/prehash/a.c", "// TODO: make this faster\n")
    repo.write("src/hash/b.c", "// TODO: and this quicker\n")
    repo.write("benchmarks/table.c", "int main;\n")
    repo.commit("Hash table with SIMD probes, 2x faster")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("checkout", "-q", "-b", "theirs")
    repo.commit("Prefetch the small hash of the table, 12% faster")  # ranks below ours
    repo.git("remote", "add", "eve", "https://github.com/eve/widget")
    repo.git("update-ref", "refs/remotes/eve/main", "HEAD")
    repo.git("checkout", "-q", "main")
    repo.git("branch", "-q", "-D", "theirs")
    return repo


def env(repo):
    """A cache of its own."""
    return {"AUTORESEARCH_CACHE": str(repo.root.parent / "cache")}


def test_one_page_of_leads(project):
    """Each source is named with what it had; each lead has id, claim and a command that shows it, and is queued."""
    done = project.script("gather", "hash", "table", "--local", **env(project))
    page = (project.root / ".autoresearch" / "leads.md").read_text()
    assert done.stdout.startswith(page.rstrip())
    assert len(page) <= 6_000
    assert "commits here: 2 · fetched forks: 1 · release notes: 2 · wishes in comments: 1" in page
    assert "the project's own benchmarks: benchmarks" in page
    assert page.index("text from outside") < page.index("2x faster")
    assert "" == project.git("status", "--porcelain")
    found = json.loads(project.script("gather", "hash table", "--local", "--json", **env(project)).stdout)["leads"]
    assert {"commit", "fork", "release", "own"} == {lead["kind"] for lead in found}
    for lead in found:
        assert not lead["show"].startswith("fetch_paper"), "what is here needs no network"
        name, *args = shlex.split(lead["show"])
        if name.endswith(".py"):
            project.script(name.removesuffix(".py"), *args, **env(project))
        else:
            said = subprocess.run(lead["show"], shell=True, cwd=project.root, capture_output=True, check=True).stdout
            assert (b"TODO" if lead["kind"] == "own" else b"able") in said
        project.script("ideas", "add", "--from", lead["id"], **env(project))
    assert len(found) == len(json.loads(project.script("ideas", "list", "--json").stdout))


def test_a_lead_is_shown_from_any_folder_and_whatever_it_is_called(project):
    """From a folder below, or of an issue whose label looks like a place in a file; the page is short for all ticks."""
    done = project.script("gather", "hash", "--local", "--json", cwd=project.root / "src", **env(project))
    (wish,) = [lead for lead in json.loads(done.stdout)["leads"] if "src/hash/b.c" in lead["id"]]
    said = subprocess.run(wish["show"], shell=True, cwd=project.root / "src", capture_output=True, check=True).stdout
    assert b"TODO" in said
    for number in range(12):
        project.write(f"src/hash{number}.c", f"// TODO: faster hash, {'from 10 ms to 4 ms, ' * 9}, as in {number}\n")
        project.commit(f"Faster hash number {number} {'`' * 80}\n\nfrom 10 ms to 4 ms, {'word ' * 20}")
    project.script("gather", "hash", "--local", **env(project))
    assert 5_000 < len((project.root / ".autoresearch" / "leads.md").read_text()) <= 6_000
    issue = findings.made("acme/widget#12", "issue", "Slow hash", "", facts=["labels priority:1"])
    assert "search_github.py show 'acme/widget#12' --diff" == gather.show_command(project.root, issue)


def test_what_a_session_made_is_no_lead(project):
    """Also where it was pushed to a fork."""
    project.git("checkout", "-q", "--detach", "eve/main")
    sha = project.commit("Faster hash\n\nExperiment: exp-03 (refs/autoresearch/exp-03)")
    project.git("update-ref", "refs/remotes/eve/main", sha)
    project.git("checkout", "-q", "main")
    done = project.script("search_github", "forks", "--local", "--json", **env(project))
    (fork,) = json.loads(done.stdout)["findings"]
    assert ("1 ahead", "Prefetch") == (fork["facts"][0], fork["title"].split()[2])


def test_wishes_are_found_whatever_a_person_set(project):
    """Columns, or another kind of expression."""
    for setting in (("grep.column", "true"), ("grep.patternType", "fixed"), ("color.grep", "always")):
        project.git("config", *setting)
    found = in_tree.wishes(project.root, SearchRequest("hash")).found
    assert ["file:src/table.c:2", "file:src/hash/b.c:1"] == [wish.id for wish in found]
    assert found[0].title.startswith("// TODO: the hash table")


def test_a_path_counts_by_its_whole_words(project):
    """A wish answers by its text, or by a folder that is named so; not by one whose name only holds the word."""
    found = in_tree.wishes(project.root, SearchRequest("hash")).found
    assert ["file:src/table.c:2", "file:src/hash/b.c:1"] == [wish.id for wish in found]


def test_nothing_to_find_and_no_network(project):
    """Nothing on this machine: exit 1; sources that do not answer: said, and exit 3 when nothing else was found."""
    assert "leads for 'zyxw': 0" in project.script("gather", "zyxw", "--local", code=1, **env(project)).stdout
    nowhere = dict.fromkeys(
        ("GITHUB_API_URL", "ARXIV_API_URL", "SEMANTIC_SCHOLAR_API_URL", "OPENALEX_API_URL"), "http://127.0.0.1:9"
    )
    done = project.script("gather", "zyxw", code=3, **env(project), **nowhere, GH_TOKEN="", GITHUB_TOKEN="")
    assert "papers: error" in done.stdout


def test_release_notes_and_forks_without_a_network(project):
    """Of each release the entries that fit, whole; of a fork its own commits, under the fork's name."""
    rows = json.loads(project.script("search_github", "releases", "hash", "--local", "--json", **env(project)).stdout)
    expected = ["2.1.0 (2024-05-01): Faster hash table lookups: 30% less time, on all machines"]
    assert [*expected, "2.0.0: Hash tables take a seed"] == [f["title"] for f in rows["findings"]]
    assert rows["findings"][0]["id"].endswith("/CHANGELOG.md#L3")
    (fork,) = json.loads(project.script("search_github", "forks", "--local", "--json", **env(project)).stdout)[
        "findings"
    ]
    assert f"eve/widget@{project.git('rev-parse', 'eve/main')[:12]}" == fork["id"]
    assert "1 ahead" in fork["facts"]


@pytest.mark.parametrize("url", ["https://github.com/eve/widget", "/nowhere"])
def test_a_sibling_says_it_from_here(project, url):
    """What a fetched project's notes say is shown from what was fetched, on a forge or not, and is not ours."""
    project.git("remote", "set-url", "eve", url)
    project.git("checkout", "-q", "--detach", "eve/main")
    many = "".join(f"- Change {n}\n" for n in range(60))
    project.write("CHANGELOG.md", f"# Changes\n\n## 9.0.0\n\n{many}- Sorted hash buckets are 40% faster\n")
    project.git("update-ref", "refs/remotes/eve/main", project.commit("Release"))
    project.git("checkout", "-q", "main")
    found = json.loads(project.script("gather", "hash", "--local", "--json", **env(project)).stdout)["leads"]
    assert len({lead["id"] for lead in found}) == len(found)
    (theirs,) = [lead for lead in found if "Sorted" in lead["title"]]
    said = subprocess.run(theirs["show"], shell=True, cwd=project.root, capture_output=True, check=True).stdout
    assert b"Sorted hash buckets" in said
    project.script("ideas", "add", "--from", theirs["id"], **env(project))


@given(st.text(alphabet="#=- 1.2v*\n[]`<>_ax:", max_size=200))
@settings(max_examples=80)
def test_any_text_is_parted_into_releases(text):
    """Whatever the notes, no word of an entry is lost and reading them ends."""
    for number, title, rows in in_tree._sections(text):
        assert number >= 1
        assert all(row == row.strip() for row in (title.strip(), *rows.values()))
