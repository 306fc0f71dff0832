"""What a search leaves behind for people: trials.json, trials.csv and trials.png."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from components.trials import FILE, PLOT, TABLE, Trials, short
from pipeline.config.tuner import Choice, Domain
from pipeline.ml import figures


def write(folder: str, trials: Trials, space: Mapping[str, Domain]) -> None:
    """Write all of it into `folder`."""
    contents = {
        FILE: trials.model_dump_json(indent=1).encode(),
        TABLE: as_csv(trials).encode(),
        PLOT: plot(trials, space),
    }
    figures.save(folder, contents)


def as_csv(trials: Trials) -> str:
    """A row per trial: its number, the objective, epochs, seconds, each value, and why it failed."""
    text = io.StringIO()
    paths = list(trials.trials[0].values)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", trials.objective, "epochs", "seconds", *paths, "error"])
    for number, trial in enumerate(trials.trials, 1):
        values = (_cell(trial.values[path]) for path in paths)
        writer.writerow([number, trial.score, trial.epochs, round(trial.seconds, 1), *values, trial.error])
    return text.getvalue()


def plot(trials: Trials, space: Mapping[str, Domain]) -> bytes:
    """A PNG: the objective by trial, with the best so far, and by each of the values that were tried."""
    figure, (first, *others) = figures.grid(len(space) + 1, 3.4)
    first.set(title="by trial", ylabel=trials.objective)
    _by_trial(first, trials)
    for axes, (path, domain) in zip(others, space.items(), strict=True):
        axes.set_title(path)
        if isinstance(domain, Choice):
            names = [short(value) for value in domain.values]
            axes.set_xticks(range(len(names)), [name if len(name) <= 20 else f"{name[:19]}…" for name in names])
            axes.margins(x=0.2)
            _points(axes, trials, [names.index(short(trial.values[path])) for trial in trials.trials])
        else:
            axes.set_xscale("log" if domain.log else "linear")
            axes.set_xlim(domain.low, domain.high)
            _points(axes, trials, [trial.values[path] for trial in trials.trials])
    return figures.png(figure)


def _by_trial(axes: Axes, trials: Trials) -> None:
    choose = max if trials.mode == "max" else min
    best: list[float] = []
    for score in _scores(trials):
        best.append(choose((each for each in (*best[-1:], score) if not math.isnan(each)), default=math.nan))
    numbers = range(1, len(best) + 1)
    axes.step(numbers, best, where="post", label="best so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _points(axes, trials, numbers)
    axes.legend()


def _points(axes: Axes, trials: Trials, places: Sequence[Any]) -> None:
    """A point per trial; the best one stands out, and a failed one is a cross on the lower edge."""
    scores = _scores(trials)
    failed = [place for place, score in zip(places, scores, strict=True) if math.isnan(score)]
    axes.plot(places, scores, "o", color="C0", alpha=0.7)
    if failed:
        axes.plot(failed, [0.03] * len(failed), "x", color="C3", transform=axes.get_xaxis_transform(), label="failed")
    if trials.best is not None:
        axes.plot(places[trials.best], scores[trials.best], "o", color="C1", markersize=9, label="best")
    axes.grid(alpha=0.3)


def _scores(trials: Trials) -> list[float]:
    return [math.nan if trial.score is None else trial.score for trial in trials.trials]


def _cell(value: Any) -> Any:
    return value if isinstance(value, (int, float, str)) else json.dumps(value)
