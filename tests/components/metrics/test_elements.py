"""Labels as metrics get them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from components.errors import InputError
from components.metrics import jackknife, multiclass
from components.metrics.elements import class_ids


def test_an_id_is_the_place_of_a_class() -> None:
    assert class_ids(np.array([[2.0], [0.0]])).tolist() == [2, 0]


@pytest.mark.parametrize(
    "of", [multiclass._surprise, jackknife._of_multiclass, jackknife._of_binary], ids=["log_loss", "multi", "binary"]
)
def test_a_label_without_a_class_is_refused_and_no_index_from_the_end(
    of: Callable[[np.ndarray, np.ndarray], object],
) -> None:
    with pytest.raises(InputError, match="no label, or one that training has not seen"):
        of(np.array([[1], [-2]]), np.array([[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]]))
