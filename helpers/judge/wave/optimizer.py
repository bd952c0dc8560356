"""The next points of a wave, by Optuna: kept well, light, made for trials that run at the same time and are noisy.

Its TPE models where good values are dense instead of a smooth surface through every point, so one lucky measurement
misleads it little, and with a constant liar the points that it proposes together lie apart. Gaussian processes
(BoTorch) need less runs on smooth surfaces and bring PyTorch along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from helpers.events import Wave
from helpers.judge.wave import waves
from helpers.judge.wave.effects import Observation


def next_points(wave: Wave, seen: Sequence[Observation], count: int) -> list[dict[str, str]]:
    """Return values to try next, those between the values of a range too; the same for the same results."""
    import optuna  # type: ignore[import-not-found,unused-ignore]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    design = waves.design_of(wave)
    spaces: dict[str, Any] = {}
    for its in design.factors:
        if not its.numeric:
            spaces[its.name] = optuna.distributions.CategoricalDistribution(its.levels)
        elif all(level.lstrip("+-").isdigit() for level in its.levels):
            spaces[its.name] = optuna.distributions.IntDistribution(int(its.levels[0]), int(its.levels[-1]))
        else:
            spaces[its.name] = optuna.distributions.FloatDistribution(float(its.levels[0]), float(its.levels[-1]))
    sampler = optuna.samplers.TPESampler(seed=len(seen), multivariate=True, constant_liar=True, n_startup_trials=4)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for each in seen:
        values = design.values(each.cell)
        params = {
            n: v if n not in spaces or not hasattr(spaces[n], "low") else type(spaces[n].low)(float(v))
            for n, v in values.items()
        }
        study.add_trial(optuna.trial.create_trial(params=params, distributions=spaces, value=each.gain))
    asked = [study.ask(spaces).params for _ in range(count)]
    return [{name: f"{v:.6g}" if isinstance(v, float) else str(v) for name, v in point.items()} for point in asked]
