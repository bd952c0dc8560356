"""A disk that is full or broken at any write: a clear error, nothing confirmed is lost, and the next works."""

from __future__ import annotations

import errno
import json
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import processes, until

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent.parent
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)
POINTS = 4
CAUSES = (
    "disk is full",
    "Input/output error",
    "No space left",
    "the comparison",
    "died",
    "nable to write",
    "nable to create",
    "could not",
    "couldn't",
)
"""What an error must say at least one of: git names the cause in words of its own."""


class Faulty:
    """Runs scripts with a disk that fails at a chosen operation."""

    def __init__(self, folder: Path) -> None:
        self.library, self.counter = folder / "fault.so", folder / "counter"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(self.library), str(HERE / "fault.c"), "-ldl"], check=True)

    def run(self, session: Any, at: int, number: int, *command: str) -> tuple[subprocess.CompletedProcess[str], int]:
        """Run a script whose `at`-th disk operation fails; return its result and how many operations there were."""
        self.counter.write_bytes(bytes(8))
        env = {
            **session.env,
            "LD_PRELOAD": str(self.library),
            "FAULT_COUNTER": str(self.counter),
            "FAULT_AT": str(at),
            "FAULT_ERRNO": str(number),
            "PYTHONDONTWRITEBYTECODE": "1",  # it is not the cache of byte code that is to fail
        }
        if number == errno.ENOSPC:
            env["FAULT_STAYS"] = "1"
        script = [sys.executable, str(BUNDLE / "scripts" / f"{command[0]}.py"), *command[1:]]
        done = subprocess.run(
            script, cwd=session.root, env=env, capture_output=True, text=True, check=False, timeout=120
        )
        return done, struct.unpack("q", self.counter.read_bytes())[0]


COMMANDS = {
    "create": (["snapshot_workdir", "create", "exp-02"], "exp-02 exists"),
    "seal": (["snapshot_workdir", "seal", "exp-01", "--desc", "sleep less"], ""),
    "idea": (["ideas", "add", "sleep less", "--source", "own"], ""),
    "keep": (["record_result", "keep", "exp-01"], ""),
    "discard": (["record_result", "discard", "exp-01", "--why", "no"], ""),
    "submit": (["submit_experiment", "exp-01"], ""),
    "compare": (["compare", "exp-01", "--max-pairs", "8"], ""),
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    """A disk that fails."""
    return Faulty(tmp_path_factory.mktemp("faulty"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("what", COMMANDS)
def test_a_disk_that_fails(compared: Any, faulty: Faulty, tmp_path: Path, what: str, number: int) -> None:
    """At any operation: no traceback, the failure is named, the journal keeps its lines, the command works later."""
    command, already = COMMANDS[what]
    session, original = compared, compared.root
    draw = random.Random(f"{what}{number}")
    spare = Path(session.env["TMPDIR"])
    shutil.copytree(spare, tmp_path / "spare", symlinks=True)
    shutil.copytree(original, tmp_path / "spare-root", symlinks=True)

    def again() -> None:
        if what == "submit":  # a job may run
            session.script("submit_experiment", "exp-01", "--cancel", code=None)
            session.script("collect_results", "--wait", "20", "--all", code=None)
        until(lambda: not processes("helpers.", str(original)))  # a runner may still clear up behind itself
        shutil.rmtree(original)
        shutil.rmtree(spare)
        shutil.copytree(tmp_path / "spare", spare, symlinks=True)
        shutil.copytree(tmp_path / "spare-root", original, symlinks=True)

    _, operations = faulty.run(session, 0, number, *command)
    points = sorted(draw.sample(range(1, operations + 1), min(POINTS if what != "compare" else 2, operations)))
    for at in points:
        again()
        before = (original / "autoresearch.jsonl").read_bytes()

        done, _ = faulty.run(session, at, number, *command)

        said = f"{what} at {at} of {operations}: exit {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr, said
        assert done.returncode in (0, 1, 3), said
        assert done.returncode != 3 or any(words in done.stderr for words in CAUSES), said
        assert (original / "autoresearch.jsonl").read_bytes().startswith(before), said
        if at == points[-1]:
            session.script("status")
        after = session.script(*command, code=None)
        assert after.returncode in (0, 1) or (already and already in after.stderr), f"{said}\nthen {after.stderr}"
        if what == "keep":
            keeps = [json.loads(line) for line in (original / "autoresearch.jsonl").read_text().splitlines()]
            assert 2 == sum("run" in e for e in keeps)
            assert "" == session.git("status", "--porcelain")
            assert 3 == len(session.git("rev-list", "HEAD").split())
