"""Models: linear, dnn, wide & deep, a network for images, or the user's own, each with any number of heads.

    linear          prediction = sparse(one-hot) + dense(numbers, embeddings)
    dnn             the same sum makes the first hidden layer
    wide_deep       sparse(one-hot, crosses) + dnn(numbers, embeddings), trained together
    resnet, cnn, …  prediction = dense(network(image), numbers, embeddings) + sparse(one-hot)
    custom          the user's model on the encoded features

A model takes {feature: tensor} and returns {head: prediction}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from components.errors import InputError, close_matches
from pipeline import references
from pipeline.config.model import Model
from pipeline.config.networks import AnyModel, Backbone, Network
from pipeline.ml import networks
from pipeline.ml.encoding import SparseLinear, dense_vectors, flat_ids, layer_name, one_hots, vector
from pipeline.ml.heads import Head
from pipeline.ml.images import layers
from pipeline.ml.inputs import ModelInput
from pipeline.ml.precision import computing_in


def build(model: AnyModel, inputs: Sequence[ModelInput], heads: Sequence[Head]) -> keras.Model:
    """The untrained model of the config.

    Raises:
        InputError: the features do not fit it.
    """
    tensors = {each.name: each.tensor() for each in inputs}
    if isinstance(model, Model) and model.kind != "custom" and any(each.image for each in inputs):
        raise InputError(f'model.kind="{model.kind}" takes no images; use a network for images, such as ResNet')
    outputs = _BUILDERS.get(model.kind, _network)(model, inputs, tensors, heads)
    return keras.Model(tensors, outputs, name=model.kind)


def up_to(layer: str, trained: keras.Model, model: keras.Model) -> keras.Model:
    """The part of `model` that makes the output of a layer, called as in `trained`, a model of the same layers.

    Names that Keras gives are numbered through: in a second model of the same layers they differ.

    Raises:
        InputError: there is no such layer, or its output is not one tensor.
    """
    names = [each.name for each in trained.layers]
    if layer not in names:
        raise InputError(
            f"extract: the model has no layer {layer!r}.{close_matches(layer, names)} Its layers: {', '.join(names)}"
        )
    output = model.layers[names.index(layer)].output
    if not isinstance(output, keras.KerasTensor):
        raise InputError(f"extract: layer {layer!r} has several outputs; name one that follows it")
    return keras.Model(model.input, output)


def _linear(model: Model, inputs: Sequence[ModelInput], tensors: Mapping[str, Any], heads: Sequence[Head]) -> Any:
    dense = _side_by_side(dense_vectors(inputs, tensors))
    ids = flat_ids(inputs, tensors)
    return {
        head.name: _predict(head, _sum(model, inputs, dense, ids, head.units, f"linear_{head.name}")) for head in heads
    }


def _dnn(model: Model, inputs: Sequence[ModelInput], tensors: Mapping[str, Any], heads: Sequence[Head]) -> Any:
    if not model.hidden_units:
        return _linear(model, inputs, tensors, heads)
    dense = _side_by_side(dense_vectors(inputs, tensors))
    first = _sum(model, inputs, dense, flat_ids(inputs, tensors), model.hidden_units[0], "hidden_0", zeros=False)
    hidden = _hidden(model, _activate(model, first, 0), start=1)
    return {head.name: _predict(head, _logits(model, head, hidden)) for head in heads}


def _wide_deep(model: Model, inputs: Sequence[ModelInput], tensors: Mapping[str, Any], heads: Sequence[Head]) -> Any:
    dense, ids = _side_by_side(dense_vectors(inputs, tensors)), flat_ids(inputs, tensors)
    if dense is None or not ids:
        missing = "number or embedding for the deep part" if dense is None else "one-hot feature for the wide part"
        raise InputError(f'model.kind="wide_deep" needs at least one {missing}; add one to features, or use "dnn"')
    hidden = _hidden(model, dense, start=0)
    return {
        head.name: _predict(
            head,
            keras.layers.add(
                [_logits(model, head, hidden), _sparse(model, inputs, ids, head.units, f"wide_{head.name}")]
            ),
        )
        for head in heads
    }


def _network(network: Network, inputs: Sequence[ModelInput], tensors: Mapping[str, Any], heads: Sequence[Head]) -> Any:
    images = [each for each in inputs if each.image]
    if not images:
        raise InputError(f'model.kind="{network.kind}" needs an image; add one to features')
    vectors = [networks.vector(network, _pixels(network, each, tensors[each.name]), each.name) for each in images]
    others = [each for each in inputs if not each.image]
    dense = _side_by_side([*vectors, *dense_vectors(others, tensors)])
    ids = flat_ids(inputs, tensors)
    return {
        head.name: _predict(head, _sum(network, inputs, dense, ids, head.units, f"logits_{head.name}"))
        for head in heads
    }


def _pixels(network: Network, each: ModelInput, tensor: Any) -> Any:
    """The image as the network wants it, varied when training."""
    assert each.image is not None
    # Also where the network computes in 16 bits: a mean over pixels overflows in float16.
    with computing_in("float32"):
        varied = layers.augmented(tensor, each.image, each.name)
        if network.input_range:
            return layers.floats(varied, each.name)
        return layers.normalised(varied, each.image, each.name)


def _custom(model: Model, inputs: Sequence[ModelInput], tensors: Mapping[str, Any], heads: Sequence[Head]) -> Any:
    assert model.builder is not None
    encoded = {each.name: _encoded(each, tensors[each.name]) for each in inputs}
    theirs = {name: keras.Input(shape=tensor.shape[1:], name=name) for name, tensor in encoded.items()}
    builder = references.load(model.builder)
    if isinstance(builder, keras.Model) and keras.config.dtype_policy().name != "float32":
        raise InputError(
            f"{model.builder} is a model that exists already, with a precision of its own; trainer.precision needs a "
            "function that makes it"
        )
    built = builder if isinstance(builder, keras.Model) else builder(theirs, tuple(heads))
    if not isinstance(built, keras.Model):
        raise InputError(f"{model.builder} must return a keras.Model. Received: {type(built).__name__}")
    outputs = built(_side_by_side(list(encoded.values())) if isinstance(built, keras.Sequential) else encoded)
    return _checked(model.builder, outputs, heads)


def _encoded(each: ModelInput, tensor: Any) -> Any:
    """An image as normalised floats [batch, height, width, channels], anything else as a vector [batch, width]."""
    if each.image is None:
        return vector(each, tensor)
    with computing_in("float32"):
        return layers.normalised(layers.augmented(tensor, each.image, each.name), each.image, each.name)


_BUILDERS: dict[str, Callable[..., Any]] = {
    "linear": _linear,
    "dnn": _dnn,
    "wide_deep": _wide_deep,
    "custom": _custom,
}


def _checked(builder: str, outputs: Any, heads: Sequence[Head]) -> dict[str, Any]:
    """The custom model's outputs by head, of the width that each head wants."""
    if not isinstance(outputs, Mapping) and len(heads) == 1:
        outputs = {heads[0].name: outputs}
    wanted = {head.name: head.units for head in heads}
    if not isinstance(outputs, Mapping) or set(outputs) != set(wanted):
        got = sorted(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise InputError(f"{builder}: the model must return a dict of its heads {sorted(wanted)}. Received: {got}")
    for name, units in wanted.items():
        if len(outputs[name].shape) != 2 or outputs[name].shape[1] != units:
            shape = outputs[name].shape
            raise InputError(
                f"{builder}: the prediction of {name!r} must have shape [batch, {units}]. Received: {shape}"
            )
    return dict(outputs)


def _side_by_side(vectors: list[Any]) -> Any:
    """Vectors [batch, width] as one; None where there are none."""
    return (
        (vectors[0] if len(vectors) == 1 else keras.layers.Concatenate(name="features")(vectors)) if vectors else None
    )


def _sum(
    model: AnyModel, inputs: Sequence[ModelInput], dense: Any, ids: list[Any], units: int, name: str, zeros: bool = True
) -> Any:
    """A linear layer over everything, [batch, units]: a dense part, a one-hot part, or the sum of both."""
    parts = []
    if dense is not None:
        parts.append(_dense(model, units, name)(dense))
    if ids:
        parts.append(_sparse(model, inputs, ids, units, f"{name}_one_hot", zeros))
    return parts[0] if len(parts) == 1 else keras.layers.add(parts)


def _sparse(
    model: AnyModel, inputs: Sequence[ModelInput], ids: list[Any], units: int, name: str, zeros: bool = True
) -> Any:
    sizes = [each.size for each in one_hots(inputs) if each.size is not None]
    return SparseLinear(sizes, units, _regularizer(model), zeros, name=layer_name(name))(ids)


def _hidden(model: Model, tensor: Any, start: int) -> Any:
    """The hidden layers from `start` on."""
    for index, units in enumerate(model.hidden_units[start:], start):
        tensor = _activate(model, _dense(model, units, f"hidden_{index}")(tensor), index)
    return tensor


def _activate(model: Model, tensor: Any, index: int) -> Any:
    tensor = keras.layers.Activation(model.activation, name=f"activation_{index}")(tensor)
    return keras.layers.Dropout(model.dropout, name=f"dropout_{index}")(tensor) if model.dropout else tensor


def _logits(model: AnyModel, head: Head, tensor: Any) -> Any:
    return _dense(model, head.units, f"logits_{head.name}")(tensor)


def _predict(head: Head, logits: Any) -> Any:
    # Float32 also where the layers before compute in 16 bits.
    return keras.layers.Activation(head.activation, dtype="float32", name=layer_name("head", head.name))(logits)


def _dense(model: AnyModel, units: int, name: str) -> keras.layers.Layer:
    return keras.layers.Dense(units, kernel_regularizer=_regularizer(model), name=layer_name(name))


def _regularizer(model: AnyModel) -> Any:
    l1 = model.l1 if isinstance(model, Model) else 0.0
    l2 = 0.0 if isinstance(model, Backbone) else model.l2
    return keras.regularizers.L1L2(l1, l2) if l1 or l2 else None
