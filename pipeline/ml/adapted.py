"""Keras' optimizers, for a training that is made of many fits and may run on several devices."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@functools.cache
def adapted(kind: type[keras.Optimizer]) -> type[keras.Optimizer]:
    """`kind`, but for what `_Adapted` says."""
    return type(kind.__name__, (_Adapted, kind), {})


class _Adapted:
    """What another Keras could break is tested: the two methods with an underscore are Keras' own business."""

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Leave the weights alone: the end of a fit, where averages would replace them, is not that of training."""

    def _clip_gradients(self, grads: Sequence[Any]) -> Any:
        """Sum up over all devices first; Keras would clip what each device makes of its share of the batch."""
        pairs = super()._all_reduce_sum_gradients([(grad, None) for grad in grads])  # type: ignore[misc]
        return super()._clip_gradients([grad for grad, _ in pairs])  # type: ignore[misc]

    def _all_reduce_sum_gradients(self, grads_and_vars: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        return list(grads_and_vars)


class LossScale(keras.optimizers.LossScaleOptimizer):
    """Keras' scaling of the loss for float16, which takes the first device's word for whether a step is to be done."""

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether the gradients of every device are finite."""
        infinite = tf.cast(~super().check_finite(grads), tf.float32)
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, infinite) == 0


def innermost(optimizer: keras.Optimizer) -> keras.Optimizer:
    """The optimizer that changes the weights, without the scaling of the loss."""
    return optimizer.inner_optimizer if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else optimizer
