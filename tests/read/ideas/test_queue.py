"""The queue of ideas is a file of the person's: the scripts add and mark, and lose nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import paths
from helpers.read.ideas import queue

LINES = st.text(
    st.characters(blacklist_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", blacklist_categories=("Cs",)),
    max_size=40,
)


@given(mine=st.lists(LINES, max_size=8), text=st.text(st.characters(categories=("L", "N")), min_size=1, max_size=30))
@settings(max_examples=100)
def test_a_persons_lines_stay_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, mine: list[str], text: str
) -> None:
    """Adding and closing change one line each; every other byte of the file is as it was."""
    root = tmp_path_factory.mktemp("ideas")
    before = "\n".join(mine)
    (root / paths.IDEAS).write_bytes(before.encode())

    idea, new = queue.add(root, text, {"kind": "own"})
    if new:
        queue.close(root, idea.name, "kept", "it worked {well}")

    after = (root / paths.IDEAS).read_text(encoding="utf-8")
    assert after.startswith(before)
    assert len(after.split("\n")) <= len(before.split("\n")) + 2


def test_ideas_are_ranked_closed_and_journaled(repo: Any) -> None:
    """Scores order the open ones, a person's own line counts too, what is done is not offered again."""
    repo.write("autoresearch.ideas.md", "# Ideas\n\nmy notes\n- try the other table\n")
    repo.script("ideas", "add", "small thing", "--impact", "1", "--feasibility", "2")
    repo.script(
        "ideas",
        "add",
        "big thing",
        "--impact",
        "5",
        "--feasibility",
        "4",
        "--kind",
        "paper",
        "--source",
        "arXiv:2205.14135",
    )
    repo.script("ideas", "add", "BIG thing")

    ranked = [row["text"] for row in json.loads(repo.script("ideas", "rank", "--json").stdout)]
    repo.script("ideas", "done", "idea-02", "--result", "discarded", "--why", "no gain")

    assert ["big thing", "small thing", "try the other table"] == ranked
    assert "big thing" not in repo.script("ideas", "rank").stdout
    assert "result=discarded" in repo.script("ideas", "list").stdout
    text = (repo.root / "autoresearch.ideas.md").read_text()
    assert text.startswith("# Ideas\n\nmy notes\n- try the other table\n")
    events = [json.loads(line) for line in (repo.root / "autoresearch.jsonl").read_text().splitlines()]
    assert ["added", "added", "done"] == [event["event"] for event in events]


def test_bad_ideas(repo: Any) -> None:
    """No text, a source that is none, an idea that does not exist: exit 2 and what was expected."""
    repo.script("ideas", "add", code=2)
    assert "not a source" in repo.script("ideas", "add", "x", "--source", "somewhere\nelse", code=2).stderr
    assert "ideas.py list" in repo.script("ideas", "done", "idea-99", "--result", "kept", code=2).stderr
    assert "fetch_paper.py" in repo.script("ideas", "add", "--from", "arXiv:2205.14135", code=1).stderr


def test_an_idea_of_a_fetched_paper(repo: Any) -> None:
    """--from takes the title of the paper, as data: its braces and controls do not reach the file's grammar."""
    repo.write("papers/index.jsonl", json.dumps({"id": "2205.14135", "title": "Fast {x}\n- [x] attention"}) + "\n")

    repo.script("ideas", "add", "--from", "arXiv:2205.14135", "--kind", "paper")

    assert (
        "- [ ] Fast x - [x] attention {idea-01 kind=paper source=arXiv:2205.14135}"
        in (repo.root / "autoresearch.ideas.md").read_text()
    )


def test_a_file_edited_by_hand(repo: Any) -> None:
    """Notes below an idea are no ideas; closing keeps the bullet, the place and everything around."""
    mine = (
        "notes\n\n* [ ] a star {impact=5}\n  - a note on it\n\t- another\n- try this\n  * its note\n\n  - "
        "begins a list of its own\n  - and its next\n"
    )
    repo.write("autoresearch.ideas.md", mine)

    found = [row["text"] for row in json.loads(repo.script("ideas", "list", "--json").stdout)]
    repo.script("ideas", "done", "line 3", "--result", "kept")
    repo.script("ideas", "done", "line 10", "--result", "ruled-out")

    assert ["a star", "try this", "begins a list of its own", "and its next"] == found
    after = mine.replace("* [ ] a star {impact=5}", "* [x] a star {idea-01 impact=5 result=kept}")
    after = after.replace("  - and its next", "  - [x] and its next {idea-02 result=ruled-out}")
    assert after == (repo.root / "autoresearch.ideas.md").read_text()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("arXiv:2205.14135", "paper"),
        ("10.1145/3318464.3389710", "paper"),
        ("ijl/orjson#12", "pr"),
        ("ijl/orjson@abcdef1", "commit"),
        ("gh:simdjson/simdjson", "competitor"),
        ("profile", "profile"),
        ("own", "own"),
        ("https://example.org/x", "own"),
    ],
)
def test_the_kind_follows_the_source(repo: Any, source: str, kind: str) -> None:
    """Without --kind an idea with a source is not called one's own."""
    (row,) = json.loads(repo.script("ideas", "add", "x", "--source", source, "--json").stdout)
    assert kind == row["kind"]


def test_a_number_in_a_broken_line_is_taken(repo: Any) -> None:
    """A brace that was lost by hand does not free the number of its idea."""
    repo.write("autoresearch.ideas.md", "- [ ] broken {idea-09 kind= impact=nine\n")
    assert repo.script("ideas", "add", "another").stdout.startswith("idea-10")


def test_ideas_added_at_the_same_time(repo: Any) -> None:
    """Eight scripts that add at once: every idea is in the file, each under a number of its own."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: repo.script("ideas", "add", f"thought {n}"), range(8)))

    found = queue.read_ideas(repo.root)
    assert {f"thought {n}" for n in range(8)} == {idea.text for idea in found}
    assert set(range(1, 9)) == {idea.number for idea in found}


def test_no_ideas_yet(repo: Any) -> None:
    """An empty queue is exit 1, and says how to fill it."""
    assert "ideas.py add" in repo.script("ideas", "rank", code=1).stderr


def test_a_reference_has_the_papers_own_title(repo: Any) -> None:
    """The commit cites the paper by its title, not by the text of an idea that came of it; an idea by its text."""
    from helpers.read.ideas import sources

    repo.write(
        "papers/index.jsonl",
        json.dumps({"id": "arXiv:2205.14135", "doi": "10.1145/x1", "title": "FlashAttention"}) + "\n",
    )
    repo.script("ideas", "add", "sleep less", "--source", "arXiv:2205.14135")
    repo.script("ideas", "add", "wake up", "--source", "eve/widget#7")

    said = {
        source: sources.reference(repo.root, source)
        for source in ("arxiv:2205.14135", "10.1145/x1", "idea-01", "eve/widget#7")
    }
    assert 'arxiv:2205.14135 "FlashAttention" <https://arxiv.org/abs/2205.14135>' == said["arxiv:2205.14135"]
    assert '10.1145/x1 "FlashAttention" <https://doi.org/10.1145/x1>' == said["10.1145/x1"].replace("doi:", "")
    assert 'idea-01 "sleep less"' == said["idea-01"]
    assert "wake up" not in said["eve/widget#7"]


def test_a_source_is_taken_as_it_is_pasted(repo: Any) -> None:
    """A pasted id is one paper's whatever came along; a DOI with brackets is whole, and its link is percent-encoded."""
    from helpers.read.ideas import sources

    doi = "10.1002/(SICI)1097-024X(199609)26:9<995::AID-SPE44>3.0.CO;2-2"
    assert "arXiv:2205.14135v2" == sources.parse_source("arXiv:2205.14135v2 [cs.LG].")
    assert "arXiv:2205.14135" == sources.parse_source("https://huggingface.co/papers/2205.14135")
    said = sources.reference(repo.root, f"doi:{doi}")
    assert "<https://doi.org/10.1002/(SICI)1097-024X(199609)26:9%3C995::AID-SPE44%3E3.0.CO;2-2>" == said.split(" ")[-1]
    repo.script("ideas", "add", "x", "--source", doi)
    assert doi.lower() in repo.script("ideas", "list").stdout
    repo.script("ideas", "add", "y", "--source", "f" * 40, code=2)


def test_decided_ideas_leave_the_queue_and_each_source_has_its_record(repo: Any) -> None:
    """What was kept or discarded is no longer offered, a crash decides nothing; how often each kind paid is said."""
    for text, source in (
        ("a", "arXiv:2205.14135"),
        ("b", "eve/widget#7"),
        ("c", "eve/widget#8"),
        ("d", "profile"),
        ("e", "own"),
    ):
        repo.script("ideas", "add", text, "--source", source, "--impact", "3")
    given = {"exp-01": "idea-01", "exp-02": "idea-02", "exp-03": "eve/widget#8", "exp-04": "idea-04", "exp-05": "own"}
    status = dict(zip(given, ("discard", "keep", "keep", "crash", "discard"), strict=True))
    events = [{"type": "submitted", "experiment_id": exp, "source": [source]} for exp, source in given.items()]
    runs = [{"run": 1, "experiment_id": exp, "status": said, "asi": {"why": "no"}} for exp, said in status.items()]
    with (repo.root / "autoresearch.jsonl").open("a") as file:
        file.writelines(json.dumps(event) + "\n" for event in (*events, *runs))

    ranked = repo.script("ideas", "rank").stdout.splitlines()
    assert "ideas from pull requests: 2 of 2 kept; from papers: 0 of 1; from oneself: 0 of 1" == ranked[0]
    assert ["idea-04", "idea-05"] == sorted(row.split()[0] for row in ranked[1:])  # "own" names no idea
    rows = {row["id"]: row for row in json.loads(repo.script("ideas", "list", "--json").stdout)}
    assert [("discarded", "exp-01"), ("kept", "exp-02"), ("kept", "exp-03")] == [
        (rows[f"idea-0{n}"]["result"], rows[f"idea-0{n}"]["by"]) for n in (1, 2, 3)
    ]


def test_one_source_is_the_same_however_it_was_given(repo: Any) -> None:
    """A paper with its version or without, a commit by more or less of its hash: its idea leaves the queue."""
    sha = repo.git("rev-parse", "HEAD")
    for source in ("arXiv:2205.14135v3", f"commit:{sha}", "arXiv:cs/0112017"):
        repo.script("ideas", "add", source, "--source", source)
    given = {"exp-01": "arXiv:2205.14135", "exp-02": f"commit:{sha[:12]}", "exp-03": "arXiv:cs/0112017v1"}
    events = [{"type": "submitted", "experiment_id": exp, "source": [source]} for exp, source in given.items()]
    runs = [{"run": 1, "experiment_id": exp, "status": "discard"} for exp in given]
    with (repo.root / "autoresearch.jsonl").open("a") as file:
        file.writelines(json.dumps(event) + "\n" for event in (*events, *runs))
    assert ["exp-01", "exp-02", "exp-03"] == [
        row["by"] for row in json.loads(repo.script("ideas", "list", "--json").stdout)
    ]


def test_an_unknown_kind_loses_no_idea(repo: Any) -> None:
    """It is taken as one's own, and that is said; an idea without scores shows none."""
    done = repo.script("ideas", "add", "unroll it", "--kind", "hunch", "--json")
    assert "taken as own" in done.stderr
    (row,) = json.loads(done.stdout)
    assert ("own", None) == (row["kind"], row["score"])


def test_a_wrong_source_leaves_no_trace(session: Any) -> None:
    """Submitting with a source that is none is refused before the copy is sealed, under a new description too."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.005\necho 42\n")

    refused = session.script("submit_experiment", "exp-01", "--desc", "x", "--source", "nonsense", code=2)

    assert "not a source" in refused.stderr
    assert "not sealed" in session.script("snapshot_workdir", "list").stdout
