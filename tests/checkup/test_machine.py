"""check_environment.py: what it finds, what it never tells, and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.checkup import machine, sky

TOP = Path(__file__).resolve().parent.parent.parent
SCRIPT = TOP / "scripts" / "check_environment.py"


def check(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script in `folder`."""
    return subprocess.run(
        [sys.executable, SCRIPT, *args], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True
    )


def states(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Name and state of each finding of a --json answer."""
    return {f["name"]: f["state"] for f in json.loads(done.stdout)["findings"]}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit."""
    for args in (
        ["init", "-q"],
        ["-c", "user.name=T", "-c", "user.email=t@e.org", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", *args], cwd=tmp_path, check=True)
    return tmp_path


def test_local_path_is_ready_in_a_repository_with_packages(repository: Path) -> None:
    """In a repository with a commit, with the packages there, the exit code is 0."""
    done = check(repository)
    assert 0 == done.returncode, done.stdout
    assert done.stdout.rstrip().endswith("the local path works")


def test_outside_a_repository_it_is_not(tmp_path: Path) -> None:
    """Without a repository the exit code is 1 and the repository is what is missing."""
    done = check(tmp_path, "--json", GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert 1 == done.returncode
    assert "missing" == states(done)["repository"]
    assert not json.loads(done.stdout)["local_path"]


def test_missing_packages_name_the_one_command(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A bundle without its environment, under a bare interpreter, says the command that makes it."""
    bundle = tmp_path_factory.mktemp("bundle") / "autoresearch"
    for name in ("helpers", "scripts"):
        shutil.copytree(TOP / name, bundle / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "bundle.py"):
        shutil.copy(TOP / name, bundle)
    bare = Path(sys.base_prefix) / "bin" / "python3"
    subprocess.run([bare, "-m", "venv", "--without-pip", bundle.parent / "bare"], check=True)
    done = subprocess.run(
        [bundle.parent / "bare" / "bin" / "python", bundle / "scripts" / "check_environment.py"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert 1 == done.returncode
    assert f"-> bash {bundle}/setup.sh --deps-only" in done.stdout


def test_a_tool_that_is_absent_is_missing(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without bash or awk on PATH the local path does not work, and those alone are named."""
    tools = tmp_path_factory.mktemp("bin")
    for name in {"git", "sha256sum", *machine.TOOLS} - {"awk"}:
        (tools / name).symlink_to(str(shutil.which(name)))
    done = check(repository, "--json", PATH=str(tools))
    assert 1 == done.returncode
    assert {"bash", "tools"} == {name for name, state in states(done).items() if state == "missing"}
    assert "not found: awk" in done.stdout


def test_the_folder_that_copies_get_is_the_one_looked_at(repository: Path, tmp_path: Path) -> None:
    """Not the temporary folder above it: where that of the copies is there, its room and its permissions count."""
    (tmp_path / "scratch" / "autoresearch").mkdir(parents=True)
    assert f"{tmp_path}/scratch/autoresearch, " in check(repository, TMPDIR=str(tmp_path / "scratch")).stdout


def test_the_token_is_reported_and_never_shown(repository: Path) -> None:
    """Neither output holds the value of a token."""
    for args in ([], ["--json"]):
        done = check(repository, *args, GH_TOKEN="ghp_secretsecret")
        assert "GH_TOKEN" in done.stdout
        assert "secretsecret" not in done.stdout + done.stderr


def test_dependencies_are_those_of_pyproject() -> None:
    """The names are read without tomllib, as it is missing from Python 3.10, and are the same."""
    tomllib = pytest.importorskip("tomllib")
    wanted = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = machine.dependencies()
    assert len(wanted) == len(names) > 0
    assert all(requirement.startswith(name) for requirement, name in zip(wanted, names, strict=True))


def test_sky_check_keeps_only_what_is_enabled() -> None:
    """Of the answer of `sky check`, colour codes and all, the enabled infrastructure is shown and nothing else."""
    text = (
        "\x1b[2m  AWS: disabled [0m\x1b[0m\n    Reason [compute, storage]: AWS credentials are not set.\n"
        "\x1b[32m  Slurm: enabled [compute]\x1b[0m\n  Kubernetes: enabled\n\nTo enable a cloud, "
        "follow the hints above\n"
    )
    assert ["Slurm: enabled [compute]", "Kubernetes: enabled"] == sky.enabled(text)
    assert [] == sky.enabled("No infra to check/enabled.\n")
