"""The window of spans, resolved from a real metadata store."""

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples

from components.example_gen.component import ExampleGen
from components.span_window import SpanWindow
from components.spans import INGESTION


@pytest.fixture
def store():
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)


def _put(store: mlmd.MetadataStore, span: int, how: str = "same") -> Examples:
    examples = Examples()
    examples.uri = f"/examples/{span}/{how}"
    examples.set_int_custom_property("span", span)
    examples.set_string_custom_property(INGESTION, how)
    examples.type_id = store.put_artifact_type(examples.artifact_type)
    [examples.id] = store.put_artifacts([examples.mlmd_artifact])
    return examples


def _spans(store, num_spans, examples, current):
    resolved = SpanWindow(num_spans=num_spans).resolve_artifacts(store, {"examples": examples, "current": current})
    return [(found.get_int_custom_property("span"), found.id) for found in resolved["examples"]]


def test_takes_the_newest_artifact_of_each_of_the_last_spans(store):
    old, one, two, redone, three = [_put(store, span) for span in (0, 1, 2, 2, 3)]
    everything = [three, redone, two, one, old]

    assert _spans(store, 3, everything, [three]) == [(3, three.id), (2, redone.id), (1, one.id)]
    assert _spans(store, 1, everything, [three]) == [(3, three.id)]


def test_ends_at_the_span_of_the_run_even_if_later_ones_exist(store):
    one, two, three = [_put(store, span) for span in (1, 2, 3)]

    assert _spans(store, 2, [one, two, three], [two]) == [(2, two.id), (1, one.id)]


def test_takes_what_this_run_made_and_never_mixes_ingestions(store):
    one, other, cached, newer = _put(store, 1), _put(store, 1, "other split rule"), _put(store, 2), _put(store, 2)

    assert _spans(store, 2, [one, other, cached, newer], [cached]) == [(2, cached.id), (1, one.id)]


def test_is_nothing_when_this_run_made_nothing(store):
    resolved = SpanWindow(num_spans=2).resolve_artifacts(store, {"examples": [_put(store, 1)], "current": []})

    assert resolved is None


def test_compiles_with_its_configuration():
    splits = {"kind": "hash", "train": 2, "eval": 1}
    example_gen = ExampleGen(path="/data/span-{SPAN}/*.csv", format="csv", settings={"splits": splits})
    window = Resolver(
        strategy_class=SpanWindow,
        config={"num_spans": 3},
        examples=Channel(type=Examples, producer_component_id=example_gen.id),
        current=example_gen.outputs["examples"],
    ).with_id("SpanWindow")

    ir = compiler.Compiler().compile(Pipeline("p", "/root", components=[example_gen, window]))

    steps = ir.nodes[1].pipeline_node.inputs.resolver_config.resolver_steps
    graph = ir.nodes[1].pipeline_node.inputs.input_graphs
    assert "components.span_window.SpanWindow" in (str(steps) + str(graph))
