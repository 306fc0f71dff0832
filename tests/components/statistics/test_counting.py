"""What of the examples TFDV gets to count."""

from __future__ import annotations

import pyarrow as pa
import pytest

from components.statistics.counting import counted


@pytest.mark.parametrize("lists", [pa.list_, pa.large_list])
def test_an_empty_list_is_a_missing_value(lists) -> None:
    numbers = pa.array([[1], [], None, [2, 3]], lists(pa.int64()))
    text = pa.array([[b"a"], [b"b"], [b"c"], [b""]], lists(pa.binary()))
    batch = pa.RecordBatch.from_arrays([numbers, text, pa.nulls(4), text], ["numbers", "text", "nothing", "left out"])
    assert counted(batch, ["left out", "unknown"]).to_pydict() == {
        "numbers": [[1], None, None, [2, 3]],
        "text": [[b"a"], [b"b"], [b"c"], [b""]],
        "nothing": [None] * 4,
    }
