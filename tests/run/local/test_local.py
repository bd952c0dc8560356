"""Jobs on this machine: detached, bounded, cleaned up after, and never claimed to run when they do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import processes, until

from helpers import events


def edit(session: Any, name: str, text: str) -> None:
    """Make an experiment whose work is `text`."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)


def unique() -> str:
    """Return a number of seconds, very long, that no other process sleeps for."""
    return f"7{time.time_ns() % 10**9}.5"


def test_secrets_stay_outside(session: Any) -> None:
    """An experiment's environment holds none of the person's tokens, and a HOME of its own."""
    edit(session, "exp-01", "env >&2; exit 1\n")

    session.script("submit_experiment", "exp-01", "--desc", "look around", GITHUB_TOKEN="s3cret", MY_API_KEY="s3cret")
    session.script("collect_results", "--wait", "60", "--all")

    log = next((session.root / ".autoresearch/jobs").glob("exp-01.*/log.txt")).read_text()
    assert "s3cret" not in log
    assert "HOME=" in log
    assert f"HOME={session.env['HOME']}\n" not in log


def test_what_a_run_leaves_behind_is_ended(session: Any) -> None:
    """A daemon that a benchmark starts, even in a session of its own, does not outlive it."""
    seconds = unique()
    edit(session, "exp-01", f"setsid sleep {seconds} >/dev/null 2>&1 &\nsleep 0.05\necho 42\n")

    session.script("submit_experiment", "exp-01", "--desc", "daemon")
    session.script("collect_results", "--wait", "60", "--all")

    until(lambda: not processes(seconds))


def test_a_job_outlives_its_caller_and_a_dead_runner_is_lost(session: Any) -> None:
    """After a kill -9 of everything the next command says lost, not running, and nothing is left behind."""
    seconds = unique()
    edit(session, "exp-01", f"sleep {seconds}\n")
    session.script("submit_experiment", "exp-01", "--desc", "long")
    until(lambda: processes(seconds))
    for pid in processes("helpers.run.local.runner", str(session.root)):
        os.kill(pid, signal.SIGKILL)

    said = session.script("collect_results", "--wait", "20").stdout
    until(lambda: not processes(seconds))

    assert "lost" in said


def test_cancel_ends_a_running_job(session: Any) -> None:
    """--cancel ends the whole group; the result is a crash that says cancelled."""
    seconds = unique()
    edit(session, "exp-01", f"sleep {seconds}\n")
    session.script("submit_experiment", "exp-01", "--desc", "long")
    until(lambda: processes(seconds))

    session.script("submit_experiment", "exp-01", "--cancel")
    until(lambda: not processes(seconds))

    assert "cancelled" in session.script("collect_results", "--wait", "20").stdout


def test_a_job_cancelled_in_the_queue_is_told_so_and_asks_for_nothing_first(session: Any) -> None:
    """It never ran, and nobody lost it; what else the session asks for comes before taking it up again."""
    edit(session, "exp-01", f"sleep {unique()}\n")
    edit(session, "exp-02", "sleep 0.01\n")
    for name in ("exp-01", "exp-02"):
        session.script("submit_experiment", name, "--desc", "waits", "--screen")
    session.script("submit_experiment", "exp-02", "--cancel")
    session.script("submit_experiment", "exp-01", "--cancel")

    said = session.script("collect_results", "--wait", "20", "--all").stdout
    told = [row for row in session.script("status").stdout.splitlines() if row.startswith(("next:", "also:"))]

    assert "exp-02  local" in said
    assert "lost" not in said
    assert "submit_experiment" not in told[0]
    assert ["cancelled, which cost nothing" in row for row in told[-2:]] == [True, True], "\n".join(told)


def test_a_timeout_ends_the_group(session: Any) -> None:
    """Past BENCH_TIMEOUT the benchmark and its children are ended and the reason is on record."""
    seconds = unique()
    edit(session, "exp-01", f"sleep {seconds}\n")
    session.script("submit_experiment", "exp-01", "--desc", "hangs", "--env", "BENCH_TIMEOUT=1")

    said = (
        session.script("collect_results", "--wait", "60").stdout
        + session.script("collect_results", "--wait", "60", "--all", code=None).stdout
    )

    assert "timed out" in said
    until(lambda: not processes(seconds))


def test_the_same_content_is_not_run_twice_unnoticed(session: Any) -> None:
    """Submitting what waits or has a result is noticed; --again insists."""
    edit(session, "exp-01", "sleep 0.04\necho 42\n")
    session.script("submit_experiment", "exp-01", "--desc", "x")
    assert "is under way" in session.script("submit_experiment", "exp-01", code=0).stderr
    session.script("collect_results", "--wait", "60", "--all")

    assert "--again" in session.script("submit_experiment", "exp-01", code=2).stderr
    session.script("submit_experiment", "exp-01", "--again")
    session.script("collect_results", "--wait", "60", "--all")

    lines = [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]
    finished = [e for e in lines if e.get("type") == "finished" and e["experiment_id"] == "exp-01"]
    assert 2 == len(finished)
    assert 2 == len({e["job"] for e in finished})


def test_more_slots_than_cores_are_refused(session: Any) -> None:
    """Benchmarks that share cores disturb each other."""
    edit(session, "exp-01", "echo 42\n")

    said = session.script("submit_experiment", "exp-01", "--desc", "x", "--slots", "999", code=2).stderr

    assert "--slots" in said


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_two_slots_have_cores_of_their_own(session: Any) -> None:
    """With two slots two jobs run at once, each pinned to its own core."""
    session.script("start_session", "--goal", "quick", "--allow", "scheduling")
    for number in (1, 2):
        edit(session, f"exp-0{number}", f"sleep 1\ntaskset -cp $$ >&2\necho 4{number}; exit 1\n")
        session.script("submit_experiment", f"exp-0{number}", "--desc", "where am I", "--slots", "2")
    session.script("collect_results", "--wait", "60", "--all")

    logs = [p.read_text() for p in sorted((session.root / ".autoresearch/jobs").glob("exp-*/log.txt"))]
    lists = {line.rsplit(": ", 1)[1] for log in logs for line in log.splitlines() if "affinity list" in line}
    assert 2 == len(lists)
    assert not any("," in cores or "-" in cores for cores in lists)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_each_gpu_is_a_slot(session: Any, two_gpus: Path) -> None:
    """Two experiments at once, each on a GPU and cores of its own; HOST says which GPU and what it is."""
    for number in (1, 2):
        edit(session, f"exp-0{number}", f"sleep 1\necho GPU=$CUDA_VISIBLE_DEVICES >&2\necho 42 # {number}\n")
    no_gpu = ("submit_experiment", "exp-01", "--desc", "x", "--slots", "gpu")
    assert "no GPU" in session.script(*no_gpu, code=2, CUDA_VISIBLE_DEVICES="").stderr
    session.env["PATH"] = f"{two_gpus}:{session.env['PATH']}"
    for number in (1, 2):
        session.script("submit_experiment", f"exp-0{number}", "--desc", "which", "--slots", "gpu")
    session.script("collect_results", "--wait", "60", "--all")

    finished = [
        e for e in events.read_events(session.root) if isinstance(e, events.Finished) and e.role == "experiment"
    ]
    logs = [Path(e.log).read_text() for e in finished]
    assert {"GPU=0", "GPU=1"} == {word for log in logs for word in log.split() if word.startswith("GPU=")}
    assert {"Stand-in H100", "Stand-in H200"} == {e.host.get("gpu") for e in finished}
    for event, log in zip(finished, logs, strict=True):
        assert ("Stand-in H100" == event.host["gpu"]) == ("GPU=0" in log)
        assert {"gpu_driver", "gpu_clock_mhz", "gpu_celsius", "gpu_memory_mib", "gpus"} <= set(event.host)


def test_scripts_need_no_environment(session: Any) -> None:
    """After the lock everything works on a bare interpreter with nothing but the standard library."""
    bundle = Path(__file__).resolve().parent.parent.parent.parent
    for command in (["status.py"], ["snapshot_workdir.py", "list"], ["collect_results.py"]):
        done = subprocess.run(
            [
                "/usr/bin/python3" if Path("/usr/bin/python3").exists() else "python3",
                "-I",
                "-S",
                str(bundle / "scripts" / command[0]),
                *command[1:],
            ],
            cwd=session.root,
            env={"PATH": os.environ["PATH"], "TMPDIR": session.env["TMPDIR"], "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr


def test_setup_runs_once_a_slot(repo: Any) -> None:
    """What setup_deps.sh installs is there for every run, and it is not run again while its inputs stay the same."""
    repo.write(
        "setup_deps.sh",
        'mkdir -p "$AUTORESEARCH_DEPS/bin"\necho once >>"$AUTORESEARCH_DEPS/times"\n'
        "printf '#!/bin/sh\\necho tool\\n' >\"$AUTORESEARCH_DEPS/bin/our-tool\"\n"
        'chmod +x "$AUTORESEARCH_DEPS/bin/our-tool"\necho METRIC time_s=0.001\n',
    )
    repo.write("autoresearch.sh", "our-tool >&2 && bash src/work.sh >&2 && echo METRIC time_s=1.5042\n")
    repo.write("autoresearch.checks.sh", '[ "$(our-tool)$(bash src/work.sh)" = tool42 ]\n')
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")
    repo.script("start_session", "--lock")
    edit(repo, "exp-01", "echo 43\n")

    repo.script("submit_experiment", "exp-01", "--desc", "x")
    said = repo.script("collect_results", "--wait", "60", "--all").stdout
    repo.script("compare", "exp-01", code=1)

    assert "time_s=1.5042" in said
    assert ["once"] == (repo.root / ".autoresearch/slots/deps-0/times").read_text().splitlines()


def test_a_submit_during_a_collect(session: Any) -> None:
    """Collecting without a pause while experiments are submitted never takes a job for lost."""
    for number in range(4):
        edit(session, f"exp-0{number}", f"sleep 0.0{number}\necho 42\n")
        session.script("snapshot_workdir", "seal", f"exp-0{number}", "--desc", "x")
    script = Path(__file__).resolve().parent.parent.parent.parent / "scripts/collect_results.py"
    loop = f"for _ in $(seq 400); do {sys.executable} {script} 2>/dev/null; done"
    collector = subprocess.Popen(
        ["bash", "-c", loop], cwd=session.root, env=session.env, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        for number in range(4):
            session.script("submit_experiment", f"exp-0{number}")
    finally:
        os.killpg(collector.pid, signal.SIGKILL)
        collector.wait()
    session.script("collect_results", "--wait", "60", "--all", code=None)

    lines = [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]
    finished = [e["status"] for e in lines if e.get("type") == "finished" and e["role"] == "experiment"]
    assert ["done"] * 4 == finished
