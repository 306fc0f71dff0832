"""What is fetched is checked. That it can be fetched: tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import hashlib
import os
import pathlib
import threading
import zipfile

import pytest

from components.errors import InputError
from pipeline.flink import packages


def test_what_is_there_is_taken(tmp_path: pathlib.Path) -> None:
    here = tmp_path / f"flink-{packages.FLINK}-beam-{packages.BEAM}"
    here.mkdir()
    told: list[str] = []
    found = packages.fetched(told.append, tmp_path)
    assert (found.lib, found.server) == (here / "lib", here / "beam-flink-job-server.jar")
    assert not told


def test_another_file_than_the_one_that_was_meant_is_refused(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "flink.tar.gz"
    file.write_bytes(b"a" * 3_000_000)
    packages.check(file, hashlib.sha256(file.read_bytes()).hexdigest())
    with pytest.raises(InputError, match=r"flink.tar.gz: its SHA-256 is \w{64}, expected 0{64}"):
        packages.check(file, "0" * 64)


def jar(path: pathlib.Path, year: int, how: int, **contents: str) -> pathlib.Path:
    """One that was made in that year, and compressed so."""
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, text in {"META-INF/MANIFEST.MF": f"Built: {year}", **contents}.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), text, how)
    return path


def test_jars_are_compared_by_what_is_in_them(tmp_path: pathlib.Path) -> None:
    made = jar(tmp_path / "a.jar", 2025, zipfile.ZIP_STORED, one="1", two="2")
    again = jar(tmp_path / "b.jar", 2026, zipfile.ZIP_DEFLATED, two="2", one="1")
    other = jar(tmp_path / "c.jar", 2025, zipfile.ZIP_STORED, one="1", two="3")
    assert made.read_bytes() != again.read_bytes()
    assert packages._contents(made) == packages._contents(again) != packages._contents(other)


def test_without_maven_it_is_said_how_to_get_it_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no mvn in PATH: sudo apt-get install maven"):
        packages.fetched(print, tmp_path)


def test_what_a_program_said_that_could_not_fetch_is_shown() -> None:
    with pytest.raises(InputError, match=r"(?s)Flink could not be fetched; sh ended with 3:\nno network"):
        packages._run("Flink", ["sh", "-c", "echo no network >&2; exit 3"])


def test_who_works_on_the_folder_is_named_and_waited_for(tmp_path: pathlib.Path) -> None:
    told: list[str] = []
    waits = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        waits.set()

    done = threading.Event()

    def wait() -> None:
        with packages.alone(tmp_path, tell):
            done.set()

    with packages.alone(tmp_path, print):
        other = threading.Thread(target=wait)
        other.start()
        assert waits.wait(30)
        assert not done.is_set()
    assert done.wait(30)
    other.join()
    assert told == [f"waiting for process {os.getpid()}, which works on {tmp_path}"]
