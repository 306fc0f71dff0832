from __future__ import annotations

from typing import Any

import pytest

import pipeline.config as c
from pipeline.ml import batches, prepared
from pipeline.ml.datasets import Memory, Stream


class Watched(c.Trainer):
    """Settings that tell which of them are read."""

    def __getattribute__(self, name: str) -> Any:
        if name in c.Trainer.model_fields:
            seen.add(name)
        return super().__getattribute__(name)


seen: set[str] = set()


def test_batches_read_no_other_settings_than_they_say(taxi, tmp_path):
    """A search keeps the batches of one trial for the next where these fields are the same."""
    for cache in (True, False, None):
        settings = taxi.settings.model_copy(update={"trainer": Watched(cache=cache)})
        seen.clear()  # of what the checks of the settings read
        data = prepared.data(settings, taxi.fn_args(str(tmp_path)))
        for source in (data.train, data.evaluation):
            next(iter(source.epoch(0)))
        assert seen == batches.READ


@pytest.mark.parametrize(("most", "kind"), [(2**30, Memory), (100, Stream)])
def test_unasked_a_split_is_kept_in_memory_where_it_is_not_too_large(taxi, tmp_path, monkeypatch, most, kind):
    monkeypatch.setattr(batches, "CACHED", most)
    data = prepared.data(taxi.settings, taxi.fn_args(str(tmp_path)))
    assert isinstance(data.train, kind)
