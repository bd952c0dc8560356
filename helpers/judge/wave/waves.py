"""One wave in its session: its copies made from a template, submitted in random order, on record, and read back."""

import random
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from helpers import console, events, next_step, paths
from helpers.events import Wave
from helpers.judge.compare import screens
from helpers.judge.policy import experiment as policy
from helpers.judge.wave import report
from helpers.judge.wave.design import Design, Factor
from helpers.judge.wave.effects import SURE, Analysis, Observation, analyse
from helpers.run.copies.copies import Experiment, Workdirs
from helpers.run.fleet import submit as fleet
from helpers.run.jobs import budget, screening, workers
from helpers.run.local.submit import Request
from helpers.state import State

VALUE = r"[A-Za-z0-9_.:/+-]+"
CELL = "AUTORESEARCH_CELL"
"""What experiment.yaml gives as variables to the change alone, not to the baseline beside it."""
OPEN = "still open"
"""Why a cell that waits or runs says nothing yet."""
LARGEST_BYTES = 1_000_000
"""Bytes of a file in which placeholders are looked for."""


def factor(text: str) -> Factor:
    """Read `NAME=VALUE,VALUE,...`; raises Failure (2) on anything else."""
    name, _, values = text.partition("=")
    levels = tuple(value.strip() for value in values.split(","))
    if len(levels) < 2 or not all(levels):
        raise console.usage(f"--factor {text!r} is not NAME=VALUE,VALUE,...", "for example --factor aspect=48,64,96")
    if cut := [level for level in levels if level.count('"') % 2 or level.count("'") % 2]:
        raise console.usage(f"--factor {name}: {cut[0]} is half of a value: none may hold a comma", "another notation")
    made = Factor(name, levels)
    return replace(made, levels=tuple(sorted(levels, key=float))) if made.numeric else made


def require_values(plan: Design, by: str) -> None:
    """Raise Failure (2) where factors and values cannot be variables of an environment."""
    wrong = [
        f.name for f in plan.factors if not f.name.isidentifier() or not all(map(re.compile(VALUE).fullmatch, f.levels))
    ]
    if by == "env" and wrong:
        raise console.usage(
            f"{wrong[0]}: as a variable, name and values are letters, digits, _ . : / + -", "ASPECT=1,2"
        )


def begun(work: Workdirs, now: State, plan: Design, name: str, by: str) -> Wave:
    """Return a new wave without cells, to be made from the experiment `name`. Raises Failure (2)."""
    require_values(plan, by)
    its = template(work, now, name, [f.name for f in plan.factors], by)
    return Wave(
        name=f"wave-{len(now.waves) + 1:02}",
        factors={f.name: list(f.levels) for f in plan.factors},
        template=its.name,
        by=by,
        kind=plan.kind,
    )


def cell(wave: Wave, text: str) -> dict[str, str]:
    """Read `A=V,B=V`: a value for each factor of the wave; raises Failure (2) on anything else."""
    found = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    if set(found) != set(wave.factors) or not all(found.values()):
        wanted = ",".join(f"{name}={values[0]}" for name, values in wave.factors.items())
        raise console.usage(
            f"--cell {text!r} does not give each factor of {wave.name} a value", f"for example {wanted}"
        )
    made = {name: found[name] for name in wave.factors}
    for name, levels in wave.factors.items():
        if Factor(name, tuple(levels)).numeric and not Factor(name, (made[name],)).numeric:
            raise console.usage(f"--cell {text!r}: {name} is a range of numbers", f"for example {name}={levels[-1]}")
    require_values(Design(tuple(Factor(name, (value,)) for name, value in made.items()), (), ""), wave.by)
    return made


def design_of(wave: Wave) -> Design:
    """Return the layout of a wave on record."""
    its = tuple(Factor(name, tuple(map(str, values))) for name, values in wave.factors.items())
    cells = [tuple(f.levels.index(values[f.name]) for f in its) for values in wave.cells.values()]
    return Design(its, tuple(cells), wave.kind)


def require(now: State, name: str) -> Wave:
    """Return the wave of that name; raises Failure (2) where there is none."""
    if name not in now.waves:
        known = ", ".join(now.waves) or "none yet"
        raise console.usage(
            f"there is no wave {name} (known: {known}){next_step.did_you_mean(name, now.waves)}", "plan_wave.py --help"
        )
    return now.waves[name]


def template(work: Workdirs, now: State, name: str, names: Sequence[str], by: str) -> Experiment:
    """Return the experiment that the cells are made from, sealed.

    Raises Failure (2) where it does not hold a placeholder for each factor, or the session cannot give variables.
    """
    exp = work.experiment(name)
    if exp.has_copy and not exp.is_sealed:
        exp = work.seal(exp, f"the template of a wave: {', '.join(names)}")
    exp.require_sealed()
    if by == "env":
        if CELL not in str(now.require_lock().task.get("run", "")):
            raise console.usage(
                f"the locked {paths.TASK} is of before --env: it gives variables to both sides",
                "use placeholders in the source, or begin a session with the bundle's own experiment.yaml",
            )
        return exp
    text = b"".join(file.read_bytes() for file in _texts(exp.path, now)) if exp.has_copy else b""
    lacks = [each for each in names if _mark(each) not in text]
    if lacks:
        raise console.usage(
            f"{name} holds no placeholder for {', '.join(lacks)}: in its source, @{lacks[0]}@ stands for the value",
            f"edit {exp.path}" if exp.has_copy else f"snapshot_workdir.py create {work.next_name()} --from {name}",
        )
    return exp


def _mark(name: str) -> bytes:
    return f"@{name}@".encode()


def _texts(folder: Path, now: State) -> list[Path]:
    shut = {folder / name for name in (*paths.PROTECTED, *now.protected)}
    found = [p for p in folder.rglob("*") if p.is_file() and p.resolve() == folder.resolve() / p.relative_to(folder)]
    return [p for p in found if p not in shut and p.stat().st_size <= LARGEST_BYTES]  # no link leads out of the copy


def start(
    work: Workdirs, now: State, wave: Wave, values: Sequence[Mapping[str, str]], worker: str | None, request: Request
) -> Wave:
    """Make, check and seal a copy for each cell, journal the wave, then submit them in random order.

    `wave` may hold cells already: the new ones join them. `worker`: None for this machine, "" for any of the fleet.
    Raises Failure (2, 4); what is on record by then stays.
    """
    budget.require_budget(now, here=worker is None)
    if worker is not None:
        fleet.require_workers(now, None)
        workers.of_kind(workers.standing(now), request.kind)
    made: dict[str, Experiment] = {}
    for cell in values:
        exp, _ = work.create(work.next_name(), wave.template)
        if wave.by == "source":
            for file in _texts(exp.path, now):
                text = before = file.read_bytes()
                for name, value in cell.items():
                    text = text.replace(_mark(name), value.encode())
                if text != before:
                    file.write_bytes(text)
        words = " ".join(f"{name}={value}" for name, value in cell.items())
        made[exp.name] = work.seal(exp, f"{wave.name}: {words}")
        policy.require_allowed(work, made[exp.name], now, on_record=True)
    cells = {**wave.cells, **{name: dict(cell) for name, cell in zip(made, values, strict=True)}}
    wave = events.append(work.root, replace(wave, line={}, timestamp=0, factors=_widened(wave, values), cells=cells))
    for name in random.SystemRandom().sample(sorted(made), len(made)):  # no order of the values meets one of the hosts
        env = {CELL: " ".join(f"{k}={v}" for k, v in cells[name].items())} if wave.by == "env" else {}
        screens.send(work, now, made[name], replace(request, env=env), worker)
    return wave


def _widened(wave: Wave, values: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return the factors with every value that a cell has, those of a range in order."""
    found = {}
    for name, levels in wave.factors.items():
        its = Factor(name, tuple(dict.fromkeys([*levels, *(cell[name] for cell in values)])))
        found[name] = sorted(its.levels, key=float) if its.numeric else list(its.levels)
    return found


def observations(now: State, wave: Wave) -> tuple[list[Observation], dict[str, str]]:
    """Return what each cell gained over the baseline beside it, and why the others say nothing."""
    design, seen, silent = design_of(wave), [], {}
    for name, cell in zip(wave.cells, design.cells, strict=True):
        done = now.result(name)
        pairs = list(zip(done.baseline_samples, done.samples, strict=False)) if done else []
        if not done or done.status != "done" or not pairs:
            waits = any(job.experiment == name for job in now.open_jobs())
            silent[name] = OPEN if waits else f"{done.status} {done.error or ''}".strip() if done else "not run"
            continue
        try:
            gains = now.scale.gains(*zip(*pairs, strict=True))
        except ValueError as error:
            silent[name] = str(error)
            continue
        known = None if now.config.screen_env else screening.spread(now, done.worker)
        spread = known or (statistics.stdev(gains) if len(gains) > 1 else None)
        freedom = SURE if known else len(gains) - 1
        seen.append(Observation(cell, statistics.fmean(gains), len(gains), done.worker, spread, freedom))
    return seen, silent


def analysed(now: State, wave: Wave) -> tuple[Analysis, dict[str, str]]:
    """Return what a wave has shown, and why its other cells say nothing.

    Raises ValueError where it tells no effect; Failure (4) where cells are open that may tell it.
    """
    seen, silent = observations(now, wave)
    try:
        return analyse(design_of(wave), seen, now.scale), silent
    except ValueError as error:
        if waits := list(silent.values()).count(OPEN):
            words = f"{waits} of {len(wave.cells)} cells are still open; until then: {error}"
            raise console.refused(words, "collect_results.py --wait 600") from None
        if silent:
            words = "; ".join(f"{name} {wave.cells[name]}: {why}" for name, why in list(silent.items())[:4])
            again = f"plan_wave.py add {wave.name} --cell {report.shell_word(wave.cells[next(iter(silent))])}"
            raise console.answer_no(f"{error}. {len(silent)} cells give no figure: {words}", again) from None
        raise
