"""The image for CPUs, really built on a Debian without Python, and the taxi pipeline really run in it."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests import containers

pytestmark = pytest.mark.acceptance

BASE, IMAGE = "debian:bare", "millrace:tried"


@dataclasses.dataclass(frozen=True)
class Engine:
    environment: dict[str, str]

    def docker(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", *words], env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def build(self, *words: str, **variables: str) -> str:
        """`millrace image build`, with the machine's network."""
        command = [sys.executable, "-m", "pipeline.cli.main", "image", "build", "--engine", "docker"]
        done = subprocess.run(
            [*command, *words, "--", "--network", "host"],
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-5000:]
        return done.stdout

    def run(self, image: str, *words: str, mounts: tuple[str, ...] = ()) -> str:
        """As strictly as a cluster may: any user, nothing to write to but /tmp and what is mounted, no network."""
        strict = ["--read-only", "--tmpfs", "/tmp", "--user", "12345:0", "--network", "none", "--cap-drop", "ALL"]
        return self.docker("run", "--rm", *strict, *(f"--volume={each}" for each in mounts), image, *words)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    # Not pytest's own folder: the path of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="millrace-") as name:
        folder = pathlib.Path(name)
        with containers.docker(folder) as environment, containers.python_mirror(folder) as variables:
            containers.import_debian(environment, BASE)
            found = Engine(environment)
            found.build("--tag", IMAGE, "--base", BASE, **variables)
            yield found


def test_what_is_in_it_and_what_is_not(engine: Engine) -> None:
    (about,) = json.loads(engine.docker("image", "inspect", IMAGE))
    config = about["Config"]
    assert config["User"] == "1000:0"
    assert config["WorkingDir"] == "/opt/millrace"
    assert not config["Entrypoint"]
    assert config["Labels"]["org.opencontainers.image.version"] == "0.1.0"
    assert about["Size"] < 3.6e9
    sizes = engine.docker("history", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", IMAGE).splitlines()
    sources = next(int(line.split()[0]) for line in sizes if "/opt/sources/" in line)
    assert sources < 10e6
    # How the build reached its registries is nobody's business.
    assert "127.0.0.1" not in json.dumps(about) + engine.docker("history", "--no-trunc", IMAGE)

    tools = "gcc g++ cc c++ cpp make ld as pip pip3 uv git curl wget python3.11"
    assert not engine.run(IMAGE, "sh", "-c", f"for each in {tools}; do command -v $each; done; true")
    assert "no module named pip" in engine.run(IMAGE, "sh", "-c", "python -m pip 2>&1; true").lower()


def test_it_is_a_machine_that_the_doctor_passes(engine: Engine) -> None:
    # Of the root only what is mounted can be written; the disk under /tmp is as large as this machine has memory.
    said = engine.run(IMAGE, "sh", "-c", "millrace doctor --root /tmp; true")
    # Columns are as wide as what is in them; what is continued in a further line has no status.
    rows = [re.split(" {2,}", line) for line in said.splitlines() if line and not line.startswith(" ")]
    findings = {name: status for status, name, *_ in rows}
    assert {name for name, status in findings.items() if status == "fail"} <= {"disk"}
    assert findings["packages"] == findings["time zones"] == findings["graphviz"] == "ok"
    script = (
        "import getpass, os, sys, zoneinfo, pipeline.config.load\n"
        "open(os.path.expanduser('~/written'), 'w')\n"
        "print(getpass.getuser(), zoneinfo.ZoneInfo('America/Los_Angeles'), pipeline.config.load.__cached__)\n"
        "print(os.path.exists(pipeline.config.load.__cached__), sys.prefix)\n"
    )
    user, zone, cached, exists, prefix = engine.run(IMAGE, "python", "-c", script).split()
    assert (user, zone, exists, prefix) == ("millrace", "America/Los_Angeles", "True", "/opt/millrace/.venv")
    assert cached.startswith("/opt/millrace/pipeline/config/__pycache__/")


def test_the_whole_taxi_pipeline_runs_in_it(engine: Engine, tmp_path: pathlib.Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o777)
    settings = ("--set", "trainer.epochs=1", "--set", "data.window=1", "--span", "1")
    told = engine.run(
        IMAGE, "millrace", "run", "taxi", "--root", "/mnt/millrace", *settings, mounts=(f"{root}:/mnt/millrace",)
    )
    assert "blessing  blessed" in told, told
    assert (root / "serving/taxi/1/saved_model.pb").stat().st_uid == 12345
    assert list((root / "artifacts").glob("**/model.png")), "graphviz draws the model's layers"


def test_a_project_of_ones_own_is_where_it_runs(engine: Engine, tmp_path: pathlib.Path) -> None:
    for file in ("mine.py", "data/rows.csv", ".git/config", "runs/old"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("x = 1\n")
    engine.build("--project", str(tmp_path), "--tag", "mine:1", "--base", BASE)
    found = engine.run(
        "mine:1", "sh", "-c", "pwd; find . -type f | sort; python -c 'import mine, pipeline; print(pipeline)'"
    )
    assert found.split("\n")[:3] == ["/project", "./data/rows.csv", "./mine.py"]
    assert "/opt/millrace/pipeline" in found
