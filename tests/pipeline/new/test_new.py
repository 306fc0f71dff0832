"""`millrace new`: what it guesses from a file, and that what it writes is a config."""

import gzip
import re

import pytest

import pipeline.config as c
from components.errors import InputError
from pipeline.config.load import load
from pipeline.new import profile as profile_module
from pipeline.new.profile import profile
from pipeline.new.write import new

MIXED = "id,when,one,code,small,amount,colour,free,y\n" + "".join(
    f"{100 + i},2024-01-{i % 28 + 1:02d},same,{i % 7:03d},{i % 4},{i * 1.5},{['red', 'blue'][i % 2]},text {i},{i % 2}\n"
    for i in range(60)
)


def _csv(tmp_path, text, name="my-data.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def _new(tmp_path, text, **options):
    return load(new(_csv(tmp_path, text), out=str(tmp_path / "out.py"), **options))


def test_each_column_gets_the_record_that_fits_it(tmp_path):
    config = _new(tmp_path, MIXED)
    assert config.features == (
        c.Vocabulary(column="code"),
        c.Identity(column="small", size=4),
        c.ZScore(column="amount"),
        c.Vocabulary(column="colour"),
    )
    assert config.data.text_columns == ("code",)
    assert config.name == "my-data"


def test_what_is_left_out_is_said_with_the_reason(tmp_path):
    _new(tmp_path, MIXED)
    left_out = re.findall(r'# left out: "(\w+)" (.*)', (tmp_path / "out.py").read_text())
    assert left_out == [
        ("id", "is different in every row, a key."),
        ("when", "holds dates; make numbers of them (hour, weekday, age) to use them."),
        ("one", "has one value only."),
        ("free", "is different in every row, a key."),
    ]


@pytest.mark.parametrize(
    ("values", "head"),
    [
        (["0", "1"], c.Head(label="y")),
        (["1", "2"], c.Head(label="y", classes=("1", "2"))),
        (["yes", "no"], c.Head(label="y", classes=("no", "yes"))),
        (["a", "b", "c"], c.Head(label="y", task="multiclass", classes=("a", "b", "c"))),
        (["10", "9", "2"], c.Head(label="y", task="multiclass", classes=("2", "9", "10"))),
        (["0.0", "1.0"], c.Head(label="y")),
        (["0.5", "1.25", "7"], c.Head(label="y", task="regression")),
        ([str(n) for n in range(30)], c.Head(label="y", task="regression")),
    ],
)
def test_the_task_follows_from_the_label(tmp_path, values, head):
    rows = "".join(f"{i * 0.7},{values[i % len(values)]}\n" for i in range(60))
    assert _new(tmp_path, "x,y\n" + rows).heads == (head,)


def test_the_label_is_the_column_called_so_or_named_or_the_last(tmp_path):
    rows = "".join(f"{i % 2},{i * 0.5},{i % 3}\n" for i in range(30))
    assert _new(tmp_path, "target,a,b\n" + rows).heads[0].label == "target"
    assert load(new(_csv(tmp_path, "c,a,b\n" + rows), out=str(tmp_path / "last.py"))).heads[0].label == "b"
    named = new(_csv(tmp_path, "c,a,b\n" + rows), out=str(tmp_path / "named.py"), label="c")
    assert load(named).heads[0].label == "c"


def test_the_threshold_is_what_guessing_reaches(tmp_path):
    rows = "".join(f"{i * 0.5},{'abc'[i % 3] if i >= 15 else 'a'}\n" for i in range(30))
    (threshold,) = _new(tmp_path, "x,y\n" + rows).evaluator.thresholds
    assert (threshold.metric, threshold.lower) == ("accuracy", 0.66)


def test_the_threshold_of_a_number_is_its_deviation(tmp_path):
    rows = "".join(f"{i * 0.5},{i % 2 * 3 + 0.5}\n" for i in range(30))
    (threshold,) = _new(tmp_path, "x,y\n" + rows).evaluator.thresholds
    assert (threshold.metric, threshold.upper) == ("rmse", 1.5)


def test_delimiter_gzip_and_byte_order_mark(tmp_path):
    path = tmp_path / "semi.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write("\ufeffx;y\n".encode() + b"".join(f"{i}.5;{i % 2}\n".encode() for i in range(30)))
    config = load(new(str(path), out=str(tmp_path / "out.py")))
    assert (config.name, config.data.path, config.data.delimiter) == ("semi", "semi.csv.gz", ";")
    assert config.features == (c.ZScore(column="x"),)


def test_data_elsewhere_is_named_absolutely(tmp_path):
    (tmp_path / "configs").mkdir()
    out = new(_csv(tmp_path, MIXED), out=str(tmp_path / "configs" / "mine.py"))
    assert load(out).data.path == str(tmp_path / "my-data.csv")


def test_malformed_rows_become_the_budget(tmp_path):
    assert _new(tmp_path, "x,y\n" + "".join(f"{i}.5,{i % 2}\n" for i in range(30)) + "1,2,3\n").data.bad_rows == 1


def test_a_quoted_line_end_is_one_row(tmp_path):
    assert profile(_csv(tmp_path, 'x,y\n"a\nb",1\nc,0\n')).rows == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my-data.csv: the file is empty"),
        ("x,y\n", "my-data.csv: no rows after the header"),
        (
            'x,y\n"1,0\n2,1\n',
            "no rows after the header, but 1 with another number of cells than its 2; check the quotes",
        ),
        ("x,x\n1,2\n", "my-data.csv:1: the header names 'x' more than once"),
        ("x,,y\n1,2,3\n", "my-data.csv:1: column 2 of the header has no name"),
        ("x,y\n1.5,1\n2.5,1\n", "label 'y' has one class"),
        ("x,y\n1.5,1\n2.5,\n", "label 'y' is missing in 1 rows"),
        ("x,y\n" + "".join(f"{i}.5,name {i}\n" for i in range(30)), "column 'y' cannot be the label: text with 30"),
        ("x,y\n" + "".join(f"same,{i % 2}\n" for i in range(30)), "no column besides 'y' tells anything about it"),
    ],
)
def test_a_file_that_no_config_fits(tmp_path, text, message):
    with pytest.raises(InputError, match=re.escape(message)):
        _new(tmp_path, text)


def test_a_folder_and_a_gzip_file_that_is_cut_off_are_refused(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path}: .*is a directory"):
        new(str(tmp_path), out=str(tmp_path / "out.py"))
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(MIXED.encode())[:40])
    with pytest.raises(InputError, match="cut.csv.gz: Truncated compressed stream"):
        new(str(tmp_path / "cut.csv.gz"), out=str(tmp_path / "out.py"))


def test_the_more_values_a_text_has_the_less_room_each_gets(tmp_path):
    rows = "".join(f"few{i % 9},many{i % 100},more{i % 1500},{i % 2}\n" for i in range(3000))
    assert _new(tmp_path, "few,many,more,y\n" + rows).features == (
        c.Vocabulary(column="few"),
        c.Vocabulary(column="many", encoding=c.Embedding(size=8)),
        c.Hashed(column="more", buckets=1000, encoding=c.Embedding(size=8)),
    )


def test_of_a_large_file_the_first_rows_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(profile_module, "SAMPLE_BYTES", 100)
    assert _new(tmp_path, "x,y\n" + "".join(f"{i}.5,{i % 2}\n" for i in range(1000))).heads == (c.Head(label="y"),)
    assert "Written by `millrace new` from the first 15 rows;" in (tmp_path / "out.py").read_text()


def test_other_encodings_are_refused_with_the_line(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("x,y\n1,0\nMünchen,1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv:3: not UTF-8 \(byte 0xfc\)"):
        new(str(path), out=str(tmp_path / "out.py"))


def test_a_wrong_label_is_answered_with_close_ones(tmp_path):
    with pytest.raises(InputError, match=r"--label colr: no such column\. Did you mean colour"):
        _new(tmp_path, MIXED, label="colr")


def test_a_line_end_in_the_header(tmp_path):
    config = _new(tmp_path, '"size\nin m",y\n' + "".join(f"{i}.5,{i % 2}\n" for i in range(30)))
    assert config.features == (c.ZScore(column="size\nin m"),)


@pytest.mark.parametrize("delimiter", ["", "ab", "é", '"', "\n"])
def test_a_delimiter_is_one_plain_character(tmp_path, delimiter):
    with pytest.raises(InputError, match="--delimiter must be one ASCII character, but no quote or line end. Received"):
        _new(tmp_path, MIXED, delimiter=delimiter)


def test_the_config_needs_a_python_name_and_a_folder(tmp_path):
    data = _csv(tmp_path, MIXED)
    with pytest.raises(InputError, match=r"--out .*mine\.txt: a config is a Python file"):
        new(data, out=str(tmp_path / "mine.txt"))
    with pytest.raises(InputError, match="--out .*mine.py: there is no folder .*nowhere; make it first"):
        new(data, out=str(tmp_path / "nowhere" / "mine.py"))


def test_nothing_is_overwritten_without_force(tmp_path):
    (tmp_path / "out.py").write_text("mine\n")
    with pytest.raises(InputError, match=r"out\.py is there already; .* --force"):
        _new(tmp_path, MIXED)
    assert (tmp_path / "out.py").read_text() == "mine\n"
    assert _new(tmp_path, MIXED, force=True).name == "my-data"
