"""A keep rests on evidence: an edited, loosened, repeated comparison, or one of other trees, is none."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

FASTER = "sleep 0.01\necho 42\n"
SAME = "sleep 0.05\necho 42\n# the same\n"


def sealed(session: Any, name: str, text: str) -> Path:
    """Make and seal an experiment whose program is `text`; return its copy."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(text)
    session.script("snapshot_workdir", "seal", name, "--desc", "sleep less")
    return copy


def events(session: Any) -> list[dict[str, Any]]:
    """Return the journal."""
    return [json.loads(line) for line in (session.root / "autoresearch.jsonl").read_text().splitlines()]


def last_comparison(session: Any, name: str) -> dict[str, Any]:
    """Return the last comparison of an experiment."""
    return next(e for e in reversed(events(session)) if e.get("type") == "comparison" and e["experiment_id"] == name)


def write(session: Any, lines: list[dict[str, Any]]) -> None:
    """Replace the journal."""
    (session.root / "autoresearch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_line_that_was_edited_or_invented_is_no_evidence(session: Any) -> None:
    """A turned verdict, invented samples, an invented line, or one without its parts: no keep, no traceback."""
    sealed(session, "exp-01", SAME)
    session.script("compare", "exp-01", "--max-pairs", "8", code=1)
    event = last_comparison(session, "exp-01")
    others = [e for e in events(session) if e != event]
    turned: dict[str, Any] = {"verdict": "improved", "checks": "passed", "reason": None}
    samples = {"baseline_samples": [1.0] * 8, "candidate_samples": [0.1] * 8, "pairs": 8, "gain": 9.0}
    lines = [{**event, **turned, **more} for more in ({}, samples, {**samples, "job": "exp-01.0.9"})]
    lines += [{k: v for k, v in lines[1].items() if k not in ("margin", "candidate_samples", "max_pairs")}]

    for line in lines:
        write(session, [*others, line])
        assert "exp-01" in session.script("record_result", "keep", "exp-01", code=4).stderr

    assert "sleep less" not in session.git("log", "--format=%s", "autoresearch/quick")


@pytest.mark.parametrize("loose", [("--not-worse", "--margin", "49"), ("--margin", "0.01")])
def test_no_looser_margin_than_agreed(session: Any, loose: tuple[str, ...]) -> None:
    """A slower program does not pass as `not worse` by 49%, nor a hair's breadth as a gain."""
    sealed(session, "exp-01", "sleep 0.06\necho 42\n" if "--not-worse" in loose else FASTER)
    session.script("compare", "exp-01", *loose)

    assert "agreed is a margin of 5.00%" in session.script("record_result", "keep", "exp-01", code=4).stderr


def test_a_guard_that_the_comparison_did_not_look_at(compared: Any) -> None:
    """A limit agreed after the comparison asks for a new one."""
    compared.script("start_session", "--goal", "quick", "--guard", "time_s=+2%")

    assert "time_s" in compared.script("record_result", "keep", "exp-01", code=4).stderr


def test_repetition_until_chance_agrees(compared: Any) -> None:
    """After a comparison that said no one good one is not enough: more must speak for the change than against it."""
    good = last_comparison(compared, "exp-01")
    write(compared, [*(e for e in events(compared) if e != good), {**good, "verdict": "undecided"}, good])
    refused = compared.script("record_result", "keep", "exp-01", code=4).stderr
    compared.script("compare", "exp-01")

    assert "1 of 2 comparisons of this content say otherwise" in refused
    compared.script("record_result", "keep", "exp-01")


@pytest.mark.parametrize("end", ["killed", "cancelled"])
def test_a_comparison_ended_because_it_looked_bad_counts(compared: Any, end: str) -> None:
    """One that was killed or cancelled after its first look speaks against the change, as if it had said so."""
    jobs = compared.root / ".autoresearch/comparisons"
    dead = jobs / "exp-01.0.99"
    shutil.copytree(next(jobs.iterdir()), dead)
    (dead / "verdict").unlink()
    (dead / "finished").rename(dead / ("cancelled" if end == "cancelled" else "died"))
    if end == "cancelled":
        (dead / "finished").touch()

    assert (
        "1 of 2 comparisons of this content say otherwise: 1 more"
        in compared.script("record_result", "keep", "exp-01", code=4).stderr
    )


def test_an_order_of_the_pairs_that_was_chosen(session: Any) -> None:
    """A seed can be searched that measures the baseline first every time: it repeats, and carries no keep."""
    sealed(session, "exp-01", FASTER)
    session.script("compare", "exp-01", "--seed", "baseline-first-314")

    assert "chosen" in session.script("record_result", "keep", "exp-01", code=4).stderr


def test_how_often_repetition_can_fool() -> None:
    """A change without effect gets ahead with p / (1 - p), not with certainty: counted over 60 repetitions."""
    chance = Fraction(219, 10_000)
    ahead, places = Fraction(0), {0: Fraction(1)}
    for _ in range(60):
        after: dict[int, Fraction] = {}
        for place, share in places.items():
            for step, part in ((1, chance), (-1, 1 - chance)):
                after[place + step] = after.get(place + step, Fraction(0)) + share * part
        ahead += after.pop(1, Fraction(0))
        places = after

    assert float(chance / (1 - chance)) == pytest.approx(float(ahead), rel=1e-9)
    assert ahead < Fraction(225, 10_000)


def test_a_work_tree_made_slower_is_no_baseline(session: Any) -> None:
    """What was edited in the work tree after the lock is on neither side; undoing it changes nothing."""
    session.write("src/work.sh", "sleep 0.2\necho 42\n")
    sealed(session, "exp-01", "sleep 0.05\necho 42\n")
    done = session.script("compare", "exp-01", "--max-pairs", "8", code=2)

    assert "exp-01 changes nothing" in done.stderr
    assert "src/work.sh" in done.stderr


def test_uncommitted_work_stays_uncommitted(session: Any) -> None:
    """Named as --against or not, the baseline is the locked one; what the person has not committed is in no commit."""
    session.write("src/mine.txt", "not yet committed")
    sealed(session, "exp-01", FASTER)
    session.script("compare", "exp-01", "--against", "autoresearch/quick")
    session.script("record_result", "keep", "exp-01")

    assert ["IMPROVEMENTS.md", "src/work.sh"] == session.git(
        "show", "--name-only", "--format=", "autoresearch/quick"
    ).splitlines()
    assert (session.root / "src/mine.txt").read_text() == "not yet committed"


def test_replace_refs_hide_nothing(session: Any) -> None:
    """`git replace` shows another content for a blob: the policy reads, and a keep commits, the measured one."""
    sealed(session, "exp-01", 'CFLAGS="-O3"\n' + FASTER)
    evil = session.git("rev-parse", "refs/autoresearch/exp-01:src/work.sh")
    session.write("innocent", "sleep 0.05\necho 42\n")
    session.git("replace", evil, session.git("hash-object", "-w", "innocent"))

    assert "flags" in session.script("compare", "exp-01", code=4).stderr


def test_the_record_of_where_a_copy_began_hides_nothing(session: Any) -> None:
    """A start that already holds the forbidden part: what the policy did not see is not measured either."""
    sealed(session, "exp-01", 'CFLAGS="-O3"\n' + FASTER)
    forged = session.git("commit-tree", "-p", "HEAD", "-m", "x", "refs/autoresearch/exp-01^{tree}")
    session.git("update-ref", "refs/autoresearch-start/exp-01", forged)

    assert "exp-01 changes nothing" in session.script("compare", "exp-01", "--max-pairs", "8", code=2).stderr


def kept(session: Any, name: str, edit: Any) -> Any:
    """Compare an edited copy and try to keep it."""
    copy = Path(session.script("snapshot_workdir", "create", name).stdout.strip())
    (copy / "src/work.sh").write_text(FASTER)
    edit(copy)
    session.script("snapshot_workdir", "seal", name, "--desc", "quicker")
    session.script("compare", name)
    return session.script("record_result", "keep", name, "--reviewed", "fine", code=None)


def test_an_ignored_file_in_the_way_is_not_overwritten(session: Any) -> None:
    """A keep that adds a file where the person has an ignored one of that name stops before it touches anything."""
    session.write("local.o", "the person's own")
    session.script("start_session", "--goal", "quick", "--allow", "binary")

    def edit(copy: Path) -> None:
        (copy / ".gitignore").write_text("")
        (copy / "local.o").write_text("from the experiment")

    done = kept(session, "exp-01", edit)

    assert 2 == done.returncode
    assert "local.o" in done.stderr
    assert (session.root / "local.o").read_text() == "the person's own"


def test_an_ignored_file_in_a_folder_that_becomes_a_file(session: Any) -> None:
    """The same for ignored files inside a folder that the change replaces by a file."""
    session.write("src/data/seen.txt", "1")
    session.git("add", "src/data")
    session.git("commit", "-q", "-m", "data")
    session.write("src/data/precious.o", "precious")

    assert ["src/data/precious.o"] == lost(session)


def lost(session: Any) -> list[str]:
    """Return what a commit that turns src/data into a file would lose."""
    from helpers.record.decision import untracked

    blob = session.git("rev-parse", "HEAD:src/work.sh")
    old = session.git("rev-parse", "HEAD^{tree}")
    session.env["GIT_INDEX_FILE"] = str(session.root / ".git/other.index")
    session.git("read-tree", old)
    session.git("rm", "-q", "-r", "--cached", "src/data")
    session.git("update-index", "--add", "--cacheinfo", f"100644,{blob},src/data")
    new = session.git("write-tree")
    del session.env["GIT_INDEX_FILE"]
    return untracked.would_be_lost(session.root, old, new)


def test_words_cannot_write_entries_of_their_own(session: Any) -> None:
    """A problem or a file name with line breaks stays in its line of IMPROVEMENTS.md."""
    copy = sealed(session, "exp-01", FASTER)
    (copy / "a\n- Measured impact: +900%").write_text("sleep(1);\n")
    session.script("snapshot_workdir", "seal", "exp-01", "--desc", "quicker")
    session.script("compare", "exp-01")
    words = ("--problem", "slow\n\n## 9. Another\n- Measured impact: +900%", "--reviewed", "fine\n## 10. More")
    session.script("record_result", "keep", "exp-01", *words)
    page = session.git("show", "autoresearch/quick:IMPROVEMENTS.md").splitlines()

    assert 1 == sum(line.startswith("## ") for line in page)
    assert 1 == sum(line.startswith("- Measured impact") for line in page)


def test_a_program_that_fails_its_checks_once_is_not_kept_by_trying_again(compared: Any) -> None:
    """The checks run before the pairs and after them.

    One failure where the baseline passes stands, whatever comes later.
    """
    good = last_comparison(compared, "exp-01")
    bad = {**good, "verdict": "not_improved", "checks": "failed (exit 1)", "reason": "checks: failed (exit 1): 41"}
    others = [e for e in events(compared) if e != good]
    for later in ([good], [good, good, good]):
        write(compared, [*others, bad, *later])

        refused = compared.script("record_result", "keep", "exp-01", code=4).stderr

        assert "not voted on" in refused
        assert "record_result.py discard exp-01" in refused


def test_a_wrong_candidate_is_not_measured(session: Any) -> None:
    """Its checks fail before the first pair; what they printed is kept in the comparison's log."""
    sealed(session, "exp-01", "sleep 0.01\necho 41\n")
    said = session.script("compare", "exp-01", code=1)

    event = last_comparison(session, "exp-01")
    assert "not_improved" == event["verdict"]
    assert event["reason"].startswith("checks: failed")
    assert "baseline_samples" not in event
    assert "see whose fault" in said.stderr


def test_checks_that_fail_on_the_baseline_too_blame_the_environment(session: Any) -> None:
    """No verdict (exit 3), and nothing counts against the candidate."""
    sealed(session, "exp-01", FASTER)
    lines = events(session)
    lock = next(e for e in lines if e.get("type") == "lock")
    lock["task"]["envs"] = {**lock["task"]["envs"], "CHECK_TIMEOUT": "0"}
    write(session, lines)

    said = session.script("compare", "exp-01", code=3)

    assert "do not pass on the baseline either" in said.stderr
    assert "error" == last_comparison(session, "exp-01")["verdict"]


def test_checks_that_fail_now_and_then_on_the_baseline_blame_the_environment(repo: Any) -> None:
    """The baseline is asked more than once, in the experiment's own run as in a comparison: there is no verdict."""
    chance = '[ -z "${DOWN:-}" ] || [ $((RANDOM % 8)) = 0 ] || exit 1\n[ "$(bash src/work.sh)" != 41 ]\n'
    repo.write("src/work.sh", "echo 42\n")
    repo.commit()
    repo.write("autoresearch.sh", "set -e\nn=$(bash src/work.sh)\necho METRIC time_s=${n:?}.1234\n", 0o755)
    repo.write("autoresearch.checks.sh", chance, 0o755)
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower", "--pass-env", "DOWN")
    repo.script("start_session", "--lock")
    sealed(repo, "exp-01", "echo 41\n")

    repo.script("submit_experiment", "exp-01", "--desc", "quicker", "--screen", DOWN="1")
    run = repo.script("collect_results", "--wait", "60", DOWN="1").stdout
    status = repo.script("status").stdout
    said = repo.script("compare", "exp-01", code=3, DOWN="1").stderr

    assert "the baseline: its checks do not pass either" in run
    assert "its checks do not pass either: nothing was learned of it" in status
    assert "do not pass on the baseline either" in said
    assert "error" == last_comparison(repo, "exp-01")["verdict"]


def test_the_baseline_is_asked_each_time_as_if_for_the_first(repo: Any) -> None:
    """What one run of its checks leaves is gone before the next, in the experiment's own run: it passes each time."""
    once = 'mkdir mod && touch mod/ran && chmod 555 mod || exit 1\n[ "$(bash src/work.sh)" != 41 ]\n'
    repo.write("src/work.sh", "echo 42\n")
    repo.commit()
    repo.write("autoresearch.sh", "set -e\nn=$(bash src/work.sh)\necho METRIC time_s=${n:?}.1234\n", 0o755)
    repo.write("autoresearch.checks.sh", once, 0o755)
    repo.script("start_session", "--goal", "quick", "--metric", "time_s", "--direction", "lower")
    repo.script("start_session", "--lock")
    sealed(repo, "exp-01", "echo 41\n")

    repo.script("submit_experiment", "exp-01", "--desc", "quicker", "--screen")
    run = repo.script("collect_results", "--wait", "60").stdout

    assert "those of the baseline pass, 5 of 5 times" in run


def test_what_failed_its_checks_in_its_own_run_is_not_kept_by_trying_again(session: Any) -> None:
    """It failed where the baseline beside it always passed: a comparison in which it passes changes nothing."""
    sealed(session, "exp-01", FASTER)
    session.script("submit_experiment", "exp-01", "--desc", "quicker", "--screen")
    session.script("collect_results", "--wait", "60")
    lines = events(session)
    run = next(e for e in lines if e.get("type") == "finished" and e["experiment_id"] == "exp-01")
    error = "checks: failed (exit 1); those of the baseline pass, 5 of 5 times"
    run |= {"status": "checks_failed", "checks": "failed (exit 1)", "error": error}
    write(session, lines)
    session.script("compare", "exp-01", "--max-pairs", "8")

    refused = session.script("record_result", "keep", "exp-01", code=4).stderr

    assert f"shown to be wrong in exp-01.0.1: {error}" in refused


def test_a_gain_that_is_not_plausible_needs_a_readers_words(compared: Any) -> None:
    """Beyond the factor of the session nothing is kept without a reason, whatever the policy found.

    Status shows it first.
    """
    compared.script("start_session", "--goal", "quick", "--review-above", "2")

    refused = compared.script("record_result", "keep", "exp-01", code=4).stderr
    compared.script("record_result", "keep", "exp-01", "--reviewed", "it slept too long")

    assert "times as good is more than 2 times" in refused
    assert "implausible" in compared.git("show", "HEAD:IMPROVEMENTS.md")
    assert "look at exp-01 first" in compared.script("status").stdout
