"""What belongs to a node's digest, beside its executor."""

import pathlib

import pipeline.config as c
from pipeline import dependencies
from pipeline.config.load import load
from pipeline.digests import Sources

CONFIG = load("taxi")


def sources(node: str) -> set[str]:
    found = Sources(CONFIG.project)
    return {file for reference in dependencies.user_code(CONFIG)[node] for file in found.of_reference(reference)}


def test_the_evaluator_depends_on_our_own_metrics() -> None:
    assert {"components/metrics/binary.py", "components/metrics/jackknife.py"} <= sources("Evaluator")


def test_transform_and_trainer_depend_on_what_they_run() -> None:
    assert {"pipeline/ml/preprocessing.py", "pipeline/configs/taxi.py:big_tipper"} <= sources("Transform")
    assert {"pipeline/ml/training.py", "pipeline/ml/models.py"} <= sources("Trainer")
    assert "pipeline/ml/training.py" not in sources("Transform")


def test_neither_depends_on_the_rest_of_the_config() -> None:
    for node in ("Transform", "Trainer"):
        assert "pipeline/config/features.py" in sources(node)
        assert not {"pipeline/config/config.py", "pipeline/config/evaluator.py"} & sources(node)


def test_the_report_depends_on_its_templates() -> None:
    names = {pathlib.Path(path).name for path in dependencies.data_files(CONFIG)["EvaluationReport"]}
    templates = {"evaluation.html.j2", "pictures.html.j2", "base.html.j2", "charts.html.j2", "distributions.html.j2"}
    assert names == {*templates, "style.css", "table.js"}


def test_the_curated_schema_counts_and_a_missing_one_does_not() -> None:
    assert dependencies.data_files(CONFIG)["SchemaGen"] == (f"{CONFIG.project}/schemas/taxi.pbtxt",)
    inferred = CONFIG.model_copy(update={"schema_": CONFIG.schema_.model_copy(update={"path": None})})
    assert dependencies.data_files(inferred)["SchemaGen"] == ()


def test_the_tuner_and_the_trainer_depend_on_all_code_and_files_that_may_be_chosen() -> None:
    tuner = c.Tuner(
        space={
            "trainer.optimizer": c.Choice("adam", "own.py:slow", "own.py:fast"),
            "model": c.Choice(c.Model(), c.Backbone(weights="one.h5", sha256="0" * 64)),
        }
    )
    config = CONFIG.model_copy(update={"tuner": tuner})
    code, files = dependencies.user_code(config), dependencies.data_files(config)
    for node in ("Tuner", "Trainer"):
        assert {"own.py:slow", "own.py:fast"} <= set(code[node])
        assert files[node] == (f"{CONFIG.project}/one.h5",)
    assert dependencies.TUNER_FN in code["Tuner"]


def test_without_a_search_there_is_no_tuner() -> None:
    assert "Tuner" not in {**dependencies.user_code(CONFIG), **dependencies.data_files(CONFIG)}
    assert not any("tun" in file for node in ("Transform", "Trainer") for file in sources(node))
