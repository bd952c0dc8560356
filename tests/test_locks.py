"""Locks between processes: who works keeps others out, who only looks keeps nobody out."""

from __future__ import annotations

import threading
from pathlib import Path

from helpers import locks


def test_one_holds_it(tmp_path: Path) -> None:
    """While one works nobody else gets the lock, to work or to look; afterwards both do."""
    lock = tmp_path / "lock"
    with locks.held(lock) as first, locks.held(lock) as second, locks.held(lock, shared=True) as look:
        assert (True, False, False) == (first, second, look)
    with locks.held(lock, shared=True) as look, locks.held(lock, shared=True) as beside:
        assert (True, True) == (look, beside)
    with locks.held(lock) as again:
        assert again


def test_lookers_keep_nobody_from_work(tmp_path: Path) -> None:
    """With many who look again and again, whoever wants to work always gets the lock."""
    lock, ended = tmp_path / "lock", threading.Event()

    def look() -> None:
        while not ended.is_set():
            with locks.held(lock, shared=True):
                pass

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    got = []
    for _ in range(200):
        with locks.held(lock) as mine:
            got.append(mine)
    ended.set()
    for thread in threads:
        thread.join()

    assert [True] * 200 == got
