"""What a measurement leaves in its copy, and what of it is found."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from helpers.judge.measure import leftovers

KEPT = {
    "a file": lambda copy: (copy / "src" / "answer").write_text("42"),
    "a folder": lambda copy: (copy / "42").mkdir(),
    "a file's content, its time set back": lambda copy: _rewrite(copy / "src" / "gen.py"),
    "a file removed": lambda copy: (copy / "src" / "gen.py").unlink(),
    "a folder's mode": lambda copy: (copy / "src").chmod(0o700),
    "a folder's time": lambda copy: os.utime(copy / "src", (42, 42)),
    "the copy's own time": lambda copy: os.utime(copy, (42, 42)),
}


def _rewrite(file: Path) -> None:
    seen = file.stat()
    file.write_text("x = 2\n")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy with one module."""
    (tmp_path / "copy" / "src").mkdir(parents=True)
    (tmp_path / "copy" / "src" / "gen.py").write_text("x = 1\n")
    return tmp_path / "copy"


@pytest.mark.parametrize("how", KEPT)
def test_what_is_kept_is_found(copy: Path, how: str) -> None:
    """Whatever could tell a later call that there was an earlier one is found."""
    before = leftovers.scan(copy)

    KEPT[how](copy)

    assert leftovers.changed(before, leftovers.scan(copy))


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes here")
def test_an_attribute_of_a_folder_is_found(copy: Path) -> None:
    """An extended attribute holds an answer as well as a file does."""
    before = leftovers.scan(copy)
    try:
        os.setxattr(copy / "src", "user.answer", b"42")
    except OSError:
        pytest.skip("this file system has none")

    assert {"src"} == leftovers.changed(before, leftovers.scan(copy))


def test_what_comes_and_goes_is_not(copy: Path) -> None:
    """Temporary files and folders, in a folder and beside it, leave nothing to be found."""
    before = leftovers.scan(copy)

    for place in (copy, copy / "src"):
        (place / "scratch").write_text("1")
        (place / "scratch").unlink()
        (place / "folder").mkdir()
        (place / "folder").rmdir()

    assert set() == leftovers.changed(before, leftovers.scan(copy))


def test_compiled_modules_are_taken_and_nothing_else(copy: Path) -> None:
    """Of a __pycache__ only what Python itself would find there, beside its source, counts as compiled."""
    before = leftovers.scan(copy)
    cache = copy / "src" / "__pycache__"
    cache.mkdir()
    for name in ("gen.cpython-311.pyc", "gen.pypy39.opt-1.pyc", "gen.answer.pyc", "other.cpython-311.pyc", "answer"):
        (cache / name).write_text("42")

    sources = leftovers.take_compiled(copy, before)

    assert ["src/gen.py"] == sources
    assert {"gen.answer.pyc", "other.cpython-311.pyc", "answer"} == {file.name for file in cache.iterdir()}


def test_an_answer_in_a_compiled_module_is_not_kept(session: Any) -> None:
    """What the warm-up call wrote into a compiled module is compiled again before any call counts."""
    answer = f"src/__pycache__/gen.{sys.implementation.cache_tag}.pyc"
    work = (
        f"if grep -q answer {answer} 2>/dev/null; then :; else sleep 0.05; mkdir -p src/__pycache__; echo "
        f"answer >{answer}; fi\necho 42\n"
    )
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(work)
    (copy / "src/gen.py").write_text("x = 1\n")
    session.script("start_session", "--goal", "quick", "--allow", "detects-benchmark", "--allow", "keeps-state")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "a cheat")

    done = session.script("compare", "exp-01", "--max-pairs", "12", "--json", code=1)

    assert '"verdict": "void"' in done.stdout
    assert "keeps files between calls: " + answer in done.stdout


@pytest.mark.parametrize("how", [*KEPT, "nothing"])
def test_an_undo_makes_the_copy_as_it_was(copy: Path, how: str) -> None:
    """What a run made goes, what it changed or removed comes back, and marks taken before it hold afterwards."""
    before = leftovers.scan(copy)

    def seen() -> list[tuple[Path, int, int, bytes]]:
        found = ((file, file.stat()) for file in (copy, *sorted(copy.rglob("*"))))
        return [(file, s.st_mode, s.st_mtime_ns, b"" if file.is_dir() else file.read_bytes()) for file, s in found]

    was = seen()
    with leftovers.undoing(copy, before) as undo:
        KEPT.get(how, lambda _: None)(copy)
        undo()

    assert [row[:2] + row[3:] for row in was] == [row[:2] + row[3:] for row in seen()]
    assert [row[2] for row in was if row[0].is_file()] == [row[2] for row in seen() if row[0].is_file()]
    assert not leftovers.changed(before, leftovers.scan(copy))


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes a plain user, which only root can")
def test_a_plain_user_s_undo_goes_through_closed_folders() -> None:
    """Go closes the folders of its modules: what was changed beside them comes back all the same."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        os.seteuid(65534)
        try:
            copy = Path(place) / "copy"
            (copy / "mod").mkdir(parents=True)
            (copy / "mod" / "a.go").write_text("package a\n")
            (copy / "state").write_text("1\n")
            (copy / "mod").chmod(0o555)
            with leftovers.undoing(copy) as undo:
                (copy / "state").write_text("2\n")
                undo()
            held = (copy / "state").read_text(), (copy / "mod" / "a.go").read_text(), (copy / "mod").stat().st_mode
        finally:
            os.seteuid(0)

    assert ("1\n", "package a\n", 0o40555) == held
