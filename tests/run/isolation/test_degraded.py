"""Where the system allows no walls, or not all: said once at the lock, always by check_environment, and runs go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.run.isolation import namespaces, pids, probe

BUNDLE = Path(__file__).resolve().parents[3]
POWERLESS = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all")
"""As root without the right to make namespaces, as in many containers."""


def powerless(repo: Any, script: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a script where no walls can be built."""
    command = [*POWERLESS, sys.executable, str(BUNDLE / "scripts" / f"{script}.py"), *args]
    return subprocess.run(command, cwd=repo.root, env=repo.env, capture_output=True, text=True, check=False)


def test_without_namespaces_a_session_works_and_says_so_once(repo: Any) -> None:
    """The lock says it, a comparison does not repeat it; check_environment.py says it whenever it is asked."""
    if not shutil.which("setpriv") or powerless(repo, "check_environment", "--help").returncode:
        pytest.skip("no setpriv here, or it may not give up rights")
    repo.write("src/v", "5.123\n")
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(cat src/v)\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\ngrep -qx '[0-9.]*' src/v\n", 0o755)
    repo.commit()
    repo.script(
        "start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower", "--review-above", "99"
    )
    lost = probe.WITHOUT["files"]

    locked = powerless(repo, "start_session", "--lock")
    copy = Path(powerless(repo, "snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/v").write_text("2.345\n")
    powerless(repo, "snapshot_workdir", "seal", "exp-01", "--desc", "quicker")
    compared = powerless(repo, "compare", "exp-01", "--max-pairs", "8")

    assert (0, 0) == (locked.returncode, compared.returncode), (locked.stderr, compared.stderr)
    assert (1, 0) == (locked.stderr.count(lost), (compared.stdout + compared.stderr).count(lost))
    assert lost in powerless(repo, "check_environment").stdout


@pytest.mark.skipif(not probe.available(), reason="no mount namespaces here")
@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("layers", "layer"),
        ("devices", "few_devices"),
        ("network", "own_network"),
        ("processes", "own_processes"),
        ("keys", "_FILTER"),
    ],
)
def test_each_part_that_does_not_hold_is_named_alone(part: str, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No overlayfs, devices, network or processes of its own, no filter for system calls: the others stand."""

    def fails(*_: object, **__: object) -> None:
        raise OSError("not here")

    if broken == "_FILTER":  # numbers of another processor: the system knows no such call
        monkeypatch.setattr(pids, broken, (100_000, *pids.NUMBERS["x86_64"][1:]))
    else:
        monkeypatch.setattr(namespaces, broken, fails)
    probe.parts_that_hold.cache_clear()
    try:
        assert [probe.WITHOUT[part]] == probe.missing()
    finally:
        monkeypatch.undo()
        probe.parts_that_hold.cache_clear()


def test_the_lock_passes_the_hint_on(repo: Any) -> None:
    """A benchmark that downloads fails at the lock, and the next step names the flag."""
    if not probe.parts_that_hold()["network"]:
        pytest.skip("no network namespaces here")
    fetch = 'import socket; socket.create_connection(("192.0.2.1", 80), 5)'
    repo.write("autoresearch.sh", f"#!/usr/bin/env bash\npython3 -c '{fetch}' && echo METRIC time_s=1.234\n", 0o755)
    repo.write("autoresearch.checks.sh", "grep -q 42 src/work.sh\n", 0o755)
    repo.commit()
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")

    assert "start_session.py --network" in repo.script("start_session", "--lock", code=1).stderr
