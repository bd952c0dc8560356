"""What a build and a screened program may write to in the person's home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.run.isolation import mounts

TRIES = "for place in bin registry git; do echo evil >$CARGO_HOME/$place/evil; done 2>/dev/null\necho 42\n"


@pytest.mark.skipif(not mounts.available(), reason="no mount namespaces here")
@pytest.mark.parametrize("by", ["screen", "build"])
def test_only_what_was_downloaded_may_be_written(repo: Any, by: str) -> None:
    """The folders where cargo keeps what it fetches are open, the one with the person's programs is not."""
    cargo = Path(repo.env["HOME"]) / ".cargo"
    (cargo / "bin").mkdir(parents=True)
    repo.write("autoresearch.sh", "bash src/work.sh >&2\necho METRIC time_s=1\n")
    if by == "screen":
        repo.write("src/work.sh", TRIES)
    repo.commit()
    build = ("--build", TRIES.replace("\n", ";")) if by == "build" else ()
    repo.script("start_session", "--goal", "g", "--metric", "time_s", "--direction", "lower", "--no-checks", *build)

    repo.script("start_session", "--lock")

    assert {"registry", "git"} == {file.parent.name for file in cargo.rglob("evil")}
