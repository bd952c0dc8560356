"""The baseline as oracle: at the lock it must be one, and a winner that answers otherwise is never kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import BENCHMARK, CLEAR

from helpers import paths
from helpers.judge.compare import outputs
from helpers.judge.measure.pairs import CandidateError
from helpers.judge.measure.side import Side, SideError
from helpers.run.jobs.task import Task

WORK = '[ -n "${1-}" ] || sleep 0.05\necho $((${1:-41} + 1))\n'
ASK = 'for n in 0 -1 7 $AUTORESEARCH_SEED; do bash src/work.sh $n > "$AUTORESEARCH_OUT/$n"; done\n'


def begin(repo: Any, script: str) -> None:
    """Begin a session whose checks look at one number, with an outputs script."""
    repo.write("src/work.sh", WORK)
    repo.commit()
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", '[ "$(bash src/work.sh)" = 42 ]\n')
    repo.write("autoresearch.outputs.sh", "set -e\n" + script)
    repo.script("start_session", *CLEAR, "--outputs-seconds", "1")


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        (
            'bash src/work.sh 1 > "$AUTORESEARCH_OUT/a"; echo $RANDOM >> "$AUTORESEARCH_OUT/a"',
            1,
            "differ from themselves",
        ),
        ('bash src/work.sh 1 > "$AUTORESEARCH_OUT/a"; pwd >> "$AUTORESEARCH_OUT/a"', 1, "two builds of the baseline"),
        ("bash src/work.sh 1 > /dev/null", 1, "writes nothing"),
        ("bash src/none.sh", 1, "ended with exit 127"),
        ("# OUTPUTS: colour=any\n" + ASK, 2, "colour=any"),
        ('echo $AUTORESEARCH_SEED > "$AUTORESEARCH_OUT/a"', 1, "autoresearch.outputs.sh still passes"),
    ],
    ids=["chance", "path", "nothing", "fails", "declaration", "other files"],
)
def test_what_is_no_oracle_is_not_locked(repo: Any, script: str, code: int, says: str) -> None:
    """It fails, answers by chance, or does not look at the copy: said at the lock, which leaves no commit then."""
    begin(repo, script)
    before = repo.git("rev-parse", "HEAD")

    assert says in repo.script("start_session", "--lock", code=code).stderr
    assert before == repo.git("rev-parse", "HEAD")


def attempt(repo: Any, name: str, work: str, code: int) -> tuple[dict[str, Any], str]:
    """Compare a change and return its event, and what was said of it."""
    copy = Path(repo.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(work)
    repo.script("snapshot_workdir", "seal", name, "--desc", "without the sleep")
    said = repo.script("compare", name, "--max-pairs", "8", code=code).stdout
    return json.loads((repo.root / "autoresearch.jsonl").read_text().splitlines()[-1]), said


def test_a_winner_must_answer_as_the_baseline_does(repo: Any) -> None:
    """Alike: kept, with the number of seeds. Otherwise, or failing alone: never. Failing on both: nobody's verdict."""
    needed = repo.write("needed.o", "x")  # git ignores it; the script names it by its full path
    begin(repo, f"cat {needed} > /dev/null\n" + ASK)
    said = repo.script("start_session", "--lock")
    assert "autoresearch.outputs.sh" in said.stdout
    assert "autoresearch.outputs.sh" in repo.git("ls-tree", "--name-only", "HEAD")

    wrong, told = attempt(
        repo, "exp-01", "n=${1:-41}\n[ $n -ge 0 ] || n=0  # too large a step\necho $((n + 1))\n", code=1
    )
    assert "not_improved" == wrong["verdict"]
    assert wrong["reason"].startswith(f"outputs differ on seed {wrong['outputs']['seed']}: -1, line 1: - 0")
    assert "to see it: bash .autoresearch/outputs/exp-01.0.1.sh" in told
    shown = subprocess.run(
        ["bash", ".autoresearch/outputs/exp-01.0.1.sh"], cwd=repo.root, env=repo.env, capture_output=True, text=True
    )
    assert (1, True) == (shown.returncode, "-0\n+1\n" in shown.stdout)
    assert "outputs differ" in repo.script("record_result", "keep", "exp-01", code=4).stderr

    fails, _ = attempt(repo, "exp-02", '[ "${1-}" != 7 ] || exit 1\necho $((${1:-41} + 1))\n', code=1)
    assert "outputs fail on the candidate alone: autoresearch.outputs.sh ended with exit 1" in fails["reason"]

    for name in ("exp-01", "exp-02"):
        repo.script("record_result", "discard", name, "--why", "as compared")
    told = repo.script("render_report").stdout
    told += repo.script("render_report", "--as", "improvements").stdout
    assert "2 failed (2 answers)" in told
    assert "outputs differ on seed" in told
    assert "outputs fail on the candidate alone" in told
    assert "no gain shown" not in told

    right, _ = attempt(repo, "exp-03", "echo $((${1:-41} + 1))\n", code=0)
    assert right["outputs"]["seeds"] >= 1
    repo.script("record_result", "keep", "exp-03", "--problem", "a sleep", "--solution", "none")

    needed.unlink()
    attempt(repo, "exp-04", "echo $((${1:-41} + 1)) # again\n", code=1)  # no gain any more: it is not asked
    found = repo.script("compare", "exp-03", "--against", "HEAD~1", "--max-pairs", "8", code=3).stderr
    assert "autoresearch.outputs.sh ended with exit 1 on seed" in found


def test_without_the_script_the_lock_says_what_is_not_looked_at(repo: Any) -> None:
    """It is optional, and missing it is said once."""
    begin(repo, ASK)
    (repo.root / "autoresearch.outputs.sh").unlink()

    assert "note: no autoresearch.outputs.sh" in repo.script("start_session", "--lock").stderr


@pytest.mark.parametrize("other", ["41", None])
@pytest.mark.parametrize("steady", [True, False])
def test_the_baseline_is_asked_several_times_before_a_candidate_is_blamed(
    tmp_path: Path, other: str | None, steady: bool
) -> None:
    """What it answers otherwise, or fails at, now and then is no truth: one second answer alike proves little."""

    class Answers(Side):
        def __init__(self, name: str, *given: str | None) -> None:
            super().__init__(tmp_path, "", tmp_path / name, Task("", "", ""), [])
            self.copy.mkdir(parents=True)
            (self.copy / paths.OUTPUTS).write_text("")
            self.given = list(given)

        def answer(self, seed: int) -> Path:
            text = self.given.pop(0) if len(self.given) > 1 else self.given[0]
            if text is None:
                raise SideError("it fails")
            (self.folder / "answers").mkdir(exist_ok=True)
            (self.folder / "answers" / "a").write_text(text)
            return self.folder / "answers"

    base = Answers("base", "42", "42", "42", "42" if steady else other, "42")
    cand = Answers("cand", other)

    if steady and other:
        assert 7 == outputs.search(base, cand, [7], 1.0).seed
    else:
        with pytest.raises(SideError, match="fails" if other is None else "themselves") as caught:
            outputs.search(base, cand, [7], 1.0)
        assert steady == isinstance(caught.value, CandidateError)
