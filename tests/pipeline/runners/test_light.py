import subprocess
import sys

import pytest
from tfx.orchestration.local import runner_utils

import pipeline.config as c
from pipeline import graph
from pipeline.config.load import load
from pipeline.runners import ir as irs

HEAVY = ("tensorflow", "apache_beam", "tfx.components", "tensorflow_data_validation", "pandas", "keras")
CODE = """
import importlib, sys
from pipeline.config.load import load
from pipeline.runners import light
with light.imports(load("taxi")):
    from pipeline.kubeflow import visible
    from pipeline.runners import backfill, plan, prepare, step, walk
    for name in sys.argv[1:]:
        importlib.import_module(name)
print([name for name in {heavy} if name in sys.modules])
import tensorflow.version  # what was left out can be imported later
print(tensorflow.version.VERSION)
"""

BEGUN = """
import importlib, os, sys
importlib.import_module(sys.argv[1])
print([name for name in {heavy} if name in sys.modules], len(os.listdir("/proc/self/task")))
"""


def modules(config: c.Config) -> set[str]:
    """Of all drivers and resolvers that a container runs with little imported."""
    ir = irs.compiled(graph.create_pipeline(config))
    deployment = runner_utils.extract_local_deployment_config(ir)
    drivers = {node_id: runner_utils.extract_custom_driver_spec(deployment, node_id) for node_id in irs.node_ids(ir)}
    operators = [
        node.op_node.op_type
        for each in ir.nodes
        for inputs in each.pipeline_node.inputs.input_graphs.values()
        for node in inputs.nodes.values()
    ]
    paths = [spec.class_path for spec in drivers.values() if spec] + operators
    return {path.rpartition(".")[0] for path in paths} - {""}


def test_what_a_container_imports_for_a_cached_node_is_little():
    wanted = sorted(modules(load("taxi")))
    assert {"components.span_window", "components.baseline", "components.example_gen.driver"} < set(wanted)
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY), *wanted], capture_output=True, text=True, check=True
    )
    heavy, version = done.stdout.splitlines()
    assert heavy == "[]"
    assert version.startswith("2.")


@pytest.mark.parametrize("module", ["pipeline.runners.pool", "pipeline.beam"])
def test_what_begins_before_others_imports_little_and_starts_no_thread(module):
    """A pool forks its workers' nursery next, which only a process of one thread may; options need no library."""
    done = subprocess.run(
        [sys.executable, "-c", BEGUN.format(heavy=HEAVY), module], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] 1\n"
