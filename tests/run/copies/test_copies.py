"""Isolated copies hold what git knows, byte for byte, and leave everything of the person's as it was."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from helpers import git
from helpers.run.copies.copies import Workdirs


def snapshot(root: Path) -> dict[str, Any]:
    """Everything of the person's that must stay as it is: every file below root with mode, time and content."""
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if not n.startswith(".autoresearch")]
        for name in files:
            path = Path(folder) / name
            relative = path.relative_to(root).as_posix()
            if relative.startswith((".git/objects/", ".git/refs/autoresearch")):
                continue
            status = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
            found[relative] = (stat.S_IMODE(status.st_mode), status.st_mtime_ns, content)
    return found


def content(root: Path) -> dict[str, tuple[bool, str]]:
    """Path to (executable, content) of every file, without .git and .skyignore."""
    found = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if relative.split("/")[0] in (".git", ".skyignore") or "/.git" in relative:
            continue
        if path.is_symlink():
            found[relative] = (False, f"-> {path.readlink()}")
        elif path.is_file():
            found[relative] = (os.access(path, os.X_OK), hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def test_a_copy_holds_tracked_and_untracked_but_not_ignored(repo: Any) -> None:
    """Tracked files as they are in the work tree, untracked ones, modes and links; nothing ignored, no .git."""
    repo.write("run.sh", "echo hi\n", 0o755)
    repo.write("name with\nnewline and ü", "x")
    (repo.root / "link").symlink_to("src/work.sh")
    repo.commit()
    repo.write("src/work.sh", "changed\n")
    repo.write("new.txt", "untracked")
    repo.write("junk.o", "ignored")
    before = snapshot(repo.root)

    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())

    expected = {name: value for name, value in content(repo.root).items() if name != "junk.o"}
    assert expected == content(copy)
    assert before == snapshot(repo.root)
    assert (copy / ".skyignore").exists()


def test_sealing_restores_the_same_bytes(repo: Any, tmp_path: Path) -> None:
    """What was sealed comes back exactly, line endings and filters of the repository notwithstanding."""
    repo.write(".gitattributes", "*.txt text eol=crlf\n*.id ident\n*.up filter=upper\n")
    repo.git("config", "filter.upper.clean", "tr a-z A-Z")
    repo.git("config", "filter.upper.smudge", "tr A-Z a-z")
    repo.write("dos.txt", b"a\r\nb\r\n")
    repo.write("mixed.id", "$Id$ here\n")
    repo.write("case.up", "quiet\n")
    repo.commit()
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "dos.txt").write_bytes(b"a\nb\r\nc")
    (copy / "src/work.sh").chmod(0o755)
    (copy / "extra").mkdir()
    (copy / "extra/file").write_bytes(bytes(range(256)))
    before = snapshot(repo.root)

    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "everything odd")
    repo.script("snapshot_workdir", "restore", "exp-01", str(tmp_path / "again"))

    assert content(copy) == content(tmp_path / "again")
    assert before == snapshot(repo.root)
    assert repo.git("rev-parse", "HEAD") == repo.git("rev-parse", "refs/autoresearch/exp-01^")


def test_all_files_of_a_restored_tree_are_of_one_time(repo: Any, tmp_path: Path) -> None:
    """Else make finds some files newer than others, on one side of a comparison and not on the other.

    What is built within a second is newer by the second as well: setuptools copies no extension that is not.
    """
    for number in range(300):
        repo.write(f"many/{number}", "x" * 5000)
    (repo.root / "link").symlink_to("many/1")
    assert 0 == repo.script("snapshot_workdir", "create", "exp-01").returncode
    assert 0 == repo.script("snapshot_workdir", "seal", "exp-01").returncode
    assert 0 == repo.script("snapshot_workdir", "restore", "exp-01", str(tmp_path / "again")).returncode
    times = {file.lstat().st_mtime_ns for file in (tmp_path / "again").rglob("*") if not file.is_dir()}
    assert 1 == len(times)
    assert 2e9 < time.time_ns() - times.pop()


def test_the_diff_shows_only_the_experiment(repo: Any) -> None:
    """Uncommitted work of the person is in the copy, and never in an experiment's diff."""
    repo.write("src/work.sh", "echo theirs\n")
    repo.write("notes.txt", "theirs")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    assert repo.script("snapshot_workdir", "diff", "exp-01", code=1).returncode == 1
    (copy / "added.c").write_text("int x;\n")

    shown = repo.script("snapshot_workdir", "diff", "exp-01").stdout

    assert "added.c" in shown
    assert "theirs" not in shown


def test_what_was_run_cannot_be_sealed_over(session: Any) -> None:
    """A tree that has a result stays on record: a changed copy needs a new name."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 42\n")
    session.script("submit_experiment", "exp-01", "--desc", "no sleep")
    (copy / "src/work.sh").write_text("echo 43\n")

    said = session.script("snapshot_workdir", "seal", "exp-01", code=4).stderr

    assert "--from exp-01" in said
    session.script("collect_results", "--wait", "60", "--all")


def test_submodule_contents_are_copied(repo: Any, tmp_path: Path) -> None:
    """A checked-out submodule is part of what is built, so it is part of the copy."""
    inner = tmp_path / "inner"
    inner.mkdir()
    repo.git("init", "-q", cwd=inner)
    (inner / "lib.c").write_text("int lib;\n")
    repo.git("add", "-A", cwd=inner)
    repo.git("commit", "-qm", "lib", cwd=inner)
    repo.git("submodule", "--quiet", "add", str(inner), "vendor/lib")
    repo.commit()
    before = snapshot(repo.root)

    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "x")

    assert (copy / "vendor/lib/lib.c").read_text() == "int lib;\n"
    assert not (copy / "vendor/lib/.git").exists()
    assert before == snapshot(repo.root)


def test_linked_worktrees_and_spaces_work(repo: Any, tmp_path: Path) -> None:
    """A session may live in a linked worktree whose path has spaces; its experiments are its own."""
    other = tmp_path / "other tree"
    repo.git("worktree", "add", "-q", str(other), "-b", "side")
    repo.script("snapshot_workdir", "create", "exp-01")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "in the first")

    made = repo.script("snapshot_workdir", "create", cwd=other).stdout.strip()
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "in the second", cwd=other)

    assert Path(made).name == "exp-01"
    assert "in the first" in repo.script("snapshot_workdir", "list").stdout
    assert "in the second" in repo.script("snapshot_workdir", "list", cwd=other).stdout
    assert 2 == len(repo.git("for-each-ref", "refs/autoresearch/").splitlines())


@pytest.mark.parametrize("start", [[], ["--from", "HEAD"]])
def test_a_tracked_file_that_is_ignored_belongs_to_the_copy(repo: Any, tmp_path: Path, start: list[str]) -> None:
    """What was added in spite of .gitignore is sealed, and sealed again after an edit."""
    repo.write("b.o", "tracked anyway")
    repo.git("add", "-f", "b.o")
    repo.commit()
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01", *start).stdout.strip())
    (copy / "b.o").write_text("edited")
    (copy / "new.o").write_text("a build product")

    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "x")
    repo.script("snapshot_workdir", "restore", "exp-01", str(tmp_path / "again"))

    assert "edited" == (tmp_path / "again/b.o").read_text()
    assert not (tmp_path / "again/new.o").exists()


def test_scripts_work_from_inside_a_copy(repo: Any) -> None:
    """A copy has no .git, and the scripts know anyway which repository it belongs to."""
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())

    listed = repo.script("snapshot_workdir", "list", cwd=copy / "src").stdout

    assert listed.startswith("exp-01")


@pytest.mark.parametrize("name", ["../evil", "a/b", "-x", "x..y", "x.lock", "", "a b"])
def test_names_cannot_leave_their_folder(repo: Any, name: str) -> None:
    """A name that is no plain word is refused before anything is made."""
    assert repo.script("snapshot_workdir", "create", "--", name, code=2).returncode == 2


def test_of_two_agents_that_want_one_name_one_gets_it(repo: Any) -> None:
    """The other is told that it exists, and the copy, its start and its index are of one of them."""
    repo.write("many", "x" * 1_000_000)
    with ThreadPoolExecutor() as agents:
        ask = [agents.submit(repo.script, "snapshot_workdir", "create", "exp-01", code=None) for _ in range(3)]
        done = [each.result() for each in ask]

    assert [0, 2, 2] == sorted(each.returncode for each in done), done
    assert all("exp-01 exists" in each.stderr for each in done if each.returncode)
    copies = Path(next(each.stdout for each in done if not each.returncode).strip()).parent
    assert not [*copies.rglob(".making*")]
    assert "no change" in repo.script("snapshot_workdir", "diff", "exp-01", code=1).stdout


def test_outside_of_a_repository(tmp_path: Path, repo: Any) -> None:
    """No repository, no commit: a sentence, exit 2."""
    (tmp_path / "empty").mkdir()
    said = repo.script("snapshot_workdir", "create", "exp-01", cwd=tmp_path / "empty", code=2).stderr
    repo.git("init", "-q", cwd=tmp_path / "empty")
    unborn = repo.script("snapshot_workdir", "create", "exp-01", cwd=tmp_path / "empty", code=2).stderr

    assert "not inside a git repository" in said
    assert "no commit yet" in unborn


def test_a_scratch_folder_of_somebody_else_is_not_used(repo: Any) -> None:
    """On a machine with several users a folder (or a link) that another one put there is left alone."""
    place = Path(repo.env["TMPDIR"]) / "autoresearch"
    place.symlink_to(repo.root)

    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())

    assert f"autoresearch-{os.getuid()}" == copy.parent.parent.name


def test_pruning_says_what_it_did_not_do(repo: Any) -> None:
    """A name that there is not is wrong usage, with nothing removed; a named copy that is kept is exit 1."""
    for name in ("exp-01", "exp-02"):
        copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/work.sh").write_text(f"echo {name}\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "sealed")

    mistyped = repo.script("snapshot_workdir", "prune", "exp-01", "exp-20", code=2).stderr
    assert "exp-20" in mistyped
    assert "exp-01, exp-02" in mistyped
    assert (copy.parent / "exp-01").is_dir()

    assert "exp-02: kept" in repo.script("snapshot_workdir", "prune", "exp-02", code=1).stderr
    repo.script("snapshot_workdir", "prune")
    assert [False, True] == [(copy.parent / name).is_dir() for name in ("exp-01", "exp-02")]
    repo.script("snapshot_workdir", "prune", "exp-01")
    repo.script("snapshot_workdir", "prune", "exp-02", "--force")
    assert not copy.exists()


def test_every_script_refuses_what_is_no_experiment(session: Any) -> None:
    """An unknown or malformed name ends with exit 2 and a message that names it, in each script that takes one."""
    calls = [
        ("record_result", "keep", "NAME"),
        ("record_result", "discard", "NAME", "--why", "x"),
        ("compare", "NAME"),
        ("submit_experiment", "NAME", "--desc", "x"),
        *(("snapshot_workdir", verb, "NAME") for verb in ("seal", "diff")),
        ("snapshot_workdir", "restore", "NAME", "nowhere"),
    ]
    for name, said in (("exp-99", "there is no experiment exp-99"), ("../x", "'../x' cannot name an experiment")):
        for script, *args in calls:
            done = session.script(script, *(name if arg == "NAME" else arg for arg in args), code=2)
            assert said in done.stderr, (script, args)


def test_a_copy_that_is_gone_is_said_to_be_gone(repo: Any) -> None:
    """Sealed and pruned it is an experiment without a copy: nothing unknown; the printed command goes on from it."""
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 3\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "three")
    repo.script("snapshot_workdir", "prune", "exp-01")

    said = repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "three", code=2).stderr

    assert "the copy of exp-01 is gone" in said
    assert "snapshot_workdir.py create exp-02 --from exp-01" in said
    again = repo.script("snapshot_workdir", "create", "exp-02", "--from", "exp-01").stdout.strip()
    assert "echo 3\n" == (Path(again) / "src/work.sh").read_text()


def test_an_experiment_that_others_began_from_is_described_anew(repo: Any) -> None:
    """They still come from where it came from: their changes apply to the baseline, and do not conflict with it."""
    for name, source, text in (("exp-01", [], "echo @n@\n"), ("exp-02", ["--from", "exp-01"], "echo 3\n")):
        copy = Path(repo.script("snapshot_workdir", "create", name, *source).stdout.strip())
        (copy / "src/work.sh").write_text(text)
        repo.script("snapshot_workdir", "seal", name, "--desc", "first words")
    work = Workdirs(git.find(repo.root), copy.parent)
    began = work.experiment("exp-02").origin
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "other words")

    assert repo.git("rev-parse", "HEAD").strip() == began.commit
    assert began == work.experiment("exp-02").origin
