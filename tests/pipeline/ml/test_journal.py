from __future__ import annotations

import pytest

from components.trials import Trial
from pipeline.ml.journal import Journal

VALUES = {"model.hidden_units": [4], "trainer.learning_rate": 0.1}


@pytest.mark.parametrize(
    "trial",
    [
        Trial(values=VALUES, epochs=1, seconds=1.5, score=0.1 + 0.2),
        Trial(values=VALUES, epochs=1, seconds=1.5, score=None, error="the loss is\nnan"),
    ],
    ids=["done", "failed"],
)
def test_a_later_process_knows_a_finished_trial_by_its_values_and_epochs(tmp_path, trial):
    folder = str(tmp_path / "search")
    Journal(folder, "key").add(trial)
    later = Journal(folder, "key")
    assert later.known(VALUES, 1) == trial
    assert later.known(VALUES, 2) is None
    assert later.known({**VALUES, "trainer.learning_rate": 0.2}, 1) is None
    assert Journal(folder, "other").known(VALUES, 1) is None


def test_the_trials_of_a_search_are_those_that_it_came_to_itself(tmp_path):
    one, two = (Trial(values=VALUES, epochs=epochs, seconds=1.0, score=0.5) for epochs in (1, 2))
    first = Journal(str(tmp_path), "key")
    first.add(one)
    first.add(two)
    later = Journal(str(tmp_path), "key")
    assert later.trials == []
    later.add(two)
    assert later.trials == [two]
    again = Journal(str(tmp_path), "key")
    assert (again.known(VALUES, 1), again.known(VALUES, 2)) == (one, two)
