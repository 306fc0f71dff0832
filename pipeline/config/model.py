"""What is predicted (heads) and by what (model)."""

from __future__ import annotations

import re
from typing import Literal, Union

import pydantic

from pipeline.config.record import Record

Task = Literal["binary", "multiclass", "regression"]


def top_k_of(metric: str) -> Union[int, None]:
    """The k of a metric called `top_K_accuracy`; None for any other name."""
    found = re.fullmatch(r"top_([1-9][0-9]*)_accuracy", metric)
    return int(found[1]) if found else None


class Label(Record):
    """How a head's label comes out of a raw row; the part of a head that Transform depends on."""

    name: str
    task: Task
    column: Union[str, None]
    function: Union[str, None]
    classes: tuple[str, ...]


class Head(Record):
    """One output of the model. A model may have several, each with its own label."""

    label: Union[str, None] = None
    """The raw column that holds the label."""
    label_function: Union[str, None] = None
    """Instead of `label`: dotted path or FILE.py:NAME of a TF function {column: tensor} -> label tensor [batch].

    Columns come with shape [batch] in the schema's type; a missing number is 0, a missing text "". Integers and
    booleans that it returns are class ids, texts are class labels.
    """
    name: str = ""
    """The output's name; the label column's where not given."""
    task: Task = "binary"
    classes: tuple[str, ...] = ()
    """Class labels in order of their ids; binary defaults to ("0", "1"), multiclass to the training split's values."""
    loss: Union[str, None] = None
    """A Keras loss by name, or dotted path or FILE.py:NAME; None takes the task's usual one."""
    label_smoothing: float = pydantic.Field(default=0.0, ge=0, lt=1)
    """This share of each label is spread evenly over all classes (Szegedy et al. 2016), in the usual loss only; losses
    in validation are smoothed too, metrics are not."""
    weight: float = pydantic.Field(default=1.0, gt=0)
    """Share of this head's loss in the sum."""
    metrics: tuple[str, ...] = ()
    """Keras metrics watched while training, by name or path, or `top_5_accuracy`; empty takes the task's usual ones."""
    class_weights: dict[str, float] = {}
    """Weight of a class' examples in the loss, by class label; 1 where not given."""
    top_k: int = pydantic.Field(default=5, ge=1)
    """How many of the best classes the served model of a multiclass head returns in order, if there are so many."""

    @pydantic.model_validator(mode="after")
    def _complete(self) -> Head:
        if (self.label is None) == (self.label_function is None):
            raise ValueError("give exactly one of label and label_function")
        if not self.output_name:
            raise ValueError("a head with a label_function needs a name")
        if self.task == "binary" and len(self.classes) not in (0, 2):
            raise ValueError(f"a binary head has two classes, not {len(self.classes)}")
        if self.task == "regression" and (self.classes or self.class_weights):
            raise ValueError("a regression head has no classes")
        if self.label_smoothing and (self.task == "regression" or self.loss):
            raise ValueError(
                "label_smoothing belongs to a classifier's usual loss: drop it, or drop loss and regression"
            )
        return self

    @property
    def output_name(self) -> str:
        """The name of the head in signatures, metrics and reports."""
        return self.name or self.label or ""

    @property
    def label_spec(self) -> Label:
        """The label's part of the head, for Transform."""
        classes = self.classes or (("0", "1") if self.task == "binary" else ())
        return Label(
            name=self.output_name, task=self.task, column=self.label, function=self.label_function, classes=classes
        )


class Model(Record):
    """A model for tables, or one of the user's own."""

    kind: Literal["linear", "dnn", "wide_deep", "custom"] = "dnn"
    hidden_units: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    dropout: float = pydantic.Field(default=0.0, ge=0, lt=1)
    l1: float = pydantic.Field(default=0.0, ge=0)
    l2: float = pydantic.Field(default=0.0, ge=0)
    builder: Union[str, None] = None
    """kind="custom": dotted path or FILE.py:NAME of a function (inputs, heads) -> keras.Model, or a Model subclass.

    `inputs` holds one keras.Input of shape [batch, width] per feature, encoded. The model is called with such a dict
    (a Sequential with all of them side by side) and returns {head: prediction}, or with one head the prediction:
    the probability of class 1, [batch, 1]; of every class, [batch, classes]; or the value, [batch, 1].
    """

    @pydantic.model_validator(mode="after")
    def _builder(self) -> Model:
        if (self.kind == "custom") != (self.builder is not None):
            raise ValueError('kind="custom" and builder go together')
        return self
