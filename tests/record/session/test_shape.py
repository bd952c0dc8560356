"""The lock limits what the templates print, and says what a benchmark of another shape does not show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers.events import Finished
from helpers.judge.compare import metric_limits
from helpers.record.session import shape

TEMPLATES = Path(__file__).resolve().parents[3] / "references" / "templates"


def test_the_lock_limits_start_up_and_holds_the_answers_and_marks_nothing(repo: Any) -> None:
    """With the Python template: both limits are agreed, a weaker one only by name; the proof by broken source holds."""
    text = (TEMPLATES / "call_time.sh").read_text().replace("import json  # PROGRAM", "import program")
    text = text.replace("json.loads(data)", "program.work(data)").replace("range(100_000)", "range(1_000)")
    repo.write("program.py", "import json\ndef work(data):\n    return sorted(json.loads(data))\n")
    repo.write("autoresearch.sh", text, 0o755)
    repo.write("autoresearch.checks.sh", "python3 -c 'import program; assert program.work(b\"[2, 1]\") == [1, 2]'\n")
    repo.commit()
    repo.script(
        "start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower", "--guard", "rss_mb=+2%"
    )
    repo.script("start_session", "--goal", "quick", "--guard", "startup_s=+900%")
    journal = repo.root / "autoresearch.jsonl"
    journal.write_text(journal.read_text().replace('"rss_mb=+2%",', "").replace('"rss_mb=+2%"', ""))

    said = repo.script("start_session", "--lock").stderr

    assert "limits agreed, as the benchmark prints them: output_crc=same" in said
    assert "known by heart" not in said
    sets = [json.loads(line).get("set", {}).get("guards") for line in journal.read_text().splitlines()]
    assert ["startup_s=+900%", "output_crc=same"] == next(each for each in reversed(sets) if each)
    assert "look:" not in repo.script("status").stdout


def test_a_limit_that_nobody_asked_for_is_as_wide_as_the_host_holds(repo: Any) -> None:
    """Start-up that differs from run to run: the lock's own limit gives way and says so; one by name does not."""
    repo.write("autoresearch.sh", "bash src/work.sh\necho METRIC startup_s=1e$((RANDOM % 50))\n", 0o755)
    repo.write("autoresearch.checks.sh", "bash src/work.sh | grep -q =4217\n")
    repo.write("src/work.sh", "echo METRIC time_s=4217\n")
    repo.commit()
    begin = ("--metric", "time_s", "--direction", "lower")
    repo.script("start_session", "--goal", "quick", *begin)

    said = lock(repo)
    assert "this host cannot hold startup_s=+20%; agreed in its place: startup_s=+" in said
    metric_limits.parse_limit(re.findall(r"startup_s=\+\d+%", said)[-1])  # however wide, it is one
    assert "look:" not in repo.script("status").stdout

    repo.script("start_session", "--goal", "another", "--new", *begin, "--guard", "startup_s=+20%")
    assert re.search(r"--guard startup_s=\+\d+%", lock(repo, 1).rpartition("next:")[2])


@pytest.mark.parametrize(
    ("name", "is_digest"),
    [
        *((name, True) for name in ("output_crc", "out_crc32", "sha_512", "md5", "adler32", "fnv1a", "xxh64", "Hash")),
        *((name, False) for name in ("time_s", "cmd", "rss_mb", "hash_time_s", "mad", "ops", "hashes_per_s")),
    ],
)
def test_digests_by_their_names(name: str, is_digest: bool) -> None:
    """Whatever function made it; a time or a rate of hashing is none."""
    assert is_digest == bool(shape._ANSWER.search(name))


def test_answers_that_a_benchmark_digests_stay_the_same(repo: Any) -> None:
    """Nobody named a limit: a winner with another checksum is no winner. One that never stays the same is no limit."""
    benchmark = "said=$(bash src/work.sh)\necho METRIC time_s=${said% *}\necho METRIC out_sha256=${said#* }\n"
    repo.write("autoresearch.sh", benchmark + "echo METRIC run_id_crc=$RANDOM\n", 0o755)
    repo.write("autoresearch.checks.sh", "bash src/work.sh | grep -q 4\n")
    repo.write("src/work.sh", "echo 2.0417 42\n")
    repo.commit()
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")

    said = lock(repo)
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text("echo 1.0311 43\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "other answers")
    event = json.loads(repo.script("compare", "exp-01", "--json", code=1).stdout)

    assert "limits agreed, as the benchmark prints them: out_sha256=same, run_id_crc=same" in said
    assert "cannot hold run_id_crc=same; agreed in its place: nothing, as it differs from run to run" in said
    assert ("not_improved", True) == (event["verdict"], "out_sha256=same: differs in pair 1" in event["reason"])


def lock(repo: Any, code: int = 0) -> str:
    """Lock, and return what was said."""
    return str(repo.script("start_session", "--lock", code=code).stderr)


@pytest.mark.parametrize(
    ("text", "metrics", "words"),
    [
        ("t = time.perf_counter(); work()", {}, ["by heart", "clock", "twice", "checksum"]),
        ("t = time.perf_counter(); Random(os.environ['AUTORESEARCH_SEED'])", {"out_sha256": 1.0}, ["clock", "twice"]),
        ("subprocess.run(...); time.perf_counter()", {"output_crc": 1.0}, ["by heart"]),
        ("subprocess.Popen(...); time.perf_counter(); AUTORESEARCH_SEED", {"output_crc": 1.0}, ["twice"]),
        ("seed=$AUTORESEARCH_SEED ./bench", {}, ["checksum"]),
        ("AUTORESEARCH_SEED AUTORESEARCH_FRESH perf_counter", {"startup_s": 1.0, "crc": 2.0}, []),
    ],
)
def test_what_a_benchmark_of_its_own_shape_lacks_is_said(
    text: str, metrics: dict[str, float], words: list[str]
) -> None:
    """Input known by heart, a clock in the measured process, one input twice, answers that nothing holds."""
    found = shape.lacks(text, Finished.from_line({"metrics": metrics}))

    assert [True] * len(words) == [word in said for word, said in zip(words, found, strict=True)]
