"""The console script `millrace`, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click

from components.errors import ExitCode, MillraceError

COMMANDS = {
    "run": "Run a pipeline: data in, a validated, evaluated, pushed model out.",
    "runs": "List the runs under a root, newest first.",
    "show": "Show a run: its nodes, why each ran or was cached, its artifacts.",
    "configs": "List the shipped configs.",
    "new": "Look at a CSV file and write a commented config for it.",
    "image": "Build the container image that a cluster runs steps in.",
    "images": "Turn folders of image files into TFRecord files.",
    "predict": "Send rows of files through a pushed model.",
    "stats": "Describe a data set: each column's values, missing ones, spread.",
    "schema": "Infer a schema, hold it against new data, and accept what the data needs.",
    "drift": "Compare two data sets or their statistics: what has drifted.",
    "compile": "Write a pipeline as YAML for Kubeflow Pipelines, each step on its node pool.",
    "rehearse": "Run on this machine what Kubeflow would run on a cluster.",
    "submit": "Run a pipeline on Kubeflow Pipelines, wait for it, schedule it.",
    "flink": "Bring up a Flink cluster on this machine for the Beam steps, look at it, take it down.",
    "rollback": "Serve the model version before the current one again.",
    "prune": "Remove old runs and their artifacts.",
    "doctor": "Check this machine: versions, Python, glibc, disk, memory, GPU.",
}
"""Each command is the function of its name in the module of its name in this package, imported when it is called."""
_UNLISTED = ("task",)
"""Commands that no person calls."""

_PLACE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}


class _Commands(click.Group):
    """A group that imports a command's module only to run it, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in (*COMMANDS, *_UNLISTED):
            raise click.UsageError(f"No command is called {name!r}. Commands: {', '.join(COMMANDS)}", ctx)
        command: click.Command = getattr(importlib.import_module(f"pipeline.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def millrace() -> None:
    """Millrace: from a table to a validated, evaluated, pushed model.

    `millrace COMMAND --help` tells about a command. Exit codes: 0 ok, 1 a gate said no, 2 bad input or usage,
    3 no baseline, 4 nothing comparable, 70 a crash, 130 interrupted.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; `args` defaults to the process' own."""
    # TensorFlow reads this when it is imported, here and in the children.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        # Not millrace.main(): click would end a closed pipe with 1, which is a gate's code here.
        with millrace.make_context("millrace", list(sys.argv[1:] if args is None else args)) as context:
            return int(millrace.invoke(context) or ExitCode.OK)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.INPUT
    except MillraceError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except OSError as error:
        if error.errno in _PLACE_ERRORS:
            return _fail(f"{error.filename or 'writing a file'}: {error.strerror}", ExitCode.INPUT)
        return _crash(error)
    except Exception as error:
        return _crash(error)


def _fail(message: str, code: ExitCode) -> int:
    print(f"millrace: {message}", file=sys.stderr)
    return code


def _crash(error: Exception) -> int:
    try:
        with tempfile.NamedTemporaryFile("w", prefix="millrace-crash-", suffix=".log", delete=False) as log:
            traceback.print_exception(error, file=log)
        place = log.name
    except OSError as unwritable:
        place = f"cannot be written: {unwritable}"
    summary = str(error).partition("\n")[0]
    return _fail(f"crashed: {type(error).__name__}: {summary} (traceback: {place})", ExitCode.CRASH)


if __name__ == "__main__":
    sys.exit(main())
