"""What is told of a search's trials."""

from __future__ import annotations

import pytest

from components.trials import Trial, Trials, in_one_line


@pytest.mark.parametrize(("mode", "best"), [("max", 2), ("min", 1)])
def test_the_best_is_that_of_the_direction_and_failures_do_not_count(mode: str, best: int) -> None:
    scores = (None, 0.1, 0.9, 0.5)
    trials = tuple(Trial(values={"a": place}, epochs=1, seconds=1.0, score=each) for place, each in enumerate(scores))
    assert Trials(objective="o", mode=mode, trials=trials).best == best
    assert Trials(objective="o", mode=mode, trials=trials[:1]).best is None


def test_values_stand_in_one_line() -> None:
    values = {"model.depth": 32, "trainer.learning_rate": 0.0031234567, "name": "x", "units": [8, 4]}
    assert in_one_line(values) == "model.depth=32, trainer.learning_rate=0.003123, name=x, units=[8, 4]"
