"""Millrace against bare tf.data + model.fit on images: the same files, batch, network and machine, turn by turn.

`make benchmark WHAT=images ARGS="--case resnet20 --case resnet50 --case input --pairs 3"` writes
results/images.{md,json}: images per second after a warm-up, and ratios Millrace / bare taken pair by pair, of images
per second and, as others may be at work on the machine, of images per second of processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import pipeline.config as c
from pipeline.config.settings import TrainerSettings
from pipeline.ml import models, prepared
from pipeline.ml.datasets import files_of
from pipeline.ml.images import layers
from pipeline.ml.loop import Loop
from tests.benchmarks import RESULTS, bare_images
from tests.benchmarks.rates import Rates, in_turn, markdown, rates_of
from tests.benchmarks.stopwatch import Stopwatch, now
from tests.pipeline.ml.transformed import Transformed, schema_of

CIFAR = c.Image(height=32, width=32, augment=(c.Crop(), c.Flip()))
IMAGENET = c.Image(height=224, width=224, augment=(c.RandomCrop(), c.Flip()))
HEAD = c.Head(label="kind", task="multiclass", classes=tuple("0123456789"))
WARM_STEPS = 2
"""Steps at the start of a run that are not timed."""


@dataclass(frozen=True)
class Case:
    """What is measured: a network, or with none the input pipeline alone."""

    image: c.Image
    rows: int
    batch: int
    cache: bool
    network: c.ResNet | None = None


CASES: dict[str, Mapping[str, Case]] = {
    "resnet20": {"ResNet-20, 32x32, batch 128": Case(CIFAR, 1280, 128, True, c.ResNet(depth=20))},
    "resnet50": {"ResNet-50, 224x224, batch 8": Case(IMAGENET, 48, 8, False, c.ResNet(depth=50))},
    "input": {
        "input alone: 32x32 PNG, in memory, batch 128": Case(CIFAR, 6400, 128, True),
        "input alone: 32x32 PNG, streamed, batch 128": Case(CIFAR, 6400, 128, False),
        "input alone: 500x375 JPEG to random 224x224, streamed, batch 64": Case(IMAGENET, 320, 64, False),
    },
}


def main() -> None:
    """Parses the arguments, measures, writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="what to measure (default: all)")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    arguments = parser.parse_args()
    file = arguments.out / "images.json"
    table = json.loads(file.read_text()) if file.exists() else {}
    for group in arguments.case or CASES:
        for name, case in CASES[group].items():
            table[name] = {"cores": os.cpu_count(), **measure(case, arguments.pairs)}
            print(markdown({name: table[name]}, "images"), flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(table, indent=2) + "\n")
    (arguments.out / "images.md").write_text(markdown(table, "images"))


def measure(case: Case, pairs: int) -> dict[str, Any]:
    """The rates of both sides, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        return in_turn(*sides(case, folder), pairs)


def sides(case: Case, folder: str) -> tuple[Callable[[], Rates], Callable[[], Rates]]:
    """Millrace's and the bare side: each call does one run and returns its rates."""
    made = transformed(case, folder)
    arguments = made.fn_args(folder)
    data = prepared.data(made.settings, arguments)
    files = files_of(arguments.train_files, "train")
    alone = case.network is None
    bare = bare_images.batches(files, case.image, case.rows, case.batch, case.cache, augment=alone)
    if case.network is None:
        epochs, vary = iter(range(1_000_000)), augmentation(case.image)
        return lambda: consumed(map(vary, data.train.epoch(next(epochs))), case), lambda: consumed(iter(bare), case)
    model = prepared.model(made.settings, data, None)
    checkpoints = os.path.join(folder, "checkpoints")  # which go, folder and all, when training is over
    loop = Loop(model=model, data=data, settings=made.settings, checkpoints=checkpoints, key="benchmark", boards=folder)
    theirs = models.build(made.settings.model, data.inputs, data.heads)
    theirs.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return lambda: watched(loop.run, case), lambda: watched(lambda: fit(theirs, bare, data.evaluation.epoch(0)), case)


def fit(model: keras.Model, train: tf.data.Dataset, evaluation: tf.data.Dataset) -> None:
    """An epoch by hand."""
    model.fit(train, validation_data=evaluation, callbacks=[Stopwatch()], verbose=0)


def watched(train: Callable[[], Any], case: Case) -> Rates:
    """The rates of the steps of one training."""
    train()
    ends = Stopwatch.ends
    return rates_of(case.batch * (len(ends) - WARM_STEPS), ends[WARM_STEPS - 1], ends[-1])


def augmentation(image: c.Image) -> Callable[[Any], Any]:
    """What the first layers of a network do with a batch in training."""
    pixels = keras.Input((image.height, image.width, image.channels), dtype="uint8")
    # Keras wants a layer, and all may be done while decoding.
    layers_ = keras.Model(pixels, keras.layers.Identity()(layers.augmented(pixels, image, "image")))
    varied = tf.function(lambda batch: layers_(batch, training=True), reduce_retracing=True)
    return lambda batch: varied(batch[0]["image_encoded"])


def consumed(batches: Iterator[Any], case: Case) -> Rates:
    """The rates of an epoch that nobody trains on, from its second batch on."""
    next(batches)
    start = now()
    count = sum(1 for _ in batches)
    return rates_of(case.batch * count, start, now())


def transformed(case: Case, folder: str) -> Transformed:
    """Pictures that went through Transform, and the settings of a training of one epoch on them."""
    settings = TrainerSettings(
        features=(case.image,),
        heads=(HEAD,),
        model=case.network or c.CNN(),
        trainer=c.Trainer(
            epochs=1,
            batch_size=case.batch,
            cache=case.cache,
            optimizer="sgd",
            drop_remainder=True,
            tensorboard=False,
            callbacks=("tests.benchmarks.stopwatch.Stopwatch",),
        ),
    )
    rows = list(pictures(case))
    schema = schema_of({"image/encoded": "BYTES", "kind": "BYTES"})
    return Transformed(folder, {"train": rows, "eval": rows[:8]}, schema, settings)


def pictures(case: Case) -> Iterator[dict[str, Any]]:
    """Smooth colours with some noise: PNG of the image's size, or where parts are taken JPEG of a photo's."""
    random = np.random.default_rng(0)
    photo = case.image.random_crop is not None
    height, width = (375, 500) if photo else (case.image.height, case.image.width)
    down, right = np.mgrid[0:height, 0:width] / height
    for number in range(case.rows):
        waves = [np.sin(random.uniform(2, 12) * down + random.uniform(2, 12) * right) for _ in range(3)]
        noisy = 128 + 90 * np.stack(waves, axis=-1) + random.normal(0, 12, (height, width, 3))
        pixels = np.clip(noisy, 0, 255).astype(np.uint8)
        data = tf.io.encode_jpeg(pixels, quality=90) if photo else tf.io.encode_png(pixels)
        yield {"image/encoded": data.numpy(), "kind": str(number % len(HEAD.classes))}


if __name__ == "__main__":
    main()
