"""How the model is trained."""

from __future__ import annotations

from typing import Any, Literal, Union

import pydantic

from components.errors import ConfigError
from pipeline.config.record import Record
from pipeline.references import is_reference

Mode = Literal["auto", "min", "max"]
"""Whether a watched number should fall or rise; auto knows Keras' own metrics by their names."""


class Schedule(Record):
    """The learning rate over the steps."""

    kind: Literal["constant", "cosine", "exponential", "step"] = "constant"
    warmup_steps: int = pydantic.Field(default=0, ge=0)
    decay_steps: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Steps from the top to the end of the decay (exponential: per decay_rate); None takes all training steps."""
    decay_rate: float = pydantic.Field(default=0.1, gt=0)
    boundaries: tuple[int, ...] = ()
    """step: the steps at which the rate is multiplied by decay_rate."""

    @pydantic.model_validator(mode="after")
    def _complete(self) -> Schedule:
        if (self.kind == "step") != bool(self.boundaries):
            raise ValueError('kind="step" and boundaries go together')
        if self.boundaries and (
            list(self.boundaries) != sorted(set(self.boundaries)) or self.boundaries[0] <= self.warmup_steps
        ):
            raise ValueError("boundaries must rise strictly and lie after the warm-up")
        return self


class EarlyStopping(Record):
    """Stop when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    """A column of the training history: val_loss, val_<metric>, or val_<head>_<metric> with several heads."""
    mode: Mode = "auto"
    patience: int = pydantic.Field(default=3, ge=0)
    min_delta: float = 0.0
    restore_best: bool = True


class ReduceLearningRate(Record):
    """Multiply the rate by `factor` when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    mode: Mode = "auto"
    factor: float = pydantic.Field(default=0.5, gt=0, lt=1)
    patience: int = pydantic.Field(default=2, ge=0)
    min_learning_rate: float = pydantic.Field(default=0.0, ge=0)


class Trainer(Record):
    """Settings of the training loop; all of it goes through tf.data and keras.Model.fit."""

    epochs: int = pydantic.Field(default=5, gt=0)
    batch_size: int = pydantic.Field(default=64, gt=0)
    """Examples in a step, on all GPUs together."""
    optimizer: str = "adam"
    """A Keras optimizer by name, or dotted path or FILE.py:NAME of a function () -> keras.Optimizer (its own rate)."""
    learning_rate: float = pydantic.Field(default=0.001, gt=0)
    schedule: Schedule = Schedule()
    momentum: Union[float, None] = pydantic.Field(default=None, ge=0, lt=1)
    """Of an optimizer that has one, such as sgd; None is the optimizer's own."""
    nesterov: bool = False
    """sgd: Nesterov's momentum."""
    weight_decay: Union[float, None] = pydantic.Field(default=None, ge=0)
    """In every step each kernel loses this share of itself times the learning rate; None is the optimizer's own (most
    have none, adamw 0.004). Only kernels do, those of dense layers and convolutions: biases, batch normalisation and
    embeddings go free.

    This is decoupled from the gradient (Loshchilov and Hutter 2019), also in sgd, and so from its momentum. The weight
    decay of He et al. 2015 is part of the gradient: their 0.0001 is `l2=0.00005` of the model, as l2 times the sum of
    squares has twice l2 for a gradient. With momentum 0.9 that takes ten times as much as a weight_decay of 0.0001.
    """
    clipnorm: Union[float, None] = pydantic.Field(default=None, gt=0)
    """Shorten the gradient of every variable to this norm."""
    global_clipnorm: Union[float, None] = pydantic.Field(default=None, gt=0)
    """Shorten the gradient of all variables together to this norm."""
    clipvalue: Union[float, None] = pydantic.Field(default=None, gt=0)
    """Cut every number of the gradient off at plus and minus this."""
    ema_momentum: Union[float, None] = pydantic.Field(default=None, gt=0, lt=1)
    """Validate and export a moving average of the weights: average = ema_momentum * average + (1 - ema_momentum) *
    weights after each step, such as 0.999. Training itself goes on with the weights as they are, and the averages that
    batch normalisation keeps are theirs."""
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    """What layers compute in; weights are float32 throughout, and so is all of the exported model. mixed_float16
    scales the loss, and leaves out steps whose gradient overflows; mixed_bfloat16 needs no scaling."""
    xla: bool = False
    """Compile the steps by XLA, for each size of batch: `drop_remainder` spares the training one for the last batch."""
    prefetch_to_device: bool = False
    """Batches are copied to the GPU while the step before is computed, where there is one GPU. Several always do so."""
    distribute: bool = True
    """Share each batch among all visible GPUs, where there are several; else the first one trains alone."""
    example_weight: Union[str, None] = None
    """A raw numeric column that weighs each example in the loss and in the evaluation."""
    drop_remainder: bool = False
    cache: Union[bool, None] = None
    """Decode the examples once and keep them in memory: 4 bytes of a number, 1, 2, 4 or 8 of an integer or an id (as
    its column needs), of an image height * width * channels, or as many as it has encoded where a RandomCrop takes
    another part each time. Else they are read again in every epoch, and the memory does not grow with them. None keeps
    a split that takes no more than 1 GiB."""
    shuffle: int = pydantic.Field(default=10_000, ge=0)
    """Shuffle buffer in examples; 0 keeps the order of the files. A split in memory is shuffled whole in each epoch."""
    seed: int = 0
    early_stopping: Union[EarlyStopping, None] = None
    reduce_learning_rate: Union[ReduceLearningRate, None] = None
    checkpoint_steps: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Write a checkpoint every so many steps, besides the one at the end of each epoch."""
    tensorboard: bool = True
    callbacks: tuple[str, ...] = ()
    """Dotted paths or FILE.py:NAME of functions () -> keras.callbacks.Callback (a class without arguments is one)."""
    train_step: Union[str, None] = None
    """Dotted path or FILE.py:NAME of a function (model, features, labels, weights) -> {name: number}: one step of
    training instead of Keras' own, compiled like it. pipeline/ml/train_steps.py has one.

    `features` and `labels` are dicts of tensors, `weights` too where examples have any, else None. It takes the
    gradients of model.compute_loss(features, labels, predictions, weights), or of a loss of its own, to
    model.optimizer.apply_gradients. It returns at least "loss"; of other numbers an epoch keeps the last step's, and of
    model.compute_metrics(features, labels, predictions, weights) the whole epoch's. For precision="mixed_float16"
    the gradients must be those of model.optimizer.scale_loss(loss).
    """
    warm_start: bool = False
    """Start from the weights of the latest blessed model."""
    run_fn: Union[str, None] = None
    """A user's own run_fn(fn_args), by dotted path or FILE.py:NAME, instead of ours.

    What it exports needs the signatures serving_default (for Predictions and Pusher), evaluate and transform_labels
    (for the Evaluator), as pipeline/ml/serving.py describes them.
    """

    @property
    def of_optimizer(self) -> dict[str, Any]:
        """What the optimizer is told beside its rate, by Keras' names."""
        names = ("momentum", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "ema_momentum")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return given | ({"nesterov": True} if self.nesterov else {})

    @pydantic.model_validator(mode="after")
    def _possible_optimizer(self) -> Trainer:
        clips = [name for name in self.of_optimizer if "clip" in name]
        if len(clips) > 1:
            raise ValueError(f"give at most one of clipnorm, global_clipnorm and clipvalue. Received: {clips}")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum")
        if self.of_optimizer and is_reference(self.optimizer):
            raise ValueError(
                f"optimizer {self.optimizer!r} brings its own settings: drop {', '.join(self.of_optimizer)}, "
                "or name a Keras optimizer"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _references(self) -> Trainer:
        for name, given in (("train_step", self.train_step), ("run_fn", self.run_fn)):
            if given is not None and not is_reference(given):
                raise ValueError(f"{name} must be package.module.name or path/to/file.py:name. Received: {given!r}")
        return self

    @pydantic.model_validator(mode="after")
    def _one_rate(self) -> Trainer:
        if self.schedule == Schedule():
            return self
        if self.reduce_learning_rate is not None:
            raise ValueError("reduce_learning_rate cannot change the rate of a schedule: give only one of the two")
        if is_reference(self.optimizer):
            raise ValueError(
                f"optimizer {self.optimizer!r} brings its own rate: drop schedule, or name a Keras optimizer"
            )
        return self

    def check_shared_by(self, gpus: int) -> None:
        """Refuse what several GPUs cannot share.

        Raises:
            ConfigError: it names the field.
        """
        if self.xla:
            raise ConfigError(
                f"trainer.xla works on one GPU, and there are {gpus}: give trainer.distribute=False, or turn xla off"
            )
        if self.batch_size < gpus:
            raise ConfigError(
                f"trainer.batch_size={self.batch_size} cannot be shared by {gpus} GPUs: give a larger one, or "
                "trainer.distribute=False"
            )
