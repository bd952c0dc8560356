"""One side of a comparison: a failure on a full disk is the machine's, not the program's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.judge.measure.side import Side, SideError
from helpers.run.jobs.task import Task


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_told_from_one_that_the_side_filled(small: Path) -> None:
    """What its own runs left in HOME and the temporary folder goes first; what is left by others is the machine's."""
    side = Side(small, "", small / "x", Task("t", "", ""), [])
    (side.folder / "tmp").mkdir(parents=True)
    (side.folder / "tmp/own").write_bytes(bytes(2_500_000))
    side.require_room()

    (small / "of others").write_bytes(bytes(2_500_000))
    with pytest.raises(SideError, match="no space left on the disk where runs work"):
        side.require_room()
