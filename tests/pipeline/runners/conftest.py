import json
import pathlib

import pytest

import pipeline.config as c


class Project:
    """A user's folder with the tiny pipeline's data and code."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        (folder / "data.txt").write_text("a\nb\n")
        (folder / "helper.py").write_text("def scale(x):\n    return 2 * x\n")

    def config(self, **fields: object) -> c.Config:
        return c.Config(
            name="tiny",
            data=c.Data(path="data.txt"),
            heads=(c.Head(label="y"),),
            features=(c.Numeric(column="x"),),
            project=str(self.folder),
            root="root",
            **fields,
        )

    def act(self, **actions: str) -> None:
        """From now on, let nodes do what `tiny.act` knows."""
        (self.folder / "actions.json").write_text(json.dumps(actions))

    @property
    def root(self) -> str:
        return str(self.folder / "root")


@pytest.fixture
def project(tmp_path: pathlib.Path) -> Project:
    return Project(tmp_path)
