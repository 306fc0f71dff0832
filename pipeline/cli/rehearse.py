"""`millrace rehearse`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence

import click

from components.errors import ExitCode, InputError
from pipeline import arguments
from pipeline.cli.compiling import compiled
from pipeline.cli.console import console
from pipeline.cli.options import check_texts, cluster_option, refuse_with_file
from pipeline.cli.rehearsed import Lines
from pipeline.config.config import Config
from pipeline.config.load import PROJECT, for_cluster
from pipeline.connection import PASSWORD, STORE, of_server
from pipeline.kubeflow.compiler import defined
from pipeline.kubeflow.parameters import ROOT, RUN_ID
from pipeline.kubeflow.values import check_values
from pipeline.layout import Layout
from pipeline.paths import absolute
from pipeline.rehearsal.docker import Docker
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
    check_texts(click.get_current_context())
    if image and not in_docker:
        raise click.UsageError("--image is for --docker")
    refuse_with_file(file, settings, cluster)
    settled = for_cluster(config, cluster, settings)
    if file:
        _check_is_of(file, settled.name)
    folder = _root(settled, root)
    _check(run_id, store)
    given = {} if in_docker else {ROOT: folder}
    if not file:
        _check_parameters(settled, parameters, given)
    runtime = _docker(folder, image, None if file else settled) if in_docker else Processes(settled.project, PROJECT)
    options = Options(
        root=folder,
        parameters=given if run_id is None else {**given, RUN_ID: run_id},
        settings=parameters,
        replaced={STORE: store} if store else {STORE: None, PASSWORD: None},  # SQLite has no password
        parallel=parallel,
    )
    if run_id and not in_docker and not os.path.exists(Layout(folder).record(run_id)):
        note = f"--run-id {run_id}: there is no such run under {folder}: a new one is called so"
        console().print(note, soft_wrap=True)
    record = _rehearsed(settled, file, runtime, options)
    if record.exit_code:
        going_on = str(record.parameters.get(RUN_ID) or record.job)
        again = _words(click.get_current_context(), run_id=going_on)
        console().print(f"to go on with the run: {shlex.join(again)}", soft_wrap=True)
    return int(record.exit_code or 0)


def _rehearsed(config: Config, file: str | None, runtime: Runtime, options: Options) -> RehearsalRecord:
    """The record of what `file` says, or what `config` is compiled to, once it has run and was told of."""
    job, folder = new_job(), options.root
    listen = Lines(console())
    with lock.hold(folder, wait=True, tell=console().print):
        if not file:
            file = os.path.join(folder_of(folder, job), "pipeline.yaml")
            compiled(config, file)
        record = run_file(file, job, runtime, options, listen)
        step = next(iter(read_file(file).steps.values()))
        outside = runtime.outside(step, str(record.parameters.get(ROOT, folder)))
        _end(record, outside)
    listen.close(record, outside)
    return record


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


def _check_is_of(file: str, name: str) -> None:
    """Refuse a file of another pipeline: runs are kept by name, and go on with those before."""
    named = read_file(file).pipeline.pipeline_info.name
    if named != name:
        raise InputError(f"--file {file}: it is the pipeline {named}, and the config is that of {name}: name its own")


def _root(config: Config, root: str | None) -> str:
    if root is None and "://" in config.root:
        raise InputError(f"the config's root is {config.root}: say with --root which folder stands for it here")
    if root is not None and "://" in root:
        raise InputError(f"--root must be a folder of this machine. Received: {root!r}")
    return absolute(root) if root else os.path.join(os.path.dirname(config.root_path), "rehearsal")


def _check(run_id: str | None, store: str | None) -> None:
    """Refuse what is wrong whatever was compiled."""
    if run_id:
        check_id(run_id, "--run-id")
    if store:
        try:
            of_server(store)
        except InputError as error:
            raise InputError(f"--store: {error}") from None


def _check_parameters(config: Config, settings: Sequence[str], given: Mapping[str, str]) -> None:
    """Refuse what the run's first task would, before `config` is compiled.

    Args:
        given: parameters that the rehearsal sets to what this machine has in the place of the cluster's.
    """
    types = {name: each["parameterType"] for name, each in defined(config).items()}
    values = arguments.read(settings, types)
    check_values(config, {name: value for name, value in values.items() if name not in given})


def _docker(folder: str, image: str | None, config: Config | None) -> Docker:
    """The runtime, with what is known of its image looked at: a compiled file names its own, which are looked at later.

    Args:
        config: that is to be compiled; None where a file is there already.
    """
    docker = Docker(folder, image)
    known = image or (config and config.kubeflow.image)
    if known:
        docker.check_image(known)
    return docker
