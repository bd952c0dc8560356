"""The branch can repeat what was measured: a clone of it has all that benchmark, checks and kept changes need."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

BEGIN = ["--goal", "quick", "--metric", "time_s", "--direction", "lower", "--scope", "src/", "--max-pairs", "8"]
NUMBER = "#!/usr/bin/env bash\nset -e\necho METRIC time_s=$(bash src/work.sh)\n"


def _program(repo: Any) -> None:
    repo.write("src/work.sh", "echo 100\n")
    repo.write("autoresearch.sh", NUMBER, 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\nbash src/work.sh >/dev/null\n", 0o755)
    repo.git("add", "src")
    repo.git("commit", "-qm", "program")


def _clone_passes(repo: Any, tmp_path: Path) -> bool:
    repo.git("clone", "-q", "-b", "autoresearch/quick", str(repo.root), str(tmp_path / "clone"))
    done = [subprocess.run(["bash", f"autoresearch{kind}.sh"], cwd=tmp_path / "clone") for kind in ("", ".checks")]
    return all(run.returncode == 0 for run in done)


def test_a_clone_of_the_branch_runs_its_own_benchmark(repo: Any, tmp_path: Path) -> None:
    """Helper files and data that protected scripts name, import or keep beside them are committed and protected too."""
    _program(repo)
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\nset -e\npython3 autoresearch.bench/run.py\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\nbash src/work.sh | python3 -m oracle\n", 0o755)
    driver = (
        "import json, subprocess, timing\nassert json.load(open('bench data.json')) == json.load(open('sizes.json'))\n"
    )
    repo.write("autoresearch.bench/run.py", driver + "print('METRIC time_s=' + timing.value())\n")
    value = "import subprocess\ndef value():\n    return subprocess.check_output(['bash', 'src/work.sh'], text=True)\n"
    repo.write("autoresearch.bench/timing.py", value)
    repo.write("oracle.py", "import sys\nassert int(sys.stdin.read()) > 0\n")
    repo.write("bench data.json", "[1]\n")
    repo.write("sizes.json", "[1]\n")
    repo.write("mine.txt", "nobody needs this\n")
    repo.script("start_session", *BEGIN)

    assert (
        "bench data.json" in repo.script("start_session", "--lock", code=1).stderr
    )  # named by no word: the clone shows it
    repo.git("add", "bench data.json")
    repo.git("commit", "-qm", "data")
    locked = repo.script("start_session", "--lock").stdout

    helpers = ["autoresearch.bench/run.py", "autoresearch.bench/timing.py", "oracle.py", "sizes.json"]
    assert all(name in locked for name in helpers)
    assert "mine.txt" not in locked
    assert sorted([*helpers, "autoresearch.sh", "autoresearch.checks.sh"]) == sorted(
        repo.git("diff", "--name-only", "HEAD^").split("\n")
    )
    assert "?? mine.txt" == repo.git("status", "--porcelain")
    assert _clone_passes(repo, tmp_path)
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "sizes.json").write_text("[2]\n")
    (copy / "src/work.sh").write_text("echo 50\n")
    refused = repo.script("submit_experiment", "exp-01", "--desc", "smaller input", code=4).stderr
    assert "refuse: sizes.json: a protected file was changed [protected]" in refused


def test_an_edited_helper_is_the_persons_to_commit(repo: Any) -> None:
    """Their edit of a tracked file is not committed for them, and the lock does not measure what a clone has not."""
    _program(repo)
    repo.write("sizes.json", "[1]\n")
    repo.commit()
    repo.write("sizes.json", "[2]\n")
    repo.write("autoresearch.sh", NUMBER + "cat sizes.json\n", 0o755)
    repo.script("start_session", *BEGIN)

    said = repo.script("start_session", "--lock", code=2).stderr

    assert "sizes.json" in said
    assert "git commit" in said


def test_a_change_that_needs_uncommitted_work_is_not_kept(repo: Any, tmp_path: Path) -> None:
    """It is said when the copy is made, and again, in the same words, when the commit alone does not run."""
    _program(repo)
    repo.write("src/lib.sh", "echo 50\n")
    repo.write("notes.txt", "of no use\n")
    repo.script("start_session", *BEGIN)
    repo.script("start_session", "--lock")
    made = repo.script("snapshot_workdir", "create", "exp-01")
    leaning, standing = (
        Path(made.stdout.strip()),
        Path(repo.script("snapshot_workdir", "create", "exp-02").stdout.strip()),
    )
    (leaning / "src/work.sh").write_text(". src/lib.sh\n")
    (standing / "src/work.sh").write_text("echo 60\n")
    words = "notes.txt, src/lib.sh: uncommitted work that copies carry and no commit of the session has"
    assert words in made.stderr
    for name in ("exp-01", "exp-02"):
        repo.script("submit_experiment", name, "--desc", "less work")
        repo.script("compare", name)

    words_of = ("--reviewed", "its answer comes from the library now")
    repo.script("record_result", "keep", "exp-01", *words_of, "--dry-run")  # looks and runs nothing
    refused = repo.script("record_result", "keep", "exp-01", *words_of, code=4).stderr

    assert words in refused
    assert "checked out alone, does not pass" in refused
    again = repo.script(
        "record_result", "keep", "exp-01", *words_of, code=4
    ).stderr  # it is on record: nothing is tried again
    assert words in again
    assert "building and checking" not in again
    repo.script("record_result", "keep", "exp-02")
    assert _clone_passes(repo, tmp_path)


def test_a_change_inside_a_submodule_is_refused_before_it_is_measured(repo: Any, tmp_path: Path) -> None:
    """No commit here can hold it: that is said at the submission, with what to do."""
    _program(repo)
    repo.git("init", "-q", str(tmp_path / "inner"))
    repo.git("commit", "-q", "--allow-empty", "-m", "lib", cwd=tmp_path / "inner")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "inner"), "src/lib")
    repo.git("commit", "-qm", "lib")
    repo.script("start_session", *BEGIN)
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/lib").mkdir(exist_ok=True)
    (copy / "src/lib/quick.sh").write_text("echo 50\n")

    refused = repo.script("submit_experiment", "exp-01", "--desc", "quicker", code=4).stderr

    assert "src/lib/quick.sh, which lies in the submodule src/lib: no commit here can hold it" in refused
    assert "--adopt" in refused


def test_a_change_whose_commit_runs_fewer_tests_alone_is_not_kept(repo: Any) -> None:
    """What it tests with a file that no commit holds a clone does not test: it passes there, and says less."""
    _program(repo)
    tests = '#!/usr/bin/env bash\nif [ "${1:-}" = tests ]; then echo "Ran %s tests in 0.01s"; echo; echo OK; fi\n'
    repo.write("src/work.sh", tests % 3 + "echo 100\n")
    repo.write("autoresearch.sh", "#!/usr/bin/env bash\necho METRIC time_s=$(bash src/work.sh)\n", 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\nbash src/work.sh tests\n", 0o755)
    repo.git("commit", "-qam", "counts")
    repo.write("src/mine.txt", "5\n")
    repo.script("start_session", *BEGIN, "--review-above", "1000")
    repo.script("start_session", "--lock")
    copy = Path(repo.script("snapshot_workdir", "create", "exp-01").stdout.strip())
    (copy / "src/work.sh").write_text(tests % "$(cat src/mine.txt 2>/dev/null || echo 3)" + "echo 50\n")
    repo.script("snapshot_workdir", "seal", "exp-01", "--desc", "half")
    repo.script("compare", "exp-01", code=None)
    refused = repo.script("record_result", "keep", "exp-01", "--reviewed", "it is right", code=4).stderr

    assert "its checks run 3 tests there, and 5 in a copy" in refused
    assert "src/mine.txt" in refused
