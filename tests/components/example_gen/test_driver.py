"""Which span, version and files are chosen: as TFX's own driver does."""

import itertools
import os
import pathlib
import random

import pytest
from tfx.components.example_gen import driver as tfx_driver
from tfx.orchestration import data_types

from components.errors import ConfigError, InputError
from components.example_gen import driver, patterns, span_files
from components.example_gen.component import ExampleGen
from tests.components.example_gen import ingestion

NOWHERE = data_types.PipelineInfo("", "")
PATTERNS = {
    "span-{SPAN}/*.csv": "span-{span}/{part}.csv",
    "s{SPAN:3}-v{VERSION}/*.csv": "s{span:03}-v{version}/{part}.csv",
    "{SPAN}/{VERSION:2}/data.csv": "{span}/{version:02}/data.csv",
    "{YYYY}/{MM}/{DD}/*.csv": "20{span:02}/01/{version:02}/{part}.csv",
    "day-{DATE}.csv": "day-20{span:02}-02-{version:02}.csv",
    "d{YYYY}{MM}{DD}-{VERSION}.csv": "d20{span:02}0215-{version}.csv",
    "*/rows-?.csv": "f{span}/rows-{version}.csv",
}


def properties(path: str, span: int | None = None) -> dict:
    return dict(ExampleGen(path=path, format="csv", settings=ingestion.settings(), span=span).exec_properties)


def of_tfx(told: dict) -> dict:
    return tfx_driver.FileBasedDriver(None).resolve_exec_properties(
        dict(told), NOWHERE, data_types.ComponentInfo("", "", NOWHERE)
    )


def fill(folder: pathlib.Path, name: str, seed: int) -> list[int]:
    """Some files of `name` with spans, versions and parts of chance; the spans."""
    chance = random.Random(seed)
    spans = chance.sample(range(1, 25), 3)
    for span, part in itertools.product(spans, "ab"):
        for version in chance.sample(range(1, 10), 2):
            file = folder / name.format(span=span, version=version, part=part)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x" * chance.randrange(9))
            os.utime(file, (0, chance.randrange(10**9)))
    return spans


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_found_is_what_tfx_finds(tmp_path, pattern, seed):
    fill(tmp_path, PATTERNS[pattern], seed)
    path = patterns.to_tfx(f"{tmp_path}/{pattern}")
    told = properties(path)

    assert ours(told) == of_tfx(told)
    for span in span_files.spans(path):
        told = properties(path, span)
        assert ours(told) == of_tfx(told)


def ours(told: dict) -> dict:
    """Without what TFX does not have."""
    return {name: value for name, value in driver.resolved(told).items() if name != driver.FILES}


def test_what_tfx_does_not_see_of_the_files_is_seen(tmp_path):
    for split in ("train", "eval"):
        (tmp_path / split).mkdir()
    (tmp_path / "train" / "a.csv").write_text("x\n1\n")
    (tmp_path / "train" / "b.csv").write_text("x\n2\n")

    def found() -> tuple[str, str]:
        told = driver.resolved(properties(f"{tmp_path}/*/*.csv"))
        return told[driver.FINGERPRINT], told[driver.FILES]

    before = found()
    assert found() == before
    (tmp_path / "train" / "b.csv").rename(tmp_path / "eval" / "b.csv")
    moved = found()
    assert (moved[0] == before[0], moved[1] == before[1]) == (True, False)
    file = tmp_path / "eval" / "b.csv"
    second = os.stat(file).st_mtime_ns // 10**9 * 10**9
    os.utime(file, ns=(second, second))
    earlier = found()
    os.utime(file, ns=(second, second + 1))
    assert (found()[0] == earlier[0], found()[1] == earlier[1]) == (True, False)


def test_a_span_is_found_however_many_zeros_stand_before_it(tmp_path):
    (tmp_path / "span-07.csv").write_text("a\n1\n")

    told = driver.resolved(properties(f"{tmp_path}/span-{{SPAN}}.csv", 7))

    assert (told["span"], driver.input_pattern(told)) == (7, f"{tmp_path}/span-07.csv")


def test_files_that_are_no_span_are_left_out(tmp_path):
    for name in ("span-1.csv", "span-old.csv", "span-.csv"):
        (tmp_path / name).touch()
    assert driver.resolved(properties(f"{tmp_path}/span-{{SPAN}}.csv"))["span"] == 1


def test_a_span_that_is_not_there_is_told_with_those_that_are(tmp_path):
    (tmp_path / "span-1.csv").touch()
    with pytest.raises(InputError, match="no file matches .*The spans that exist: 1"):
        driver.resolved(properties(f"{tmp_path}/span-{{SPAN}}.csv", 2))


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("{SPAN}-{DATE}.csv", "not by both"),
        ("{SPAN}/{SPAN}.csv", "may stand there once"),
        ("{SPAN}/{VERSION}/{VERSION}.csv", "may stand there once"),
        ("{YYYY}-{MM}.csv", "each of"),
        ("{YYYY}{MM}{DD}{DD}.csv", "each of"),
        ("v{VERSION}.csv", "needs a {SPAN}"),
        ("{SPAN:x}.csv", "{SPAN:x} is no placeholder"),
        ("{SPAN:0}.csv", "{SPAN:0} is no placeholder"),
    ],
)
def test_placeholders_that_contradict_each_other_are_refused(pattern, told):
    with pytest.raises(ConfigError, match=told):
        patterns.has_span(pattern)
