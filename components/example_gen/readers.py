"""The file formats that there are."""

from collections.abc import Callable

from components.errors import ConfigError
from components.example_gen.csv_format import Csv
from components.example_gen.formats import Format
from components.example_gen.jsonl_format import JsonLines
from components.example_gen.parquet_format import Parquet
from components.example_gen.settings import Settings
from components.example_gen.tfrecord_format import TfRecord

_READERS: dict[str, Callable[[Settings], Format]] = {
    "csv": Csv,
    "jsonl": JsonLines,
    "parquet": Parquet,
    "tfrecord": TfRecord,
}


def reader(settings: Settings) -> Format:
    """The reader of `settings.format`.

    Raises:
        ConfigError: there is no such format.
    """
    if settings.format not in _READERS:
        raise ConfigError(f"data.format must be one of {', '.join(_READERS)}. Received: {settings.format!r}")
    return _READERS[settings.format](settings)
