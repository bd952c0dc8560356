"""A whole session on a real engine, and what goes wrong at night: SkyPilot's server, a one-machine Slurm.

    AUTORESEARCH_ENGINE=1 .venv/bin/python -m pytest tests/engine        (as root on Debian or Ubuntu; about 15 minutes)

AUTORESEARCH_ENGINE_KEEP=1 leaves the engine running for the next time; engine_down.sh ends it.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from engine import BUNDLE, ROOT, Session, all_up, engine, session, workers  # noqa: F401 - fixtures

pytestmark = pytest.mark.engine


def test_a_session_on_three_workers(session: Session, workers: str, tmp_path: Path) -> None:
    """Every experiment runs exactly once to its end, or was sent again and said so, with its own source."""
    assert 3 == workers.count(": up after")
    session.script("workers", "up", "--count", "4", code=4)  # never more than agreed

    for number in range(1, 6):
        session.submit(f"exp-{number:02d}", f"sleep 0.{32 - 4 * number:02d}\necho 42\n", "--kind", "cpus=1")
    session.submit("exp-06", "echo broken >&2; exit 7\n")
    session.submit("exp-07", "sleep 0.1\necho 41\n")
    session.submit("exp-08", "sleep 60\necho 42\n", "--env", "BENCH_TIMEOUT=5")
    session.submit("exp-09", "sleep 8\necho 42\n")

    text = session.script("collect_results", "--wait", "10", code=None)
    session.eventually("exp-09 runs", lambda: session.running("exp-09"))
    session.command("sky", "api", "stop", code=None)  # the server restarts in the middle; the keeper goes on
    session.command("bash", "-c", f"cd {ROOT} && sky api start")  # not in pytest's folder, which goes away
    assert [] == session.ends("exp-09")
    session.lose(session.sent("exp-09")[0])
    text += session.collect()

    finished = session.events("finished")
    ends: dict[str, list[dict[str, Any]]] = {}
    for event in finished:
        if event["role"] == "experiment":
            ends.setdefault(event["experiment_id"], []).append(event)
    final = {name: [e for e in events if e["status"] != "lost"] for name, events in ends.items()}
    assert {f"exp-{n:02d}": 1 for n in range(1, 10)} == {name: len(events) for name, events in sorted(final.items())}
    status = {name: events[0]["status"] for name, events in final.items()}
    assert {"exp-06": "crash", "exp-07": "checks_failed", "exp-08": "crash", "exp-09": "done"} == {
        name: status[name] for name in ("exp-06", "exp-07", "exp-08", "exp-09")
    }
    assert all(status[f"exp-{n:02d}"] == "done" for n in range(1, 6))
    lost = [e for events in ends.values() for e in events if e["status"] == "lost"]
    assert any(e["experiment_id"] == "exp-09" for e in lost)
    assert all("sent again" in e["error"] for e in lost)
    assert all(name in text for name in final)

    for name, events in ends.items():  # one that was lost may or may not have begun
        assert 1 <= session.ran(name) <= len(events)
    for event in (events[0] for events in final.values()):
        log = Path(event["log"]).read_text()
        assert 1 == log.count("TREE "), event
        assert f"TREE {session.tree_hash(event['tree'], tmp_path / 'tree')}" in log
    for name in ("exp-01", "exp-05"):
        assert isinstance(final[name][0]["gain"], float)
    assert final["exp-05"][0]["promoted"]
    assert len(text) < 4000


def test_two_tiers(session: Session, workers: str) -> None:
    """Plentiful workers screen, the kind that matters decides: a true effect is found there, a change without one not.

    Verdict and report say on which type it was shown, what was promoted from where, and whether ranks flip.
    """
    all_up(session)  # one was lost before
    session.edit("exp-10", "# nothing else is new\nsleep 0.30\necho 42\n")
    session.script("submit_experiment", "exp-10", "--desc", "a comment", "--on", "sky", "--kind", "cpus=1")
    session.collect()

    asked = ("--on", "sky", "--kind", "cpus=2", "--max-pairs", "24")
    found = session.script("compare", "exp-05", *asked, seconds=600)
    none = session.script("compare", "exp-10", *asked, code=1, seconds=600)

    assert ": improved" in found
    assert ": improved" not in none
    assert all("promoted from Slurm 1x(cpus=1" in said for said in (found, none))
    kinds = {e["worker"]: e["host"] for e in session.events("worker") if e["event"] == "up"}
    judged = session.events("comparison")
    assert all("cpus=2" in kinds[event["worker"]] for event in judged)
    assert "passed" == judged[0]["checks"]
    session.script("record_result", "keep", "exp-05", "--reviewed", "the text beside it is never read")
    assert "try exp-05" in session.command("git", "log", "-1", "--format=%s", "autoresearch/fleet")
    session.script("record_result", "keep", "exp-10", code=4)
    report = session.script("render_report")
    assert ": 2 experiments, 1 shown better there" in report
    assert "of 1 pairs of experiments" in report


def test_a_comparison_on_three_workers_one_of_which_is_lost(session: Session, workers: str, tmp_path: Path) -> None:
    """Pairs come from all at the same time; what the lost one had not told is drawn anew, and there is one verdict.

    A preempted worker is lost in this way: nobody is told, and the cloud has it no more. Its follower is killed too.
    """
    session.edit("exp-41", "sleep 2\necho 42\n")
    session.script("snapshot_workdir", "seal", "exp-41", "--desc", "sleep more")
    asked = ("exp-41", "--on", "sky", "--spread", "3", "--max-pairs", "12")
    with (tmp_path / "out").open("w") as out:
        follower = session.begin("compare", *asked, out=out)
    logs = Path("~autoresearch-job").expanduser() / ".sky_clusters"  # there, before anybody has asked for it

    def begun() -> bool:
        return any(log.stat().st_size for log in logs.glob("vm-02-*/sky_logs/*-part-exp-41.*/run.log"))

    session.eventually("vm-02 measures its first pair", begun)
    os.killpg(follower.pid, signal.SIGKILL)  # the keeper goes on without it
    follower.wait()
    session.lose("vm-02")
    said = session.script("compare", *asked, code=1, seconds=900)  # follows it again
    (found,) = [event for event in session.events("comparison") if event["experiment_id"] == "exp-41"]

    assert "not improved" in said
    assert ("not_improved", 4) == (found["verdict"], len(found["hosts"]))
    assert 4 == len(found["baseline_samples"]) == len(found["candidate_samples"])
    assert 2 <= len(set(found["hosts"]))
    anew = [(int(said.split()[1]), said.split()[3]) for said in found["redrawn"]]
    assert anew
    assert all(host == "vm-02:" and found["hosts"][number - 1] != "vm-02" for number, host in anew)
    assert 3 == len({e["worker"] for e in session.events("submitted") if e["role"] == "part"})
    session.eventually("the parts end", lambda: _parts(session, "submitted") == _parts(session, "finished"))
    assert any(e["status"] == "lost" for e in session.events("finished") if e["role"] == "part")


def _parts(session: Session, kind: str) -> set[str]:
    """The parts of spread comparisons that were submitted, or that finished."""
    return {event["job"] for event in session.events(kind) if event["role"] == "part"}


def test_a_wave(session: Session, workers: str) -> None:
    """Each worker has a second cell before any has ended, each cell runs once, and all of them tell the effects."""
    all_up(session)  # one was lost before
    session.edit("exp-50", "sleep @pause@\n[ @more@ = off ] || sleep 0.4\necho 42\n")
    asked = ("--from", "exp-50", "--factor", "pause=0.02,0.8,1.6", "--factor", "more=off,on", "--on", "sky", "--json")
    wave = json.loads(session.script("plan_wave", "run", *asked))
    cells = list(wave["cells"])
    session.collect()

    assert 6 == len(cells)
    first = min([e["timestamp"] for name in cells for e in session.ends(name)])
    assert 6 == len([e for e in session.events("worker") if _cell(e) in cells and e["timestamp"] < first])
    assert {name: ["done"] for name in cells} == {name: [e["status"] for e in session.ends(name)] for name in cells}
    said = session.script("plan_wave", "effects", wave["wave"])
    assert "pause: best at 0.02" in said
    assert "not in the figures" not in said
    (best,) = [name for name, cell in wave["cells"].items() if cell == {"pause": "0.02", "more": "off"}]
    assert f"compare.py {best}" in said
    assert f"plan_wave.py add {wave['wave']} --cell" in session.script("plan_wave", "suggest", wave["wave"])


def _cell(event: dict[str, Any]) -> str:
    """The experiment that a worker's event sends; empty for every other event."""
    return event["job"].rsplit(".", 2)[0] if event["event"] == "sent" else ""


def test_what_a_worker_resolves(session: Session, workers: str) -> None:
    """`calibrate` measures the baseline on all that are asked for and says which gain each of them resolves."""
    text = session.script("workers", "calibrate", "vm-01", "vm-02", code=None, seconds=900)

    assert 2 == text.count("resolves gains of")
    assert {"vm-01", "vm-02"} == {e["worker"] for e in session.events("worker") if e["event"] == "calibrated"}
    assert 2 == session.script("workers", "list").count("  resolves ")


def test_fed_and_collected_in_the_background(session: Session, workers: str, tmp_path: Path) -> None:
    """With `--loop` results come in though nobody asks; SIGTERM ends it and nothing that was sent."""
    with (tmp_path / "loop").open("w") as out:
        loop = session.begin("collect_results", "--loop", out=out)
    session.submit("exp-11", "sleep 0.2\necho 42\n")
    session.eventually("exp-11 is collected", lambda: session.ends("exp-11"))
    loop.terminate()

    assert 0 == loop.wait(60)
    assert "exp-11" in (tmp_path / "loop").read_text()
    assert ["done"] == [e["status"] for e in session.ends("exp-11")]
    assert "exp-11" in session.script("collect_results")


def test_cancelled(session: Session, workers: str) -> None:
    """A cancelled experiment ends on its worker, one that waits behind it never begins, and both are on record."""
    worker = session.up()[0]
    session.submit("exp-12", "sleep 61\necho 42\n", "--worker", worker)
    session.submit("exp-13", "sleep 0.1\necho 42\n", "--worker", worker)
    session.eventually("exp-12 began", lambda: session.ran("exp-12"))
    session.script("submit_experiment", "exp-13", "--cancel")
    session.script("submit_experiment", "exp-12", "--cancel")
    text = session.collect()

    assert 2 == text.count("cancelled")
    assert (1, 0) == (session.ran("exp-12"), session.ran("exp-13"))
    running = ("pgrep", "-f", "^sleep 61$")
    session.eventually("its processes ended", lambda: not session.command(*running, code=None), seconds=20)
    session.script("submit_experiment", "exp-12", "--cancel", code=1)  # does not wait or run


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("workers", "up", "--count", "3", "--prefix", "new", "--infra", "aws"), 4, "3 that were agreed"),
        (("workers", "stop", "vm-99"), 2, "vm-01"),
        (("workers", "replace", "vm-99"), 2, "vm-01"),
        (("workers", "stop", "vm-01"), 2, "workers.py down vm-01"),
        (("submit_experiment", "exp-05", "--on", "sky", "--worker", "vm-99", "--again"), 2, "vm-01"),
        (("compare", "exp-10", "--on", "sky", "--worker", "vm-99"), 2, "vm-01"),
    ],
)
def test_bad_input(session: Session, workers: str, arguments: tuple[str, ...], code: int, said: str) -> None:
    """What cannot be done says what was wrong and what there is; the journal and the workers are as before."""
    before = [e for e in session.events("worker") if e["event"] != "sent"]

    assert said in session.refused(*arguments, code=code)
    assert before == [e for e in session.events("worker") if e["event"] != "sent"]


def test_what_skypilot_refuses(engine: None, tmp_path: Path) -> None:
    """Resources that schema, clouds or machines do not have, and a server that is away: said, with what to do."""
    plain, wrong = Session(tmp_path / "plain"), Session(tmp_path / "wrong")
    for its in (plain, wrong):
        its.root.mkdir()
    (wrong.root / "experiment.yaml").write_text(
        (BUNDLE / "experiment.yaml").read_text().replace("  cpus: 1+", "  wheels: 4\n  cpus: 1+")
    )
    for its in (plain, wrong):
        its.lock("--infra", "slurm")
    away = {"SKYPILOT_API_SERVER_ENDPOINT": "http://127.0.0.1:9"}

    assert "wheels" in wrong.refused("workers", "up", "--prefix", "w", code=2)
    assert "nowhere" in plain.refused("workers", "up", "--prefix", "w", "--infra", "nowhere", code=2)
    assert "many" in plain.refused("workers", "up", "--prefix", "w", "--cpus", "many", code=2)
    assert "aws" in plain.refused("workers", "up", "--prefix", "w", "--infra", "aws", code=3).lower()
    assert "another --infra" in plain.refused("workers", "up", "--prefix", "w", "--cpus", "5000", code=3)
    assert "sky api" in plain.refused("workers", "up", "--prefix", "w", code=3, **away)
    for its in (plain, wrong):
        assert [] == [row for row in its.script("workers", "list").splitlines() if row.startswith("w-")]


def test_the_resources_of_gpus_and_of_spot_workers(engine: None, tmp_path: Path) -> None:
    """SkyPilot reads what examples/gpu-training puts into experiment.yaml, and `up --spot`: either of two kinds."""
    file = BUNDLE / "examples/gpu-training/resources.yaml"
    program = f"""\
import argparse, sky, yaml
from helpers import events, state
from helpers.run.fleet import arguments

def kinds(resources):
    task = sky.Task.from_yaml_config({{"name": "up", "resources": resources}})
    print(sorted((str(r.accelerators), r.use_spot) for r in task.resources))

p = argparse.ArgumentParser()
arguments.add_options(p)
args = p.parse_args(["--spot", "--gpus", "L4:1,T4:1", "--infra", "aws"])
kinds(yaml.safe_load(open({str(file)!r}))["resources"])
kinds(arguments.asked(state.State(events.Config()), args).resources)
"""
    env = {**Session(tmp_path).env, "PYTHONPATH": str(BUNDLE)}
    done = subprocess.run([ROOT / "venv/bin/python", "-c", program], env=env, capture_output=True, text=True)
    mine, spot = map(ast.literal_eval, done.stdout.strip().splitlines()[-2:])

    assert [("{'H100': 1}", False), ("{'H200': 1}", False)] == mine
    assert [("{'L4': 1}", True), ("{'T4': 1}", True)] == spot


def test_whoever_submits_is_killed(session: Session, workers: str, tmp_path: Path) -> None:
    """Killed at any moment and asked again, a submission runs once: no lost job, no second run."""
    for number, seconds in enumerate((0.2, 0.4, 0.6, 0.9), 21):
        name = f"exp-{number}"
        session.edit(name, f"sleep 0.1{number}\necho 42\n")
        with (tmp_path / name).open("w") as out:
            first = session.begin("submit_experiment", name, "--desc", f"try {name}", "--on", "sky", out=out)
        time.sleep(seconds)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        session.script("submit_experiment", name, "--desc", f"try {name}", "--on", "sky", code=None)
    session.collect()

    names = [f"exp-{number}" for number in range(21, 25)]
    assert {name: ["done"] for name in names} == {name: [e["status"] for e in session.ends(name)] for name in names}
    assert dict.fromkeys(names, 1) == {name: session.ran(name) for name in names}


def test_the_keeper_is_killed_while_it_sends(session: Session, workers: str) -> None:
    """A job that was journaled as sent is sent again only where it did not arrive, and runs once."""
    for name, seconds in (("exp-25", 0.0), ("exp-26", 2.0), ("exp-27", 5.0)):
        session.submit(name, f"sleep 0.1{name[-1]}\necho 42\n")
        session.eventually(f"{name} is sent", lambda name=name: session.sent(name))
        time.sleep(seconds)
        for process in session.keeper():
            os.kill(process, signal.SIGKILL)
    session.collect()

    for name in ("exp-25", "exp-26", "exp-27"):
        assert ["done"] == [e["status"] for e in session.ends(name)]
        assert (1, 1) == (session.ran(name), len(session.sent(name)))


def test_the_network_is_away(session: Session, workers: str) -> None:
    """While the login node cannot be reached what runs there goes on, and its result is fetched afterwards."""
    session.submit("exp-28", "sleep 5\necho 42\n")
    session.eventually("exp-28 began", lambda: session.ran("exp-28"))
    server = ROOT / "slurm/sshd"
    process = (server / "pid").read_text().strip()
    subprocess.run(["pkill", "-P", process], check=False)
    os.kill(int(process), signal.SIGTERM)
    session.script("collect_results", "--wait", "20", code=None)
    subprocess.run(["/usr/sbin/sshd", "-f", server / "config", "-E", server / "log"], check=True)
    session.collect()

    assert ["done"] == [e["status"] for e in session.ends("exp-28")]
    assert 1 == session.ran("exp-28")


def test_a_worker_is_made_anew_and_two_are_lost_under_their_job(session: Session, workers: str) -> None:
    """What ran there is sent again, twice at most, and says so; the new machine under the old name takes jobs."""
    all_up(session)
    worker = session.up()[-1]
    session.submit("exp-29", "sleep 60\necho 42\n", "--worker", worker)
    session.eventually("exp-29 began", lambda: session.ran("exp-29"))
    before = {e["launch"] for e in session.events("worker") if e["event"] == "up" and e["worker"] == worker}
    session.script("workers", "replace", worker, seconds=600)
    after = [e["launch"] for e in session.events("worker") if e["event"] == "up" and e["worker"] == worker]
    assert after[-1] not in before
    session.submit("exp-30", "sleep 0.13\necho 42\n", "--worker", worker)  # its job ids begin at 1 again
    session.eventually("exp-30 ends", lambda: session.ends("exp-30"))
    assert [("done", worker)] == [(e["status"], e["worker"]) for e in session.ends("exp-30")]

    for number in (2, 3):
        session.eventually(f"exp-29 began {number} times", lambda number=number: session.ran("exp-29") == number)
        session.lose(session.sent("exp-29")[-1])
        session.eventually(
            f"exp-29 was lost {number} times", lambda number=number: len(session.ends("exp-29")) == number
        )
    text = session.collect(20)

    errors = [e["error"] for e in session.ends("exp-29")]
    assert ["lost"] * 3 == [e["status"] for e in session.ends("exp-29")]
    assert ["sent again (1 of 2)", "sent again (2 of 2)"] == [error.split("; ")[-1] for error in errors[:2]]
    assert "not sent again after 2 times" in errors[2]
    assert "not sent again after 2 times" in text
    (left,) = session.up()
    lost = next(name for name in ("vm-01", "vm-02", "vm-03") if name != left)
    assert left in session.refused("compare", "exp-30", "--on", "sky", "--worker", lost, code=2)


def test_the_end_of_a_session(session: Session, workers: str, tmp_path: Path) -> None:
    """It closes the session: the whole is compared on a worker, once, though its follower is killed; main is back."""
    session.edit("exp-60", "sleep 0.02\necho 42\n")
    session.script("snapshot_workdir", "seal", "exp-60", "--desc", "sleep less")
    session.script("compare", "exp-60", "--on", "sky", "--max-pairs", "8", seconds=600)
    session.script("record_result", "keep", "exp-60", "--reviewed", "its text is for the tests alone")
    assert "on vm-" in session.script("finish_session", "--dry-run")
    with (tmp_path / "out").open("w") as out:
        follower = session.begin("finish_session", "--max-pairs", "8", out=out)
    session.eventually("the comparison is sent", lambda: session.sent("comparison-final"))
    os.killpg(follower.pid, signal.SIGKILL)
    follower.wait()

    said = session.script("finish_session", "--max-pairs", "8", seconds=600)
    (whole,) = [event for event in session.events("comparison") if event.get("against")]

    assert "headline: improved: gain +" in said
    assert f"on {whole['worker']} (" in said
    assert whole["worker"] in session.up()
    assert "passed" == whole["checks"]
    assert "main" == session.command("git", "branch", "--show-current").strip()
    assert "headline: improved" in session.command("git", "show", "autoresearch/fleet:IMPROVEMENTS.md")
    session.script("submit_experiment", "exp-60", "--desc", "late", "--on", "sky", "--again", code=4)


def test_down_only_when_told(session: Session) -> None:
    """All workers at once need --yes, and afterwards SkyPilot has none of them."""
    session.script("workers", "down", "--all", code=4)
    session.script("workers", "down", "--all", "--yes")

    assert [] == [row for row in session.script("workers", "list").splitlines() if row.startswith("vm-")]
    assert "vm-0" not in session.command("sky", "status")
