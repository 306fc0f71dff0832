"""ExampleGen as a node: driver, executor and both outputs, launched from the IR."""

import pathlib

import pytest
from ml_metadata import MetadataStore
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples

from components.errors import ConfigError, InputError
from components.example_gen import patterns, span_files
from components.example_gen.component import ExampleGen
from components.span_window import SpanWindow
from tests.components.example_gen import ingestion


@pytest.fixture
def spans(tmp_path) -> pathlib.Path:
    """Three spans of two files each."""
    for span in (1, 2, 3):
        for part in ("a", "b"):
            file = tmp_path / f"span-{span}" / f"{part}.csv"
            file.parent.mkdir(exist_ok=True)
            file.write_text("n,text\n" + "".join(f"{span}{row},{part}\n" for row in range(20)))
    return tmp_path


def _node(spans: pathlib.Path, **changes) -> ExampleGen:
    arguments = {"path": f"{spans}/span-{{SPAN}}/*.csv", "format": "csv", "settings": ingestion.settings(), **changes}
    return ExampleGen(**arguments)


def _run(spans: pathlib.Path, *nodes) -> MetadataStore:
    connection = metadata.sqlite_metadata_connection_config(str(spans / "metadata.sqlite"))
    LocalDagRunner().run(
        Pipeline("p", str(spans / "root"), components=list(nodes), metadata_connection_config=connection)
    )
    return MetadataStore(connection)


def test_a_node_leaves_examples_and_quarantine_and_a_window_finds_them(spans):
    _run(spans, _node(spans, span=1))
    example_gen = _node(spans, span=2)
    window = Resolver(
        strategy_class=SpanWindow,
        config={"num_spans": 2},
        examples=Channel(type=Examples, producer_component_id=example_gen.id),
        current=example_gen.outputs["examples"],
    ).with_id("SpanWindow")
    store = _run(spans, example_gen, window)

    first, second = store.get_artifacts_by_type("Examples")
    assert [artifact.custom_properties["span"].int_value for artifact in (first, second)] == [1, 2]
    assert second.properties["split_names"].string_value == '["train", "eval", "test"]'
    assert second.custom_properties["input_fingerprint"].string_value.startswith("split:single_split,num_files:2")
    records = ingestion.records_in(pathlib.Path(second.uri).glob("Split-*/*"))
    assert sum(records.values()) == 40
    [_, quarantine] = store.get_artifacts_by_type("Quarantine")
    assert quarantine.properties["span"].int_value == 2
    assert (pathlib.Path(quarantine.uri) / "report.json").exists()
    assert sorted(folder.name for folder in pathlib.Path(second.uri).iterdir()) == [
        "Split-eval",
        "Split-test",
        "Split-train",
    ]
    [resolved] = store.get_executions_by_type("tfx.dsl.components.common.resolver.Resolver")
    ids = {event.artifact_id for event in store.get_events_by_execution_ids([resolved.id])}
    assert ids == {first.id, second.id}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"span": 7}, "The spans that exist: 1, 2, 3"),
        ({"path": "span-{SPAN}/*.tsv"}, "There is: .*span-1"),
        ({"path": "nothing/*.csv"}, "no file matches .*nothing/.*There is: .*span-1"),
    ],
)
def test_no_file_is_an_input_error_that_tells_what_there_is(spans, changes, told):
    if "path" in changes:
        changes = {"path": f"{spans}/{changes['path']}"}
    with pytest.raises(InputError, match=told):
        _run(spans, _node(spans, **changes))


def test_a_span_needs_a_place_in_the_path(spans):
    with pytest.raises(ConfigError, match=r"data\.span is 2, but data\.path has no"):
        _node(spans, path=f"{spans}/span-1/*.csv", span=2)


def test_spans_and_dates_are_found_in_paths(spans):
    (spans / "day-2024-02-29").mkdir()
    (spans / "day-2024-02-29" / "v3.csv").write_text("a\n1\n")

    assert span_files.spans(f"{spans}/span-{{SPAN}}/*.csv") == [1, 2, 3]
    assert span_files.spans(f"{spans}/day-{{DATE}}/v{{VERSION}}.csv") == [19782]
    assert span_files.spans(f"{spans}/span-1/*.csv") == []
    assert patterns.divide(f"{spans}/day-{{DATE}}/v{{VERSION}}.csv") == (
        str(spans),
        "day-{YYYY}-{MM}-{DD}/v{VERSION}.csv",
    )
