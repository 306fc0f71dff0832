"""What the user chose about the data, as the executor sees it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Union

from components.errors import ConfigError
from components.example_gen.splits import FileSplits, GroupSplits, HashSplits, Splits, TimeSplits
from components.images.properties import MAX_PIXELS
from components.images.records import prefix


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
    images: tuple[str, ...] = ()
    """Columns that hold encoded images: they are checked, and their properties become columns."""
    max_pixels: int = MAX_PIXELS
    """An image whose header claims more is a bad row; it is never decoded."""

    def __post_init__(self) -> None:
        self._check_images()
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ConfigError(
                f"data.delimiter must be one ASCII character, but no quote or line end. Received: {self.delimiter!r}"
            )

    @classmethod
    def of(cls, format: str, values: Mapping[str, Any]) -> "Settings":
        """Settings from the plain values of the component's `settings` argument."""
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return cls(format=format, **{**values, "splits": _splits(values["splits"])})

    def _check_images(self) -> None:
        if self.images and self.format != "tfrecord":
            raise ConfigError(
                f"data.format must be 'tfrecord' for images ({', '.join(self.images)}). Received: {self.format!r}. "
                "`millrace images pack` turns folders of image files into such files"
            )
        owners: dict[str, str] = {}
        for column in self.images:
            other = owners.setdefault(prefix(column), column)
            if other != column:
                raise ConfigError(
                    f"image columns {other!r} and {column!r} would both get properties called "
                    f"{prefix(column)}/height and so on: rename one, so that they differ before the last /"
                )

    def is_gzip(self, path: str) -> bool:
        """Whether the file at `path` is a gzip stream."""
        return self.compression == "gzip" or (self.compression == "auto" and path.lower().endswith(".gz"))

    def allowed(self, rows: int) -> int:
        """How many of `rows` rows may be bad."""
        return int(self.bad_rows * rows) if 0 < self.bad_rows < 1 else int(self.bad_rows)


def _splits(values: Mapping[str, Any]) -> Splits:
    if values["kind"] == "time":
        return TimeSplits(values["column"], values["eval_from"], values.get("test_from"))
    if values["kind"] == "file":
        return FileSplits(tuple((name, values[name]) for name in ("train", "eval", "test") if values.get(name)))
    buckets = tuple((name, int(values[name])) for name in ("train", "eval", "test") if values.get(name))
    if values["kind"] == "group":
        return GroupSplits(buckets, values["column"])
    return HashSplits(buckets)
