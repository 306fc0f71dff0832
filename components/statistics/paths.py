"""Where an artifact of statistics keeps them. Imports nothing heavy."""

import os

FILE = "FeatureStats.pb"
"""TFX's name of it, written out: TFX takes many seconds to import."""


def split_file(uri: str, split: str) -> str:
    """The file of a split."""
    return os.path.join(uri, f"Split-{split}", FILE)
