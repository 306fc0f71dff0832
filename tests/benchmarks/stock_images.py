"""What tests.benchmarks.packing times in a process of its own: `python -m … DIR stock` or `… DIR pack FILES`.

Stock's ImportExampleGen copies DIR/packed/all; packing makes it of image files.
"""

from __future__ import annotations

import os
import pathlib
import sys
import time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")

from tfx.components import ImportExampleGen
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import launcher

from components.images.pack import pack
from tests.benchmarks.stock import TimedLauncher


def main(folder: str, what: str, *files: str) -> None:
    """Writes DIR/stock/seconds or DIR/pack/seconds."""
    seconds = _pack(folder, *files) if what == "pack" else _stock(folder)
    pathlib.Path(folder, what, "seconds").write_text(str(seconds))


def _pack(folder: str, files: str) -> float:
    start = time.monotonic()
    pack(files, f"{folder}/packed", {"all": 1}, 4, 0)
    return time.monotonic() - start


def _stock(folder: str) -> float:
    launcher.Launcher = TimedLauncher  # type: ignore[misc]
    LocalDagRunner().run(
        Pipeline(
            pipeline_name="stock",
            pipeline_root=f"{folder}/stock/root",
            components=[ImportExampleGen(input_base=f"{folder}/packed/all")],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(f"{folder}/stock/metadata.sqlite"),
            beam_pipeline_args=["--runner=DirectRunner"],
        )
    )
    return TimedLauncher.laps.taken["ImportExampleGen"]["seconds"]


if __name__ == "__main__":
    main(*sys.argv[1:])
