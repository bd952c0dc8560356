"""A wave in words: its layout, what it has shown, and what to run next."""

import shlex
from collections.abc import Mapping
from typing import Any

from helpers import next_step
from helpers.events import Wave
from helpers.judge.wave.design import PARTLY, Cell, Design, Factor
from helpers.judge.wave.effects import Analysis
from helpers.scale import Scale


def layout(design: Design) -> tuple[dict[str, Any], list[str]]:
    """Return the design as JSON values and as lines, with what it cannot tell apart."""
    singles = design.effects(1, 2)
    alias = {design.label(e): [design.label(other) for other in design.aliases(e)] for e in singles}
    partly = {design.label(e): [design.label(o) for o in design.aliases(e, PARTLY)] for e in singles}
    told = {name: others for name, others in partly.items() if others != alias[name]}
    document = {
        "factors": [f.name for f in design.factors],
        "cells": [design.values(cell) for cell in design.cells],
        "kind": design.kind,
        "aliases": alias,
        "partly": told,
    }
    lines = [design.kind]
    lines += [f"cell {number:2}: {design.cell_label(cell)}" for number, cell in enumerate(design.cells, 1)]
    carried = [f"{name} = {' = '.join(others)}" for name, others in alias.items() if others]
    lines += (
        ["the effect of a change cannot be told from that of:", *carried]
        if carried
        else ["no change's effect carries that of a pair"]
    )
    lines += [f"{name} is told from {', '.join(o)} in part only" for name, o in told.items()][:12]
    return document, lines


def sent(wave: Wave) -> list[str]:
    """Return the cells of a wave that was submitted, and what to do next."""
    cells = [f"{n}: {' '.join(f'{k}={v}' for k, v in cell.items())}" for n, cell in wave.cells.items()]
    steps = ["collect_results.py --wait 600", f"plan_wave.py effects {wave.name}  # when all have ended"]
    return [f"{wave.name}: {wave.kind}", *cells, *map(next_step.runnable, steps)]


def as_dict(found: Analysis) -> dict[str, Any]:
    """Return the analysis as JSON values; gains are fractions, or differences in the metric's unit."""
    design, (cell, gain), told = found.design, found.best(), found.scale.told
    effects = [
        {
            "effect": design.label(row.effect),
            "gain": told(row.value),
            "interval": [told(row.value - row.margin), told(row.value + row.margin)],
            "shown": row.stands,
            "aliases": [design.label(alias) for alias in design.aliases(row.effect)],
        }
        for row in found.shown
    ]
    return {
        "effects": effects,
        "pair_error": found.error,
        "ranges": {f.name: levels(found, n) for n, f in enumerate(design.factors) if len(f.levels) > 2},
        "best": design.cell_label(cell),
        "best_values": design.values(cell),
        "predicted_gain": told(gain),
    }


def levels(found: Analysis, number: int) -> dict[str, list[float]]:
    """Return each value of a factor against its best one, the others as in the best cell: gain and interval."""
    best, _ = found.best()
    rows = {}
    for n, level in enumerate(found.design.factors[number].levels):
        other: Cell = (*best[:number], n, *best[number + 1 :])
        value, margin = found.difference(other, best)
        rows[level] = [found.scale.told(each) for each in (value, value - margin, value + margin)]
    return rows


def effect_lines(found: Analysis) -> list[str]:
    """Return the effects, the best value of each range, and what is not told apart, in words."""
    answer, design, by = as_dict(found), found.design, found.scale
    text = [
        f"{'*' if row['shown'] else ' '} {row['effect']:24} {by.words(row['gain'], row['interval'])}"
        + (f"   or {', '.join(row['aliases'])}" if row["aliases"] else "")
        for row in answer["effects"]
    ]
    text.append("* stands out of the noise of pairs and calibrations at 95%, a pair of factors among all pairs")
    text += [
        _range(f, answer["ranges"][f.name], answer["best_values"][f.name], by)
        for f in design.factors
        if f.name in answer["ranges"]
    ]
    if not any(row["shown"] for row in answer["effects"]):
        return [*text, "no effect stands out from the noise: measure the wave again, or take bigger changes"]
    if answer["predicted_gain"] <= 0:
        return [*text, f"next: none of these; the best, {answer['best']}, is not predicted to gain over the baseline"]
    return [*text, f"next: build {answer['best']} (predicted {by.words(answer['predicted_gain'])}) and compare it"]


def _range(factor: Factor, rows: Mapping[str, list[float]], best: str, by: Scale) -> str:
    """Say which value of a factor is best, where in its range, and how much worse those beside it are."""
    at, place = factor.levels.index(best), ""
    beside = [level for level in factor.levels if level != best]
    if factor.numeric:
        beside = [factor.levels[n] for n in (at - 1, at + 1) if 0 <= n < len(factor.levels)]
        place = ", inside the range" if len(beside) == 2 else ", at the end of the range: try values beyond it"
    words = ", ".join(f"{level} {by.words(rows[level][0], rows[level][1:])}" for level in beside)
    sure = all(rows[level][2] < 0 for level in beside)
    return f"{factor.name}: best at {best}{place}; {words}" + ("" if sure else " (not told from these)")


def shell_word(values: Mapping[str, str]) -> str:
    """Return a cell as one word of a shell, whatever its values hold."""
    return shlex.quote(",".join(f"{name}={value}" for name, value in values.items()))


def steps(wave: Wave, found: Analysis, silent: Mapping[str, str]) -> list[str]:
    """Return what to run next: the best cell's comparison, and what the wave has not told."""
    text = [f"{name} {wave.cells[name]}: {why}; not in the figures" for name, why in silent.items()]
    best, gain = found.best()
    values = found.design.values(best) if gain > 0 else {}
    own = [name for name, cell in wave.cells.items() if cell == values]
    if values and any(row.stands for row in found.shown):
        if wave.by == "env":
            words = " ".join(f"{k}={v}" for k, v in values.items())
            text.append(f"in a copy of its own write {words} into the source, then compare it like any change")
        elif own:
            text.append(f"compare.py {own[0]}")
        else:
            cells = shell_word(values)
            text.append(f"plan_wave.py add {wave.name} --cell {cells}")
    if rest := " ".join(name for name, cell in wave.cells.items() if cell != values and name not in silent):
        why = f'record_result.py discard $exp --why "{wave.name}: another cell is better"'
        text.append(f"for exp in {rest}; do {why}; done  # when the best one is decided")
    unsure = [found.design.label(row.effect) for row in found.shown if row.stands and found.design.aliases(row.effect)]
    if unsure:
        text.append(
            f"{', '.join(unsure)} may be the effects beside them: a wave of only those factors tells them apart"
        )
    text.append(f"plan_wave.py suggest {wave.name}  # the next points, from an optimizer")
    return list(map(next_step.runnable, text))
