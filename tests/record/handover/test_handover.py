"""What a person carries away: branches that merge and stand by themselves, and evidence that a stranger can repeat."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUNDLE, Repo, until

from helpers.record.handover import branches

BENCHMARK = """\
#!/usr/bin/env bash
set -euo pipefail
steps=$( (bash -x src/work.sh; bash -x src/other.sh) 2>&1 | grep -Ec '^[+]+ :$')
echo "METRIC steps=$steps"
"""
CHECKS = '#!/usr/bin/env bash\n[ "$(bash src/work.sh)" = 42 ] && [ "$(bash src/other.sh)" = 7 ]\n'


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A session with four kept changes: the second touches the first one's lines; the fourth pays with the third."""
    tmp = tmp_path_factory.mktemp("handover")
    repo = Repo(tmp / "project", tmp)
    repo.root.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write("src/work.sh", "for _ in {1..160}; do :; done\necho 42\n")
    repo.write("src/other.sh", "for _ in {1..160}; do :; done\necho 7\n")
    repo.write("src/pace.sh", "for _ in {1..80}; do :; done\n")
    repo.commit("first")
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    begin = ("--goal", "quick", "--metric", "steps", "--direction", "lower", "--margin", "5")
    repo.script("start_session", *begin, "--scale", "ratio", "--review-above", "1000")
    repo.script("start_session", "--lock")
    keep(
        repo,
        "exp-01",
        "src/work.sh",
        "for _ in {1..100}; do :; done\necho 42\n",
        "wait less in the worker, which is a description that is too long for one line",
    )
    keep(
        repo,
        "exp-02",
        "src/work.sh",
        "for _ in {1..30}; do :; done\necho 42\n",
        "wait <script>even</script> less in it",
    )
    keep(repo, "exp-03", "src/other.sh", ". src/pace.sh\necho 7\n", "wait less in the other")
    keep(repo, "exp-04", "src/pace.sh", "for _ in {1..10}; do :; done\n", "a pace that the base never asks for")
    return repo


def keep(repo: Repo, name: str, file: str, text: str, what: str) -> None:
    """Make, compare and keep one change."""
    copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / file).write_text(text)
    repo.script("snapshot_workdir", "seal", name, "--desc", what)
    repo.script("compare", name, "--max-pairs", "8")
    loops = ("--reviewed", "it holds loops alone") if file == "src/pace.sh" else ()  # the checks see no fault there
    repo.script("record_result", "keep", name, "--problem", "it waits", "--solution", "wait less", *loops)


def preview(repo: Repo, *flags: str) -> tuple[str, str]:
    """Return the preview and its fingerprint."""
    text = repo.script("finalize", *flags).stdout
    found = re.search(r"--create ([0-9a-f]{12})", text)
    assert found
    return text, found[1]


def test_the_preview_groups_what_must_go_together_and_changes_nothing(worked: Repo) -> None:
    """Two changes of one line go together, others stand alone; refs, index and files stay as they are."""
    before = (worked.git("for-each-ref"), worked.git("status", "--porcelain"), worked.git("stash", "list"))

    text, mark = preview(worked)
    document = json.loads(worked.script("finalize", "--json").stdout)

    assert [["exp-01", "exp-02"], ["exp-03"], ["exp-04"]] == [row["experiments"] for row in document["branches"]]
    assert mark == document["fingerprint"]
    assert "together they are the session's source, file by file" in text
    assert before == (worked.git("for-each-ref"), worked.git("status", "--porcelain"), worked.git("stash", "list"))


def test_branches_stand_alone_and_merge_to_the_session(worked: Repo) -> None:
    """Each branch holds its source change alone or with that which makes it pay; their union is the session's."""
    _, mark = preview(worked)

    done = worked.script("finalize", "--json", "--create", mark)

    document = json.loads(done.stdout)
    names = [row["branch"] for row in document["branches"]]
    assert [["exp-01", "exp-02"], ["exp-03", "exp-04"]] == [row["experiments"] for row in document["branches"]]
    assert 2 == done.stdout.count("alone on the base: improved")
    worked.git("checkout", "-q", "-b", "union", "main")
    worked.git("-c", "core.editor=true", "merge", "-q", "--no-ff", *names)
    changed = worked.git("diff", "--name-only", "main", "union").splitlines()
    left = worked.git("diff", "union", "autoresearch/quick", "--", "src")
    subjects = worked.git("log", "--format=%s", "--no-merges", "main..union").splitlines()
    worked.git("checkout", "-q", "autoresearch/quick")
    assert ["src/other.sh", "src/pace.sh", "src/work.sh"] == changed
    assert "" == left
    assert 4 == len(subjects)
    assert all(len(subject) < 72 for subject in subjects)
    text = next((worked.root / ".autoresearch" / "handover").glob("*1-wait*.md")).read_text()
    assert "reproduce.py --bundle exp-02" in text
    assert "wait &lt;script>even&lt;/script> less" in text
    assert "<script" not in text
    assert "it waits" not in done.stderr


def test_again_it_changes_nothing_and_a_moved_session_has_another_fingerprint(worked: Repo) -> None:
    """The same command finds its branch, one commit with all; an old fingerprint is refused, with the way on."""
    _, mark = preview(worked, "--squash")
    worked.script("finalize", "--squash", "--no-measure", "--create", mark)
    refs = worked.git("for-each-ref")
    message = worked.git("log", "--format=%B", "main..autoresearch-merge/quick/all")
    assert "1" == worked.git("rev-list", "--count", "main..autoresearch-merge/quick/all")
    assert "quick: 4 kept changes" == message.splitlines()[0]
    assert 4 == message.count("Measured: gain +")
    assert "" == worked.git("diff", "autoresearch-merge/quick/all", "autoresearch/quick", "--", "src")

    worked.script("finalize", "--squash", "--no-measure", "--create", mark)
    done = worked.script("finalize", "--create", "0" * 12, code=4)

    assert refs == worked.git("for-each-ref")
    assert "finalize.py" in done.stderr


def test_a_group_that_was_being_measured_goes_on_with_its_pairs(compared: Repo) -> None:
    """Killed in the middle: the same command counts the pairs that are there, of one seed, and measures the others."""
    compared.script("record_result", "keep", "exp-01", "--problem", "it waits", "--solution", "wait less")
    _, mark = preview(compared)
    run, folder = [sys.executable, str(BUNDLE / "scripts/finalize.py"), "--create", mark], ".autoresearch/handover"
    with subprocess.Popen(run, cwd=compared.root, env=compared.env, stderr=subprocess.DEVNULL) as broken_off:
        until(lambda: any("PAIR" in file.read_text() for file in compared.root.glob(f"{folder}/*.pairs")))
        broken_off.kill()
    (left,) = compared.root.glob(f"{folder}/*.pairs")
    there = [json.loads(line.partition(": ")[2]) for line in left.read_text().splitlines()]

    done = compared.script("finalize", "--create", mark)

    assert f"{len(there)} pairs were measured before it was broken off" in done.stderr
    (proof,) = json.loads((compared.root / folder / "proofs.json").read_text()).values()
    assert [pair["baseline"]["time_s"] for pair in there] == proof[1]["baseline_samples"][: len(there)]
    assert left.stem.partition("-")[2] == proof[1]["seed"]
    assert not left.exists()


def test_session_files_come_when_asked_for(worked: Repo) -> None:
    """With them a clone of the branch can run its own benchmark."""
    _, mark = preview(worked, "--with-session-files", "--no-measure")
    done = worked.script("finalize", "--with-session-files", "--no-measure", "--create", mark, code=None)
    if "exists with another content" in done.stderr:  # the branches of the test above are in the way, as is said
        for name in worked.git(
            "for-each-ref", "--format=%(refname:short)", "refs/heads/autoresearch-merge"
        ).splitlines():
            worked.git("branch", "-q", "-D", name)
        done = worked.script("finalize", "--with-session-files", "--no-measure", "--create", mark)
    branch = done.stdout.split()[0]
    files = worked.git("ls-tree", "-r", "--name-only", branch).splitlines()
    assert {"autoresearch.sh", "autoresearch.checks.sh", "IMPROVEMENTS.md"} <= set(files)


def evidence(repo: Repo, name: str, to: Path) -> Path:
    """Pack the evidence of an experiment."""
    repo.script("reproduce", "--bundle", name, "--to", str(to))
    return to


def repeat(folder: Path, clone: Path, tmp: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run what was packed, in a clone, as somebody else would."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp), "TMPDIR": str(tmp)}
    return subprocess.run(
        [sys.executable, "-I", str(folder / "repeat.py"), *flags], cwd=clone, env=env, capture_output=True, text=True
    )


def test_a_stranger_repeats_the_verdict(worked: Repo, tmp_path: Path) -> None:
    """In another clone at another path, without the session or the bundle, one command says that the verdict holds."""
    folder = evidence(worked, "exp-02", tmp_path / "proof")
    clone = tmp_path / "elsewhere" / "clone"
    worked.git("clone", "-q", "--single-branch", "-b", "main", str(worked.root), str(clone))

    done = repeat(folder, clone, tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "the verdict holds here" in done.stdout
    assert "" == worked.git("status", "--porcelain", cwd=clone)


def test_an_edited_patch_is_named(worked: Repo, tmp_path: Path) -> None:
    """Whoever changes the change is told that it is not what was measured; the answer is about the edited one."""
    folder = evidence(worked, "exp-03", tmp_path / "proof")
    patch = folder / "change.patch"
    patch.write_text(patch.read_text().replace("+. src/pace.sh", "+for _ in {1..300}; do :; done"))

    done = repeat(folder, worked.root, tmp_path)

    assert 1 == done.returncode
    assert "change.patch is not what was measured" in done.stderr
    assert "the verdict of the edited patch does not hold here" in done.stdout


def test_a_clone_without_the_commit_is_told_what_to_fetch(worked: Repo, tmp_path: Path) -> None:
    """Evidence in a repository that it does not belong to ends with usage, not with a traceback."""
    folder = evidence(worked, "exp-03", tmp_path / "proof")
    other = Repo(tmp_path / "other", tmp_path)
    other.root.mkdir()
    other.git("init", "-q")
    other.write("a", "b")
    other.commit()

    done = repeat(folder, other.root, tmp_path)

    assert 2 == done.returncode
    assert "does not have the commit" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_archive_and_bad_questions(worked: Repo, tmp_path: Path) -> None:
    """--to FILE.tar.gz makes one file; what was never compared, and a folder in use, are said."""
    archive = tmp_path / "proof.tar.gz"
    worked.script("reproduce", "--bundle", "exp-01", "--to", str(archive))
    shutil.unpack_archive(archive, tmp_path / "out")
    assert (tmp_path / "out" / "proof" / "repeat.py").exists()

    worked.script("snapshot_workdir", "create", "exp-09")
    assert "compare.py exp-09" in worked.script("reproduce", "--bundle", "exp-09", code=1).stderr
    assert "not empty" in worked.script("reproduce", "--bundle", "exp-01", "--to", str(tmp_path), code=2).stderr
    worked.script("reproduce", code=2)
    assert "no evidence" in worked.script("reproduce", str(tmp_path), code=2).stderr


def test_nothing_kept_is_said(session: Repo) -> None:
    """Without a kept change there is nothing to merge: the answer is no."""
    assert "nothing was kept" in session.script("finalize", code=1).stderr


def test_a_session_on_top_of_another_hands_over_what_that_one_kept_as_well(repo: Repo) -> None:
    """The person's branch lacks both: what the second changed does not apply there without the first."""
    repo.write("src/work.sh", "for _ in {1..160}; do :; done\necho 42\n")
    repo.write("src/other.sh", "for _ in {1..160}; do :; done\necho 7\n")
    repo.commit("first")
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", CHECKS, 0o755)
    begin = ("--metric", "steps", "--direction", "lower", "--margin", "5", "--scale", "ratio", "--review-above", "1000")
    for name, steps, more in (("one", 100, ()), ("two", 60, ("--new", "--on-top"))):
        repo.script("start_session", "--goal", name, *begin, *more)
        repo.script("start_session", "--lock")
        keep(repo, f"{name}-1", "src/work.sh", f"for _ in {{1..{steps}}}; do :; done\necho 42\n", f"{steps} steps")
    keep(repo, "two-2", "src/other.sh", "for _ in {1..20}; do :; done\necho 7\n", "fewer in the other")

    text, found = preview(repo)

    assert "3 kept changes" in text
    repo.script("finalize", "--create", found, "--no-measure")
    branches = repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads/autoresearch-merge").split()
    assert 2 == len(branches)
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--no-edit", branches[0])
    repo.git("merge", "-q", "--no-edit", branches[1])
    assert "{1..60}" in (repo.root / "src/work.sh").read_text()
    assert "{1..20}" in (repo.root / "src/other.sh").read_text()
    assert "autoresearch" not in repo.git("ls-files")


def test_a_long_subject_is_cut_behind_a_word_and_said_once() -> None:
    """What was cut off stands in the body; nothing is said twice, and the title of the text is cut alike."""
    long = "fewer calls for a pair: regular expressions for key and equals sign, one for the white space around them"
    head, _, rest = branches._message(f"{long}\n\nMeasured: x\n").partition("\n\n")

    assert long == head.removesuffix("...") + " " + rest.partition("\n")[0].removeprefix("...")
    assert head == branches._cut(long)
    assert len(head) <= branches.SUBJECT
