"""A file is replaced whole or not at all, whatever ends the writer."""

from __future__ import annotations

import os
import resource
import signal
import stat
import threading
from pathlib import Path

import pytest

from helpers import files, locks


def in_child(action: object) -> int:
    """Run `action` in a child process and return its wait status: 0 when it ended without an error."""
    child = os.fork()
    if child == 0:
        try:
            action()  # type: ignore[operator]
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_a_crash_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """Killed with half of the content written, the writer has changed nothing that a reader sees."""
    file = tmp_path / "notes"
    file.write_text("old")

    def half() -> None:
        with files.replacing(file) as out:
            out.write(b"new" * 100_000)
            out.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    assert signal.SIGKILL == os.WTERMSIG(in_child(half))
    assert "old" == file.read_text()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A write that the system cuts short is an error; no half file stays, under any name."""
    file = tmp_path / "notes"
    file.write_text("old")

    def too_much() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        files.replace(file, "x" * 10_000)

    assert 0 != os.WEXITSTATUS(in_child(too_much))
    assert ("old", [file]) == (file.read_text(), list(tmp_path.iterdir()))


@pytest.mark.parametrize("mode", [0o600, 0o755])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    """A file that its owner keeps private, or runs, is so afterwards."""
    file = tmp_path / "notes"
    file.write_text("old")
    file.chmod(mode)

    files.replace(file, "new")

    assert ("new", mode) == (file.read_text(), file.stat().st_mode & 0o777)


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What a link points to is somebody else's: it stays as it is."""
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_text("theirs")
    link.symlink_to(other)

    files.replace(link, "ours")

    assert ("theirs", "ours", False) == (other.read_text(), link.read_text(), link.is_symlink())


def test_it_is_on_disk_before_it_has_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is flushed before the rename and the folder after it.

    A rename alone may survive a power cut empty.
    """
    order: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        real_sync(descriptor)

    def rename(self: Path, target: Path) -> Path:
        order.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    files.replace(tmp_path / "notes", "new")

    assert ["content", "rename", "folder"] == order


def test_readers_never_see_half(tmp_path: Path) -> None:
    """While several threads replace a file, each look finds one of the contents, whole."""
    file = tmp_path / "notes"
    file.write_text("a" * 50_000)

    def write(letter: str) -> None:
        for _ in range(50):
            files.replace(file, letter * 50_000, durable=False)

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "abc"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen = file.read_text()
        assert (1, 50_000) == (len(set(seen)), len(seen))
    assert [file] == list(tmp_path.iterdir())


def test_a_folder_can_be_held(tmp_path: Path) -> None:
    """A folder is its own lock, and nothing is left in it."""
    with locks.held(tmp_path, wait=True), locks.held(tmp_path) as second:
        assert not second
    assert [] == list(tmp_path.iterdir())
