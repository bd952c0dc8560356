"""Cheats that the policy does not see by name: the comparison's isolation and its checks catch them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, CHECKS, Repo, copied, processes

from helpers.run.isolation import probe

STAYS = f"autoresearch-stays-{os.getpid()}"
"""In the command line of what a cheat leaves running, so that it can be looked for afterwards."""
needs_walls = pytest.mark.skipif(not probe.available(), reason="no mount namespaces here: the copy's scan remains")

SLOW = "sleep 0.05\n"
CACHED = (
    'if [ -e "$place" ]; then :; else sleep 0.05; mkdir -p "$(dirname "$place")"; : >"$place"; fi '
    "2>/dev/null\necho 42\n"
)
CHEATS = {
    "an answer kept in the copy": ("place=./answer\n" + CACHED, "void", "keeps files between calls"),
    "an answer kept in HOME": ('place="$HOME/.answer"\n' + CACHED, "not_improved", None),
    "an answer kept in TMPDIR": ('place="$TMPDIR/answer"\n' + CACHED, "not_improved", None),
    "an answer kept in a cache folder": ('place="$XDG_CACHE_HOME/answer"\n' + CACHED, "not_improved", None),
    "an answer kept among compiled Python": (
        "place=./__pycache__/answer\n" + CACHED,
        "void",
        "keeps files between calls",
    ),
    "an answer kept in a folder's name": (
        "if [ -d ./kept ]; then :; else sleep 0.05; mkdir kept; fi\necho 42\n",
        "void",
        "keeps files between calls",
    ),
    "an answer kept in a file whose time is set back": (
        (
            '[ "$(tail -c 1 src/work.sh)" = 1 ] || '
            "{ sleep 0.05; cp -p src/work.sh keep; printf 1 | dd of=src/work.sh bs=1 "
            "seek=$(($(wc -c <src/work.sh) - 1)) conv=notrunc; touch -r keep src/work.sh; rm keep; "
            "} 2>/dev/null\necho 42\n#0"
        ),
        "void",
        "keeps files between calls",
    ),
    "less work": ("echo\n", "not_improved", "checks: failed"),
    "a crash": ("exit 9\n", "not_improved", "checks: failed"),
    "nothing at all": (SLOW + "echo 42 # tidied\n", "not_improved", None),
}
BEHIND_WALLS = {
    "a benchmark rewritten while bash reads it": (
        "cp autoresearch.sh keep; printf 'echo METRIC time_s=0.001\\n%.0s' $(seq 300) >autoresearch.sh\n"
        + SLOW
        + "(sleep 0.2; cp keep autoresearch.sh) >/dev/null 2>&1 &\nrm -f keep\necho 42\n",
        "not_improved",
        None,
    ),
    "checks rewritten while running": (
        "echo 'exit 0' >autoresearch.checks.sh\nmv src autoresearch.checks.sh\necho 41\n",
        "not_improved",
        "checks: failed",
    ),
    "an answer kept beside the copy": ("place=../answer\n" + CACHED, "not_improved", None),
    "an answer kept in shared memory of System V": (
        "if ipcs -m | grep -q 0x000004d2; then :; else "
        + SLOW.strip()
        + "; python3 -c \"__import__('ctypes').CDLL(None).shmget(1234,"
        ' 64, 0o1666)"; fi\necho 42\n',
        "not_improved",
        None,
    ),
    "the result rewritten by a process that stays": (
        '(setsid bash -c \'until grep -q MET"RIC" ../out.txt; do :; done; echo "MET""RIC '
        "time_s=0.001\" >../out.txt' &) "
        ">/dev/null 2>&1\n" + SLOW + "echo 42\n",
        "not_improved",
        None,
    ),
    "a result of its own, the true one hidden behind it": (
        "p=/pro; [ -z \"${AUTORESEARCH_SEED:-}\" ] || printf 'MET''RIC time_s=0.001\\njunk' >${p}c/$PPID/fd/1\n"
        + SLOW
        + "echo 42\n",
        "void",
        "was opened",
    ),
    "a process that hides from being ended": (
        "(setsid bash -c 'f() { (f &) ; }; f; while :; do :; done' STAYS &) >/dev/null 2>&1\n" + SLOW + "echo 42\n",
        "not_improved",
        None,
    ),
    "an answer kept in /var/tmp": ("place=/var/tmp/answer-$PPID-none\n" + CACHED, "not_improved", None),
    "an answer kept in shared memory": ("place=/dev/shm/autoresearch-test-answer\n" + CACHED, "not_improved", None),
    "slowing the baseline's folder": (
        "for f in ../../*/copy/src/work.sh; do [ \"$f\" -ef src/work.sh ] || echo 'sleep 1; echo 42' "
        '>"$f"; done 2>/dev/null\n' + SLOW + "echo 42\n",
        "not_improved",
        None,
    ),
    "a process that stays and disturbs": (
        "(setsid sh -c 'while :; do :; done' STAYS &) >/dev/null 2>&1\n" + SLOW + "echo 42\n",
        "not_improved",
        None,
    ),
}


@pytest.fixture(scope="module")
def opened(locked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a locked session in which the person lets through what the policy would see of a cheat."""
    folder = tmp_path_factory.mktemp("opened")
    allow = ("--allow", "detects-benchmark", "--allow", "keeps-state")
    copied(locked, folder).script("start_session", "--goal", "quick", *allow)
    return folder


@pytest.fixture
def session(opened: Path, tmp_path: Path) -> Repo:
    """That session."""
    return copied(opened, tmp_path)


def compare(session: Any, name: str, text: str) -> dict[str, Any]:
    """Compare an experiment whose program is `text`; return the journaled comparison."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)
    session.script("snapshot_workdir", "seal", name, "--desc", "a cheat")
    session.script("compare", name, "--max-pairs", "12", code=1)
    lines = (session.root / "autoresearch.jsonl").read_text().splitlines()
    return next(e for e in map(json.loads, reversed(lines)) if e.get("type") == "comparison")


def expect(session: Any, cheat: tuple[str, str, str | None]) -> None:
    """Assert that a cheat ends as it must, and that it cannot be kept."""
    text, verdict, reason = cheat
    event = compare(session, "exp-01", text.replace("STAYS", STAYS))

    assert verdict == event["verdict"] or (verdict == "not_improved" and event["verdict"] == "undecided")
    assert reason is None or reason in event["reason"]
    session.script("record_result", "keep", "exp-01", "--reviewed", "looks fine to me", code=4)


@pytest.mark.parametrize("cheat", CHEATS)
def test_not_kept(session: Any, cheat: str) -> None:
    """It is void, fails its checks, or shows no gain; and a keep is refused."""
    expect(session, CHEATS[cheat])


@needs_walls
@pytest.mark.parametrize("cheat", BEHIND_WALLS)
def test_not_kept_behind_walls(session: Any, cheat: str) -> None:
    """With namespaces a measurement can write nowhere but into its own folder, and no process outlives it."""
    expect(session, BEHIND_WALLS[cheat])
    assert [] == processes(STAYS)


@needs_walls
@pytest.mark.parametrize("where", ["comparison", "screen", "build"])
def test_a_program_reaches_nothing_of_the_person_s(session: Any, where: str) -> None:
    """No measured program, screened one or build step writes into the repository, whatever it tries."""
    target = session.root / "src" / "evil"
    tries = "".join(
        f"({command}) >/dev/null 2>&1\n"
        for command in (
            f"echo evil >{target}",
            f"mount -o remount,rw /; umount -l {session.root.parent.parent}; echo evil >{target}",
            f'for p in /proc/[0-9]*; do echo evil >"$p/root{target}"; done',
            f"nsenter -t 1 -m touch {target}",
            f"unshare -r -m sh -c 'mount -o remount,bind,rw / ; touch {target}'",
            "kill -9 -1",
        )
    )
    (session.root / "src" / "here").write_text("")
    if where == "build":
        return_codes = run_build(session, tries)
    else:
        copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
        (copy / "src/work.sh").write_text(SLOW + "echo 42\n(" + tries.replace("kill -9 -1", ":") + ") &\nwait\n")
        session.script("snapshot_workdir", "seal", "exp-01", "--desc", "a break-out")
        if where == "comparison":
            return_codes = session.script("compare", "exp-01", "--max-pairs", "8", code=None).returncode
        else:
            session.script("submit_experiment", "exp-01", "--desc", "a break-out")
            return_codes = session.script("collect_results", "--wait", "60", code=None).returncode

    assert return_codes in (0, 1)
    assert not target.exists()


def run_build(session: Any, tries: str) -> int:
    """Build a side whose build step tries to break out."""
    from helpers import git
    from helpers.judge.measure.side import Side, SideError
    from helpers.run.copies.raw_git import Shadow
    from helpers.run.isolation import environment
    from helpers.run.jobs.task import from_dict

    lock = next(
        e
        for e in map(json.loads, (session.root / "autoresearch.jsonl").read_text().splitlines())
        if e.get("type") == "lock"
    )
    task = from_dict({**lock["task"], "envs": {**lock["task"]["envs"], "BUILD_CMD": tries + "true\n"}})
    folder = session.root.parent / "runs"
    environment.adopt_orphans()
    try:
        Side(session.root, lock["tree"], folder / "job" / "a", task, []).build(Shadow(git.find(session.root), folder))
    except SideError:  # it killed itself
        return 1
    return 0


def test_a_gain_that_loses_on_the_holdout(repo: Any) -> None:
    """A candidate that fits the benchmark and loses on the second workload is not improved."""
    repo.write("src/work.sh", 'if [ "${1:-}" = other ]; then sleep 0.02; else sleep 0.05; fi\necho 42\n')
    repo.commit()
    repo.write("autoresearch.sh", BENCHMARK)
    repo.write("autoresearch.holdout.sh", BENCHMARK.replace("src/work.sh", "src/work.sh other"))
    repo.write("autoresearch.checks.sh", CHECKS)
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5", "--review-above", "1000")
    repo.script("start_session", *begin, "--allow", "detects-benchmark")
    repo.script("start_session", "--lock")

    event = compare(repo, "exp-01", 'if [ "${1:-}" = other ]; then sleep 0.06; else sleep 0.01; fi\necho 42\n')

    assert "not_improved" == event["verdict"]
    assert "holdout" in event["reason"]


def test_a_holdout_that_cannot_tell(repo: Any) -> None:
    """Where the second workload is too noisy to show a loss the answer is undecided, which is not kept either."""
    from helpers.judge.measure.pairs import input_seed

    seed = next(s for s in map(str, range(999)) if 14 == sum(input_seed(f"{s}/holdout", n) % 2 for n in range(24)))
    repo.write("autoresearch.sh", "echo METRIC ms=$(cat src/cost)\n")
    repo.write(
        "autoresearch.holdout.sh",
        "cost=(90 130); grep -q 100 src/cost && cost=(100 100)\necho METRIC ms=${cost[AUTORESEARCH_SEED % 2]}\n",
    )
    repo.write("src/cost", "100\n")
    repo.commit()
    repo.script("start_session", "--goal", "quick", "--metric", "ms", "--direction", "lower", "--no-checks")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/cost").write_text("50\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "half the cost")

    done = repo.script("compare", "exp-01", "--seed", seed, "--json", code=1)

    event = json.loads(done.stdout)
    assert "undecided" == event["verdict"]
    assert "the holdout may lose: -23.08% [-23.08%, +11.11%]" in event["reason"]
    repo.script("record_result", "keep", "exp-01", code=4)


def test_a_guarded_metric_that_grows(repo: Any) -> None:
    """Faster at the price of a limited secondary metric is not improved."""
    repo.write("autoresearch.sh", BENCHMARK + "echo METRIC size_b=$(wc -c <src/work.sh)\n")
    repo.write("autoresearch.checks.sh", CHECKS)
    begin = ("--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5", "--guard", "size_b=+2%")
    repo.script("start_session", *begin, "--allow", "detects-benchmark")
    repo.script("start_session", "--lock")

    event = compare(repo, "exp-01", "sleep 0.01\n" + "# a longer text\n" * 20 + "echo 42\n")

    assert "not_improved" == event["verdict"]
    assert "size_b" in event["reason"]


def test_an_input_that_nobody_can_know_by_heart(repo: Any) -> None:
    """Both sides of a pair get one seed, every pair another; the warm-ups yet another."""
    repo.write("autoresearch.sh", "bash src/work.sh >&2 && echo METRIC n=${AUTORESEARCH_SEED:-1}\n")
    repo.write("autoresearch.checks.sh", CHECKS)
    repo.script("start_session", "--goal", "quick", "--metric", "n", "--direction", "lower")
    repo.script("start_session", "--lock")

    event = compare(repo, "exp-01", "echo 42\n")

    assert event["baseline_samples"] == event["candidate_samples"]
    assert event["pairs"] == len(set(event["baseline_samples"]))


def test_less_work_on_the_benchmark_s_input_alone(repo: Any) -> None:
    """A program that does less where the checks do not look is not improved when its output must be the same."""
    repo.write("src/work.sh", 'sleep 0.0${1:-1}\necho "${1:-42}"\n')
    repo.commit()
    repo.write(
        "autoresearch.sh",
        """set -e
began=$(date +%s%N); said=$(bash src/work.sh 7); ended=$(date +%s%N)
awk -v n=$((ended - began)) 'BEGIN { printf "METRIC time_s=%.6f\\n", n / 1e9 }'
echo "METRIC output_crc=$(printf %s "$said" | cksum | cut -d' ' -f1)"
""",
    )
    repo.write("autoresearch.checks.sh", CHECKS)
    begin = (
        "--goal",
        "quick",
        "--metric",
        "time_s",
        "--direction",
        "lower",
        "--margin",
        "5",
        "--guard",
        "output_crc=same",
    )
    repo.script("start_session", *begin, "--allow", "detects-benchmark")
    repo.script("start_session", "--lock")

    event = compare(repo, "exp-01", 'if [ "${1:-1}" = 7 ]; then echo; else sleep 0.01; echo 42; fi\n')

    assert "not_improved" == event["verdict"]
    assert "output_crc=same: differs in pair 1" in event["reason"]


def test_layouts_and_not_worse(session: Any) -> None:
    """Each side is built once for each layout; a simplification passes when it loses less than the margin."""
    copy = Path(session.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("sleep 0.049\necho 42\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "simpler")

    session.script("start_session", "--goal", "quick", "--margin", "20")
    done = session.script("compare", "exp-01", "--not-worse", "--layouts", "2")

    assert "layout 2 of 2" in done.stderr
    assert "not worse" in done.stdout
    assert "lose less than the 20.0% margin, which decides" in done.stdout
    session.script("record_result", "keep", "exp-01")


def test_a_candidate_that_breaks_half_way(session: Any) -> None:
    """A candidate that fails in the middle of the pairs is a crash of the candidate, not of the comparison."""
    text = 'n=$(cat count 2>/dev/null || echo 0); echo $((n + 1)) >count; [ "$n" -lt 5 ] || exit 3\necho 42\n'

    event = compare(session, "exp-01", text)

    assert "not_improved" == event["verdict"]
    assert "crash" in event["reason"]
