"""What the signatures of an exported model are called, and what `evaluate` and `transform_labels` hold of a head.

pipeline.ml.serving says what each takes and returns. Imports nothing heavy.
"""

SERVING = "serving_default"
RAW = "raw"
BYTES = "bytes"
PIXELS = "pixels"
FEATURES = "transform_features"
LABELS = "transform_labels"
EVALUATE = "evaluate"
EMBEDDINGS = "embeddings"


def label_key(head: str) -> str:
    """The transformed feature, and the output of `transform_labels`, that holds the label of `head`."""
    return f"label_{head}"
