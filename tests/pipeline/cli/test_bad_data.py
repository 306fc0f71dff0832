"""Bad data at the command line: exit code 2 and a message that names the place, no traceback, nothing pushed."""

import gzip
import json
import re
import textwrap
from typing import NamedTuple

import pytest

from pipeline import runs
from tests.pipeline.cli.shell import millrace

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="bad",
            data=c.Data(path="rows.csv"),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"),),
        )
"""
GZIP = gzip.compress(b"x,y\n" + b"".join(b"%d.5,%d\n" % (row * row, row % 2) for row in range(999)))
RECORD = bytes.fromhex("11000000000000009d6db52e0a0f0a0d0a0178120812060a040000c03fe3f3b397")
"""A tf.Example with x = 1.5, in its frame of a TFRecord file."""
BAD_ROWS = b"x,y\n1.5,0\n2.5\n3.5,1\n4,5,6\n"
VARIANTS = "data.path=rows-*.csv"
ODD = ("data.bad_rows=1", "data.splits.test=0")
CURATED = (*ODD, "schema.path=schema.pbtxt")
RECORDS = ("data.path=rows.tfrecord", "data.format=tfrecord")


class Case(NamedTuple):
    """Files, and a run on them that has to end in ExampleGen with a message that holds all of `told`."""

    files: dict[str, bytes]
    told: tuple[str, ...]
    settings: tuple[str, ...] = ()


CASES = {
    "malformed": Case(
        {"rows.csv": b"x,y\n1.5,0\n2.5\n3.5,1\n"}, ("rows.csv, line 3: expected 2 cells", "but the row has 1 cell")
    ),
    "over the budget": Case(
        {"rows.csv": BAD_ROWS},
        ("2 of 4 rows cannot be used, and data.bad_rows allows 1", "rows.csv, line 3: ", "rows.csv, line 5: "),
        ("data.bad_rows=1",),
    ),
    "twins": Case({"rows.csv": b"x,x,y\n1,2,0\n"}, ("columns 1 and 2 are both named 'x'",)),
    "ragged": Case(
        {"rows-1.csv": b"x,y\n1,0\n", "rows-2.csv": b"x,z\n2,1\n"},
        ("rows-2.csv: the header differs from that of ", "rows-1.csv: it lacks y and it adds z"),
        (VARIANTS,),
    ),
    "empty": Case({"rows.csv": b""}, ("the file is empty",)),
    "header": Case({"rows.csv": b"x,y\n"}, ("there is a header at most, but no row",)),
    "latin": Case({"rows.csv": b"x,y\nM\xfcnchen,0\n"}, ("rows.csv, line 2: expected UTF-8",)),
    "nothing": Case({}, ("nothing to read", "bad.py")),
    "no span": Case(
        {"span-1/rows.csv": b"x,y\n1,0\n", "span-2/rows.csv": b"x,y\n1,0\n"},
        ("nothing to read", "The spans that exist: 1, 2"),
        ("data.path=span-{SPAN}/rows.csv", "data.span=7"),
    ),
    "cut gzip": Case(
        {"rows.csv.gz": GZIP[:-20]},
        ("rows.csv.gz: the gzip stream is corrupt or cut off near byte ",),
        ("data.path=rows.csv.gz",),
    ),
    "cut records": Case(
        {"rows.tfrecord": 3 * RECORD + RECORD[:-5]},
        (f"rows.tfrecord, byte {3 * len(RECORD)}: the record has ", "cut off"),
        RECORDS,
    ),
    "changed records": Case(
        {"rows.tfrecord": RECORD + RECORD.replace(b"x", b"X")},
        (f"rows.tfrecord, byte {len(RECORD)}: the checksum of the record is wrong",),
        RECORDS,
    ),
}


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """Makes a user's folder: the config, and these files."""

    def make(files):
        folder = tmp_path_factory.mktemp("user")
        (folder / "bad.py").write_text(textwrap.dedent(CONFIG))
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    return make


def run(folder, *settings, last=None):
    """A run, and its record; no traceback and no escape sequence is ever shown."""
    flags = [part for each in settings for part in ("--set", each)] + (["--to", last] if last else [])
    answer = millrace("run", folder / "bad.py", *flags)
    assert "Traceback" not in answer.out + answer.err
    assert "\x1b" not in answer.out + answer.err
    return answer, runs.list_runs(str(folder / "runs"))[-1]


def report(record):
    """What ExampleGen noticed."""
    with open(f"{record.node('ExampleGen').artifacts['quarantine'][0]}/report.json") as file:
        return json.load(file)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_unusable_files_end_the_run_with_2_and_are_named(user, case):
    folder = user(case.files)
    answer, record = run(folder, *case.settings)
    assert answer.code == 2
    assert answer.err.startswith("millrace: ExampleGen: ")
    for text in (str(folder), *case.told):
        assert text in answer.err
    assert (record.state, record.node("StatisticsGen").state) == ("failed", "skipped")
    assert not (folder / "runs/serving").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("features=(), haeds=()", "unknown field. Did you mean heads? Valid fields: name, data, heads"),
        ("data=c.Data(pth='rows.csv')", "Data.pth: unknown field. Did you mean path?"),
        ("data=c.Data(path='rows.csv', window='two')", "Data.window: Input should be a valid integer"),
        ("data=c.Data(path='rows.csv'), heads='y'", "Config.heads: Input should be a valid tuple. Received: 'y'"),
    ],
)
def test_a_wrong_config_is_named_with_its_line(tmp_path, line, told):
    config = tmp_path / "bad.py"
    config.write_text(f"import pipeline.config as c\n\ndef get_config():\n    return c.Config(name='bad', {line})\n")
    answer = millrace("run", config)
    assert answer.code == 2
    assert answer.err.startswith(f"millrace: {config}:4: ")
    assert told in answer.err
    assert not (tmp_path / "runs").exists()


@pytest.fixture(scope="module")
def odd(user):
    """A folder with data that is odd but usable: a byte order mark, a bad row, text in a column of numbers."""
    rows = [f"{row}.5,{row % 2},{row % 7},1" for row in range(60)]
    rows[20] += ",one cell too many"
    rows[40] = "40.5,0,n/a,1"
    schema = "".join(
        f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1.0 min_count: 1 }} }}\n'
        for name, kind in {"x": "FLOAT", "y": "INT", "code": "INT", "same": "INT", "shape": "BYTES"}.items()
    )
    data = "\n".join(["x,y,code,same", *rows]).encode()
    return user({"rows.csv": b"\xef\xbb\xbf" + data, "schema.pbtxt": schema.encode()})


def test_anomalies_end_the_run_with_1_and_a_table(odd):
    answer, record = run(odd, *CURATED)
    assert answer.code == 1
    assert answer.err.startswith("millrace: AnomalyGate: the data differs from its schema:\n  feature ")
    assert re.search(r"^  code +train,eval +Unexpected data type ", answer.err, re.MULTILINE)
    assert re.search(r"^  shape +train,eval +Column dropped ", answer.err, re.MULTILINE)
    assert 'schema.on_anomalies="warn"' in answer.err
    assert record.node("Trainer").state == "skipped"


def test_what_is_odd_but_usable_is_told_and_the_run_goes_on(odd):
    answer, record = run(odd, *CURATED, "schema.on_anomalies=warn", last="AnomalyGate")
    quarantine, file = record.node("ExampleGen").artifacts["quarantine"][0], odd / "rows.csv"
    assert (answer.code, answer.err) == (0, "")
    shown = {" ".join(line.split()) for line in answer.out.splitlines()}
    assert shown >= {
        f"warning 1 of 60 rows cannot be used and are in quarantine: {quarantine}",
        f"warning column 'code' became text, though 58 of its 59 values are numbers: {file}, line 42 holds 'n/a'",
        "warning the data differs from its schema: shape: Column is completely missing",
    }
    assert report(record)["columns"] == {"x": "float", "y": "int", "code": "bytes", "same": "int"}


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("why", r"Transform: heads: label of 'why': the data has no column 'why'\. Columns: code, same, x, y"),
        ("same", r"Trainer: label column 'same' .*: (\d+) of \1 rows of the train split have the same label, '1'"),
    ],
)
def test_a_label_that_is_not_there_or_never_varies_is_named(odd, label, told):
    answer, record = run(odd, *ODD, f"heads.0.label={label}")
    assert answer.code == 2
    assert re.match(f"millrace: {told}", answer.err)
    assert record.node("Pusher").state == "skipped"
    assert not (odd / "runs/serving").exists()
