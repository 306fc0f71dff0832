"""The whole config of a pipeline."""

from __future__ import annotations

import os
import re
from typing import Any, Union

import pydantic

from components.errors import ConfigError
from pipeline.config import resources
from pipeline.config.beam import Beam
from pipeline.config.data import Data, Schema
from pipeline.config.drift import Drift, Report
from pipeline.config.duplicates import Duplicates
from pipeline.config.evaluator import Evaluator
from pipeline.config.features import Feature, feature_key
from pipeline.config.images import Image
from pipeline.config.kubeflow import Kubeflow
from pipeline.config.machine import Machine
from pipeline.config.model import Head, Model
from pipeline.config.networks import AnyModel
from pipeline.config.record import Record
from pipeline.config.resources import Resources
from pipeline.config.settings import TrainerSettings
from pipeline.config.trainer import Trainer
from pipeline.config.tree import replaced
from pipeline.config.tuner import Tuner
from pipeline.layout import Layout

_SEARCHED = ("features", "heads", "model", "trainer")
"""Where the Tuner may look."""


class Pusher(Record):
    """Where a blessed model goes."""

    path: Union[str, None] = None
    """The serving directory; None is `serving/NAME` under the root."""


class Config(Record):
    """One pipeline. Paths are relative to `project` or URIs; nothing depends on the working directory."""

    name: str
    data: Data
    heads: tuple[Head, ...] = pydantic.Field(min_length=1)
    features: tuple[Feature, ...] = ()
    preprocessing_fn: Union[str, None] = None
    """A user's own preprocessing_fn, by dotted path or FILE.py:NAME, instead of `features`."""
    schema_: Schema = pydantic.Field(default=Schema(), alias="schema")
    drift: Union[Drift, None] = Drift()
    """What the data is compared with; None switches it off. Without spans there is nothing by default."""
    report: Report = Report()
    duplicates: Union[Duplicates, None] = Duplicates()
    """The search for near-duplicate images across splits; None switches it off. Without images there is none."""
    model: AnyModel = Model()
    extract: Union[str, None] = None
    """A layer of the model, by its name in the Trainer's model.txt: the node Embeddings writes its output for every
    example, as examples with a column `embedding`. It is part of the exported model: another layer trains it again."""
    trainer: Trainer = Trainer()
    tuner: Union[Tuner, None] = None
    """A search for the best values of fields of `model`, `trainer`, `heads` and `features`, before the training."""
    evaluator: Evaluator = Evaluator()
    pusher: Pusher = Pusher()
    beam: Beam = Beam()
    machine: Machine = Machine()
    """How much of this machine nodes that run side by side may take."""
    resources: dict[str, Resources] = {}
    """What nodes need, by their names; the need of Trainer and Tuner of a GPU goes without saying."""
    kubeflow: Kubeflow = Kubeflow()
    """The cluster that `millrace compile` places them on; a cluster file (--cluster) takes its place."""
    cache: bool = True
    """Reuse the outputs of an execution whose inputs, settings and sources are the same."""
    project: str = ""
    """The folder that relative paths start from; the loader sets it (the checkout, or the config file's folder)."""
    root: str = "runs"
    """Everything that runs leave behind: metadata store, artifacts, checkpoints, logs, pushed models."""

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Config:
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", self.name):
            raise ValueError(
                "name must be lower-case letters, digits and dashes, with a letter or a digit at both ends. "
                f"Received: {self.name!r}"
            )
        _refuse_twins("features", [feature_key(feature) for feature in self.features])
        _refuse_twins("heads", [head.output_name for head in self.heads])
        if not self.features and self.preprocessing_fn is None:
            raise ValueError("give features, or a preprocessing_fn of your own")
        self._check_mixed()
        known = {head.output_name for head in self.heads}
        for threshold in self.evaluator.thresholds:
            if threshold.head and threshold.head not in known:
                raise ValueError(f"evaluator.thresholds: no head {threshold.head!r}; heads: {', '.join(sorted(known))}")
            if not threshold.head and len(known) > 1:
                raise ValueError(
                    f"evaluator.thresholds: {threshold.metric!r} must name its head, one of {sorted(known)}"
                )
        if self.evaluator.split not in self.data.split_names:
            raise ValueError(
                f"evaluator.split is {self.evaluator.split!r}, but data.splits makes {self.data.split_names}"
            )
        self._check_drift()
        self._check_search()
        return self

    def _check_drift(self) -> None:
        if self.drift is None:
            return
        if self.drift.window and not self.data.has_spans:
            raise ValueError(
                "drift.window puts earlier spans together, but data.path has no {SPAN} or {DATE}. "
                f"Received: {self.data.path!r}"
            )
        for split in self.drift.splits:
            if split not in self.data.split_names:
                raise ValueError(f"drift.splits names {split!r}, but data.splits makes {self.data.split_names}")

    def _check_mixed(self) -> None:
        if not any(isinstance(feature, Image) and feature.mix for feature in self.features):
            return
        if len(self.features) > 1 or self.preprocessing_fn is not None:
            raise ValueError("features: an image with mix must be the only feature, as whole examples are mixed")
        for head in self.heads:
            if head.task == "regression" or head.loss:
                raise ValueError(
                    f"features: mix makes labels shares of classes: heads.{head.output_name} must be a classifier with "
                    f"its usual loss. Received: task={head.task!r}, loss={head.loss!r}"
                )

    def _check_search(self) -> None:
        if self.tuner and self.trainer.run_fn:
            raise ValueError("tuner searches for our own training, which trainer.run_fn replaces: give only one")
        for path, variants in self.variants().items():
            if any(variant.trainer_settings.transform != self.trainer_settings.transform for variant in variants):
                raise ValueError(f"tuner.space: Transform depends on {path}, which is done once for all trials")

    def variants(self) -> dict[str, tuple[Config, ...]]:
        """This config with each value of the Tuner's space (of a range both ends), one at a time, by path.

        Raises:
            ConfigError: there is no such field, it does not take the value, or it is none of the Trainer's.
        """
        space = self.tuner.space if self.tuner else {}
        return {path: tuple(self._variant(path, value) for value in domain.tried) for path, domain in space.items()}

    def _variant(self, path: str, value: Any) -> Config:
        if path.partition(".")[0] not in _SEARCHED:
            raise ConfigError(
                f"tuner.space: {path} is none of the fields that training depends on: {', '.join(_SEARCHED)}"
            )
        tree = {**self.model_dump(by_alias=True), "tuner": None}
        try:
            return Config(**replaced(tree, path.split("."), value))
        except ConfigError as error:
            raise ConfigError(f"tuner.space: {path}={value!r}: {error}") from None

    def resolve(self, path: str) -> str:
        """`path` made absolute from the project's folder; URIs and absolute paths stay as they are."""
        return path if "://" in path else os.path.normpath(os.path.join(self.project, path))

    @property
    def trainer_settings(self) -> TrainerSettings:
        """The fields that a trained model depends on."""
        return TrainerSettings(**{field: getattr(self, field) for field in TrainerSettings.model_fields})

    @property
    def image_columns(self) -> tuple[str, ...]:
        """The raw columns that hold encoded images."""
        return tuple(feature.column for feature in self.features if isinstance(feature, Image))

    @property
    def searched_duplicates(self) -> Union[Duplicates, None]:
        """The search for near-duplicate images that there is."""
        return self.duplicates if self.image_columns else None

    @property
    def compared_drift(self) -> Union[Drift, None]:
        """The comparisons that there are; None where there is nothing to compare."""
        if self.drift is None:
            return None
        possible = self.drift if self.data.has_spans else self.drift.without_spans
        return possible if possible.compares or possible.predictions else None

    @property
    def counts_earlier_spans(self) -> bool:
        """Whether the earlier spans of a window are counted where they are ingested: drift wants their statistics."""
        compared = self.compared_drift
        return bool(compared and compared.previous)

    def needs(self, node: str) -> Resources:
        """What that node needs to run on, its number of GPUs said."""
        given = self.resources.get(node, Resources())
        usual = resources.USUAL_GPUS.get(node, 0)
        return given if given.gpus is not None else given.model_copy(update={"gpus": usual})

    @property
    def reads_buckets(self) -> bool:
        """Whether data lies where only TensorFlow reads: gs://, s3://."""
        serving = self.drift.serving if self.drift else None
        return "://" in self.data.path or bool(serving and "://" in serving.path)

    @property
    def root_path(self) -> str:
        """The root, resolved."""
        return self.resolve(self.root)

    @property
    def serving_path(self) -> str:
        """The serving directory, resolved: it holds one folder per pushed version."""
        return self.resolve(self.pusher.path) if self.pusher.path else Layout(self.root_path).serving(self.name)


def _refuse_twins(field: str, names: list[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"{field}: {', '.join(twins)} stands there more than once")
