"""`millrace rehearse`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

import click

from components.errors import ExitCode, InputError
from pipeline import arguments
from pipeline.cli.compiling import compiled
from pipeline.cli.console import console
from pipeline.cli.options import cluster_option
from pipeline.cli.rehearsed import Lines
from pipeline.config.config import Config
from pipeline.config.load import PROJECT, for_cluster
from pipeline.connection import STORE, of_server
from pipeline.kubeflow.compiler import defined
from pipeline.kubeflow.parameters import ROOT, RUN_ID
from pipeline.kubeflow.values import check_values
from pipeline.paths import absolute
from pipeline.rehearsal.docker import Docker
from pipeline.rehearsal.environment import Replaced
from pipeline.rehearsal.processes import Processes
from pipeline.rehearsal.reading import read_file
from pipeline.rehearsal.record import RehearsalRecord
from pipeline.rehearsal.rehearse import Options, folder_of, new_job
from pipeline.rehearsal.rehearse import rehearse as run_file
from pipeline.rehearsal.runtime import Runtime
from pipeline.runners import attempts, lock
from pipeline.runs import check_id


@click.command()
@click.argument("config")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Override a field of the config.")
@cluster_option
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="What stands for the cluster's storage.")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the pipeline.")
@click.option("--run-id", metavar="ID", help="Go on with the run of this id, as a resubmission does.")
@click.option("--store", metavar="URL", help="The metadata store; SQLite under the root where not given.")
@click.option("--parallel", type=click.IntRange(min=1), default=2, show_default=True, help="Tasks at a time.")
@click.option("--docker", "in_docker", is_flag=True, help="Run each task in its image, not as a process.")
@click.option("--image", metavar="NAME", help="With --docker: this image for all tasks.")
@click.option(
    "--file",
    metavar="FILE.yaml",
    type=click.Path(exists=True, dir_okay=False),
    help="What CONFIG was compiled to; it is compiled now where not given.",
)
def rehearse(
    config: str,
    settings: tuple[str, ...],
    cluster: str | None,
    root: str | None,
    parameters: tuple[str, ...],
    run_id: str | None,
    store: str | None,
    parallel: int,
    in_docker: bool,
    image: str | None,
    file: str | None,
) -> int:
    """Run on this machine what Kubeflow would run on a cluster.

    Every task is its container's command: a process of its own, or with --docker a container. Secrets and config maps
    that are variables there are taken from the variables here. Ends with the exit code of the first task that failed.
    """
    if image and not in_docker:
        raise click.UsageError("--image is for --docker")
    if file and (settings or cluster):
        raise InputError("--set and --cluster count when a config is compiled, and --file is: --param NAME=VALUE")
    settled = for_cluster(config, cluster, settings)
    folder = _root(settled, root)
    _check(settled, None if file else parameters, run_id, store)
    runtime: Runtime = _docker(folder, settled, image) if in_docker else Processes(settled.project, PROJECT)
    job = new_job()
    given = {} if in_docker else {ROOT: folder}
    options = Options(
        root=folder,
        parameters=given if run_id is None else {**given, RUN_ID: run_id},
        settings=parameters,
        replaced=_replaced(settled, store),
        parallel=parallel,
    )
    listen = Lines(console())
    with lock.hold(folder, wait=True, tell=console().print):
        if not file:
            file = os.path.join(folder_of(folder, job), "pipeline.yaml")
            compiled(settled, file)
        record = run_file(file, job, runtime, options, listen)
        step = next(iter(read_file(file).steps.values()))
        outside = runtime.outside(step, str(record.parameters.get(ROOT, folder)))
        _end(record, outside)
    listen.close(record, outside)
    if record.exit_code:
        again = _words(click.get_current_context(), run_id=str(record.parameters.get(RUN_ID) or job))
        console().print(f"to go on with the run: {shlex.join(again)}", soft_wrap=True)
    return int(record.exit_code or 0)


def _end(record: RehearsalRecord, root: str) -> None:
    """Nothing of it under `root` counts as running any more."""
    try:
        attempts.end_job(root, record.job, interrupted=record.exit_code == ExitCode.INTERRUPTED)
    except OSError as error:  # what containers leave belongs to their user
        console().print(
            f"{error.filename}: {error.strerror}, so that the run is listed as running still", soft_wrap=True
        )


def _words(context: click.Context, **changed: str) -> list[str]:
    """The command line of this call, with the options that are `changed`."""
    given = {**context.params, **changed}
    words = ["millrace", "rehearse", given.pop("config")]
    for option in context.command.params:
        value = given.get(str(option.name))
        if value is True:
            words.append(option.opts[0])
        elif value and value != option.get_default(context):
            values = value if isinstance(value, tuple) else (value,)
            words += [word for each in values for word in (option.opts[0], str(each))]
    return words


def _root(config: Config, root: str | None) -> str:
    if root is None and "://" in config.root:
        raise InputError(f"the config's root is {config.root}: say with --root which folder stands for it here")
    if root is not None and (not root.strip() or "://" in root):
        raise InputError(f"--root must be a folder of this machine. Received: {root!r}")
    return absolute(root) if root else os.path.join(os.path.dirname(config.root_path), "rehearsal")


def _check(config: Config, parameters: Sequence[str] | None, run_id: str | None, store: str | None) -> None:
    """Refuse what can be known to be wrong before the config is compiled; no `parameters` where it is already."""
    if parameters is not None:
        types = {name: each["parameterType"] for name, each in defined(config).items()}
        check_values(config, arguments.read(parameters, types))
    for option, value in (("--run-id", run_id), ("--store", store)):
        if value is not None and not value.strip():
            raise InputError(f"{option} is empty: is a variable of the shell not set?")
    if run_id:
        check_id(run_id, "--run-id")
    if store:
        try:
            of_server(store)
        except InputError as error:
            raise InputError(f"--store: {error}") from None


def _docker(folder: str, config: Config, image: str | None) -> Docker:
    docker = Docker(folder, image)
    docker.check_image(image or config.kubeflow.image)
    return docker


def _replaced(config: Config, store: str | None) -> Replaced:
    """The cluster's store is out of reach; SQLite, which takes its place, has no password."""
    if store is not None:
        return {STORE: store}
    password = config.kubeflow.password
    return {STORE: None, **({password.env: None} if password else {})}
