"""The entry point: quick, and every end of a command becomes a message and its exit code."""

import re
import resource
import subprocess
import sys
import tempfile

import click
import pytest

from components.errors import ExitCode, GateError, InputError
from pipeline.cli import configs, main

HEAVY = ("tfx", "tensorflow", "apache_beam", "pydantic", "rich", "google.cloud.aiplatform", "pandas", "pyarrow")


@pytest.fixture(autouse=True)
def _crash_logs_go_away(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def _python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command():
    answer = _python("-m", "pipeline.cli.main", "--help")
    assert answer.returncode == ExitCode.OK
    for command in main.COMMANDS:
        assert re.search(rf"^  {command} ", answer.stdout, re.MULTILINE)


def test_help_takes_less_than_half_a_second():
    """Of processor time, the best of three: other tests run beside this one."""

    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        _python("-m", "pipeline.cli.main", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from pipeline.cli.main import main; main(['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert _python("-c", code).stdout.endswith("[]\n")


@pytest.mark.parametrize("command", main.COMMANDS)
def test_help_of_a_command_imports_no_tensorflow(command):
    code = (
        f"import sys; from pipeline.cli.main import main; main([{command!r}, '--help']); "
        "print([m for m in ('tfx', 'tensorflow', 'apache_beam', 'google.cloud.aiplatform') if m in sys.modules])"
    )
    assert _python("-c", code).stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["rnu", "taxi"], "No command is called 'rnu'. Commands: run, runs, show"),
        (["run"], "Missing argument 'CONFIG'"),
        (["run", "taxi", "--epochs", "3"], "No such option"),
        (["run", "taxi", "--span", "three"], "'three' is not a valid integer"),
        (["run", "taxy"], "no config is called 'taxy'. Did you mean taxi?"),
        (
            ["run", "taxi", "--set", "trainer.epohcs=3"],
            "--set trainer.epohcs=3: Trainer.epohcs: unknown field",
        ),
        (["run", "taxi", "--set", "trainer.epochs=0"], "Trainer.epochs: Input should be greater than 0. Received: 0"),
        (["run", "nowhere.py"], "nowhere.py: no such config file"),
        (["rollback", "taxy"], "no config is called 'taxy'"),
        (["new", "nowhere.csv"], "nowhere.csv: no such file"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(args, message, capsys):
    assert main.main(args) == ExitCode.INPUT
    out, err = capsys.readouterr()
    assert message in err
    assert "Traceback" not in out + err


def test_a_broken_config_is_one_message_with_its_line(tmp_path, capsys):
    broken = tmp_path / "broken.py"
    broken.write_text("import pipeline.config as c\n\ndef get_config():\n    return c.Config(nmae='x')\n")
    assert main.main(["run", str(broken)]) == ExitCode.INPUT
    assert f"millrace: {broken}:4: Config.nmae: unknown field. Did you mean name?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("rows.csv:3: 2 cells, not 3"), ExitCode.INPUT, "millrace: rows.csv:3: 2 cells, not 3\n"),
        (GateError("auc 0.6 < 0.7"), ExitCode.GATE, "millrace: auc 0.6 < 0.7\n"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "millrace: interrupted\n"),
        (click.Abort(), ExitCode.INTERRUPTED, "millrace: interrupted\n"),
        (
            OSError(28, "No space left", "/there"),
            ExitCode.INPUT,
            "millrace: /there: No space left\n",
        ),
    ],
)
def test_an_error_ends_with_its_message_and_code(error, code, message, capsys, monkeypatch):
    monkeypatch.setattr(configs, "names", lambda: (_ for _ in ()).throw(error))
    assert main.main(["configs"]) == code
    assert capsys.readouterr().err == message


def test_a_crash_is_one_line_that_names_a_log_with_the_traceback(capsys, monkeypatch):
    monkeypatch.setattr(configs, "names", lambda: {}["missing"])
    assert main.main(["configs"]) == ExitCode.CRASH
    (line,) = capsys.readouterr().err.splitlines()
    log = re.fullmatch(r"millrace: crashed: KeyError: 'missing' \(traceback: (.*)\)", line)[1]
    with open(log) as file:
        assert "Traceback (most recent call last)" in file.read()


def test_an_error_of_the_system_that_is_no_ones_fault_is_a_crash(capsys, monkeypatch):
    monkeypatch.setattr(configs, "names", lambda: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    assert main.main(["configs"]) == ExitCode.CRASH
    assert "crashed: OSError: [Errno 5] Input/output error" in capsys.readouterr().err


def test_help_is_no_error(capsys):
    assert main.main(["--help"]) == ExitCode.OK
    assert main.main(["run", "-h"]) == ExitCode.OK
    assert "--no-wait" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m pipeline.cli.main configs | true; echo ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (answer.stdout, answer.stderr) == ("0\n", "")


def test_output_that_is_no_terminal_is_plain_and_whole(monkeypatch, capsys):
    monkeypatch.setattr(configs, "names", lambda: {"a": "word " * 60})
    main.main(["configs"])
    out = capsys.readouterr().out
    assert "word " * 59 + "word" in out
    assert "\x1b" not in out
