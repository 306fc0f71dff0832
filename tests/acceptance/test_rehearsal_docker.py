"""Rehearsals of small commands in containers."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from components.errors import InputError
from pipeline.rehearsal.docker import Docker
from pipeline.rehearsal.record import RehearsalRecord
from pipeline.rehearsal.rehearse import Options, rehearse
from tests import containers
from tests.pipeline.rehearsal.documents import CHECKOUT, documents, log_of, task, write

pytestmark = pytest.mark.acceptance

PROGRAMS = ("sh", "id", "sleep", "cat", "mkdir", "touch", "df")


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """A Docker engine, which `docker` finds."""
    # Not pytest's own folder: the path of a socket may have 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="millrace-") as folder,
        containers.docker(pathlib.Path(folder)) as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in ("PATH", "DOCKER_HOST"):
            patch.setenv(name, environment[name])
        yield


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, engine: None) -> Iterator[str]:
    """A few programs of this machine and the libraries that they need, for a user who is not root."""
    path, name = tmp_path_factory.mktemp("image") / "image.tar", f"rehearsal-test:{uuid.uuid4().hex}"
    with tarfile.open(path, "w") as tar:
        for folder, mode in (("tmp", 0o1777), ("mnt", 0o755)):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        for file in {file for program in PROGRAMS for file in needed(program)}:
            tar.add(os.path.realpath(file), file)
    assert docker("import", "--change", "USER 1000", "--change", "ENV PATH=/bin", str(path), name).returncode == 0
    yield name
    docker("rmi", "--force", name)


def needed(program: str) -> Iterator[str]:
    found = shutil.which(program)
    assert found
    yield f"/bin/{program}"
    listed = subprocess.run(["ldd", found], capture_output=True, text=True, check=True).stdout
    yield from (word for word in listed.split() if word.startswith("/"))


def run(folder: pathlib.Path, image: str, tasks: dict[str, Any]) -> RehearsalRecord:
    file = write(folder, *documents(tasks))
    root = folder / "root"
    return rehearse(file, str(uuid.uuid4()), Docker(str(root), image), Options(root=str(root)), lambda event: None)


def sh(script: str, **parts: Any) -> dict[str, Any]:
    return task("sh", "-c", script, **parts)


def test_a_container_may_write_where_a_pod_may_and_nowhere_else(tmp_path: pathlib.Path, image: str) -> None:
    script = """
    id -u
    for folder in /tmp /minio /gcs /s3 /.cache /mnt/root /mnt/second; do touch $folder/file || exit 3; done
    touch /bin/file && exit 4
    df -k /dev/shm
    echo $SECRET
    """
    pod = {
        "pvcMount": [
            {"constant": "first", "mountPath": "/mnt/root"},
            {"constant": "second", "mountPath": "/mnt/second"},
        ],
        "emptyDirMounts": [
            {"volumeName": "shm", "mountPath": "/dev/shm", "medium": "Memory", "sizeLimit": "128Mi"},
        ],
    }
    record = run(tmp_path, image, {"one": sh(script, pod=pod, env=[{"name": "SECRET", "value": "a b"}])})
    said = log_of(record, "one")
    assert record.exit_code == 0, said
    assert said.startswith("1000\n")
    assert "131072" in said
    assert "a b" in said.splitlines()
    assert "/bin/file': Read-only file system" in said
    assert (tmp_path / "root/file").exists()
    assert (tmp_path / "root/volumes/second/file").exists()


def test_pages_are_found_on_this_machine(tmp_path: pathlib.Path, image: str) -> None:
    script = "mkdir -p /tmp/kfp_outputs; echo '<p>' > {{$.outputs.artifacts['page'].path}}; echo '"
    script += '{"artifacts": {"page": {"artifacts": [{"metadata": {"n": 1}}]}}}'
    script += "' > /tmp/kfp_outputs/output_metadata.json"
    record = run(tmp_path, image, {"one": sh(script, artifacts={"page": "system.HTML"})})
    assert record.exit_code == 0, log_of(record, "one")
    page = record.task("one").artifacts["page"]
    assert page.uri.startswith(f"minio://mlpipeline/v2/artifacts/{record.job}/One/")
    assert page.metadata == {"n": 1}
    assert page.file is not None
    assert pathlib.Path(page.file).read_text() == "<p>\n"


def test_a_killed_container_is_started_again(tmp_path: pathlib.Path, image: str) -> None:
    pod = {"pvcMount": [{"constant": "first", "mountPath": "/mnt/root"}]}
    script = "[ -e /mnt/root/once ] || { touch /mnt/root/once; sh -c 'kill -9 $PPID'; exit 137; }"
    record = run(tmp_path, image, {"one": sh(script, pod=pod, retry={"maxRetryCount": 1})})
    assert [each.exit_code for each in record.task("one").tries] == [137, 0]


def test_an_image_that_is_not_there_or_is_root_s(tmp_path: pathlib.Path, image: str) -> None:
    with pytest.raises(InputError, match="image no-such:1: .*`millrace image build`"):
        run(tmp_path, "no-such:1", {"one": sh("true")})
    root = f"{image}-root"
    container = docker("create", image, "sh").stdout.strip()
    assert docker("commit", "--change", "USER 0", container, root).returncode == 0
    docker("rm", container)
    try:
        with pytest.raises(InputError, match="runs as root"):
            run(tmp_path, root, {"one": sh("true")})
    finally:
        docker("rmi", "--force", root)


CHILD = """
import pathlib, sys
from tests.acceptance.test_rehearsal_docker import run, sh
pod = {"pvcMount": [{"constant": "first", "mountPath": "/mnt/root"}]}
one = sh("trap exit TERM; touch /mnt/root/up; while :; do sleep 1; done", pod=pod)
record = run(pathlib.Path(sys.argv[1]), sys.argv[2], {"one": one})
print(record.job, record.exit_code)
"""


def test_ctrl_c_leaves_no_container(tmp_path: pathlib.Path, image: str) -> None:
    words = [sys.executable, "-c", CHILD, str(tmp_path), image]
    child = subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not (tmp_path / "root/up").exists() and time.monotonic() < until:
        time.sleep(0.1)
    child.terminate()
    job, code = child.communicate(timeout=60)[0].split()
    assert code == "130"
    assert job[:8] not in docker("ps", "--format", "{{.Names}}").stdout
