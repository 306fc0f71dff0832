"""What is computed to be shown."""

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift import view
from components.drift.report import Report, Side, report
from components.drift.state import State
from tests.components.drift.data import normal, statistics

X = normal(300)


def _sliced(shift: float, **slices: dict[str, object]) -> tuple[Side, statistics_pb2.DatasetFeatureStatisticsList]:
    """Of a number and a colour in all rows, and the columns of each slice."""
    whole = statistics({"x": X + shift, "colour": ["red", "blue" if shift else "green", "red"] * 100})
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[whole])
    found.datasets[0].name = "All Examples"
    for name, columns in slices.items():
        found.datasets.append(statistics(columns))
        found.datasets[-1].name = name
    return Side("side", "side", 300), found


def _report() -> Report:
    alike, moved, small = ({"x": X}, {"x": X + 1}, {"x": X[:50]})
    return report(
        _sliced(0.0, a=alike, b=alike, few=small, gone=alike), _sliced(1.0, a=moved, b=alike, few=small), None, "drift"
    )


def test_a_feature_has_its_shape_movement_and_decision() -> None:
    features = {each.result.name: each for each in view.view(_report()).features}
    x, colour = features["x"], features["colour"]
    assert (len(x.shape.quantiles), x.shape.new) == (7, ())
    assert x.movement
    assert x.decision.startswith("Kolmogorov-Smirnov decides")
    assert [each.name for each in colour.shape.new] == ["blue"]
    assert [(each.name, each.baseline) for each in colour.shape.lost] == [("green", 0.33333)]
    assert colour.movement == "blue 0.0 % → 33.3 %"
    assert len({each.id for each in features.values()}) == 2


def test_slices_fail_pass_or_cannot_be_compared() -> None:
    found = view.view(_report()).slices
    assert [(each.slice, each.result.name, each.result.state) for each in found.failing] == [("a", "x", State.DRIFT)]
    assert (found.failed, found.passing, found.more) == (["a"], ["b"], 0)
    assert found.incomparable == {
        "few": "fewer than 100 rows of the slice are too few to say anything",
        "gone": "the current data does not have it",
    }
