"""Lists of items."""

from __future__ import annotations

from components.batches import batches


def test_the_last_one_is_shorter_and_none_is_empty() -> None:
    assert list(batches(iter("abcde"), 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches("abcd", 2)) == [["a", "b"], ["c", "d"]]
    assert list(batches([], 2)) == []
