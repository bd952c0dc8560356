"""One projection of the journal: every face shows the same figure, and no line of a journal breaks it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Repo
from hypothesis import given, settings
from hypothesis import strategies as st
from written_journal import BASE, HOUR, events, pairs, run, write

from helpers import console, replay
from helpers.events import from_line
from helpers.judge.compare import figures
from helpers.record.report import exports, improvements, page_data, projection, words
from helpers.record.session import overview


@pytest.fixture
def journaled(tmp_path: Path) -> Path:
    """A folder with a journal in which each kind of end stands once."""
    return write(tmp_path, events())


def test_each_end_has_its_place(journaled: Path) -> None:
    """Kept, no gain, failed, undecided and refused are told apart; only an undecided gain is a near miss."""
    session = projection.load(journaled)

    assert ["kept", "no_gain", "failed", "undecided", "refused"] == [exp.outcome for exp in session.experiments]
    assert ["exp-04"] == [exp.name for exp in session.experiments if exp.near_miss]
    assert "the row fits the cache" == session.experiments[1].why


def test_a_gain_that_a_reader_turned_down_is_told_as_such(tmp_path: Path) -> None:
    """A winner that was discarded showed a gain; when it was decided does not move it in time."""
    won = pairs("exp-09", 3 * HOUR, "improved", 0.2)
    late = run(9, "exp-09", "discard", 9 * HOUR, won, asi={"why": "a setting, not source"})
    session = projection.load(write(tmp_path, [*events(), won, late]))
    (found,) = session.of("declined")

    assert BASE + 3 * HOUR == found.at_ms
    assert "exp-09: what exp-09 does: turned down, though a gain was shown; +20.00%" in improvements.page(session)


def test_a_gain_below_the_margin_is_no_no(tmp_path: Path) -> None:
    """An interval wholly above 0 that does not reach the margin is counted, listed and told as what it is."""
    small = pairs("exp-09", 3 * HOUR, "not_improved", 0.005, interval=[0.002, 0.008])
    session = projection.load(write(tmp_path, [*events(), small, run(9, "exp-09", "discard", 4 * HOUR, small)]))

    assert "1 a gain shown, below the margin, 1 no gain shown" in words.standing(session)[0]
    assert "2 near misses: exp-04, exp-09" in dict(words.axes(session))["Completeness: what is left?"]
    assert "exp-09" in improvements.page(session).partition("## Near misses")[2].partition("##")[0]


def test_a_screen_is_the_reason_only_where_it_spoke_against(tmp_path: Path) -> None:
    """What was turned down with a promising screen is told and counted apart from what its screen turned down."""
    rows = events()
    for name, word in (("exp-08", "slower"), ("exp-09", "promising")):
        sent, came = dict(rows[3]), dict(rows[4])
        assert ("submitted", "finished") == (sent["type"], came["type"])
        own = {"experiment_id": name, "job": f"{name}.0.1"}
        rows += [{**sent, **own}, {**came, **own, "screen": word}]
        rows.append(run(9, name, "discard", 9 * HOUR, asi={"why": "conflicts with exp-01"}))
    session = projection.load(write(tmp_path, rows))
    eighth, ninth = map(words.experiment_line, session.of("screened"))

    assert "turned down, never compared (its screen was slower)" in eighth
    assert "turned down, never compared (not for its screen, which was promising)" in ninth
    assert ninth.endswith(" - conflicts with exp-01")
    counted = "1 were turned down on a screen, 1 for another reason before a comparison"
    assert counted in dict(words.axes(session))["Completeness: what is left?"]


def test_what_was_kept_is_seen_behind_many_discards(tmp_path: Path) -> None:
    """However many were turned down since, the state of the session lists what was kept."""
    now = replay.fold(list(map(from_line, events(12))))

    assert now is not None
    assert "exp-01" in "\n".join(overview._results(now))


def test_the_end_leads_to_the_hand_over(journaled: Path) -> None:
    """A session that ended well and kept something names finalize.py; an open or a wrong one does not."""
    session = projection.load(journaled)
    closed = {why: words.following(replace(session, closed=why)) for why in ("", "finished", "bad benchmark")}

    assert "finalize.py" in closed["finished"][0]
    assert not closed[""] + closed["bad benchmark"]


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "answers": ("not_improved", {"reason": "outputs differ on seed 4: -1 +2"}),
    "checks": ("not_improved", {"reason": "checks: failed (exit 1)", "checks": "failed (exit 1)"}),
    "crash": ("not_improved", {"reason": "crash: exit 3"}),
    "void": ("void", {"reason": "keeps files between calls"}),
    "no verdict": ("error", {"reason": "the baseline is broken"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_experiment_is_counted_by_its_fault(tmp_path: Path, fault: str) -> None:
    """The tally says whether it crashed, failed its checks, gave other answers or voided its comparison."""
    verdict, said = FAULTS[fault]
    broken = pairs("exp-09", 3 * HOUR, verdict, 0.5, **said)
    session = projection.load(write(tmp_path, [*events(), broken, run(9, "exp-09", "discard", 4 * HOUR, broken)]))

    assert fault == session.of("failed")[-1].fault
    counted = words.standing(session)[0]
    assert "2 failed (" in counted
    assert f"1 {fault}" in counted or f"2 {fault}" in counted


def test_the_page_shows_each_comparison_by_itself(journaled: Path) -> None:
    """Of several comparisons of one content each title holds its own figure; only the experiment holds that of all."""
    session = projection.load(journaled)
    titles = [page_data._comparison(session, part, looks=False)["title"] for part in session.kept[0].comparisons]

    assert "gain +0.80%" in titles[0]
    assert "gain +10.00%" in titles[1]


def test_what_is_noted_after_the_end_takes_no_hours(tmp_path: Path) -> None:
    """The agent's own cost may be told the next day: the session has not gone on until then."""
    over = {"type": "note", "text": "over", "closed": "finished", "timestamp": BASE + 3 * HOUR}
    told = {"type": "note", "text": "cost", "cost": {"usd": 2.5}, "timestamp": BASE + 20 * HOUR}
    spend = projection.load(write(tmp_path, [*events(), over, told])).spend

    assert (3.0, 2.5) == (spend.hours, spend.agent_usd)


def test_the_whole_is_told_with_its_confirmation(tmp_path: Path) -> None:
    """What a second, fresh comparison of the whole said stands beside the first one's figure."""
    again = {"verdict": "improved", "gain": 0.11, "interval": [0.09, 0.12], "pairs": 8, "wins": 8}
    whole = pairs("final", 3 * HOUR, "improved", 0.1, against="b", candidate_tree="t-exp-01", confirmation=again)
    said = words.headline(projection.load(write(tmp_path, [*events(), whole])))

    assert "gain +10.00%" in said
    assert "a second comparison: improved again, gain +11.00% [+9.00%, +12.00%]" in said


def test_every_face_shows_the_same_figure(journaled: Path) -> None:
    """The gain of all comparisons of one content, its interval and n are alike in commit, page and exports."""
    session = projection.load(journaled)
    figure = "+5.30% [+0.80%, +10.00%], n=16 pairs of 2 comparisons together, 16 wins"
    row = next(csv.DictReader(io.StringIO(exports.table(session))))
    document = json.loads(exports.as_json(session))["experiments"][0]

    assert figure in words.message(session, session.kept[0], "refs/x", [])
    assert figure in improvements.page(session)
    assert figure in "\n".join(words.summary(session))
    assert (0.053, 0.008, 0.1) == (*(round(float(row[key]), 4) for key in ("gain", "low", "high")),)
    assert 0.1 == document["decisive"]["estimate"]["gain"]


def test_json_has_a_line_for_each_experiment(journaled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each experiment of the JSON stands in a line of its own, so that a long one is read by lines; nothing is lost."""
    session = projection.load(journaled)
    console.emit_json(exports.as_json(session), full=True)
    said = capsys.readouterr().out

    assert json.loads(exports.as_json(session)) == json.loads(said)
    assert 5 == sum('"decisive":' in line for line in said.splitlines())


def test_a_kept_change_says_all_that_was_measured(journaled: Path) -> None:
    """Machine, confirmation, comparisons that said otherwise, holdout and limits in words, screens as what they are."""
    session = projection.load(journaled)
    page, message = improvements.page(session), words.message(session, session.kept[0], "refs/x", [])

    for text in (page, message):
        assert "on local (Some CPU, 2 cores)" in text
        assert "Confirmation: improved again, gain +11.00%" in text
        assert "Comparisons: 2; the others: undecided +0.80%" in text
        assert "; the one that decided, of which the other rows are: +10.00% [+9.00%, +11.00%], n=8 pairs" in text
        assert "the holdout passes (no loss beyond the margin): +2.00%" in text
        assert "rss_mb=+2% holds" in text
        assert "time_s=0.8s; screens decide nothing" in text
        assert "+25" not in text
    assert "Look here: src/a.c:3 (hidden-code). Reviewed: never reached" in page


def test_what_no_reader_judged_is_said_before_its_figure(tmp_path: Path) -> None:
    """A kept change with places and nobody's words on them is told so, figure beside it, wherever it is listed."""
    lines = [{k: v for k, v in line.items() if k != "reviewed"} for line in events()]
    now, session = projection.read_session(write(tmp_path, lines))
    (run,), (kept,) = now.kept, session.kept

    assert "no reader judged its places: +5.30%" in next(
        line for line in words.summary(session) if line.startswith("1. ")
    )
    quality = dict(words.axes(session))["Quality: would you sign it?"]
    assert "0 kept changes have places that a reader judged" in quality
    assert any(line.startswith(f"{kept.name}: no reader judged") for line in quality)
    assert run.unread
    assert not projection.load(write(tmp_path, events())).kept[0].unread


def test_printed_medians_divide_to_the_printed_ratio(journaled: Path) -> None:
    """Whoever divides the two printed medians gets the ratio beside them, and is told what the gain is instead."""
    said = words.medians(projection.load(journaled).kept[0].comparisons[-1], "time_s", "s")
    base, cand = said.split()[1].rstrip("s"), said.split()[3].rstrip("s,")

    assert f"{float(base) / float(cand) - 1:+.2%}" in said
    assert "the median of each pair's own ratio" in said


def test_a_value_is_what_the_gains_make_of_the_first_baseline(journaled: Path) -> None:
    """Steps of the picture and of the page are the printed gains, whatever mood the machine was in at each hour."""
    session = projection.load(journaled)
    level = session.first

    for exp in session.kept:
        assert exp.gain is not None
        assert exp.value == pytest.approx(level / (1 + exp.gain))
        assert exp.value_range[0] <= exp.value <= exp.value_range[1]
        level = exp.value
    assert session.kept


def test_a_look_is_what_the_rule_said_then(journaled: Path) -> None:
    """The looks of a comparison are computed again from its samples, by the rule that decided."""
    (look,) = figures.looks(projection.load(journaled).kept[0].decisive)  # type: ignore[arg-type]

    assert ("improved", 8, 8) == (look.verdict, look.pairs, look.wins)


def test_unknown_cost_is_said_and_never_zero(journaled: Path) -> None:
    """Dollars and tokens of the agent are unknown until somebody reports them, and then are summed."""
    assert "agent: dollars unknown, tokens unknown" in projection.load(journaled).spend.words()
    with (journaled / "autoresearch.jsonl").open("a") as out:
        out.write('{"type":"note","text":"x","cost":{"usd":1.5,"tokens":1000}}\n{"type":"note","cost":{"usd":0.5}}\n')
    spent = projection.load(journaled).spend

    assert (2.0, 1000) == (spent.agent_usd, spent.agent_tokens)


def test_the_headline_is_the_whole_branch_against_the_first_baseline(journaled: Path) -> None:
    """Only a comparison of what the branch holds now counts; it is no experiment of its own."""
    assert projection.load(journaled).headline is None
    whole = {**json.loads((journaled / "autoresearch.jsonl").read_text().splitlines()[6]), "experiment_id": "final"}
    with (journaled / "autoresearch.jsonl").open("a") as out:
        out.write(json.dumps(whole) + "\n")
    session = projection.load(journaled)

    assert "final" not in [exp.name for exp in session.experiments]
    assert "gain +10.00%" in words.headline(session)


@pytest.mark.parametrize("shape", list(exports.SHAPES))
def test_a_table_is_one_line_for_each_decided_experiment(journaled: Path, shape: str) -> None:
    """results.tsv has its tool's columns; a crash has no metric, the baseline comes first, unknown is empty."""
    rows = [line.split("\t") for line in exports.tsv(projection.load(journaled), shape).splitlines()]

    assert list(exports.SHAPES[shape]) == rows[0]
    assert {len(rows[0])} == {len(row) for row in rows}
    assert 1 + 1 + 4 + 1 == len(rows)
    statuses = [row[rows[0].index("status")] for row in rows[1:]]
    assert (["baseline", "keep"] if shape == "worktree" else ["keep", "keep"]) == sorted(statuses[:2])
    assert "crash" in statuses


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "gain",
    "interval",
    "pairs",
    "wins",
    "baseline_samples",
    "candidate_samples",
    "holdout",
    "confirmation",
    "guards_result",
    "checks",
    "reason",
    "seed",
    "margin",
    "max_pairs",
    "timestamp",
    "worker",
    "seconds",
    "baseline_commit",
    "candidate_tree",
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
@settings(max_examples=60)
def test_no_value_of_a_comparison_breaks_a_face(strange: dict[str, Any]) -> None:
    """Whatever stands in a comparison's fields, each face is made; what is no number is unknown."""
    base: list[dict[str, Any]] = [
        {"type": "config", "name": "q", "metricName": "t", "bestDirection": "lower", "branch": "b", "timestamp": 1},
        {"type": "comparison", "experiment_id": "exp-01", "verdict": "improved", **strange},
        {
            "run": 2,
            "experiment_id": "exp-01",
            "status": "keep",
            "description": "d",
            "verdict": {"seed": strange.get("seed")},
        },
    ]
    now = replay.fold(list(map(from_line, base)))
    assert now is not None
    session = projection.project(now, 5)

    assert words.axes(session)
    assert words.summary(session)
    assert improvements.page(session)
    assert [figures.looks(exp.decisive) for exp in session.experiments if exp.decisive]
    assert exports.table(session)
    assert json.loads(exports.as_json(session))


def test_the_script_writes_and_prints(repo: Repo, journaled: Path) -> None:
    """Without a session exit 2 and the next step; with one a summary with four questions; --out writes the whole."""
    assert "start_session.py" in repo.script("render_report", code=2).stderr
    (repo.root / "autoresearch.jsonl").write_bytes((journaled / "autoresearch.jsonl").read_bytes() + b'{"type":"fini')

    assert 4 == repo.script("render_report").stdout.count("?\n")
    assert "wrote r.csv: 6 lines" in repo.script("render_report", "--as", "csv", "--out", "r.csv").stdout
    assert 6 == len((repo.root / "r.csv").read_text().splitlines())
    assert "quick" == json.loads(repo.script("render_report", "--json", "--full").stdout)["name"]
    for flag in ("--out", "--html"):  # with --json what is told of the file is JSON too
        assert "x.y" == json.loads(repo.script("render_report", "--json", flag, "x.y").stdout)["wrote"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_picture_is_drawn(repo: Repo, kind: str) -> None:
    """PNG and SVG hold every kind of end; hostile words are words; another ending of the name is refused."""
    pytest.importorskip("matplotlib")
    lines = events()
    lines[0]["name"] = "<script> $\\frac{1}$ quick"
    write(repo.root, lines)
    said = repo.script("render_report", "--picture", f"progress.{kind}").stdout

    drawn = (repo.root / f"progress.{kind}").read_bytes()
    assert f"wrote progress.{kind}" in said
    assert drawn.startswith(b"\x89PNG" if kind == "png" else b"<?xml")
    assert b"<script" not in drawn
    assert ".png or a .svg" in repo.script("render_report", "--picture", "progress.exe", code=2).stderr
