"""setup.sh and the other shell scripts: their bats tests, shellcheck and shfmt, one pytest test each."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
CASES = [
    pytest.param(file, name, id=f"{file.stem}: {name}")
    for file in sorted(HERE.glob("*.bats"))
    for name in re.findall(r'^@test "(.*)" \{$', file.read_text(encoding="utf-8"), re.MULTILINE)
]
SCRIPTS = [
    TOP / "setup.sh",
    *(TOP / ".ci" / name for name in ("environment", "run", "test")),
    *sorted((TOP / "helpers").rglob("*.sh")),
    *sorted(HERE.glob("*.bash")),
    *sorted(HERE.glob("*.bats")),
]


def need(tool: str) -> None:
    """Skip the test when `tool` is not installed."""
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed (apt-get install {tool})")


@functools.cache
def bats(file: Path) -> dict[str, tuple[str, str]]:
    """Run a bats file once; each test's name with its outcome (ok, skip, not ok) and what was said."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_DIR", "PYTHON"))}
    out = subprocess.run(
        ["bats", "--tap", file], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL
    ).stdout
    results: dict[str, tuple[str, str]] = {}
    for block in re.split(r"^(?=ok |not ok )", out, flags=re.MULTILINE)[1:]:
        head, _, rest = block.partition("\n")
        found = re.fullmatch(r"(ok|not ok) \d+ (.*?)(?: # skip ?(.*))?", head)
        assert found, head
        skipped = found[1] == "ok" and found[3] is not None
        results[found[2]] = ("skip" if skipped else found[1], found[3] if skipped else rest)
    return results


@pytest.mark.parametrize(("file", "name"), CASES)
def test_setup(file: Path, name: str) -> None:
    """What the name of the bats test says holds."""
    need("bats")
    outcome, said = bats(file).get(name, ("not ok", "bats did not report it"))
    if outcome == "skip":
        pytest.skip(said)
    assert "ok" == outcome, said


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    """Shellcheck has no finding, of any severity."""
    need("shellcheck")
    done = subprocess.run(["shellcheck", "-x", script], capture_output=True, text=True, cwd=script.parent)
    assert "" == done.stdout
    assert 0 == done.returncode


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_shfmt_changes_nothing(script: Path) -> None:
    """Shfmt -i 2 -ci leaves the script as it is."""
    need("shfmt")
    done = subprocess.run(["shfmt", "-d", "-i", "2", "-ci", script], capture_output=True, text=True)
    assert "" == done.stdout
    assert 0 == done.returncode
