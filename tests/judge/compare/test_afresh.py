"""A winner under a benchmark whose clock runs in the measured process has to win on an input's first call as well."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.comparison import Comparison
from helpers.judge.compare import afresh
from helpers.judge.measure.pairs import Measured
from helpers.judge.measure.plan import Plan
from helpers.judge.measure.side import WHOLE, WHOLE_CPU

TEMPLATE = Path(afresh.__file__).parents[3] / "references" / "templates" / "call_time.sh"
BENCH = """\
import os, sys, time
sys.path.insert(0, os.getcwd())
from src.program import work
seed = int(os.environ.get("AUTORESEARCH_SEED", "1"))
data = [seed * n % 1009 for n in range(2000)]
WARM
began = time.perf_counter()
answer = work(data)
took = time.perf_counter() - began
print(f"METRIC time_s={took:.9f}")
print(f"METRIC answer_crc={answer}")
"""
SLOW = "import time\ndef work(data):\n    time.sleep(0.04)\n    return sum(data)\n"
MEMO = (
    SLOW.replace("work", "slow")
    + "known = {}\ndef work(data):\n    key = tuple(data)\n    if key not in known:\n"
    + "        known[key] = slow(data)\n    return known[key]\n"
)
HELPS = "known = {}\ndef work(data):\n    for n in data:\n        known[n] = n\n    return sum(map(known.get, data))\n"


@pytest.mark.parametrize("honours", [True, False], ids=["asked", "whole"])
def test_a_cache_of_answers_falls_and_one_that_helps_new_inputs_stands(repo: Any, honours: bool) -> None:
    """Both gain much under a benchmark that calls twice; only the second is kept, and nobody need explain its state."""
    warm = 'if not os.environ.get("AUTORESEARCH_FRESH"):\n    work(data)' if honours else "work(data)"
    nap = "0.3" if honours else "0.04"  # on a loaded host the whole run has to show what is saved
    repo.write("src/program.py", SLOW.replace("0.04", nap))
    repo.write("bench.py", BENCH.replace("WARM", warm))
    repo.write("autoresearch.sh", "python3 -S bench.py\n", 0o755)
    repo.write("autoresearch.checks.sh", "python3 -c 'from src.program import work; assert work([1, 2]) == 3'\n")
    repo.commit()
    begin = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--review-above", "1000000"]
    repo.script("start_session", *begin, "--max-pairs", "8", "--guard", "answer_crc=same", "--scope", "src/")
    said = repo.script("start_session", "--lock").stderr
    assert ("one process may work the same input twice" in said) != honours

    def attempt(name: str, program: str, code: int) -> dict[str, Any]:
        copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
        (copy / "src/program.py").write_text(program)
        repo.script("snapshot_workdir", "seal", name, "--desc", "remembers")
        found: dict[str, Any] = json.loads(repo.script("compare", name, "--json", code=code).stdout)
        return found

    fell = attempt("exp-01", MEMO.replace("0.04", nap), 1)
    assert fell["verdict"] in ("not_improved", "undecided")
    assert ("does not stand on inputs" if honours else "it remembers between calls") in fell["reason"]

    if not honours:  # the start of the process takes longer than a call: its whole run may not tell
        return
    stands = attempt("exp-02", HELPS, 0)
    assert "improved" == stands["afresh"]["verdict"]
    kept = repo.script("record_result", "keep", "exp-02", "--problem", "a", "--solution", "b")
    assert "remembers" not in kept.stderr


def test_what_helps_new_inputs_under_a_driver_of_the_templates_asks_no_reader(repo: Any) -> None:
    """The driver sends no input twice; a program that remembers is measured once more without the warming call."""
    script = TEMPLATE.read_text().replace("import json  # PROGRAM", "from src.program import work")
    script = script.replace("json.loads(data)", "work(data)")
    script = script.replace(
        "json.dumps([chance.randrange(10**9) for _ in range(100_000)]).encode()", "chance.randbytes(2000)"
    )
    repo.write("src/program.py", SLOW.replace("0.04", "0.5"))  # on a loaded host the whole run has to show it
    repo.write("autoresearch.sh", script, 0o755)
    repo.write("autoresearch.checks.sh", "python3 -c 'from src.program import work; assert work([1, 2]) == 3'\n")
    repo.commit()
    begin = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--review-above", "1000000"]
    repo.script("start_session", *begin, "--max-pairs", "8", "--scope", "src/")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/program.py").write_text(HELPS)
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "remembers")
    found = json.loads(repo.script("compare", "exp-01", "--json").stdout)
    assert ("always", "improved") == (found["calls"], found["afresh"]["verdict"])
    kept = repo.script("record_result", "keep", "exp-01", "--problem", "a", "--solution", "b")
    assert "remembers" not in kept.stderr


def test_how_a_benchmark_calls_is_read_from_its_text() -> None:
    """A process for each call is fresh; a clock beside the program, or a process that stays, is asked or unknown."""
    assert "fresh" == afresh.calls("echo METRIC time_s=$(cat src/v)")
    assert "apart" == afresh.calls("subprocess.call(command); time.perf_counter()")
    assert "whole" == afresh.calls("time.perf_counter(); work(data)")
    assert "whole" == afresh.calls("subprocess.Popen(command); time.perf_counter()")
    assert "asked" == afresh.calls('time.perf_counter(); os.environ.get("AUTORESEARCH_FRESH")')
    assert "always" == afresh.calls(TEMPLATE.read_text())


def test_a_claim_alone_shows_nothing() -> None:
    """Who says that no input comes twice is believed where a driver sends them, and can be asked for one call alone."""
    claim = "# AUTORESEARCH_FRESH: always\n"
    assert "whole" == afresh.calls(f"{claim}time.perf_counter(); work(data)")
    assert "whole" == afresh.calls(f"{claim}subprocess.Popen(command); time.perf_counter()")
    assert "asked" == afresh.calls(f'{claim}time.perf_counter(); os.environ.get("AUTORESEARCH_FRESH")')


@pytest.mark.parametrize(
    "text",
    [
        "from time import time\nbegan = time()",
        "time.thread_time()",
        "const t = Date.now()",
        "t = clock();",
        "std::chrono::high_resolution_clock::now()",
        "SystemTime::now()",
        "System.currentTimeMillis()",
        "Benchmark.realtime { f }",
        "use Time::HiRes qw(time);",
        "go test ./... -bench .",
        "cargo +nightly bench",
        "pytest --benchmark-only",
        "./prog --repeat 10 big.txt",
        "resource.getrusage(resource.RUSAGE_SELF).ru_utime",
        "process.cpuUsage().user",
        "t = datetime.now()",
        "local t = os.clock()",
        "$t = microtime(true);",
        "var watch = Stopwatch.StartNew();",
        "let t = Sys.time () in",
        "t = @elapsed work(x)",
        ":timer.tc(fn -> work() end)",
        "unsigned long long t = __rdtsc();",
        "subprocess.run(['git', 'rev-parse', 'HEAD']); perf_counter()",
    ],
)
def test_every_usual_clock_in_the_measured_process_is_known(text: str) -> None:
    """However its time is read, a process that may work one input twice is told from one for each call."""
    assert "whole" == afresh.calls(text)


@pytest.mark.parametrize("text", ["began=$EPOCHREALTIME; ./prog big.txt", "hyperfine --runs 5 ./prog", "date +%s%N"])
def test_a_clock_of_the_shell_is_outside_of_what_it_measures(text: str) -> None:
    """A process for each call is asked nothing more."""
    assert "fresh" == afresh.calls(text)


@pytest.mark.parametrize(
    ("whole", "call", "verdict"),
    [(0.42, 0.08, "improved"), (0.07, 0.01, "improved"), (0.12, 0.0001, "not_improved")],
    ids=["a fifth less", "a tenth of it", "a memo"],
)
def test_the_whole_run_tells_what_the_first_call_saved(whole: float, call: float, verdict: str) -> None:
    """Five calls of 0.1 s and 0.02 s around them: an honest gain is in all five, a remembered answer in four."""
    measured = _five_calls(whole, call)
    assert verdict == afresh.first_call(measured, _plan("whole")).verdict


def _five_calls(whole: float, call: float) -> Measured:
    return Measured([{WHOLE: 0.52, "time_s": 0.1}] * 8, [{WHOLE: whole, "time_s": call}] * 8)


def _plan(calls: str, *, remembers: bool = False) -> Plan:
    texts = ("job", "experiment", "baseline_tree", "baseline_commit", "candidate_tree", "sealed_tree", "workdir_root")
    rest: dict[str, Any] = {"guards": [], "task": {}, "protected": {}, "passed": [], **dict.fromkeys(texts, "")}
    rest |= {"metric": "time_s", "direction": "lower", "mode": "improved", "seed": "s", "second": 1.0}
    return Plan(margin=0.01, max_pairs=8, layouts=1, calls=calls, remembers=remembers, **rest)


@pytest.mark.parametrize("calls", ["whole", "apart"])
def test_what_the_pairs_tell_of_a_first_call_is_not_measured_again(calls: str) -> None:
    """An honest gain stands by the pairs that are there: no side is run once more, and its state asks nobody."""
    won = Comparison.from_line({"verdict": "improved", "calls": calls})
    found = afresh.result(won, _plan(calls, remembers=True), _five_calls(0.42, 0.08), [], [], _quiet, io.StringIO())
    assert found.is_good
    assert found.is_afresh


def test_a_memo_in_a_process_of_a_driver_is_left_to_a_reader() -> None:
    """A driver that starts processes may call in its own as well: where the policy sees state, the pairs must tell."""
    won = Comparison.from_line({"verdict": "improved", "calls": "apart"})
    found = afresh.result(won, _plan("apart", remembers=True), _five_calls(0.12, 1e-4), [], [], _quiet, io.StringIO())
    assert found.is_good
    assert not found.is_afresh


@pytest.mark.parametrize(
    ("whole", "processor", "elsewhere"),
    [(0.44, 0.42, False), (0.44, 0.5, False), (0.52, 0.5, True), (0.5, 0.6, True)],
    ids=["honest", "it waits less", "computed when it is looked at", "made ready at import, and more"],
)
def test_what_the_clock_of_one_call_saves_is_saved_in_the_whole_run(
    whole: float, processor: float, elsewhere: bool
) -> None:
    """One call of 0.1 s becomes one of 0.02 s: what is left out of the clock is done before or behind it."""
    base = {WHOLE: 0.52, WHOLE_CPU: 0.5, "time_s": 0.1}
    measured = Measured([base] * 8, [{WHOLE: whole, WHOLE_CPU: processor, "time_s": 0.02}] * 8)
    assert elsewhere == afresh._is_elsewhere(measured, _plan("asked"))
    assert elsewhere == afresh._is_elsewhere(measured, _plan("asked", remembers=True))


def test_on_a_loaded_host_only_what_remembers_has_to_be_shown_in_the_whole_run() -> None:
    """Noise that hides the saving is nobody's fault; a program that may have kept its answer is asked about."""
    noise = [0.6, -0.6, 0.5, -0.5, 0.4, -0.4, 0.3, -0.3]
    base = [{WHOLE: 2.0 + n, WHOLE_CPU: 2.0 + n, "time_s": 0.1} for n in noise]
    measured = Measured(base, [{WHOLE: 1.92, WHOLE_CPU: 1.92, "time_s": 0.02}] * 8)
    assert not afresh._is_elsewhere(measured, _plan("asked"))
    assert afresh._is_elsewhere(measured, _plan("asked", remembers=True))


def _quiet(*_: object) -> None:
    pass
