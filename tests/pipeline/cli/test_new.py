"""`millrace new`, `configs` and `doctor`: what they print, and their exit codes."""

import pytest

from components.errors import ExitCode
from pipeline.cli import doctor
from pipeline.cli.main import main
from pipeline.config.load import load
from pipeline.doctor import Finding

ROWS = "kind;size\n" + "".join(f"{'ab'[i % 2]};{i}.5\n" for i in range(30))


@pytest.fixture
def data(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-rows.csv").write_text(ROWS)
    return "my-rows.csv"


def test_new_names_the_config_and_the_next_command(data, tmp_path, capsys):
    assert main(["new", data]) == ExitCode.OK
    assert capsys.readouterr().out == "wrote my_rows.py; read it, then: millrace run my_rows.py\n"
    assert load("./my_rows.py").heads[0].label == "size"


def test_new_heeds_its_flags(data, tmp_path, capsys):
    (tmp_path / "mine.py").write_text("")
    args = ["new", data, "--label", "kind", "--delimiter", ";", "--out", "mine.py"]
    assert main(args) == ExitCode.INPUT
    assert "mine.py is there already" in capsys.readouterr().err
    assert main([*args, "--force"]) == ExitCode.OK
    config = load("./mine.py")
    assert (config.heads[0].label, config.data.delimiter) == ("kind", ";")


def test_configs_lists_the_shipped_ones(capsys):
    assert main(["configs"]) == ExitCode.OK
    assert "taxi" in capsys.readouterr().out


def test_doctor_looks_at_this_machine(capsys):
    code = main(["doctor"])
    out = capsys.readouterr().out
    assert "CPython 3.10" in out
    assert code == (ExitCode.INPUT if "\nfail" in out else ExitCode.OK)


@pytest.mark.parametrize(("status", "code"), [("fail", ExitCode.INPUT), ("warn", ExitCode.OK), ("ok", ExitCode.OK)])
def test_doctor_ends_with_2_where_something_must_be_changed(status, code, monkeypatch, capsys):
    findings = [Finding("glibc", "ok", "2.36"), Finding("disk", status, "1 GiB free", "make room")]
    monkeypatch.setattr(doctor, "check", lambda: findings)
    assert main(["doctor"]) == code
    assert "1 GiB free  make room" in capsys.readouterr().out
