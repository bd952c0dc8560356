"""What benchmark and checks do not see of a winner is found: it is not kept, or a reader is asked."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import BENCHMARK

from helpers.comparison import Comparison
from helpers.judge.compare import branches, unseen, wrong_answers
from helpers.judge.measure.side import SideError
from helpers.run.jobs.task import Task

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--margin", "5", "--review-above", "1000"]
WORK = '. src/core.sh\nsleep 0.02\n[ "${1:-0}" -lt 50 ] || true\nvalue\n'
FASTER = WORK.replace("0.02", "0.01")
WRONG = "value() {\n  n=40 m=3\n  echo $((n + m * 2 ))\n}\n"
CHECKS = '#!/bin/bash\nset -e\n[ "$(bash src/work.sh)" = 42 ]\n'


def compared(
    repo: Any, benchmark: str, checks: str, change: dict[str, str], *begin: str, work: str = WORK
) -> tuple[dict[str, Any], str]:
    """Return the comparison of a change, and why it is not kept: nothing where it is."""
    repo.write("src/work.sh", work)
    repo.write("src/core.sh", "value() { echo 42; }\n")
    repo.write("src/sum.sh", "echo 3\n")
    repo.write("other/core.sh", "value() { echo 42; }\n")
    repo.write("expected.txt", "42\n")
    repo.commit()
    repo.write("autoresearch.sh", benchmark, 0o755)
    repo.write("autoresearch.checks.sh", checks, 0o755)
    repo.script("start_session", *BEGIN, "--max-pairs", "8", "--scope", "src/", *begin)
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    for name, text in change.items():
        (copy / name).write_text(text)
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "less sleep")
    event = json.loads(repo.script("compare", "exp-01", "--json", code=None).stdout)
    return event, repo.script("record_result", "keep", "exp-01", code=None).stderr


def test_a_changed_file_that_the_checks_do_not_look_at_is_named(repo: Any) -> None:
    """They take another one for it: an installed release, a second copy. All files broken at once do not show that."""
    checks = CHECKS.replace("bash src/work.sh", "sed s,src/core,other/core, src/work.sh | bash")

    event, said = compared(repo, BENCHMARK, checks, {"src/work.sh": FASTER, "src/core.sh": "value() { echo 40; }\n"})

    assert "improved" == event["verdict"]
    assert ["the checks pass where src/core.sh is broken on purpose: they do not look at it"] == event["signs"]
    assert "needs a reader's words" in said


def test_a_change_whose_faults_the_checks_do_not_notice_is_named(repo: Any) -> None:
    """That they compare another answer, and notice each fault there, says nothing of what changed."""
    checks = '#!/bin/bash\nset -e\n[ "$(bash src/sum.sh)" = 3 ]\n[ "$(bash src/work.sh)" != "" ]\n'

    event, _ = compared(repo, BENCHMARK, checks, {"src/work.sh": FASTER, "src/core.sh": WRONG})

    assert ["the checks pass with a fault in what changed, or beside it: src/core.sh:2: n=41 m=3"] == event["signs"]


@pytest.mark.parametrize("begin", [[], ["--guard", "rows=same"]])
def test_an_expected_answer_in_git_that_the_checks_write_again_is_named(repo: Any, begin: list[str]) -> None:
    """A snapshot that is updated in each run agrees with any answer, and so does a figure that is no checksum."""
    checks = '#!/bin/bash\nset -e\n[ "$(bash src/sum.sh)" = 3 ]\nbash src/work.sh >expected.txt\n'

    benchmark = BENCHMARK + "echo METRIC rows=1\n"

    event, _ = compared(repo, benchmark, checks, {"src/work.sh": FASTER, "src/core.sh": WRONG}, *begin)

    assert ["the checks pass with a fault in what changed, or beside it: src/core.sh:2: n=41 m=3"] == event["signs"]


@pytest.mark.parametrize("held", [20, 300])
def test_memory_that_speed_was_bought_with_is_told(repo: Any, held: int) -> None:
    """No limit has to be named: nobody thinks of each price beforehand. A little more is nothing to ask about."""
    hungry = FASTER + f"python3 -c 'bytearray({held} << 20)'\n"

    event, said = compared(repo, BENCHMARK, CHECKS, {"src/work.sh": hungry}, work=WORK.replace("0.02", "0.2"))

    assert "improved" == event["verdict"]
    told = [sign for sign in event.get("signs", []) if "of memory at its peak, the baseline" in sign]
    assert (held == 300) == bool(told) == ("is the speed worth that?" in said)


@pytest.mark.parametrize("asks", [True, False])
def test_an_outputs_script_speaks_for_what_it_asks_alone(repo: Any, asks: bool) -> None:
    """Faults are put into what changed beside it as well: it may make no input that gets there."""
    checks = '#!/bin/bash\nset -e\n[ "$(bash src/sum.sh)" = 3 ]\n[ "$(bash src/work.sh)" != "" ]\n'
    asked = "bash src/sum.sh >$AUTORESEARCH_OUT/a\n" + "bash src/work.sh >$AUTORESEARCH_OUT/b\n" * asks
    repo.write("autoresearch.outputs.sh", "#!/bin/bash\nset -e\n" + asked, 0o755)
    right = WRONG.replace("m * 2 ", "m - 1 ")

    begin = ["--outputs-seconds", "1"]
    event, _ = compared(repo, BENCHMARK, checks, {"src/work.sh": FASTER, "src/core.sh": right}, *begin)

    assert "improved" == event["verdict"]
    named = ["the checks pass with a fault in what changed, or beside it: src/core.sh:2: n=41 m=3"]
    assert ([] if asks else named) == event.get("signs", [])


def test_a_file_that_no_fault_fits_into_any_more_is_named(repo: Any) -> None:
    """What nothing is known of is not what was looked at."""
    checks = CHECKS.replace("bash src/work.sh", "bash src/work.sh >/dev/null && echo 42")

    event, _ = compared(repo, BENCHMARK, checks, {"src/work.sh": ". src/core.sh\nvalue\ntrue\n"})

    assert ["no fault fits into src/work.sh any more: nothing shows that the checks look at it"] == event["signs"]


def test_where_nothing_can_be_wrong_in_what_changed_faults_beside_it_are_tried(repo: Any) -> None:
    """What was only taken away holds no line to put a fault into, and one number tells little."""
    checks = '#!/bin/bash\nset -e\n[ "$(bash src/sum.sh)" = 3 ]\n[ "$(bash src/work.sh)" != "" ]\n'
    work = WORK + ": 7 8\n"

    event, _ = compared(repo, BENCHMARK, checks, {"src/work.sh": work.replace("sleep 0.02\n", "")}, work=work)

    assert event["signs"][0].startswith("the checks pass with a fault in what changed, or beside it: src/work.sh:2: ")


@pytest.mark.parametrize(
    ("its", "reason"),
    [
        ("timeout 0.3 bash src/work.sh 99 >/dev/null || [ $? = 124 ]", "124"),
        ("bash src/work.sh 99 >/dev/null &\nwait", "139"),
        ("bash src/work.sh 99 | tail -n 1", "139 0"),
    ],
)
def test_a_crash_or_hang_that_the_checks_forgive_ends_it(repo: Any, its: str, reason: str) -> None:
    """Others of their commands notice each fault; what this one looks at is seen by how it ends beside the baseline."""
    ends = "sleep 9" if reason == "124" else "exit 139"

    event, _ = compared(repo, BENCHMARK, f"{CHECKS}{its}\n", {"src/work.sh": FASTER.replace("true", ends)})

    assert "not_improved" == event["verdict"]
    assert event["reason"].startswith(f"crash: a command of autoresearch.checks.sh fails on its side alone ({reason})")


@pytest.mark.parametrize("forgiven", [">/dev/null || true", "| tail -n 1 >/dev/null"])
def test_a_crash_that_the_benchmark_forgives_ends_it(repo: Any, forgiven: str) -> None:
    """It is quicker for that, and the checks ask for less: whatever fails on its side alone is looked at."""
    benchmark = BENCHMARK.replace("set -euo pipefail", "set -eu\nbash -n src/work.sh").replace(
        'bash src/work.sh 3>"$slept" >/dev/null', f": >$slept\nbash src/work.sh 99 3>>$slept {forgiven}"
    )

    event, said = compared(repo, benchmark, CHECKS, {"src/work.sh": FASTER.replace("true", "exit 139")})

    assert "not_improved" == event["verdict"]
    assert event["reason"].startswith("crash: a command of autoresearch.sh fails on its side alone (139")
    assert "says not improved" in said


def test_what_is_looked_at_and_fails_on_both_sides_asks_nobody(repo: Any) -> None:
    """A condition that does not hold and a reader that ends early are no signs, nor is a change that is looked at."""
    benchmark = BENCHMARK.replace("bash src/work.sh", "[ -f none ] || yes | head -n 1\nbash src/work.sh").replace(
        "set -euo pipefail", "set -eu"
    )

    event, said = compared(repo, benchmark, CHECKS, {"src/work.sh": FASTER})

    assert "improved" == event["verdict"]
    assert "signs" not in event
    assert "error" not in said, said


@pytest.mark.parametrize(("status", "ends"), [("1", False), ("7 0", False), ("141 1", False), ("139", True)])
def test_what_fails_by_chance_is_no_sign_and_a_crash_is_one_each_time(tmp_path: Path, status: str, ends: bool) -> None:
    """A loop that waits for a server fails now and then, on either side; what is asked again does not fail again."""
    (tmp_path / "autoresearch.checks.sh").touch()
    won = Comparison.from_line({"verdict": "improved", "pairs": 8, "measured_seconds": 16 * 30.1})
    plan, rows = SimpleNamespace(guards=["answers=same"]), iter([{(status, "curl localhost")}])
    cand = SimpleNamespace(copy=tmp_path, peak=0, passes_over=lambda _: next(rows, set()))
    base = SimpleNamespace(copy=tmp_path, peak=0, passes_over=lambda _: set())

    found = unseen.result(won, plan, base, cand, None, sys.stderr)  # type: ignore[arg-type]

    assert (ends, []) == (found.verdict == "not_improved", found.signs)


def test_a_benchmark_of_minutes_is_not_run_again_for_this(tmp_path: Path) -> None:
    """Over many workers pairs take the time of one: two more runs would double what a verdict takes."""
    (tmp_path / "autoresearch.sh").touch()
    won = Comparison.from_line({"verdict": "improved", "pairs": 8, "measured_seconds": 16 * 30.1})
    plan, side = (SimpleNamespace(guards=["answers=same"]), SimpleNamespace(copy=tmp_path, peak=0))

    assert [] == unseen.result(won, plan, side, side, None, sys.stderr).signs  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="passes_over"):
        unseen.result(replace(won, measured_seconds=16 * 29.9), plan, side, side, None, sys.stderr)  # type: ignore[arg-type]


BRANCH = """\
def f(rows):
    if len(rows) > 1000:
        return rows[::2]
    return list(rows)
"""


@pytest.mark.parametrize(
    ("asked", "named"), [([1, 2], ["f.py:3: return 0"]), ([1] * 2000, []), ([], ["f.py:3: return 0"])]
)
def test_a_changed_answer_that_no_check_gets_to_is_named_beside_those_that_are_noticed(
    asked: list[int], named: list[str]
) -> None:
    """A branch that the benchmark alone enters: that another line's fault is noticed says nothing of it."""
    held: dict[str, Any] = {}

    def restore(trees: Any) -> None:
        exec(trees.contents["f.py"].decode(), held)

    def check() -> str:
        return "passed" if isinstance(held["f"](asked), list) and isinstance(held["f"]([3]), list) else "failed (1)"

    task = Task("", {}, {})
    side: Any = SimpleNamespace(task=task, build=restore, measure=lambda _: {"time_s": 1.0}, check=check)
    trees: Any = None

    assert named == wrong_answers.unnoticed(side, trees, "time_s", {"f.py": BRANCH.encode()}, {}, {1, 2, 3})


@pytest.mark.parametrize(("left", "found"), [("failed (1)", []), ("passed", None)])
def test_where_no_answer_can_be_put_wrong_a_statement_is_left_out(left: str, found: list[str] | None) -> None:
    """What checks say of a line that is not there shows that they look; that they pass without it shows nothing."""
    text = "pub fn work(data: &[u32]) -> Vec<u32> {\n    let mut out = data.to_vec();\n    out.sort();\n    out\n}\n"
    held: list[bytes] = []
    side: Any = SimpleNamespace(
        task=Task("", "", ""),
        build=lambda trees: held.append(trees.contents["a.rs"]),
        measure=lambda _: {"time_s": 1.0},
        check=lambda: "passed" if b"sort" in held[-1] else left,
    )
    trees: Any = None

    assert found == wrong_answers.unnoticed(side, trees, "time_s", {"a.rs": text.encode()}, {}, {1, 2, 3})
    assert any(b"sort" not in each for each in held)


@pytest.mark.parametrize("arm", ["    Some(y) => y * 2,", "  f: x => x * 2,", "    None => z * 3"])
def test_an_arm_of_a_choice_is_put_wrong_and_still_builds(arm: str) -> None:
    """What stands behind its answer, a comma as a rule, stays."""
    fault, *_ = wrong_answers.choose({"a.rs": arm.encode()}, {0})
    assert "=> 0" in fault[2]
    assert arm.endswith(",") == fault[2].endswith(",")


@pytest.mark.parametrize(("builds", "told"), [(False, None), (True, [])])
def test_faults_that_do_not_build_fit_nowhere_and_those_that_crash_are_none(
    builds: bool, told: list[str] | None
) -> None:
    """Of the former it is not known whether the checks look at what changed; a crash is seen by the benchmark."""

    def fail(*_: Any) -> None:
        raise SideError("it does not run")

    side: Any = SimpleNamespace(task=Task("", "", ""), build=(lambda _: None) if builds else fail, measure=fail)
    trees: Any = None
    assert told == wrong_answers.unnoticed(side, trees, "time_s", {"f.py": BRANCH.encode()}, {}, {1, 2, 3})


PROGRAM = """\
import sys
def total(rows, hurry):
    found = 0
    for n, row in enumerate(rows):
        found += sum(ord(letter) for letter in row * 20)
    return found
rows = sys.stdin.read().split()
print(total(rows, len(rows) > 50))
"""


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ("        if hurry and n & 1:\n            continue\n", True),
        ("        if n & 1 and len(rows) > 50: row = ''\n", True),
        ("        if not row:\n            continue\n", False),
        ("        if len(rows) > 1:\n            found += sum(row.encode()) * 20\n            continue\n", False),
    ],
)
def test_a_branch_that_of_all_scripts_the_benchmark_alone_gets_into_is_named(
    repo: Any, change: str, asked: bool
) -> None:
    """Half of a large input's work left out shows in no answer that anybody holds against a known one."""
    repo.write("src/work.py", PROGRAM)
    many = "seq ${ROWS:-100} | python3 src/work.py >/dev/null\n"
    checks = CHECKS.replace("bash src", "ROWS=2 bash src") + '[ "$(echo ab cd | python3 src/work.py)" = 7880 ]\n'
    work = PROGRAM.replace("        found", change + "        found")
    changed = {"src/work.py": work, "src/work.sh": FASTER + many}

    event, _ = compared(repo, BENCHMARK, checks, changed, work=WORK + many)

    assert "improved" == event["verdict"]
    told = [sign for sign in event.get("signs", []) if sign.startswith("of all scripts the benchmark alone")]
    assert asked == bool(told), event.get("signs")


def test_a_digest_of_the_benchmarks_own_answers_speaks_for_no_other_input(repo: Any) -> None:
    """A branch that its input alone leads to gives the right answers there, and is named beside a `same` limit too."""
    repo.write("src/work.py", PROGRAM)
    many = "seq ${ROWS:-100} | python3 src/work.py >/dev/null\n"
    checks = CHECKS.replace("bash src", "ROWS=2 bash src") + '[ "$(echo ab cd | python3 src/work.py)" = 7880 ]\n'
    change = "        if hurry:\n            found += sum(row.encode()) * 20\n            continue\n"
    changed = {"src/work.py": PROGRAM.replace("        found", change + "        found"), "src/work.sh": FASTER + many}
    benchmark = BENCHMARK + "echo METRIC output_crc=$(seq 100 | python3 src/work.py)\n"

    event, refused = compared(repo, benchmark, checks, changed, "--guard", "output_crc=same", work=WORK + many)

    assert "improved" == event["verdict"]
    (told,) = (sign for sign in event.get("signs", []) if sign.startswith("of all scripts the benchmark alone"))
    assert "src/work.py:5: if hurry:" in told
    assert "the benchmark alone gets to" in refused


SPECIAL = "        if row.startswith('q'):\n            row = row[1:]\n"


@pytest.mark.parametrize(
    ("case", "then", "checked", "asked"),
    [
        (SPECIAL, "", "ab cd", True),
        (SPECIAL, "", "ab qcd", False),
        (SPECIAL.replace("row = row[1:]", "raise ValueError"), "", "ab cd", False),
        (SPECIAL, "        if row.startswith( 'q' ): row = row[1:]\n", "ab cd", False),
        (SPECIAL.replace("if row.startswith('q'):", "if row == 'é':"), "", "ab cd", True),
    ],
)
def test_a_special_case_that_is_gone_and_that_nothing_gets_to_is_named(
    repo: Any, case: str, then: str, checked: str, asked: bool
) -> None:
    """What a rewritten function forgets shows where the baseline's checks never were; where they were, they tell."""
    before, after = (PROGRAM.replace("        found", each + "        found") for each in (case, then))
    repo.write("src/work.py", before)
    many = "seq 10 | python3 src/work.py >/dev/null\n"
    checks = CHECKS + f'[ "$(echo {checked} | python3 src/work.py)" = 7880 ]\n'
    changed = {"src/work.py": after, "src/work.sh": FASTER + many}

    event, _ = compared(repo, BENCHMARK, checks, changed, work=WORK + many)

    told = [sign for sign in event.get("signs", []) if sign.startswith("nothing gets to where src/work.py:5: if row")]
    assert asked == bool(told), event
    assert ("improved" == event["verdict"]) == (checked == "ab cd")


@pytest.mark.parametrize(
    ("name", "line", "made"),
    [
        ("a.py", "    y = 3 if x[1:2] else 4", "    y = 3 if ((x[1:2]) and 1 // 0) else 4"),
        ("a.py", "    return [x for x in y if x > 3]", "    return [x for x in y if ((x > 3) and 1 // 0)]"),
        ("a.c", "  if (f(n) > 1) return 0;", "  if (((f(n) > 1)) && (__builtin_trap(), 1)) return 0;"),
        ("a.rs", "    } else if n > 1 {", "    } else if ((n > 1) && panic!()) {"),
        ("a.pl", "  next if $n & 1;", "  next if (($n & 1) && die);"),
        ("a.rs", "    if let Some(x) = y {", ""),
        ("a.c", "  if (a &&", ""),
        ("a.c", "#if A", ""),
        ("a.txt", "if (a) b;", ""),
        ("a.py", "x = 1  # if x: y", ""),
        ("a.py", "x = 'if x: y'", ""),
        ("a.py", '"""Return x if y."""', ""),
        ("a.py", "x = 3 if y else 'if y'", ""),
        ("a.js", "  s = 'if (x)'; if (s) y()", ""),
    ],
)
def test_a_condition_is_made_to_end_the_program_where_it_holds(name: str, line: str, made: str) -> None:
    """What is not read easily is left as it is, and what stands in a string or a remark is none."""
    assert [made] * bool(made) == [each.stopped for each in branches.conditions(name, line)]
