"""From the section `beam` to the options that Beam itself reads."""

from __future__ import annotations

import logging
import pathlib
from typing import Any

import pytest
from apache_beam.options import pipeline_options as options

import pipeline.config as c
from components.errors import ConfigError
from pipeline import beam
from pipeline.config.load import load
from pipeline.kubeflow.nodes import nodes
from pipeline.runners import compiling


def config(**fields: Any) -> c.Config:
    return c.Config(
        name="shop",
        data=c.Data(path="*.csv"),
        heads=(c.Head(label="sold"),),
        features=(c.ZScore(column="price"),),
        beam=c.Beam(**fields),
        project="/project",
        root="/shared/runs",
    )


def read(args: tuple[str, ...], view: type[options.PipelineOptions]) -> Any:
    return options.PipelineOptions(list(args)).view_as(view)


def test_on_this_machine_beam_gets_our_packages_for_its_workers() -> None:
    args = beam.of_node(config(), "ExampleGen", "run-1").args
    assert read(args, options.StandardOptions).runner == "DirectRunner"
    assert pathlib.Path(read(args, options.SetupOptions).setup_file).is_file()
    assert args == beam.here()


def test_on_flink_beam_reads_what_the_config_says() -> None:
    flink = c.Flink(master="jobs:8081", parallelism=8, jar="jars/server.jar", worker_address="localhost:5555")
    pipelines = beam.of_node(config(runner="flink", flink=flink), "ExampleGen", "run-1")
    args = pipelines.args
    assert read(args, options.StandardOptions).runner == "FlinkRunner"
    of_flink = read(args, options.FlinkRunnerOptions)
    assert (of_flink.flink_master, of_flink.flink_version) == ("jobs:8081", "1.19")
    assert of_flink.flink_job_server_jar == "/project/jars/server.jar"
    portable = read(args, options.PortableOptions)
    assert (portable.environment_type, portable.environment_config) == ("EXTERNAL", "localhost:5555")
    assert portable.environment_cache_millis == str(beam.ENVIRONMENT_CACHE_MILLIS)
    assert read(args, options.JobServerOptions).artifacts_dir == "/shared/runs/beam"
    assert read(args, options.SetupOptions).setup_file is None
    assert {"--parallelism=8", "--execution_mode_for_batch=BATCH"} <= set(args)
    assert read(args, options.GoogleCloudOptions).job_name == pipelines.name
    assert pipelines.name.startswith("shop-ExampleGen-run-1-")
    assert pipelines.shared == ("/shared/runs", "/shared/runs/beam")


def test_a_job_server_that_is_there_gets_jobs_and_artifacts() -> None:
    args = beam.of_node(config(runner="flink", flink=c.Flink(job_server="jobs:8099")), "ExampleGen", "run-1").args
    portable = read(args, options.PortableOptions)
    assert (portable.job_endpoint, portable.artifact_endpoint) == ("jobs:8099", "jobs:8098")
    assert not any("job_server" in arg for arg in args)


def test_options_of_ones_own_count_more_but_experiments_add_up() -> None:
    args = beam.of_node(
        config(runner="flink", args=("--environment_cache_millis=5", "--experiments=mine")), "ExampleGen", "run-1"
    ).args
    assert read(args, options.PortableOptions).environment_cache_millis == "5"
    assert set(read(args, options.DebugOptions).experiments) == {"mine", "disable_logging_submission_environment"}


@pytest.mark.parametrize(
    ("workers", "command", "expected"),
    [
        ("process", "/opt/boot", ("PROCESS", '{"command": "/opt/boot"}')),
        ("docker", "shop:1", ("DOCKER", "shop:1")),
        ("loopback", None, ("LOOPBACK", None)),
    ],
)
def test_each_kind_of_workers(workers: Any, command: str | None, expected: tuple[str, str | None]) -> None:
    flink = c.Flink(workers=workers, worker_command=command)
    args = beam.of_node(config(runner="flink", flink=flink), "ExampleGen", "run-1").args
    portable = read(args, options.PortableOptions)
    assert (portable.environment_type, portable.environment_config) == expected


def test_a_node_that_differs_gets_its_own_options() -> None:
    mixed = config(runner="flink", nodes={"Evaluator": c.Runner(args=("--direct_num_workers=2",))})
    pipelines = beam.of_node(mixed, "Evaluator", "run-1")
    assert pipelines.flink is None
    assert read(pipelines.args, options.StandardOptions).runner == "DirectRunner"
    assert read(pipelines.args, options.DirectOptions).direct_num_workers == 2
    assert beam.of_node(mixed, "Transform", "run-1").flink


def test_ones_own_code_travels_where_the_workers_share_a_folder() -> None:
    own = config(runner="flink").model_copy(update={"preprocessing_fn": "/project/mine.py:preprocess"})
    pipelines = beam.of_node(own, "Transform", "run-1")
    assert pipelines.code == ("/project/mine.py",)
    assert pipelines.copies == f"/shared/runs/beam/code/{pipelines.name}"
    assert f"millrace_code={pipelines.copies}" in read(pipelines.args, options.DebugOptions).experiments
    bucket = own.model_copy(update={"beam": c.Beam(runner="flink", flink=c.Flink(artifacts="gs://shop/beam"))})
    assert beam.of_node(bucket, "Transform", "run-1").copies.startswith("/shared/runs/beam/code/")
    assert beam.of_node(config(runner="flink"), "Transform", "run-1").copies == ""


def test_workers_need_what_their_node_reads_beside_artifacts() -> None:
    words = c.Vocabulary(column="kind", file="words/kinds.txt")
    reading = config(runner="flink").model_copy(update={"features": (words,)})
    reading = reading.model_copy(update={"data": c.Data(path="data/{SPAN}/*.csv")})
    nodes = ("ExampleGen", "Transform", "Evaluator")
    assert [beam.of_node(reading, node, "run-1").read for node in nodes] == [
        ("/project/data",),
        ("/project/words/kinds.txt",),
        (),
    ]


def test_each_try_has_jobs_of_its_own_that_the_next_one_knows() -> None:
    first, second = (beam.of_node(config(runner="flink"), "Transform", "run-1-1f2e") for _ in range(2))
    assert first.step == second.step == "shop-Transform-run-1-1f2e-"
    assert first.name != second.name
    assert all(each.name.startswith(each.step) for each in (first, second))


@pytest.mark.parametrize(("name", "hint"), [("Evalator", r" Did you mean Evaluator\?"), ("Pusher", "")])
def test_nodes_that_are_no_beam_steps_are_refused(name: str, hint: str) -> None:
    wrong = load("taxi").model_copy(update={"beam": c.Beam(nodes={name: c.Runner()})})
    message = f"beam.nodes: no Beam step is called '{name}'.{hint} Beam steps: ExampleGen, StatisticsGen, "
    for check in (compiling.compiled, nodes):
        with pytest.raises(ConfigError, match=message):
            check(wrong)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            c.Beam(args=("--direct_num_wrokers=2",)),
            "beam.args: .* '--direct_num_wrokers=2'. Did you mean direct_num_workers",
        ),
        (
            c.Beam(args=("--direct_num_workers=two",)),
            "beam.args: Beam refuses '--direct_num_workers=two': .*invalid int",
        ),
        (
            c.Beam(nodes={"Transform": c.Runner(args=("--shards",))}),
            "beam.nodes.Transform.args: Beam knows no option '--sh",
        ),
    ],
)
def test_options_that_beam_does_not_know_or_refuses_are_told(given: c.Beam, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        beam.check(config().model_copy(update={"beam": given}), ["Transform"])


def test_asking_beam_leaves_logging_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    beam.check(config(args=("--direct_num_workers=2",)), ["Transform"])
    assert not logging.root.handlers


def test_options_that_beam_or_a_cluster_may_know_are_taken() -> None:
    known = ("--direct_num_workers=2", "--experiments=a", "--save_main_session")
    nodes = {"Transform": c.Runner(runner="flink", args=("--object_reuse=true",))}
    beam.check(config().model_copy(update={"beam": c.Beam(args=known, nodes=nodes)}), ["Transform"])
