"""The search for the best values of fields that only training depends on."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

import pydantic

from pipeline.config.record import Record
from pipeline.config.trainer import Mode

Number = Union[int, float]
USUAL_TRIALS = 10
_IN_THE_LOSS = ("l1", "l2", "loss", "weight", "class_weights", "label_smoothing")
"""Fields that change what the loss is, and so make losses of different trials incomparable."""


class Choice(Record):
    """One of several values: c.Choice(20, 32), c.Choice((64, 32), (128,)), c.Choice(c.ResNet(depth=20), c.CNN())."""

    kind: Literal["choice"] = "choice"
    values: tuple[Any, ...] = pydantic.Field(min_length=2)

    def __init__(self, *values: Any, **fields: Any) -> None:
        super().__init__(**({"values": values} if values else {}), **fields)

    @pydantic.model_validator(mode="after")
    def _different(self) -> Choice:
        twins = [value for index, value in enumerate(self.values) if value in self.values[:index]]
        if twins:
            raise ValueError(f"{twins[0]!r} stands there more than once")
        return self

    @property
    def tried(self) -> tuple[Any, ...]:
        """The values that say whether all of them can be used."""
        return self.values

    def with_tried(self, values: tuple[Any, ...]) -> Choice:
        """The same, with those values written as the config's fields hold them."""
        return Choice(*values)


class Range(Record):
    """A number between two, both included: c.Range(1e-4, 1e-2, log=True); a whole one where the field is whole."""

    kind: Literal["range"] = "range"
    low: Number = pydantic.Field(allow_inf_nan=False)
    high: Number = pydantic.Field(allow_inf_nan=False)
    log: bool = False
    """As likely between 1 and 10 as between 10 and 100."""
    step: Union[Number, None] = pydantic.Field(default=None, gt=0)
    """Only low, low + step, …; with `log` low, low * step, …"""

    def __init__(self, *ends: Number, **fields: Any) -> None:
        super().__init__(**dict(zip(("low", "high", "log", "step"), ends, strict=False)), **fields)

    @pydantic.model_validator(mode="after")
    def _possible(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"low must be below high. Received: {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"log=True needs low above 0. Received: {self.low}")
        if self.log and self.step is not None and self.step <= 1:
            raise ValueError(f"with log=True the step multiplies, and must be above 1. Received: {self.step}")
        if isinstance(self.low, int) and isinstance(self.high, int) and isinstance(self.step, float):
            raise ValueError(f"between whole numbers the step must be whole, too. Received: {self.step}")
        return self

    @property
    def tried(self) -> tuple[Any, ...]:
        """The values that say whether all of them can be used."""
        return self.low, self.high

    def with_tried(self, values: tuple[Any, ...]) -> Range:
        """The same, with those ends written as the config's field holds them."""
        return Range(*values, log=self.log, step=self.step)


Domain = Annotated[Union[Choice, Range], pydantic.Field(discriminator="kind")]


class Tuner(Record):
    """A search by KerasTuner before the training, which then takes the best values found."""

    space: dict[str, Domain] = pydantic.Field(min_length=1)
    """What is searched, by the paths that `--set` takes: "model.depth", "trainer.learning_rate",
    "features.0.encoding.size"; anything that the Trainer depends on and Transform does not."""
    algorithm: Literal["random", "bayesian", "hyperband", "grid"] = "random"
    """hyperband trains many for few epochs, and the better ones again for more; a grid needs a step in each Range."""
    trials: Union[int, None] = pydantic.Field(default=None, gt=0)
    """At most so many; None is 10, and for a grid all of its points, for hyperband one pass of its brackets."""
    objective: str = "val_loss"
    """A column of the training history: val_loss, val_<metric>, or val_<head>_<metric> with several heads. It is that
    of the weights that the training leaves: of the last epoch, or of the one that early stopping restores."""
    mode: Mode = "auto"
    epochs: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Of a trial; None is the Trainer's. Early stopping may end a trial before."""
    seed: int = pydantic.Field(default=0, ge=0)
    """Of the values that are tried; each training starts from the Trainer's."""

    @pydantic.model_validator(mode="after")
    def _possible(self) -> Tuner:
        self._check_paths()
        if "trainer.epochs" in self.space and (self.epochs is not None or self.algorithm == "hyperband"):
            other = "hyperband" if self.algorithm == "hyperband" else "tuner.epochs"
            raise ValueError(f"space holds trainer.epochs, which {other} sets: give only one of the two")
        if self.algorithm == "grid":
            for path, domain in self.space.items():
                if isinstance(domain, Range) and domain.step is None:
                    raise ValueError(f"space: a grid needs to know its points: give the Range of {path} a step")
        return self

    def _check_paths(self) -> None:
        for path in self.space:
            outer = next((other for other in self.space if path.startswith(f"{other}.")), None)
            if outer:
                raise ValueError(f"space: {path} lies within {outer}: search only one of the two")
            if self.objective in ("loss", "val_loss") and path.rpartition(".")[2] in _IN_THE_LOSS:
                raise ValueError(
                    f"{path} changes what the loss is, so that losses of different trials cannot be compared: "
                    f'give an objective, such as "val_accuracy". Received: objective={self.objective!r}'
                )
