"""Running one bash text to its end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from helpers import progress
from helpers.run.isolation import execute


def test_a_long_run_says_that_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A word at each look where somebody is to be told, none where nobody is; its limit and its code are as ever."""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(execute, "LOOK_SECONDS", 0.05)
    slow, env = ["bash", "-c", "sleep 0.2; exit 3"], dict(os.environ)

    assert 3 == execute.bash(slow, tmp_path, env, 60, subprocess.DEVNULL)
    assert "" == capsys.readouterr().err
    with progress.told("the lock goes on"):
        assert 3 == execute.bash(slow, tmp_path, env, 60, subprocess.DEVNULL)
        assert execute.bash(slow, tmp_path, env, 0.1, subprocess.DEVNULL) is None
    assert "the lock goes on: 0 s so far" in capsys.readouterr().err


def test_many_short_runs_say_that_they_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is as long as a look takes; together they are, and somebody waits."""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    with progress.told("the branch is measured"):
        execute.bash(["true"], tmp_path, dict(os.environ), 60, subprocess.DEVNULL)

    assert "the branch is measured: 0 s so far" in capsys.readouterr().err


def test_a_run_of_many_looks_ends_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of three hours is looked at a thousand times: more looks than this interpreter nests calls."""
    monkeypatch.setattr(execute, "LOOK_SECONDS", 0.0001)
    slow = ["bash", "-c", "sleep 1; exit 3"]

    assert 3 == execute.bash(slow, tmp_path, dict(os.environ), 60, subprocess.DEVNULL)
