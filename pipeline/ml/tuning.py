"""The Tuner's tuner_fn: KerasTuner's search, each trial of which is trained as the Trainer would."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from keras_tuner import Oracle, errors
from keras_tuner.engine import base_tuner
from keras_tuner.engine.trial import Trial as Proposal
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from components import progress
from components.errors import ConfigError, GateError
from components.trials import Trial, Trials, in_one_line
from pipeline.config.settings import TrainerSettings
from pipeline.config.tuner_settings import TunerSettings
from pipeline.ml import checkpoints, oracles, prepared, trial_files
from pipeline.ml.hyperparameters import applied, plain
from pipeline.ml.journal import Journal
from pipeline.ml.trial import Trainings


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """The search of the settings.

    Raises:
        InputError: the data is of no use, whatever the values.
    """
    settings = TunerSettings.model_validate_json(fn_args.custom_config["settings"])
    training = settings.training
    oracle = oracles.oracle(settings.tuner, training.trainer.epochs, [head.output_name for head in training.heads])
    search = Search(oracle, settings, fn_args)
    search.trainings.data(training)
    return TunerFnResult(tuner=search, fit_kwargs={})


class Search(base_tuner.BaseTuner):
    """KerasTuner's loop: its oracle proposes values, `run_trial` trains with them and says how well that went."""

    def __init__(self, oracle: Oracle, settings: TunerSettings, fn_args: FnArgs) -> None:
        super().__init__(oracle, directory=fn_args.working_dir, project_name="keras_tuner", overwrite=True)
        oracle.verbose = 0
        self.trainings = Trainings(fn_args)
        self._settings, self._results = settings, fn_args.custom_config["results"]
        key = {"settings": fn_args.custom_config["settings"], **prepared.origins(fn_args)}
        self._journal = Journal(fn_args.working_dir, checkpoints.digest(key))

    def run_trial(self, trial: Proposal) -> dict[str, float]:
        """Train with the proposed values, or take what an interrupted search found; the objective.

        Raises:
            FailedTrialError: nothing can be trained with them; the search goes on.
            FatalError: something else went wrong.
        """
        proposed = trial.hyperparameters.values
        values, objective = plain(proposed), self.oracle.objective.name
        # Hyperband says by "tuner/epochs" how long a trial is.
        epochs = proposed.get("tuner/epochs") or values.get("trainer.epochs") or self._settings.training.trainer.epochs
        done = self._journal.known(values, epochs) or self._train(proposed, values, epochs)
        self._journal.add(done)
        logging.info(
            "trial %d of %d: %s: %s", len(self._journal.trials), self.oracle.max_trials, in_one_line(values),
            f"{objective} {done.score}" if done.score is not None else f"failed: {done.error}",
        )  # fmt: skip
        if done.score is None:
            raise errors.FailedTrialError(done.error)
        return {objective: done.score}

    def on_search_end(self) -> None:
        """Leave the trials for people.

        Raises:
            GateError: all of them failed.
        """
        objective = self.oracle.objective
        trials = Trials(objective=objective.name, mode=objective.direction, trials=tuple(self._journal.trials))
        if trials.best is None:
            first = trials.trials[0]
            raise GateError(
                f"none of {len(trials.trials)} trials could be trained. The first, with {in_one_line(first.values)}: "
                f"{first.error}"
            )
        trial_files.write(self._results, trials, self._settings.tuner.space)

    def _train(self, proposed: Mapping[str, Any], values: dict[str, Any], epochs: int) -> Trial:
        started, score, error = time.monotonic(), None, ""
        try:
            with progress.within(trial=len(self._journal.trials) + 1, trials=self.oracle.max_trials):
                score = self.trainings.score(self._with(proposed, epochs), self.oracle.objective.name)
        except errors.FailedTrialError as failed:
            error = str(failed)
        except Exception as fatal:
            raise errors.FatalError(f"{type(fatal).__name__}: {fatal}") from fatal
        return Trial(values=values, epochs=epochs, seconds=time.monotonic() - started, score=score, error=error)

    def _with(self, proposed: Mapping[str, Any], epochs: int) -> TrainerSettings:
        training = self._settings.training
        trainer = training.trainer.model_copy(update={"epochs": epochs})
        try:
            return applied(training.model_copy(update={"trainer": trainer}), proposed)
        except ConfigError as error:
            raise errors.FailedTrialError(str(error)) from error
