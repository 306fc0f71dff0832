from __future__ import annotations

import pytest

from pipeline.ml.monitors import direction


@pytest.mark.parametrize(
    ("name", "heads", "expected"),
    [
        ("val_loss", ["kind"], "min"),
        ("val_accuracy", ["kind"], "max"),
        ("auc", ["kind"], "max"),
        ("val_binary_io_u", ["kind"], "max"),
        ("val_rmse", ["kind"], "min"),
        ("val_auction_loss", ["auction", "tip"], "min"),
        ("val_previous_purchase_loss", ["previous_purchase", "tip"], "min"),
        ("val_auction_mae", ["auction", "tip"], "min"),
        ("val_auction_auc", ["auction", "tip"], "max"),
        ("previous_purchase_rmse", ["previous", "previous_purchase"], "min"),
    ],
)
def test_losses_and_errors_fall_whatever_their_head_is_called(name, heads, expected):
    assert direction(name, "auto", heads) == expected
    assert direction(name, "min", heads) == "min"
