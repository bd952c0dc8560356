"""What a run lacks is named at the lock, with the ways to give it; in a subfolder paths are those of the subfolder."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import BUNDLE

from helpers.judge.policy import check
from helpers.record.session import needs

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower"]


def test_what_git_ignores_and_what_the_shell_alone_has_are_named(repo: Any) -> None:
    """The baseline fails in a copy, and the message says what is here but not there, and what gives it."""
    repo.write(".gitignore", "node_modules/\n.venv/\ncorpus\n")
    repo.commit()
    repo.write("node_modules/.bin/tool", "#!/bin/sh\necho 1\n", 0o755)
    repo.write("corpus/one.txt", "1\n")
    (repo.root / "node_modules/ours").symlink_to(repo.root / "src")
    text = '#!/bin/bash\nset -e\nnode_modules/.bin/tool <"$PWD/corpus/one.txt"\nbash node_modules/ours/work.sh\n'
    repo.write("autoresearch.sh", text, 0o755)
    check = 'import os\nassert os.environ["API_LEVEL"] and os.environ["HOME"]\n'
    repo.write("autoresearch.checks.sh", f"#!/bin/bash\nLOCAL=1\necho $LOCAL\npython3 -c '{check}'\n", 0o755)
    repo.script("start_session", *BEGIN, "--scope", "src/")

    said = repo.script("start_session", "--lock", code=1, API_LEVEL="3", LOCAL="2").stderr

    assert "corpus/one.txt, node_modules/.bin/tool, node_modules/ours: named by benchmark" in said
    assert "git ignores it" in said
    assert "--build 'npm ci'" in said
    assert "--goal quick --pass-env API_LEVEL" in said
    assert "$LOCAL" not in said


def test_what_lies_elsewhere_than_a_run_looks_is_named(repo: Any) -> None:
    """A module of an editable install, and a variable that a tool reads by itself."""
    repo.write("lib/prog.py", "answer = 42\n")
    repo.commit()
    repo.write("autoresearch.sh", "python3 -c 'import prog'\n", 0o755)
    repo.write("autoresearch.checks.sh", "true\n", 0o755)
    repo.script("start_session", *BEGIN, "--scope", "src/")

    said = repo.script("start_session", "--lock", code=1, PYTHONPATH=str(repo.root / "lib")).stderr

    assert "prog lies in lib: PYTHONPATH=$PWD/lib finds it in the copy" in said
    assert "--goal quick --pass-env PYTHONPATH" in said


def test_the_work_tree_in_full_and_links_that_lead_out_are_named(repo: Any) -> None:
    """A build folder by its full path, a link to a folder beside the repository, and settings that git ignores."""
    (repo.root / "lib").symlink_to("../lib")
    repo.write(".gitignore", ".env\n")
    repo.write(".env", "STRICT=1\n")
    repo.commit()
    repo.write("autoresearch.sh", f". ./.env; echo {repo.root}/build is missing; exit 1\n", 0o755)
    repo.write("autoresearch.checks.sh", "true\n", 0o755)
    repo.script("start_session", *BEGIN, "--scope", "src/")

    said = repo.script("start_session", "--lock", code=1).stderr

    assert f"{repo.root} is named in full, and a run does not see it: name what is in $PWD" in said
    assert "lib leads out of the repository" in said
    assert ".env: named by benchmark, checks or build, but git ignores it" in said


@pytest.mark.parametrize(
    "read",
    [
        "echo ${WANTED:-1}",
        "os.getenv('WANTED')",
        "os.environ.get('WANTED')",
        "process.env.WANTED",
        'process.env["WANTED"]',
        'std::env::var("WANTED")',
        'os.Getenv("WANTED")',
        "ENV.fetch('WANTED')",
        "$ENV{WANTED}",
        'System.getenv("WANTED")',
        "WANTED=${WANTED:-1}",
    ],
)
def test_a_variable_is_seen_in_each_language(read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the script or driver is written in."""
    monkeypatch.setenv("WANTED", "1")
    now = SimpleNamespace(require_lock=lambda: SimpleNamespace(task={"envs": {}}), config=SimpleNamespace(pass_env=[]))

    assert ["WANTED"] == needs.variables(read, now)  # type: ignore[arg-type]
    assert [] == needs.variables("WANTED=1\necho $WANTED\n# $WANTED\n", now)  # type: ignore[arg-type]


def test_in_a_subfolder_paths_are_those_of_the_subfolder(repo: Any) -> None:
    """A package of a monorepo: scope and off-limits are taken from there, and it is said."""
    repo.write("packages/foo/src/a.py", "1\n")
    repo.commit()
    folder = repo.root / "packages/foo"
    repo.write("packages/foo/autoresearch.sh", "#!/bin/bash\n", 0o755)

    begun = repo.script("start_session", *BEGIN, "--scope", "src/", "--build", "make", cwd=folder)
    again = ("--scope", "packages/foo/src/", "--allow", "build-file:Makefile", "--allow", "shadow")
    opened = ("--allow", "build-file:packages/foo/new/Makefile", "--allow", "build-file:../../Makefile")
    shown = repo.script("start_session", "--goal", "quick", *again, *opened, "--dry-run", cwd=folder)

    assert "src/ is taken from packages/foo/, where this is run: packages/foo/src/" in begun.stderr
    assert "cd packages/foo &&" in begun.stderr
    assert f"a session's scripts lie in the top folder, {Path(repo.root)}" in begun.stderr
    assert "scope packages/foo/src/" in repo.script("status").stdout
    assert ["packages/foo/src/"] == json.loads(shown.stdout)["scope"]
    assert [
        "build-file:packages/foo/Makefile",
        "shadow",
        "build-file:packages/foo/new/Makefile",
        "build-file:Makefile",
    ] == json.loads(shown.stdout)["allow"]


def test_a_rule_that_does_not_exist_opens_nothing(session: Any) -> None:
    """--allow of no rule, alone or with a path, is a usage error that names the rules; every rule there is, is one."""
    for entry in ("build-flie", "build-flie:src/work.sh", "protected:autoresearch.sh"):
        said = session.script("start_session", "--allow", entry, code=2).stderr
        assert "build-file, " in said
    assert "did you mean build-file?" in session.script("start_session", "--allow", "build-flie", code=2).stderr

    cheats = (BUNDLE / "benchmarks/cheats.yaml").read_text()
    named = set(re.findall(r"(?:policy|refuse|review):([a-z-]+)", cheats)) - {"protected"}
    assert named <= set(check.rules())
    opened = [part for entry in (*check.rules(), "src", "src/new.c", "tests:t/*") for part in ("--allow", entry)]
    session.script("start_session", *opened)


def test_what_a_refusal_offers_works_in_a_subfolder(session: Any) -> None:
    """Pasted where it was printed it opens all files that were refused, one of the top folder as well."""
    session.write("packages/foo/a.py", "1\n")
    folder, copy = session.root / "packages/foo", Path(session.script("snapshot_workdir", "create").stdout.strip())
    for name in ("CMakeLists.txt", "packages/foo/Makefile"):
        (copy / name).write_text("all:\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "build it")
    refused = session.script("compare", "exp-01", "--dry-run", code=4, cwd=folder).stderr
    command = shlex.split(refused[refused.index("start_session.py --goal") :].splitlines()[0])
    session.script("start_session", *command[1:], cwd=folder)

    assert "candidate_tree" in session.script("compare", "exp-01", "--dry-run", cwd=folder).stdout


def test_a_micro_sign_of_either_kind_is_told_by_its_code_point(repo: Any) -> None:
    """The benchmark may print the letter that looks the same: the lock says which one the journal holds."""
    repo.write("autoresearch.sh", "echo METRIC time_\u03bcs=12.3456\n", 0o755)
    repo.write("autoresearch.checks.sh", "true\n", 0o755)
    repo.script("start_session", *BEGIN, "--metric", "time_\u00b5s", "--scope", "src/")

    said = repo.script("start_session", "--lock", code=None)

    assert "U+00B5" in said.stderr
    assert "U+03BC" in said.stderr
