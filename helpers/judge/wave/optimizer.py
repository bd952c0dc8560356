"""The next points of a wave, by Optuna: kept well, light, made for trials that run at the same time and are noisy.

Its TPE models where good values are dense instead of a smooth surface through every point, so one lucky measurement
misleads it little, and with a constant liar the points that it proposes together lie apart. Gaussian processes
(BoTorch) need less runs on smooth surfaces and bring PyTorch along.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.events import Wave
from helpers.judge.wave import waves
from helpers.judge.wave.design import Cell
from helpers.judge.wave.effects import Observation

TRIES = 20
"""Points asked for, for each that is wanted: those that failed are passed over."""


def next_points(wave: Wave, seen: Sequence[Observation], silent: Mapping[str, str], count: int) -> list[dict[str, str]]:
    """Return values to try next, away from what still runs or failed, those between the values of a range too.

    The same for the same results.
    """
    import optuna  # type: ignore[import-not-found,unused-ignore]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    design = waves.design_of(wave)
    spaces: dict[str, Any] = {}
    for its in design.factors:
        whole = its.numeric and all(level.lstrip("+-").isdigit() for level in its.levels)
        ends, kinds = (its.levels[0], its.levels[-1]), optuna.distributions
        if not its.numeric:
            spaces[its.name] = kinds.CategoricalDistribution(its.levels)
        elif whole:
            spaces[its.name] = kinds.IntDistribution(*map(int, ends))
        else:
            spaces[its.name] = kinds.FloatDistribution(*map(float, ends))

    def params(cell: Cell) -> dict[str, Any]:
        kinds: dict[str, Any] = {name: type(getattr(space, "low", "")) for name, space in spaces.items()}
        return {name: kinds[name](value) for name, value in design.values(cell).items()}

    sampler = optuna.samplers.TPESampler(seed=len(seen), multivariate=True, constant_liar=True, n_startup_trials=4)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    dead = [cell for n, cell in zip(wave.cells, design.cells, strict=True) if silent.get(n, waves.OPEN) != waves.OPEN]
    worst = min([each.gain for each in seen], default=0.0)
    for cell, gain in [*((each.cell, each.gain) for each in seen), *((cell, worst) for cell in dead)]:
        study.add_trial(optuna.trial.create_trial(params=params(cell), distributions=spaces, value=gain))
    for cell in (c for n, c in zip(wave.cells, design.cells, strict=True) if silent.get(n) == waves.OPEN):
        study.enqueue_trial(params(cell))
        study.ask(spaces)
    asked = (study.ask(spaces).params for _ in range(TRIES * count))
    good = list(itertools.islice((point for point in asked if point not in map(params, dead)), count))
    return [{name: f"{v:.6g}" if isinstance(v, float) else str(v) for name, v in point.items()} for point in good]
