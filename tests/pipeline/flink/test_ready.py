"""What is said before a job that could not run. The rest, with a cluster: tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import pathlib
import sys
import zipfile

import pytest

from components import progress
from components.errors import ConfigError, InputError, MillraceError, UnavailableError
from pipeline.beam import Pipelines
from pipeline.config import Flink
from pipeline.flink import ready, workers
from tests.pipeline.flink.jobmanager import answering, overview

NOBODY = "localhost:9"
"""The port of `discard`, which nobody listens to any more."""


def check(flink: Flink, *args: str) -> None:
    ready.check(flink, Pipelines(args, flink=flink), patience=0)


def test_a_jar_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    flink = Flink(jar=str(tmp_path / "gone.jar"))
    with pytest.raises(ConfigError, match=r"beam.flink.jar: no such file: .*gone.jar.*millrace flink up"):
        check(flink)


def test_another_jar_than_the_config_means_is_refused(tmp_path: pathlib.Path) -> None:
    jar = tmp_path / "server.jar"
    jar.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"beam.flink.sha256: .*server.jar: its SHA-256 is \w{64}, expected 0{64}"):
        check(Flink(jar=str(jar), sha256="0" * 64))
    with pytest.raises(ConfigError, match=r"beam.flink.jar: .*server.jar is no job server of Beam for Flink"):
        check(Flink(jar=str(jar)))
    with zipfile.ZipFile(jar, "w") as file:
        file.writestr("org/apache/beam/runners/flink/FlinkJobServerDriver.class", "")
        file.writestr("META-INF/maven/org.apache.beam/beam-runners-flink-1.18/pom.xml", "")
    with pytest.raises(ConfigError, match=r"beam.flink.version: .*server.jar is for Flink 1.18, and not for 1.19"):
        check(Flink(jar=str(jar)))


def test_a_cluster_that_does_not_answer_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"beam.flink.master: http://localhost:9: .*refused.*millrace flink up"):
        check(Flink(master=NOBODY))


def test_what_answers_and_is_no_flink_is_told_from_one() -> None:
    with answering({}) as address, pytest.raises(UnavailableError, match=r"answers, but is no Flink\. "):
        check(Flink(master=address))
    with (
        answering(404) as address,
        pytest.raises(UnavailableError, match="answers, but is no Flink: 404 Not Found"),
    ):
        check(Flink(master=address))


@pytest.mark.usefixtures("needs_java")
def test_a_taskmanager_that_was_lost_is_waited_for() -> None:
    told = []
    progress.set_sink(told.append)
    with answering(overview(1), overview(2)) as master:
        flink = Flink(master=master, workers="docker", worker_command="image:1")
        with pytest.raises(UnavailableError, match="2 slots are asked for, and the cluster at .* has 1 "):
            ready.check(flink, Pipelines((), flink=flink), patience=0)
    with answering(overview(1), overview(2)) as master:
        flink = Flink(master=master, workers="docker", worker_command="image:1")
        ready.check(flink, Pipelines((), flink=flink), patience=10)
    progress.set_sink(None)
    assert [fields["Flink"] for fields in told] == ["waits"]


def test_a_job_server_that_does_not_answer_is_named() -> None:
    said = r"beam.flink.job_server: nobody answers at 127.0.0.1:9 \(Connection refused\). Is Beam's job server up\?"
    with answering(overview(2)) as master, pytest.raises(UnavailableError, match=said):
        check(Flink(master=master, job_server="127.0.0.1:9"))


@pytest.mark.parametrize(
    ("flink", "asked"),
    [
        (Flink(), "localhost:50000"),
        (Flink(master="http://127.0.0.1:8081/"), "localhost:50000"),
        (Flink(master="[::1]:8081", worker_address="[::1]:50000"), "[::1]:50000"),
        (Flink(master="jobs:8081", worker_address="pool.shop:50000"), "pool.shop:50000"),
    ],
)
def test_one_pool_is_asked_where_the_config_says(flink: Flink, asked: str) -> None:
    assert ready._pools(flink) == [asked]


def test_a_pool_beside_each_taskmanager_is_asked_at_that_one_s_address() -> None:
    """What Flink 1.19 answers, shortened."""
    managers = [
        {"id": f"10.0.0.{number}:41803-1", "path": f"pekko.tcp://flink@10.0.0.{number}:41803/user/rpc/taskmanager_0"}
        for number in (7, 8)
    ]
    with answering({"taskmanagers": managers}) as master:
        for pool in ("localhost:50000", "[::1]:50000"):
            assert ready._pools(Flink(master=master, worker_address=pool)) == ["10.0.0.7:50001", "10.0.0.8:50001"]


@pytest.mark.usefixtures("needs_java")
def test_a_jobmanager_that_goes_between_two_questions_is_waited_for() -> None:
    """It is asked for its TaskManagers, whose pools are to be asked next."""
    told = []
    progress.set_sink(told.append)
    with answering({"taskmanagers": []}, paths={"/overview": overview(2), "/taskmanagers": 503}) as master:
        flink = Flink(master=master)
        with pytest.raises(
            UnavailableError, match="beam.flink.master: http://.*: 503 Service Unavailable. Is the cluster"
        ):
            ready.check(flink, Pipelines((), flink=flink), patience=1)
    progress.set_sink(None)
    assert [fields["Flink"] for fields in told] == ["waits"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("localhost:65536", "worker_address: localhost:65536 is no HOST:PORT: Port out of range"),
        ("localhost:65535", "worker_address, one port further: localhost:65536 is no HOST:PORT: Port out of range"),
        ("::1:50000", "worker_address: ::1:50000 is no HOST:PORT"),
    ],
)
def test_ports_that_there_are_not_are_named(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"beam.flink.{said}"):
        ready._pools(Flink(master="jobs:8081", worker_address=address))
    with (
        answering(overview(2)) as master,
        pytest.raises(ConfigError, match="beam.flink.job_server: .*:65536 is no HOS"),
    ):
        check(Flink(master=master, job_server="127.0.0.1:65536"))


def test_workers_that_see_what_this_process_sees_are_taken(pool: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "words.txt").write_text("a")
    ready._check_workers(Flink(worker_address=pool), [str(tmp_path / "root")], [str(tmp_path / "words.txt")])
    assert not list((tmp_path / "root").iterdir())


def test_what_workers_do_not_see_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="/there/root: the workers do not see what is written there"):
        raise ready._not_shared("/there/root/.probe-1")
    with pytest.raises(InputError, match="/words.txt: the workers at pool:1 are to read it, and lack it or have anot"):
        raise ready._not_readable("pool:1", "/words.txt")
    with pytest.raises(InputError, match=f"{tmp_path}: the workers at pool:1 .* and have nothing that is in it"):
        raise ready._not_readable("pool:1", str(tmp_path))


def test_other_versions_than_the_client_s_are_named() -> None:
    ready._compare_versions("pool:1", workers.versions())
    with pytest.raises(InputError, match=r"the workers at pool:1 have apache-beam 2.60.0 \(here 2.61.0\): start them"):
        ready._compare_versions("pool:1", {**workers.versions(), "apache-beam": "2.60.0"})


@pytest.mark.parametrize(
    "option", ["--requirements_file=mine.txt", "--extra_package=mine.tar.gz", "--setup_file=setup.py"]
)
def test_a_pool_installs_nothing(option: str) -> None:
    with pytest.raises(ConfigError, match=rf"beam.args: {option}: .* Build them into the image"):
        check(Flink(), option)


@pytest.mark.parametrize(
    ("has_pip", "told"), [(True, "refused"), (False, "Beam packs it with pip, which this environment lacks")]
)
def test_other_workers_install_what_pip_packs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, has_pip: bool, told: str
) -> None:
    """Our environment is uv's, which has none, or a venv, which has one: that one is not found here."""
    if has_pip:
        (tmp_path / "pip.py").touch()
    others = [folder for folder in sys.path if not pathlib.Path(folder, "pip").exists()]
    monkeypatch.setattr(sys, "path", [str(tmp_path), *others])
    monkeypatch.delitem(sys.modules, "pip", raising=False)
    flink = Flink(workers="docker", worker_command="image:1", master=NOBODY)
    with pytest.raises(MillraceError, match=told):
        check(flink, "--requirements_file=mine.txt")
