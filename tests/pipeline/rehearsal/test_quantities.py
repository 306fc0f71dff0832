"""Amounts as Kubernetes writes them."""

from __future__ import annotations

import pathlib

import pytest

from components.errors import InputError
from pipeline.rehearsal.docker import Docker
from pipeline.rehearsal.quantities import amount
from pipeline.rehearsal.reading import read_file
from tests.pipeline.rehearsal.documents import documents, task, write


@pytest.mark.parametrize(
    ("quantity", "number"),
    [("500m", 0.5), ("1.5Gi", 1.5 * 2**30), ("2", 2), ("4k", 4000), ("3Ei", 3 * 2**60), ("1e3", 1000), (".5G", 5e8)],
)
def test_an_amount(quantity: str, number: float) -> None:
    assert amount(quantity) == number


@pytest.mark.parametrize("quantity", ["", "Gi", "1 Gi", "1KiB", "-1", "1e", "1ki", "."])
def test_no_amount(quantity: str) -> None:
    with pytest.raises(ValueError, match="an amount is written like '500m' or '32Gi'"):
        amount(quantity)


def test_a_document_with_a_wrong_amount_is_refused(tmp_path: pathlib.Path) -> None:
    pod = {
        "emptyDirMounts": [{"volumeName": "shared", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": "2GB"}]
    }
    with pytest.raises(InputError, match="an amount is written like"):
        read_file(write(tmp_path, *documents({"one": task("true", pod=pod)})))


def test_where_a_path_of_a_volume_is_here(tmp_path: pathlib.Path) -> None:
    """Docker itself is not asked."""
    mounts = [{"constant": name, "mountPath": f"/mnt/{name}"} for name in ("first", "second")]
    step = read_file(write(tmp_path, *documents({"one": task("true", pod={"pvcMount": mounts})}))).steps["one"]
    docker = Docker(str(tmp_path / "root"))
    for path, here in (("/mnt/first", ""), ("/mnt/first/taxi", "/taxi"), ("/mnt/second/a", "/volumes/second/a")):
        assert docker.outside(step, path) == f"{tmp_path}/root{here}"
    assert docker.outside(step, "/mnt/first-too") == "/mnt/first-too"
