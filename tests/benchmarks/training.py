"""The Trainer's loop against bare tf.data + model.fit on the taxi template's network: the same files, turn by turn.

`make benchmark WHAT=training ARGS="--rows 45000 --pairs 5"` writes results/training.{md,json}: steps per second, and
ratios Millrace / bare taken pair by pair, by the clock and of processor time. "Steps" are those of an epoch after the
first few; "all" begins before files are read and the model is built, and ends with the epoch's last step.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")

from components.signatures import label_key
from pipeline.ml import models, prepared
from pipeline.ml.datasets import files_of
from pipeline.ml.loop import Loop
from pipeline.nodes.settings import trainer_settings
from tests.benchmarks import RESULTS, taxi_template
from tests.benchmarks.bare_taxi import batches
from tests.benchmarks.rates import Rates, in_turn, markdown, rates_of
from tests.benchmarks.stopwatch import Stopwatch, now
from tests.pipeline.ml.transformed import TAXI_TYPES, Transformed, schema_of, taxi_rows

WARM_STEPS = 5
"""Steps at the start of an epoch that are not timed among "steps"."""
CASES = ("steps", "all")


def main() -> None:
    """Parses the arguments, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=45_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = transformed(arguments.rows, folder)
        cores = len(os.sched_getaffinity(0))
        table = {
            f"{case}, {arguments.rows:,} rows": {"cores": cores, **in_turn(*sides(made, folder, case), arguments.pairs)}
            for case in CASES
        }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "training.json").write_text(json.dumps(table, indent=2) + "\n")
    (arguments.out / "training.md").write_text(markdown(table, "steps"))
    print(markdown(table, "steps"))


def transformed(rows: int, folder: str) -> Transformed:
    """Taxi trips that went through Transform, two of three to train on."""
    config = taxi_template.get_config()
    trainer = config.trainer.model_copy(update={"callbacks": ("tests.benchmarks.stopwatch.Stopwatch",)})
    settings = trainer_settings(config).model_copy(update={"trainer": trainer})
    trips = taxi_rows(rows)
    repeated = [trips[number % len(trips)] for number in range(rows)]
    splits = {"train": repeated[: rows * 2 // 3], "eval": repeated[rows * 2 // 3 :]}
    return Transformed(folder, splits, schema_of(TAXI_TYPES), settings)


def sides(made: Transformed, folder: str, case: str) -> tuple[Callable[[], Rates], Callable[[], Rates]]:
    """Millrace's and the bare side: each call trains one epoch from nothing and returns its rates."""
    data = prepared.data(made.settings, made.fn_args(folder))
    return lambda: timed(lambda: train(made, folder), case), lambda: timed(lambda: train_bare(made, folder, data), case)


def timed(run: Callable[[], Any], case: str) -> Rates:
    """The rates of the steps that `run` takes."""
    start = now()
    run()
    ends = Stopwatch.ends
    if case == "all":
        return rates_of(len(ends), start, ends[-1])
    return rates_of(len(ends) - WARM_STEPS, ends[WARM_STEPS - 1], ends[-1])


def train(made: Transformed, folder: str) -> None:
    """As the Trainer's run_fn does it, up to the export."""
    data = prepared.data(made.settings, made.fn_args(folder))
    model = prepared.model(made.settings, data, None)
    checkpoints, boards = (os.path.join(folder, name) for name in ("checkpoints", "boards"))
    Loop(model=model, data=data, settings=made.settings, checkpoints=checkpoints, key="benchmark", boards=boards).run()


def train_bare(made: Transformed, folder: str, data: prepared.Data) -> None:
    """The same network on the same files by hand; of `data` only the inputs' and labels' names and sizes are used."""
    arguments, trainer = made.fn_args(folder), made.settings.trainer
    model = models.build(made.settings.model, data.inputs, data.heads)
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    [head] = data.heads
    spec, label = data.transform.transformed_feature_spec(), label_key(head.name)
    train, evaluation = (
        batches(files_of(files, split), spec, label, head.name, trainer.batch_size, shuffle)
        for files, split, shuffle in (
            (arguments.train_files, "train", trainer.shuffle),
            (arguments.eval_files, "eval", 0),
        )
    )
    model.fit(train, validation_data=evaluation, callbacks=[Stopwatch()], verbose=0)


if __name__ == "__main__":
    main()
