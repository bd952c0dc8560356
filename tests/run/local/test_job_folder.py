"""The folder of a job: who works on it, and what others see of that."""

from __future__ import annotations

import threading
from pathlib import Path

from helpers import paths
from helpers.run.local.job_folder import Folder, Spec


def queued(root: Path, name: str) -> Folder:
    """Return a job that waits."""
    folder = Folder(root, name)
    folder.write(Spec(name, name, "tree", {}, {}, 10, 1, 1, [], str(root)))
    return folder


def test_looking_at_a_job_does_not_keep_it_from_being_worked_on(tmp_path: Path) -> None:
    """Whoever asks for a job's state holds its lock for a moment; who is about to work on it gets it anyway."""
    paths.state_folder(tmp_path)
    ended = threading.Event()
    asked: list[str] = []

    def ask() -> None:
        while not ended.is_set():
            asked.extend(folder.state() for folder in jobs)

    jobs = [queued(tmp_path, f"j{number}") for number in range(20)]
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    taken = []
    for folder in jobs:
        with folder.claimed() as mine:
            taken.append(mine)
            folder.mark("finished")
    ended.set()
    for thread in threads:
        thread.join()

    assert [True] * len(jobs) == taken
    assert {"pending", "done"} <= set(asked) <= {"pending", "running", "done"}


def test_a_job_is_claimed_once(tmp_path: Path) -> None:
    """Who comes second does not get it, neither while the first works nor when it has ended, well or not."""
    paths.state_folder(tmp_path)
    folder = queued(tmp_path, "j")

    with folder.claimed() as first, Folder(tmp_path, "j").claimed() as second:
        while_working = (first, second, folder.state())
    with folder.claimed() as third:
        pass
    assert (True, False, "running") == while_working
    assert (False, "lost") == (third, folder.state())
