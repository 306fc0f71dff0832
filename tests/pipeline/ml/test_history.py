from __future__ import annotations

import os

import keras

from pipeline.ml import history


def test_a_picture_that_graphviz_crashes_on_is_told_of(tmp_path, monkeypatch):
    """Graphviz 2.43 aborts on some long networks: `newtrap: Trapezoid-table overflow`."""
    dot = tmp_path / "dot"
    # It draws the empty graph by which Keras looks whether it is there.
    dot.write_text('#!/bin/sh\n[ $(wc -c < "$2") -lt 100 ] || kill -ABRT $$\n')
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    name, text = history.topology(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    assert name == "model.png.txt"
    assert b"which Graphviz cannot draw" in text
