"""A user's code on its way to workers that do not have it."""

from __future__ import annotations

import pathlib
import pickle
import subprocess
import sys

import pytest

from components.errors import InputError
from pipeline import references
from pipeline.flink import code

WORKER = """
import sys
from pipeline import references
references.look_in(sys.argv[1])
print(references.load(sys.argv[2])())
"""


@pytest.fixture
def mine(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "prepare.py").write_text(
        "import tables\nfrom pipeline.layout import Layout\ndef fn(): return tables.NAME\n"
    )
    (folder / "tables.py").write_text("NAME = 'mine'\n")
    (folder / "other.py").write_text("NAME = 'other'\n")
    return folder / "prepare.py"


def of_worker(copies: pathlib.Path, reference: str, project: pathlib.Path | None = None) -> str:
    """What a process prints that has only copies, or an image with the project in an older version."""
    return subprocess.run(
        [sys.executable, "-c", WORKER, str(copies), reference], capture_output=True, text=True, check=True, cwd=project
    ).stdout.strip()


def test_workers_read_copies_of_what_they_lack(mine: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copies = tmp_path / "copies"
    with code.staged([str(mine)], "", str(copies)):
        names = {path.name for path in copies.rglob("*.py")}
        mine.parent.rename(tmp_path / "gone")
        assert of_worker(copies, f"{mine}:fn") == "mine"
    assert names == {"prepare.py", "tables.py"}
    assert not copies.exists()


def test_what_it_imports_from_the_project_s_folder_travels_too(mine: pathlib.Path, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "project" / "shop"
    package.mkdir(parents=True)
    (package / "rates.py").write_text("import shop.names\nNAME = shop.names.NAME\n")
    (package / "names.py").write_text("NAME = 'shop'\n")
    mine.write_text("from shop import rates\ndef fn(): return rates.NAME\n")
    with code.staged([str(mine)], str(package.parent), str(tmp_path / "copies")):
        package.parent.rename(tmp_path / "gone")
        assert of_worker(tmp_path / "copies", f"{mine}:fn") == "shop"


def test_copies_are_taken_and_not_what_an_image_has(mine: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with code.staged([str(mine)], "", str(tmp_path / "copies")):
        (mine.parent / "tables.py").write_text("NAME = 'old'\n")
        assert of_worker(tmp_path / "copies", f"{mine}:fn", project=mine.parent) == "mine"
    with pytest.raises(subprocess.CalledProcessError) as failed:
        of_worker(tmp_path / "copies", f"{mine}:fn")
    assert f"{tmp_path}/copies{mine}: no such file" in failed.value.stderr


def test_what_is_pickled_of_it_is_found_before_any_of_it_is_loaded(mine: pathlib.Path, tmp_path: pathlib.Path) -> None:
    mine.write_text("import tables\nclass Sum:\n    name = 'sum'\n    def fn(self): return tables.Table\n")
    (mine.parent / "tables.py").write_text("class Table:\n    name = 'table'\n")
    made = references.load(f"{mine}:Sum")()
    with code.staged([str(mine)], "", str(tmp_path / "copies")):
        for each in (made, made.fn()()):
            mine.parent.rename(tmp_path / "gone")
            read = "import pickle, sys; from pipeline import references; references.look_in(sys.argv[1]); "
            words = [str(tmp_path / "copies"), pickle.dumps(each).hex()]
            done = subprocess.run(
                [sys.executable, "-c", f"{read}print(pickle.loads(bytes.fromhex(sys.argv[2])).name)", *words],
                capture_output=True,
                text=True,
                check=True,
            )
            assert done.stdout.strip() == each.name
            (tmp_path / "gone").rename(mine.parent)


def test_where_nothing_can_be_written_that_is_said(mine: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    copies = code.staged([str(mine)], "", str(tmp_path / "file" / "copies"))
    said = "file/copies.*: Not a directory: .*prepare.py cannot be given to the workers"
    with pytest.raises(InputError, match=said), copies:
        pass
