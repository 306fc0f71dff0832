"""`millrace submit`."""

from __future__ import annotations

import functools
import os
import signal
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from components.errors import InputError
from pipeline.cli.compiling import compiled
from pipeline.cli.console import console
from pipeline.cli.options import check_texts, cluster_option, refuse_with_file
from pipeline.cli.progress import listener
from pipeline.config.config import Config
from pipeline.config.load import for_cluster
from pipeline.kubeflow.compiler import defined
from pipeline.kubeflow.values import check_values

if TYPE_CHECKING:
    from pipeline.submission.package import Draft, Package


@click.command()
@click.argument("config", required=False)
@click.option(
    "--host", required=True, metavar="URL", envvar="KF_PIPELINES_ENDPOINT", show_envvar=True, help="Where KFP is."
)
@click.option("--namespace", metavar="NAME", help="Yours, in a KFP of several users.")
@click.option("--experiment", metavar="NAME", help="Where the run is listed; the pipeline's name where not given.")
@click.option("--param", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the run.")
@click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Override a field of the config.")
@cluster_option
@click.option("--file", metavar="FILE.yaml", help="What `millrace compile` wrote, instead of CONFIG.")
@click.option("--wait", is_flag=True, help="Wait until the run has ended; go on with it if its node was lost.")
@click.option("--every", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds between looks.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait no longer, nor for an answer; the run goes on.",
)
@click.option("--resume", metavar="RUN", help="Go on with a run, by its id in KFP.")
@click.option("--cron", metavar="EXPRESSION", help="Run it at these times instead of now: '0 6 * * *'.")
@click.option("--token-file", metavar="FILE", help="A bearer token; or MILLRACE_TOKEN holds it.")
@click.option(
    "--ca-file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Who signed KFP's TLS certificate.",
)
@click.option("--image-check/--no-image-check", default=True, help="Compare the image's version with this one.")
def submit(
    config: str | None,
    host: str,
    namespace: str | None,
    experiment: str | None,
    settings: tuple[str, ...],
    overrides: tuple[str, ...],
    cluster: str | None,
    file: str | None,
    wait: bool,
    every: float,
    timeout: float | None,
    resume: str | None,
    cron: str | None,
    token_file: str | None,
    ca_file: str | None,
    image_check: bool,
) -> int:
    """Run a pipeline on Kubeflow Pipelines, or schedule it there.

    CONFIG is compiled as `millrace compile` does it, and uploaded as a version of the pipeline of its name unless that
    very file is one already. Without --wait the exit code says whether it was submitted. With it, it is the run's: 0
    succeeded, 70 failed, or what `millrace run` ends with where the logs tell; Ctrl-C leaves the run alone (130).
    """
    changes = [*(("--cluster", cluster) if cluster else ()), *(word for each in overrides for word in ("--set", each))]
    check_texts(click.get_current_context())
    _check_source(config, file)
    refuse_with_file(file, overrides, cluster)
    source = ["--file", file] if file else [str(config), *changes]
    # Only now: kfp takes a second to import.
    from pipeline.submission import submit as submission
    from pipeline.submission.access import Access
    from pipeline.submission.asked import Asked
    from pipeline.submission.package import of_file

    asked = Asked(
        access=Access(host, namespace, token_file, ca_file),
        experiment=experiment,
        settings=settings,
        resume=resume,
        cron=cron,
        wait=wait,
        every=every,
        timeout=timeout,
        image_check=image_check,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    listen, close = listener(console(), live=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            draft = (
                of_file(file, source) if file else _draft(for_cluster(str(config), cluster, overrides), folder, source)
            )
            return submission.submit(draft, asked, listen)
    finally:
        close()


def _check_source(config: str | None, file: str | None) -> None:
    if config is None and file is None:
        raise InputError("name a config or, with --file, what `millrace compile` has written")
    if config and file:
        raise InputError(f"{config} and --file {file}: one of both is what runs, leave out the other")


def _draft(config: Config, folder: str, source: Sequence[str]) -> Draft:
    """The pipeline of a config; its file will lie in `folder`."""
    from pipeline.submission.package import Draft, read

    def package() -> Package:
        path = os.path.join(folder, "pipeline.yaml")
        compiled(config, path)
        return read(path, source)

    return Draft(config.name, defined(config), functools.partial(check_values, config), package)
