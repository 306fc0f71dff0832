"""What client and workers compare."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

from pipeline.flink import workers

CHECKOUT = pathlib.Path(workers.__file__).parents[2]


CODE = (
    "pipeline/prediction/steps.py",
    "pipeline/references.py",
    "components/saved_model.py",
    "components/near_duplicates/duplicates.html.j2",
)


@pytest.mark.parametrize("file", CODE)
def test_other_code_is_seen_wherever_workers_run_it(tmp_path: pathlib.Path, file: str) -> None:
    for package in ("pipeline", "components"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    before = code_of(tmp_path)
    with (tmp_path / file).open("a") as code:
        code.write("# edited\n")
    assert before == workers.versions()["code of millrace"]
    assert code_of(tmp_path) != before


def code_of(checkout: pathlib.Path) -> str:
    """What workers there say of their code."""
    told = "from pipeline.flink import workers; print(workers.versions()['code of millrace'])"
    done = subprocess.run([sys.executable, "-c", told], cwd=checkout, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_pool_says_what_it_has(pool: str) -> None:
    answer = workers.ask(pool)
    assert answer.versions == workers.versions()
    assert answer.versions["apache-beam"] == "2.61.0"
    assert answer.process == os.getpid()


@pytest.mark.parametrize("length", [7, workers._BEGINNING + 7])
def test_a_file_that_was_edited_to_the_same_length_is_another(pool: str, tmp_path: pathlib.Path, length: int) -> None:
    words = tmp_path / "words.txt"
    words.write_bytes(b"a" * length)
    marks = {str(words): workers.mark(str(words))}
    assert workers.ask(pool, marks).lacking == []
    words.write_bytes(b"b" * length)
    assert workers.ask(pool, marks).lacking == [str(words)]
    words.unlink()
    assert workers.ask(pool, marks).lacking == [str(words)]


def test_a_folder_that_is_empty_there_is_another(pool: str, tmp_path: pathlib.Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    empty = {str(data): workers.mark(str(data))}
    (data / "span-1.csv").touch()
    (data / ".span-0.csv.part").touch()
    marks = {str(data): workers.mark(str(data))}
    (data / ".span-0.csv.part").rename(data / "span-2.csv")
    assert workers.ask(pool, {**empty, **marks}).lacking == []
    (data / "span-1.csv").unlink()
    assert workers.ask(pool, marks).lacking == [str(data)]
    assert workers.ask(pool, empty).lacking == []


def test_a_folder_that_can_only_be_read_there_is_not_shared(
    pool: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = tmp_path / ".probe"
    probe.touch()
    marks = {str(probe): {**workers.mark(str(probe)), "beside": "writable"}}
    assert workers.ask(pool, marks).lacking == []
    # To the superuser, who tests may run as, no folder is read-only.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (str(tmp_path), os.W_OK))
    assert workers.ask(pool, marks).lacking == [str(probe)]


def test_where_nobody_answers_that_is_said() -> None:
    with pytest.raises(ConnectionError, match="unavailable"):
        workers.ask("localhost:9")


def test_beams_own_pool_is_told_from_ours() -> None:
    address, server = BeamFnExternalWorkerPoolServicer.start()
    with pytest.raises(ConnectionError, match="unimplemented"):
        workers.ask(address)
    server.stop(0)
