"""`millrace schema` on the statistics of a run, and on data that no run has seen."""

from __future__ import annotations

import pathlib
import re

import pytest

from components.errors import ExitCode
from pipeline.cli.main import main
from tests.pipeline.cli.shell import millrace

SPLITS = "train=2000, eval=1000, test=1"
"""By which the split test has no rows."""
CONFIG = f"""
import pipeline.config as c

def get_config():
    return c.Config(
        name="shop",
        data=c.Data(path="day-{{SPAN}}.csv", splits=c.HashSplits({SPLITS})),
        schema=c.Schema(path=None),
        heads=(c.Head(label="sold"),),
        features=(c.ZScore(column="price"), c.Vocabulary(column="colour")),
    )
"""
CURATED = """\
# The shop's goods.
feature {
  name: "price"
  type: INT
  # Euros.
  int_domain { min: 0 max: 40 }
}
feature { name: "colour" type: BYTES domain: "colour" }  # of the paint
feature { name: "sold" type: INT }
string_domain {
  name: "colour"
  value: "b"  # blue
  value: "r"
}
"""


def rows(colours: str, highest: int) -> str:
    """A table of 300 rows: colours by turns, prices below `highest`."""
    lines = [f"{number % highest},{colours[number % len(colours)]},{number % 2}" for number in range(300)]
    return "\n".join(["price,colour,sold", *lines]) + "\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder with a config, the data of a day, and a run that has counted it; the split test has no rows."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(CONFIG)
    (folder / "day-1.csv").write_text(rows("rgb", 50))
    assert millrace("run", folder / "shop.py", "--to", "StatisticsGen").code == ExitCode.OK
    return folder


class Schema:
    """`millrace schema COMMAND shop.py`, and the schema's file."""

    def __init__(self, folder: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
        self._config, self._capfd = folder / "shop.py", capfd
        self.path = folder / "schemas/shop.pbtxt"

    def __call__(self, command: str, *arguments: object) -> tuple[int, str]:
        """The exit code, and all that was said."""
        code = main(["schema", command, str(self._config), *map(str, arguments)])
        said = self._capfd.readouterr()
        return code, said.out + said.err

    def write(self, text: str) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(text)


@pytest.fixture
def schema(project: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> Schema:
    """Without a schema there."""
    found = Schema(project, capfd)
    found.path.unlink(missing_ok=True)
    return found


def test_what_is_inferred_admits_the_data(schema: Schema) -> None:
    code, said = schema("infer")
    assert (code, said.splitlines()) == (
        ExitCode.OK,
        [
            f"wrote {schema.path}: 3 features of span 1, as a run has counted it",
            "not in serving: sold",
            'put this into the config: schema=c.Schema(path="schemas/shop.pbtxt"),',
        ],
    )
    assert schema("diff") == (
        ExitCode.OK,
        f"{schema.path} admits span 1, as a run has counted it\n",
    )
    code, said = schema("infer")
    assert code == ExitCode.INPUT
    assert f"{schema.path} is there already: `millrace schema diff`" in said


def test_a_difference_is_told_and_accepted_once(schema: Schema) -> None:
    schema.write(CURATED)
    code, said = schema("diff")
    assert code == ExitCode.GATE
    assert re.search(
        r"^price\n  ((train: |eval: )?Unexpectedly large value: \d+\. ?)+\n  -> int_domain.max: 40 -> 49$",
        said,
        re.MULTILINE,
    )
    assert "  -> 1 new value: 'g'\n" in said
    assert said.endswith(
        f"2 features differ from {schema.path} in span 1, as a run has counted it: "
        "`millrace schema accept` changes price colour\n"
    )
    assert schema.path.read_text() == CURATED
    code, said = schema("accept")
    assert code == ExitCode.OK
    assert [line for line in said.splitlines() if re.match("[-+] ", line)] == [
        "-  int_domain { min: 0 max: 40 }",
        "+  int_domain { min: 0 max: 49 }",
        '+  value: "g"',
    ]
    accepted = CURATED.replace("max: 40", "max: 49").replace("# blue\n", '# blue\n  value: "g"\n')
    assert schema.path.read_text() == accepted
    assert schema("accept") == (ExitCode.OK, f"{schema.path}: nothing to change\n")
    assert schema.path.read_text() == accepted
    assert schema("diff")[0] == ExitCode.OK


def test_one_feature_is_accepted_alone(schema: Schema) -> None:
    schema.write(CURATED)
    assert schema("accept", "colour")[0] == ExitCode.OK
    assert schema.path.read_text() == CURATED.replace("# blue\n", '# blue\n  value: "g"\n')
    assert "nothing to change" in schema("accept", "colour")[1]
    assert schema("diff")[1].endswith("changes price\n")
    code, said = schema("accept", "prise")
    assert code == ExitCode.INPUT
    assert "no feature 'prise' there or in the data. Did you mean price?" in said


@pytest.mark.parametrize(
    ("command", "text", "message"),
    [
        ("diff", None, r"shop\.pbtxt: no such file, .*`millrace schema infer` writes one"),
        ("accept", 'feature {\n  name: "price"\n  tipe: INT\n}', r'shop\.pbtxt: .*3:3 : .*no field named "tipe"'),
        ("diff", 'feature { name: "fare" }', r"shop\.pbtxt: the schema is for other data: it knows fare, and none"),
    ],
    ids=["none", "broken", "other data"],
)
def test_bad_input_is_named(schema: Schema, command: str, text: str | None, message: str) -> None:
    if text is not None:
        schema.write(text)
    code, said = schema(command)
    assert code == ExitCode.INPUT
    assert re.search(message, said), said
    assert "Traceback" not in said


def test_data_that_no_run_has_seen_is_counted(
    tmp_path: pathlib.Path, project: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The root has a run of the same config on other rows."""
    schema = Schema(tmp_path, capfd)
    (tmp_path / "shop.py").write_text(CONFIG)
    assert "nothing to read" in schema("infer")[1]
    (tmp_path / "day-1.csv").write_text(rows("rgb", 50).replace("price", "cost"))
    code, said = schema("infer", "--root", project / "runs", "--out", tmp_path / "own.pbtxt")
    assert (code, said.splitlines()[0]) == (ExitCode.OK, f"wrote {tmp_path}/own.pbtxt: 3 features of span 1")
    assert 'name: "cost"' in (tmp_path / "own.pbtxt").read_text()


def test_data_without_a_row_to_train_on_is_bad_input(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    schema = Schema(tmp_path, capfd)
    late = 'c.TimeSplits(column="sold", eval_from="2001-01-01", test_from=None)'
    (tmp_path / "shop.py").write_text(CONFIG.replace(f"c.HashSplits({SPLITS})", late))
    (tmp_path / "day-1.csv").write_text("price,colour,sold\n1,r,2024-01-01\n2,g,2024-01-02\n")
    code, said = schema("infer")
    assert code == ExitCode.INPUT
    assert "span 1 has no rows in the split 'train', which a schema is about: all are in eval" in said


def test_another_span_is_looked_at_where_it_is_named(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    schema = Schema(tmp_path, capfd)
    (tmp_path / "shop.py").write_text(CONFIG)
    for day, highest in ((1, 40), (2, 50)):
        (tmp_path / f"day-{day}.csv").write_text(rows("rb", highest))
    schema.write(CURATED)
    assert schema("diff", "--span", 1) == (ExitCode.OK, f"{schema.path} admits span 1\n")
    assert "int_domain.max: 40 -> 49" in schema("diff")[1]
    assert schema("accept", "--span", 1)[1] == f"{schema.path}: nothing to change\n"
