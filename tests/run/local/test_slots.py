"""Who runs when: runners, the line behind them, and comparisons that have the machine to themselves."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import processes, until

from helpers import progress, replay
from helpers.run.local import slots

SCRIPTS = Path(__file__).resolve().parent.parent.parent.parent / "scripts"
two_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores")


@pytest.fixture(autouse=True)
def _no_leftovers(session: Any) -> Iterator[None]:
    """Whatever a failed test leaves waiting is ended."""
    yield
    mine = f"TMPDIR={session.env['TMPDIR']}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mine in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


def end(session: Any, module: str) -> None:
    """End those processes at once."""
    for pid in processes(module, str(session.root)):
        os.kill(pid, signal.SIGKILL)


def edit(session: Any, name: str, text: str) -> None:
    """Make and seal an experiment whose work is `text`."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)
    session.script("snapshot_workdir", "seal", name, "--desc", "x")


def has(session: Any, name: str, marker: str) -> bool:
    """Tell whether the experiment's job has the marker."""
    return any((session.root / ".autoresearch/jobs").glob(f"{name}.*/{marker}"))


def test_a_job_submitted_while_a_comparison_waits(session: Any) -> None:
    """A runs, a comparison of C waits, B is submitted: when A ends, the comparison and B both come to their end."""
    for name, text in (("a", "sleep 60\n"), ("b", "sleep 0.04\necho 42\n"), ("c", "sleep 0.01\necho 42\n")):
        edit(session, name, text)
    session.script("submit_experiment", "a")
    until(lambda: has(session, "a", "started"))
    compare = [sys.executable, str(SCRIPTS / "compare.py"), "c"]
    comparison = subprocess.Popen(
        compare, cwd=session.root, env=session.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: any("waiting" in f.read_text() for f in session.root.glob(".autoresearch/comparisons/*/log.txt")))
        session.script("submit_experiment", "b")
        until(lambda: slots.waited_for(session.root, 0))
        session.script("submit_experiment", "a", "--cancel")

        assert 0 == comparison.wait(40)
        until(lambda: has(session, "b", "finished"))
    finally:
        comparison.kill()
        comparison.wait()


def test_a_comparison_goes_before_what_waits_in_the_queue(session: Any) -> None:
    """A runs, B and C wait, D is compared: it waits for A alone, names it, and counts no wait; B and C follow."""
    for name in ("a", "b", "c", "d"):
        edit(session, name, "sleep 60\n" if name == "a" else f"sleep 0.01\necho 42 # {name}\n")
    session.script("submit_experiment", "a")
    until(lambda: has(session, "a", "started"))
    for name in ("b", "c"):
        session.script("submit_experiment", name)
    until(lambda: slots.waited_for(session.root, 0))
    compare = [sys.executable, str(SCRIPTS / "compare.py"), "d"]
    comparison = subprocess.Popen(compare, cwd=session.root, env=session.env, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: any("waiting" in f.read_text() for f in session.root.glob(".autoresearch/comparisons/*/log.txt")))
        time.sleep(11)
        session.script("submit_experiment", "a", "--cancel")
        said = comparison.communicate(timeout=60)[1]
    finally:
        comparison.kill()
        comparison.wait()
    until(lambda: has(session, "b", "finished") and has(session, "c", "finished"))

    ended = next(session.root.glob(".autoresearch/comparisons/*/log.txt")).stat().st_mtime_ns
    begun = [next(session.root.glob(f".autoresearch/jobs/{name}.*/started")).stat().st_mtime_ns for name in ("b", "c")]
    assert ended < min(begun)
    assert re.search(r"waiting: \d+ s so far for a.0.1", said)
    assert (replay.load(session.root).comparisons[-1].seconds or 99) < 10


def test_a_job_submitted_during_a_comparison_runs_after_it(session: Any) -> None:
    """It waits as long as the comparison has the machine and runs then, though nobody collects."""
    edit(session, "b", "sleep 0.04\necho 42\n")
    with slots.hold_all(session.root):
        session.script("submit_experiment", "b")
        time.sleep(1)
        assert not has(session, "b", "started")

    until(lambda: has(session, "b", "finished"))


@two_cores
def test_no_slot_is_outside_a_comparison(session: Any) -> None:
    """Also a slot that did not exist when the comparison began waits for its end."""
    for name in ("a", "b"):
        edit(session, name, f"echo 4{name}; exit 1\n")
    with slots.hold_all(session.root):
        for name in ("a", "b"):
            session.script("submit_experiment", name, "--slots", "2")
        time.sleep(1)
        assert not any(has(session, name, "started") for name in ("a", "b"))

    until(lambda: all(has(session, name, "finished") for name in ("a", "b")))


@two_cores
def test_a_job_says_itself_how_many_run_at_once(session: Any) -> None:
    """A job for one of two slots is pinned whoever starts its runner."""
    session.script("start_session", "--goal", "quick", "--allow", "scheduling")
    edit(session, "a", "taskset -cp $$ >&2\nexit 1\n")
    with slots.hold_all(session.root):
        session.script("submit_experiment", "a", "--slots", "2")
        until(lambda: processes("helpers.run.local.runner", str(session.root)))
        end(session, "helpers.run.local.runner")
    assert not has(session, "a", "started")

    session.script("collect_results", "--wait", "30", "--all", code=None)

    log = next((session.root / ".autoresearch/jobs").glob("a.*/log.txt")).read_text()
    (cores,) = {line.rsplit(": ", 1)[1] for line in log.splitlines() if "affinity list" in line}
    assert cores.isdigit(), cores


@two_cores
def test_a_job_that_is_not_pinned_runs_alone(session: Any) -> None:
    """Beside a job in a slot of its own no job runs that may use every core."""
    edit(session, "b", "sleep 0.04\necho 42\n")
    with slots.hold(session.root, 1):
        session.script("submit_experiment", "b")
        time.sleep(1)
        assert not has(session, "b", "started")

    until(lambda: has(session, "b", "finished"))


def test_waiting_for_results_starts_nothing(session: Any) -> None:
    """While a job runs and another waits, who waits for results starts no further processes beside what is measured."""
    edit(session, "a", "sleep 60\n")
    edit(session, "b", "echo 43\n")
    session.script("submit_experiment", "a")
    until(lambda: has(session, "a", "started"))
    session.script("submit_experiment", "b")
    until(lambda: slots.waited_for(session.root, 0))
    before = set(processes("helpers.run.local.runner", str(session.root)))
    collect = [sys.executable, str(SCRIPTS / "collect_results.py"), "--wait", "2"]
    seen: set[int] = set()
    waiting = subprocess.Popen(
        collect, cwd=session.root, env=session.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while waiting.poll() is None:
        seen.update(processes("helpers.run.local.runner", str(session.root)))
    session.script("submit_experiment", "a", "--cancel")
    session.script("submit_experiment", "b", "--cancel", code=None)

    assert before >= seen > set()


def test_who_waits_for_the_machine_is_told(
    session: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A keep, a hand-over or a calibration waits for what runs, and says so; who works where nobody reads does not."""
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.1)
    holds = (
        "import sys, time; from pathlib import Path; from helpers.run.local import slots\n"
        "with slots.hold_all(Path(sys.argv[1])):\n    print(flush=True); time.sleep(1)\n"
    )
    for told in (True, False):
        other = subprocess.Popen([sys.executable, "-c", holds, str(session.root)], cwd=SCRIPTS.parent, stdout=-1)
        assert other.stdout
        other.stdout.readline()
        with progress.told("the commit is built") if told else contextlib.nullcontext(), slots.hold_all(session.root):
            assert told == ("waiting for what runs here to end" in capsys.readouterr().err)
        other.wait()
