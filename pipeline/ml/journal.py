"""The finished trials of a search under way: an interrupted one starts anew and takes their outcomes from here.

The same seed and the same outcomes lead every oracle to the same values, so that a resumed search finds what an
uninterrupted one would. KerasTuner's own reloading loses the place in a grid and the state of Bayesian random numbers.
"""

from __future__ import annotations

import os
from typing import Any, Optional

from tfx.dsl.io import fileio

from components.trials import Trial


class Journal:
    """The trials of one search, in a file of one JSON object a line."""

    def __init__(self, folder: str, key: str) -> None:
        """`key` is a digest of all that the search depends on: another one finds nothing."""
        self._folder, self._path = folder, os.path.join(folder, f"{key}.jsonl")
        self._known: list[Trial] = []
        if fileio.exists(self._path):
            with fileio.open(self._path, "r") as file:
                self._known = [Trial.model_validate_json(line) for line in file.read().splitlines()]
        self.trials: list[Trial] = []
        """Those of the search so far, in order."""

    def known(self, values: dict[str, Any], epochs: int) -> Optional[Trial]:
        """The outcome of that trial, if it was trained before."""
        return next((each for each in self._known if (each.values, each.epochs) == (values, epochs)), None)

    def add(self, trial: Trial) -> None:
        """Keep a trial's outcome."""
        self.trials.append(trial)
        if trial in self._known:
            return
        self._known.append(trial)
        fileio.makedirs(self._folder)
        with fileio.open(f"{self._path}.tmp", "w") as file:
            file.write("".join(f"{each.model_dump_json()}\n" for each in self._known))
        fileio.rename(f"{self._path}.tmp", self._path, overwrite=True)
