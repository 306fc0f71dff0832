"""What the user chose about the data, as the executor sees it."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Union

from components.errors import ConfigError
from components.example_gen.splits import GroupSplits, HashSplits, Splits, TimeSplits


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked settings of one ingestion."""

    format: str
    splits: Splits
    bad_rows: Union[int, float] = 0
    delimiter: str = ","
    text_columns: tuple[str, ...] = ()
    compression: str = "auto"
    range_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ConfigError(
                f"data.delimiter must be one ASCII character, but no quote or line end. Received: {self.delimiter!r}"
            )

    @classmethod
    def of(cls, format: str, values: Mapping[str, Any]) -> "Settings":
        """Settings from the plain values of the component's `settings` argument."""
        values = dict(values)
        splits = _splits(values.pop("splits"))
        return cls(format=format, splits=splits, **{**values, "text_columns": tuple(values.get("text_columns", ()))})

    def is_gzip(self, path: str) -> bool:
        """Whether the file at `path` is a gzip stream."""
        return self.compression == "gzip" or (self.compression == "auto" and path.endswith(".gz"))

    def allowed(self, rows: int) -> int:
        """How many of `rows` rows may be bad."""
        return int(self.bad_rows * rows) if 0 < self.bad_rows < 1 else int(self.bad_rows)


def digest(path: str, format: str, settings: Mapping[str, Any]) -> str:
    """Names what decides which records the spans of `path` become: equal for spans that may be trained on together."""
    told = {key: value for key, value in settings.items() if key not in ("range_bytes", "bad_rows")}
    return hashlib.sha256(json.dumps([path, format, told], sort_keys=True).encode()).hexdigest()[:16]


def _splits(values: Mapping[str, Any]) -> Splits:
    if values["kind"] == "time":
        return TimeSplits(values["column"], values["eval_from"], values.get("test_from"))
    buckets = tuple((name, int(values[name])) for name in ("train", "eval", "test") if values.get(name))
    if values["kind"] == "group":
        return GroupSplits(buckets, values["column"])
    return HashSplits(buckets)
