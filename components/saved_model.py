"""An exported model as its callers see it: rows in, predicted columns out.

    predicted                a class label, or the value of a regression
    predicted_score          the score of that class
    predicted_probability    the score of the second of two classes

With several heads `predicted_HEAD`, and so on.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from components import signatures
from components.errors import GateError, InputError

PREFIX = "predicted"
_MANY, _FEW = 1024, 256


class Model:
    """A loaded SavedModel with the signatures of pipeline.ml.serving."""

    def __init__(self, folder: str) -> None:
        """Load it.

        Raises:
            GateError: it cannot be loaded, or has no `serving_default`.
        """
        try:
            self._loaded = tf.saved_model.load(folder)
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise GateError(f"the model in {folder} cannot be loaded: {error}") from error
        self.folder = folder
        self._signatures = self._loaded.signatures
        self._column_of = _columns_file(folder)
        if signatures.SERVING not in self._signatures:
            known = ", ".join(sorted(self._signatures)) or "none"
            raise GateError(f"the model in {folder} has no signature {signatures.SERVING!r}; it has: {known}")

    @property
    def batch(self) -> int:
        """How many examples it is best given at once.

        They are few where it has images, or does not say so: of 1024 images of 224x224 the first convolution of a
        ResNet-50 makes 3.3 GB. With rows of a table many take a third of the time.
        """
        return _MANY if signatures.RAW in self._signatures and signatures.BYTES not in self._signatures else _FEW

    @property
    def columns(self) -> dict[str, bool]:
        """The raw columns that the model takes, and whether each is text; the others are float64.

        Raises:
            InputError: the model has no `raw` signature.
        """
        if signatures.RAW not in self._signatures:
            raise InputError(f"the model in {self.folder} takes no raw columns; give it tf.Examples in TFRecord files")
        _, specs = self._signatures[signatures.RAW].structured_input_signature
        return {self._column_of.get(name, name): spec.dtype == tf.string for name, spec in specs.items()}

    def of_examples(self, examples: Sequence[bytes]) -> dict[str, np.ndarray]:
        """The predicted columns of serialised tf.Examples, each of shape [n].

        Raises:
            InputError: the examples do not have the columns or types that the model was trained on.
        """
        return _columns(self._of_examples(signatures.SERVING, examples))

    def embeddings(self, examples: Sequence[bytes]) -> dict[str, np.ndarray]:
        """`embedding`, the output of the layer that was exported for it, float32 [n, width].

        Raises:
            InputError: the model was exported without one, or the examples do not have its columns.
        """
        return self._of_examples(signatures.EMBEDDINGS, examples)

    def labels(self, examples: Sequence[bytes]) -> dict[str, np.ndarray]:
        """The labels that the examples have, class ids or values; nothing where the model was exported without them."""
        return self._of_examples(signatures.LABELS, examples) if signatures.LABELS in self._signatures else {}

    def evaluated(self, examples: Sequence[bytes], heads: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For each head the prediction, [n, units], and the label, [n], of examples that have labels.

        Raises:
            InputError: the model has no such signatures or outputs, or the examples do not have its columns.
        """
        predictions = self._of_examples(signatures.EVALUATE, examples)
        labels = self._of_examples(signatures.LABELS, examples)
        # What a model of one's own calls its only output does not matter.
        alone = next(iter(predictions)) if len(heads) == len(predictions) == 1 else None
        return {
            head: (
                self._output(signatures.EVALUATE, predictions, alone or head),
                self._output(signatures.LABELS, labels, signatures.label_key(head)).reshape(-1),
            )
            for head in heads
        }

    def of_columns(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The predicted columns of raw columns, each of shape [n]: float64 with NaN, or bytes with b"", for missing."""
        function = self._signatures[signatures.RAW]
        _, specs = function.structured_input_signature
        values = {name: columns[self._column_of.get(name, name)] for name in specs}
        return _columns(
            self._run(function, {name: tf.constant(values[name], spec.dtype) for name, spec in specs.items()})
        )

    def _of_examples(self, signature: str, examples: Sequence[bytes]) -> dict[str, np.ndarray]:
        """The outputs of a signature that takes serialised tf.Examples."""
        if signature not in self._signatures:
            raise InputError(
                f"the model in {self.folder} has no signature {signature!r}; a run_fn of your own must export it. "
                f"It has: {', '.join(sorted(self._signatures))}"
            )
        function = self._signatures[signature]
        (name,) = function.structured_input_signature[1]
        return self._run(function, {name: tf.constant(list(examples), tf.string)})

    def _output(self, signature: str, outputs: Mapping[str, np.ndarray], name: str) -> np.ndarray:
        if name not in outputs:
            raise InputError(
                f"the signature {signature!r} of the model in {self.folder} must return {name!r}. "
                f"It returns: {', '.join(sorted(outputs))}"
            )
        return outputs[name]

    def _run(self, function: Callable[..., Any], inputs: Mapping[str, tf.Tensor]) -> dict[str, np.ndarray]:
        try:
            return {name: tensor.numpy() for name, tensor in function(**inputs).items()}
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"the model in {self.folder} cannot read these rows: {_cause(error)}. "
                "They need the columns and types of the training data"
            ) from error


def _cause(error: tf.errors.OpError) -> str:
    """TensorFlow names the node and where it comes from, then what is wrong, then the node again in brackets."""
    return str(error).partition("\n\t [[")[0].splitlines()[-1].rstrip(". ")


def _columns_file(folder: str) -> dict[str, str]:
    """The column that each input of `raw` stands for; TensorFlow does not take every column's name for an input."""
    path = os.path.join(folder, "assets.extra", "columns.json")
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        return json.loads(file.read())


def _columns(answers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: values for head in _heads(answers) for name, values in _predicted(answers, *head).items()}


def _heads(outputs: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """(prefix of its outputs, whether it is a classifier) for each head, sorted."""
    found = []
    for name in outputs:
        prefix, separator, kind = name.rpartition("_")
        if kind in ("scores", "outputs"):
            found.append((prefix + separator, kind == "scores"))
    return sorted(found)


def _names(prefix: str, is_classifier: bool) -> tuple[str, ...]:
    stem = f"{PREFIX}_{prefix[:-1]}" if prefix else PREFIX
    return (stem, f"{stem}_score", f"{stem}_probability") if is_classifier else (stem,)


def _predicted(answers: Mapping[str, np.ndarray], prefix: str, is_classifier: bool) -> dict[str, np.ndarray]:
    names = _names(prefix, is_classifier)
    if not is_classifier:
        return {names[0]: answers[f"{prefix}outputs"].reshape(-1)}
    scores, classes = answers[f"{prefix}scores"], answers[f"{prefix}classes"]
    rows, best = np.arange(len(scores)), np.argmax(scores, axis=1)
    columns = {names[0]: classes[rows, best], names[1]: scores[rows, best]}
    return {**columns, names[2]: scores[:, 1]} if scores.shape[1] == 2 else columns
