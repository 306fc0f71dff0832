"""What Misjudged looks at, and how much it shows. Imports nothing heavy."""

import dataclasses

MOST = 24
"""Pictures in one list."""
MOST_IN_ALL = 250
"""What a page below 5 MB can hold."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is looked at."""

    model: str
    """The folder of a SavedModel with the signatures `evaluate` and `transform_labels`."""
    column: str
    split: str
    """The evaluated one."""
    heads: tuple[str, ...]
    """The classifiers."""

    def pictures_per_list(self, splits: int) -> int:
        """How many pictures each list may hold."""
        return max(1, min(MOST, MOST_IN_ALL // (len(self.heads) * (splits + 1))))
