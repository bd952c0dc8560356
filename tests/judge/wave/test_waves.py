"""Waves of experiments: from a copy with placeholders, or from the environment, to what the factors do."""

from __future__ import annotations

import json
import math
import random
import re
from typing import Any

import pytest

from helpers import console, git, replay, state
from helpers.events import Config, Finished, Submitted, Wave
from helpers.judge.wave import report, waves
from helpers.judge.wave.design import Factor, lay_out
from helpers.judge.wave.effects import Observation, analyse
from helpers.run.copies.copies import Workdirs
from helpers.run.local.submit import Request

ASPECT = Factor("aspect", ("48", "64", "72", "80", "90", "96", "112"))
FUSE = Factor("fuse", ("off", "on"))
TIME = {"48": 1.06, "64": 1.03, "72": 1.02, "80": 1.01, "90": 0.995, "96": 0.98, "112": 1.04}

BENCHMARK = """\
#!/usr/bin/env bash
set -euo pipefail
source src/params.sh
awk -v a="$aspect" -v f="$fuse" -v r="$RANDOM" 'BEGIN {
  v = 1 + (a - 96) ^ 2 / 20000; if (f == "on") v *= a >= 90 ? 0.8 : 1.02
  printf "METRIC time_s=%.6f\\n", v * (1 + (r / 32768 - 0.5) / 100) }'
"""


@pytest.fixture
def tuned(repo: Any) -> Any:
    """A locked session on a program with two parameters, which it also takes from the environment."""
    repo.write("src/params.sh", "aspect=${ASPECT:-64}\nfuse=${FUSE:-off}\n")
    repo.commit("parameters")
    repo.write("autoresearch.sh", BENCHMARK, 0o755)
    repo.write("autoresearch.checks.sh", "#!/usr/bin/env bash\nsource src/params.sh\n[ $aspect -gt 0 ]\n", 0o755)
    begin = ["--goal", "tune", "--metric", "time_s", "--unit", "s", "--direction", "lower", "--margin", "1"]
    repo.script("start_session", *begin)
    repo.script("start_session", "--lock")
    return repo


def collected(repo: Any, wave: str) -> None:
    """Wait until every cell of a wave has a result."""
    while "still open" in str(vars(repo.script("plan_wave", "effects", wave, code=None))):
        repo.script("collect_results", "--wait", "120", "--all", code=None)


def test_a_wave_finds_what_no_single_factor_shows(tuned: Any) -> None:
    """Fusing helps wide shapes alone: the wave says where the best is, that the two belong together, and what to do."""
    folder = tuned.script("snapshot_workdir", "create", "exp-10").stdout.strip()
    (tuned.root / folder / "src/params.sh").write_text("aspect=@aspect@\nfuse=@fuse@\n")
    asked = ("--from", "exp-10", "--factor", "aspect=48,80,96", "--factor", "fuse=off,on", "--runs", "6")

    dry = tuned.script("plan_wave", "run", *asked, "--dry-run").stdout
    made = json.loads(tuned.script("plan_wave", "run", *asked, "--json").stdout)
    early = tuned.script("plan_wave", "effects", made["wave"], code=4).stderr
    assert re.search(r"\d of 6 cells are still open", early)
    collected(tuned, made["wave"])
    said = tuned.script("plan_wave", "effects", made["wave"]).stdout
    best = next(name for name, cell in made["cells"].items() if cell == {"aspect": "96", "fuse": "on"})

    assert "all combinations" in dry
    assert 6 == len(made["cells"])
    assert re.search(r"^\* aspect(\^2)?\*fuse ", said, re.MULTILINE)
    assert "best at 96" in said
    assert f"compare.py {best}" in said
    tuned.script("compare", best)


def test_values_by_environment_reach_the_change_alone(tuned: Any) -> None:
    """The baseline beside each cell keeps its own values; a sweep finds the best inside the range."""
    tuned.script("snapshot_workdir", "create", "exp-10")
    made = json.loads(
        tuned.script(
            "plan_wave", "run", "--from", "exp-10", "--env", "--sweep", "--factor", "ASPECT=64,80,96,120", "--json"
        ).stdout
    )
    collected(tuned, made["wave"])
    said = tuned.script("plan_wave", "effects", made["wave"]).stdout

    assert "best at 96, inside the range" in said
    assert "write ASPECT=96 into the source" in said
    added = tuned.script("plan_wave", "add", made["wave"], "--cell", "ASPECT=88").stdout
    assert "ASPECT=88" in added
    asked = tuned.script("plan_wave", "suggest", made["wave"], code=None)
    assert "plan_wave.py add" in asked.stdout or "--deps-only --with-waves" in asked.stderr


def test_what_cannot_be_a_wave_is_refused_before_anything_is_made(tuned: Any) -> None:
    """A copy without placeholders, an unknown wave, values that are no values: exit 2, and no copy is left."""
    tuned.script("snapshot_workdir", "create", "exp-10")
    run = ("plan_wave", "run", "--from", "exp-10", "--factor", "aspect=1,2", "--factor")

    assert "no placeholder for aspect" in tuned.script(*run, "fuse=on,off", code=2).stderr
    assert "is not NAME=VALUE" in tuned.script(*run, "fuse", code=2).stderr
    assert "as a variable" in tuned.script(*run, "fuse=$(id),off", "--env", code=2).stderr
    assert "is of the fleet" in tuned.script(*run, "fuse=on,off", "--env", "--kind", "L4", code=2).stderr
    assert "one at a time" in tuned.script(*run, "fuse=on,off", "--on", "sky", "--slots", "gpu", code=2).stderr
    assert "no wave wave-07" in tuned.script("plan_wave", "effects", "wave-07", code=2).stderr
    assert "exp-11" not in tuned.script("snapshot_workdir", "list").stdout


def test_without_a_worker_for_it_no_copy_of_a_wave_is_made(session: Any) -> None:
    """Nobody would run its cells: that is said before there are any."""
    works, now = Workdirs(git.find(session.root)), replay.load(session.root)
    with pytest.raises(console.Failure, match="this session has no workers"):
        waves.start(works, now, Wave(name="wave-01", factors={}), [{"a": "1"}], "", Request())

    assert [] == works.names()


def test_a_cell_whose_worker_was_taken_away_counts_once_and_whole() -> None:
    """What a preempted worker had measured is not in the figures; the cell drawn anew elsewhere is, alone."""
    wave = Wave(name="wave-01", factors={"a": ["1", "2"]}, cells={"e1": {"a": "1"}, "e2": {"a": "2"}})
    lines: list[Any] = [Config(name="s", metric="t", direction="lower", margin=0.01), wave]
    for experiment, status, worker, samples in (
        ("e1", "lost", "vm-01", [2.0, 2.0]),
        ("e1", "done", "vm-02", [0.5, 0.5]),
        ("e2", "lost", "vm-01", [2.0, 2.0]),
    ):
        its = {
            "experiment_id": experiment,
            "job": f"{experiment}.{worker}",
            "worker": worker,
            "tree": "",
            "role": "experiment",
        }
        lines.append(Submitted(**its, executor="sky", source=[], env={}, description=""))
        more = {"samples": samples, "baseline_samples": [1.0, 1.0], "metric": None, "error": "its worker is gone"}
        lines.append(Finished(**its, status=status, **more))
    now = replay.fold(lines)
    assert now
    seen, silent = waves.observations(now, wave)

    assert [("vm-02", 2, pytest.approx(math.log(2)))] == [(o.host, o.pairs, o.gain) for o in seen]
    assert ["e2"] == list(silent)
    with pytest.raises(console.Failure, match=r"1 cells give no figure: e2 .*: lost its worker is gone") as told:
        waves.analysed(now, wave)
    assert console.NO == told.value.code


def finished(wave: Wave, values: dict[str, tuple[list[float], list[float]]], **config: Any) -> state.State:
    """A session in which each cell of a wave has ended with these samples of the baseline and its own."""
    lines: list[Any] = [Config(name="s", direction="lower", margin=0.01, **config), wave]
    for experiment, (base, own) in values.items():
        its = {"experiment_id": experiment, "job": experiment, "worker": "vm-01", "tree": "", "role": "experiment"}
        lines.append(Submitted(**its, executor="sky", source=[], env={}, description=""))
        lines.append(Finished(**its, status="done", samples=own, baseline_samples=base, metric=own[0], error=None))
    now = replay.fold(lines)
    assert now
    return now


def test_what_is_judged_by_difference_has_effects_in_its_own_unit() -> None:
    """Losses around 0, which have no ratio: what a value changes is told as the change of the metric, best inside."""
    design = lay_out([Factor("rate", ("1", "2", "3", "4")), FUSE], 8)
    cells = {f"e{n}": design.values(cell) for n, cell in enumerate(design.cells)}
    wave = Wave(name="wave-01", factors={f.name: list(f.levels) for f in design.factors}, cells=cells, kind="all")
    change = {"1": 0.0, "2": -0.02, "3": -0.05, "4": 0.04}
    values = {
        name: ([0.01, -0.01, 0.0], [v + change[cell["rate"]] + 0.001 * n for n, v in enumerate((0.01, -0.01, 0.0))])
        for name, cell in cells.items()
    }
    now = finished(wave, values, metric="loss", scale="difference")
    found = analyse(waves.design_of(wave), waves.observations(now, wave)[0], now.scale)

    said = "\n".join(report.effect_lines(found))

    assert pytest.approx(-0.05) == report.as_dict(found)["ranges"]["rate"]["1"][0]
    assert "rate: best at 3, inside the range; 2 +0.03 loss [" in said
    assert "%" not in said.replace("95%", "")
    assert re.search(r"predicted -0\.04[89]", said)


def measured(design: Any, truth: Any, noise: float, seed: int) -> list[Observation]:
    """One pair of each cell, on hosts whose speed is in both of its sides."""
    draw = random.Random(seed)
    return [
        Observation(c, truth(c) + draw.gauss(0, noise), 1, f"vm-{n % 3}", noise) for n, c in enumerate(design.cells)
    ]


def test_a_range_that_is_not_monotonic_is_not_taken_for_a_line() -> None:
    """Best at 96 and worse at 112, in twelve of fourteen cells; the neighbours are told from it."""
    design = lay_out([ASPECT, FUSE], 12)
    found = analyse(design, measured(design, lambda c: -TIME[ASPECT.levels[c[0]]] + 0.02 * c[1], 0.002, 3))

    assert "aspect=96 fuse=on" == design.cell_label(found.best()[0])
    value, margin = found.difference((6, 1), (5, 1))
    assert value + margin < 0


def test_a_value_without_a_result_leaves_the_others_told() -> None:
    """A cell that was added with a new value and waits, or failed, takes nothing from those that have ended."""
    factors = [Factor("aspect", ("48", "64", "80", "nan")), FUSE]
    design = lay_out(factors, 8)
    seen = measured(design, lambda c: [0.0, 0.05, 0.02, 0.0][c[0]], 0.002, 5)
    found = analyse(design, [o for o in seen if o.cell[0] < 3])

    seen = [*seen[:6], Observation((3, 2), 0.0, 1, "vm-0", 0.002)]
    both = analyse(lay_out([factors[0], Factor("fuse", ("off", "on", "half"))], 12), seen)  # new in two at once
    assert "64" == both.design.values(both.best()[0])["aspect"]
    assert not factors[0].numeric
    assert ("48", "64", "80") == found.design.factors[0].levels
    assert "64" == found.design.values(found.best()[0])["aspect"]


@pytest.mark.parametrize("sizes", [(4, 2, 2), (7, 2), (5, 3, 2), (3, 3, 3)])
def test_a_fraction_tells_every_single_effect(sizes: tuple[int, ...]) -> None:
    """Each value is as frequent as the next, no cell comes twice, and single effects are told apart."""
    design = lay_out([Factor(f"f{n}", tuple(map(str, range(size)))) for n, size in enumerate(sizes)], 12)

    assert 12 == len(set(design.cells))
    for n, size in enumerate(sizes):
        counts = [sum(cell[n] == level for cell in design.cells) for level in range(size)]
        assert max(counts) - min(counts) <= 1
    analyse(design, measured(design, lambda c: float(sum(c)), 0.1, 1))


def test_kinds_have_no_range_and_commands_can_be_pasted() -> None:
    """Of values that are no numbers the best is told from every other; a value with a blank stays one word."""
    kinds = Factor("kind", ("heap", "radix sort", "tim"))
    design = lay_out([kinds, FUSE], 6)
    found = analyse(design, measured(design, lambda c: [0.0, 0.05, 0.02][c[0]], 0.002, 5))
    cells = {f"e{n}": design.values(c) for n, c in enumerate(design.cells) if c != (1, 0)}
    said = report.effect_lines(found)

    assert "kind: best at radix sort; heap -4." in next(line for line in said if line.startswith("kind:"))
    steps = report.steps(Wave(name="wave-01", factors={}, cells=cells), found, {})
    assert any("plan_wave.py add wave-01 --cell 'kind=radix sort,fuse=off'" in step for step in steps)


def test_a_wave_in_which_nothing_gains_names_no_comparison() -> None:
    """Its best cell is no better than the baseline: that is said, and every cell is to be discarded."""
    design = lay_out([ASPECT, FUSE], 14)
    found = analyse(design, measured(design, lambda c: -0.02 - 0.01 * c[0] - 0.02 * c[1], 0.002, 3))
    cells = {f"e{n}": design.values(c) for n, c in enumerate(design.cells)}
    steps = "\n".join(report.steps(Wave(name="wave-01", factors={}, cells=cells), found, {}))

    assert "next: none of these; the best, aspect=48 fuse=off, is not predicted" in report.effect_lines(found)[-1]
    assert "compare.py" not in steps
    assert set(cells) <= set(re.findall(r"\w+", steps))


@pytest.mark.parametrize("factors", [[ASPECT], [ASPECT, FUSE]])
def test_a_sweep_tells_each_value_as_it_was_measured(factors: list[Factor]) -> None:
    """A peak that is no parabola: the best value and how much worse those beside it are, as the cells have it."""
    gains = [-0.26, -0.04, -0.03, 0.14, -0.02, -0.10, -0.22]
    design = lay_out(factors, sweep=True)
    found = analyse(design, measured(design, lambda c: gains[c[0]], 0.002, 3))
    rows = report.as_dict(found)["ranges"]["aspect"]

    assert "80" == found.design.values(found.best()[0])["aspect"]
    assert math.exp(-0.17) - 1 == pytest.approx(rows["72"][0], abs=0.01)
    assert rows["72"][1] <= math.exp(-0.17) - 1 <= rows["72"][2]


def test_a_noisy_host_weighs_less() -> None:
    """What quiet hosts tell is not drowned by one that is ten times as noisy."""
    design = lay_out([ASPECT, FUSE], 28)

    def margin(noises: tuple[float, float]) -> float:
        draw = random.Random(4)
        seen = [
            Observation(c, 0.1 * c[1] + draw.gauss(0, noises[n // 2 % 2]), 3, f"vm-{n // 2 % 2}", noises[n // 2 % 2])
            for n, c in enumerate(design.cells)
        ]
        return analyse(design, seen).difference((5, 1), (5, 0))[1]

    assert margin((0.002, 0.02)) < 3 * margin((0.002, 0.002)) < margin((0.02, 0.02))


def test_a_range_of_numbers_takes_no_word() -> None:
    """One value that is no number would make kinds of all the others, between which nothing lies."""
    wave = Wave(name="wave-01", factors={"aspect": ["48", "64"], "kind": ["heap", "tim"]}, by="source")

    assert {"aspect": "56.5", "kind": "radix"} == waves.cell(wave, "aspect=56.5,kind=radix")
    with pytest.raises(console.Failure, match="aspect is a range of numbers"):
        waves.cell(wave, "aspect=nan,kind=tim")


def test_what_failed_is_not_suggested_again() -> None:
    """Of four values the two that failed are passed over, also where only they are new."""
    pytest.importorskip("optuna")
    from helpers.judge.wave import optimizer

    values = {f"e{n}": {"kind": kind, "fuse": "on"} for n, kind in enumerate(("heap", "tim", "radix", "quick"))}
    wave = Wave(name="wave-01", factors={"kind": ["heap", "tim", "radix", "quick"], "fuse": ["on"]}, cells=values)
    seen = [Observation((0, 0), 0.01), Observation((1, 0), 0.02)]
    points = optimizer.next_points(wave, seen, {"e2": "crash", "e3": "checks_failed"}, 6)

    assert 6 == len(points)
    assert {"heap", "tim"} == {point["kind"] for point in points}
