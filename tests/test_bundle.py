"""What every script does before its own work and at its end: an old Python, a bundle not whole, --json."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(p.name for p in (TOP / "scripts").glob("*.py"))
WITH_JSON = [
    s for s in SCRIPTS if "add_output_options" in (TOP / "scripts" / s).read_text() or s.startswith("search_g")
]
OLD = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.[6-9]*/bin/python3"))


@pytest.mark.skipif(not OLD, reason="no Python older than 3.10 here")
def test_an_old_python_is_named_as_that() -> None:
    """Each script, started by too old a Python, ends with 3 and says which is needed, never with a SyntaxError."""
    for number, script in enumerate(SCRIPTS):
        command = [OLD[number % len(OLD)], "-B", TOP / "scripts" / script, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (3, "") == (done.returncode, done.stdout), (command, done.stderr)
        assert "needs 3.10 or newer" in done.stderr
        assert "next: " in done.stderr


def test_a_bundle_that_is_not_whole_imports_no_package_of_the_person(tmp_path: Path) -> None:
    """Installed without files that begin with an underscore, each script says so; the person's `helpers` is not run."""
    for folder in ("helpers", "scripts"):
        shutil.copytree(TOP / folder, tmp_path / "skill" / folder, ignore=shutil.ignore_patterns("_*"))
    shutil.copy(TOP / "bundle.py", tmp_path / "skill")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text("print('ours')")
    for script in SCRIPTS[::4]:
        command = [sys.executable, tmp_path / "skill" / "scripts" / script, "--help"]
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert (3, "") == (done.returncode, done.stdout)
        assert "helpers/__init__.py is missing" in done.stderr


@pytest.mark.parametrize("script", WITH_JSON)
def test_with_json_there_is_one_document_whatever_the_exit_code(script: str, tmp_path: Path) -> None:
    """A wrong option, and a folder that is no repository: one JSON document says what stderr says, or the result."""
    for args in (["--json", "--no-such-option"], ["--json"]):
        command = [sys.executable, TOP / "scripts" / script, *args]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        document = json.loads(done.stdout)
        assert document.get("exit", done.returncode) == done.returncode
        if done.returncode > 1:
            assert document["error"] in done.stderr
            assert document["next"]


def test_what_a_session_refuses_is_a_document_too(session: Any) -> None:
    """Refused by the policy (4) and an unknown experiment (2), asked with --json: one document each."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip().splitlines()[-1])
    (copy / "autoresearch.sh").write_text("echo METRIC time_s=1\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "x", code=None)
    for name in ("exp-01", "exp-99"):
        done = session.script("compare", name, "--json", code=None)
        assert json.loads(done.stdout)["exit"] == done.returncode > 0
