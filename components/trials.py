"""The trials of a Tuner's search, as they lie in its tuner_results: trials.json, trials.csv and trials.png."""

import json
import os
from typing import Any, Literal, Optional

import pydantic

FILE, TABLE, PLOT = "trials.json", "trials.csv", "trials.png"


class Trial(pydantic.BaseModel, frozen=True):
    """One training."""

    values: dict[str, Any]
    """What it tried, by path."""
    epochs: int
    """That it was given; early stopping may have used fewer."""
    seconds: float
    score: Optional[float]
    """None where it failed."""
    error: str = ""


class Trials(pydantic.BaseModel, frozen=True):
    """All of them, in the order in which they were trained."""

    objective: str
    mode: Literal["min", "max"]
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Optional[int]:
        """The place of the best one; None where all failed."""
        scores = {place: trial.score for place, trial in enumerate(self.trials) if trial.score is not None}
        choose = max if self.mode == "max" else min
        return choose(scores, key=lambda place: scores[place]) if scores else None


def load(folder: str) -> Trials:
    """Those in a tuner_results artifact."""
    with open(os.path.join(folder, FILE), encoding="utf-8") as file:
        return Trials.model_validate_json(file.read())


def in_one_line(values: dict[str, Any]) -> str:
    """Values in one line: `model.depth=32, trainer.learning_rate=0.00312`."""
    return ", ".join(f"{path}={short(value)}" for path, value in values.items())


def short(value: Any) -> str:
    """One value in few characters."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
