"""What chooses the values of each trial: KerasTuner's oracles on the space of the config."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras_tuner
from keras_tuner import oracles

from pipeline.config.tuner import USUAL_TRIALS, Choice, Domain, Tuner
from pipeline.ml.hyperparameters import encoded
from pipeline.ml.monitors import direction


def oracle(tuner: Tuner, epochs: int, heads: Sequence[str]) -> keras_tuner.Oracle:
    """The oracle of the config, for trials of `epochs` epochs of models with these heads.

    Its max_trials is how many there are at most.
    """
    space = hyperparameters(tuner.space)
    points = math.prod(len(list(each.values)) for each in space.space) if _finite(tuner.space) else math.inf
    common = {
        "objective": keras_tuner.Objective(tuner.objective, direction(tuner.objective, tuner.mode, heads)),
        "hyperparameters": space,
        "allow_new_entries": False,
        "seed": tuner.seed + 1,  # KerasTuner takes 0 for none
        "max_consecutive_failed_trials": None,  # values that end in NaN are common in a wide range: the others go on
    }
    if tuner.algorithm == "hyperband":
        made = oracles.HyperbandOracle(max_epochs=epochs, **common)
        made.max_trials = min(tuner.trials or _size(made), _size(made))
        return made
    if tuner.algorithm == "grid":
        return oracles.GridSearchOracle(max_trials=int(min(tuner.trials or points, points)), **common)
    trials = int(min(tuner.trials or USUAL_TRIALS, points))
    if tuner.algorithm == "bayesian":
        # KerasTuner's own three per dimension would leave a short search no trial that is not random.
        start = max(2, min(3 * len(tuner.space), trials // 2))
        return oracles.BayesianOptimizationOracle(max_trials=trials, num_initial_points=start, **common)
    return oracles.RandomSearchOracle(max_trials=trials, **common)


def hyperparameters(space: dict[str, Domain]) -> keras_tuner.HyperParameters:
    """The space in KerasTuner's words."""
    made = keras_tuner.HyperParameters()
    for path, domain in space.items():
        if isinstance(domain, Choice):
            made.Choice(path, encoded(domain.values))
            continue
        whole = isinstance(domain.low, int) and isinstance(domain.high, int)
        number = made.Int if whole else made.Float
        number(path, domain.low, domain.high, step=domain.step, sampling="log" if domain.log else "linear")
    return made


def _finite(space: dict[str, Domain]) -> bool:
    return all(isinstance(domain, Choice) or domain.step is not None for domain in space.values())


def _size(hyperband: oracles.HyperbandOracle) -> int:
    """The trials of all rounds of all brackets."""
    brackets = range(hyperband._get_num_brackets())
    return sum(hyperband._get_size(bracket, turn) for bracket in brackets for turn in range(bracket + 1))
