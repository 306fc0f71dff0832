"""Compiling a config into a file, with a line of progress and without the noise of libraries."""

from __future__ import annotations

from components.errors import InputError
from pipeline.cli.console import console, quiet
from pipeline.config.config import Config
from pipeline.config.kubeflow import IMAGE
from pipeline.config.load import PROJECT
from pipeline.kubeflow.compiler import Compiled, compile_config
from pipeline.runs import write_whole


def compiled(config: Config, path: str) -> Compiled:
    """`config`, compiled into the file at `path`.

    Raises:
        InputError: it cannot be written.
    """
    with quiet() as output:
        console(output.stream).print(f"compiling {config.name}: its graph needs TFX, whose import takes a while")
        made = compile_config(config)
        if config.project != PROJECT and config.kubeflow.image == IMAGE:
            console(output.stream).print(
                f"kubeflow.image is the default, {IMAGE}: it has the project {config.project} only where "
                "`millrace image build --project` made it so",
                soft_wrap=True,
            )
        try:
            write_whole(path, made.text)
        except OSError as error:
            raise InputError(f"{path}: cannot write there: {error.strerror}") from error
    return made
