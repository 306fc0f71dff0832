import pytest

from components import progress


@pytest.fixture(autouse=True)
def _no_sink():
    yield
    progress.set_sink(None)


def test_what_is_reported_goes_to_the_sink_that_was_set_last():
    first, second = [], []
    progress.set_sink(first.append)
    progress.report(epoch=2, epochs=5, loss=0.25)
    progress.set_sink(second.append)
    progress.report(rows=10)
    assert (first, second) == ([{"epoch": 2, "epochs": 5, "loss": 0.25}], [{"rows": 10}])


def test_without_a_sink_nothing_happens():
    told = []
    progress.set_sink(told.append)
    progress.set_sink(None)
    progress.report(epoch=1)
    assert told == []


def test_reports_within_something_say_so():
    told = []
    progress.set_sink(told.append)
    with progress.within(trial=2, trials=3):
        progress.report(epoch=1)
    progress.report(epoch=1)
    assert told == [{"trial": 2, "trials": 3, "epoch": 1}, {"epoch": 1}]
