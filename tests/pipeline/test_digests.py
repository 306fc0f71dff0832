import hashlib
import pathlib

import pytest

from components.errors import ConfigError
from pipeline.digests import Sources, combined, libraries


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "models.py").write_text(
        "import numpy\nfrom . import layers\nfrom package.losses import ssim\ndef build(): from helper import x\n"
    )
    (tmp_path / "package" / "layers.py").write_text("import os\n")
    (tmp_path / "package" / "losses.py").write_text("from pipeline.references import load\n")
    (tmp_path / "package" / "unused.py").write_text("from package import models\n")
    (tmp_path / "helper.py").write_text("x = 1\n")
    return tmp_path


def test_a_references_sources_are_all_local_modules_that_it_imports(project):
    found = Sources(str(project)).of_reference("package.models.build")
    assert sorted(found) == [
        "components/errors.py", "helper.py", "package/__init__.py", "package/layers.py", "package/losses.py",
        "package/models.py", "pipeline/references.py",
    ]  # fmt: skip
    assert found["helper.py"] == hashlib.sha256(b"x = 1\n").hexdigest()


def test_a_file_reference_finds_what_lies_beside_it(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "mine.py").write_text("import beside\n")
    (elsewhere / "beside.py").write_text("")
    assert sorted(Sources(str(project)).of_reference(f"{elsewhere}/mine.py:build")) == ["beside.py", "mine.py"]


def test_the_files_that_a_file_needs_are_those_that_are_not_ours(project):
    (project / "mine.py").write_text("import package.models\nfrom components import errors\nimport numpy\n")
    files = Sources(str(project)).files(str(project / "mine.py"))
    names = ["helper.py", "mine.py", "package/__init__.py"]
    names += [f"package/{name}.py" for name in ("layers", "losses", "models")]
    assert sorted((each.folder, each.path) for each in files) == [(str(project), name) for name in names]


def test_of_a_config_only_what_the_reference_uses_counts(project):
    config = project / "config.py"
    config.write_text(
        "import helper\nimport package.models\nSHARE = 0.2\nOTHER = 3\n\n"
        "def big(columns):\n    return columns['tips'] > SHARE * helper.x\n\n"
        "def get_config():\n    return package.models.build(OTHER)\n"
    )

    def found():
        return Sources(str(project)).of_reference(f"{config}:big")

    before = found()
    assert sorted(before) == ["config.py:big", "helper.py"]
    config.write_text(config.read_text().replace("OTHER = 3", "OTHER = 4").replace("def get", "# a note\ndef get"))
    assert found() == before
    config.write_text(config.read_text().replace("SHARE = 0.2", "SHARE = 0.3"))
    assert found() != before


@pytest.mark.parametrize("line", ["SHARES['big'] = 0.3", "helper.x = 2", "from package.losses import *"])
def test_what_changes_a_name_that_the_reference_uses_counts(project, line):
    config = project / "config.py"
    text = (
        "import helper\nSHARES = {'big': 0.2}\n\n"
        "def big(columns):\n    return columns['tips'] > SHARES['big'] * helper.x\n\n"
        "def get_config():\n    return None\n"
    )
    config.write_text(text)
    before = Sources(str(project)).of_reference(f"{config}:big")
    config.write_text(text.replace("\n\n", f"\n{line}\n\n", 1))
    assert Sources(str(project)).of_reference(f"{config}:big") != before


def test_what_lies_in_a_folder_of_pythonpath_counts(project, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shared.py").write_text("")
    assert Sources(str(project)).of_reference("shared.build") == {}
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    assert list(Sources(str(project)).of_reference("shared.build")) == ["shared.py"]


def test_libraries_are_none_of_a_modules_sources(project):
    assert Sources(str(project)).of_module("tfx.components") == {}


def test_another_version_of_a_locked_library_is_seen_and_no_library_that_is_not_locked(tmp_path, monkeypatch):
    before = libraries()
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "not_of_ours-1.0.dist-info").mkdir()
    assert libraries() == before
    (tmp_path / "PyYAML-99.0.dist-info").mkdir()
    assert libraries() != before


def test_any_change_changes_the_combined_digest():
    assert combined({"a": "1", "b": "2"}) == combined({"b": "2", "a": "1"})
    assert len({combined({"a": "1"}), combined({"a": "2"}), combined({"b": "1"}), combined({})}) == 4


def test_sources_that_cannot_be_read_are_named(project):
    (project / "broken.py").write_text("x = 1\ndef (:\n")
    with pytest.raises(ConfigError, match=r"broken.py:2: invalid syntax"):
        Sources(str(project)).of_reference("broken.x")
    with pytest.raises(ConfigError, match=r"missing.py: cannot read this source file: .*No such file"):
        Sources(str(project)).of_reference(f"{project}/missing.py:x")
