"""What imports what: there is one direction."""

from __future__ import annotations

import ast
import graphlib
import pathlib
from collections.abc import Iterator

PIPELINE = pathlib.Path(__file__).parents[2] / "pipeline"


def _imported(file: pathlib.Path) -> Iterator[str]:
    """The modules and packages right below `pipeline`, wherever in the file they are imported."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("pipeline."))


def test_no_package_needs_one_that_needs_it() -> None:
    needs: dict[str, set[str]] = {}
    for file in PIPELINE.rglob("*.py"):
        package = file.relative_to(PIPELINE).with_suffix("").parts[0]
        needs.setdefault(package, set()).update(set(_imported(file)) - {package})
    del needs["configs"]  # like a user's own, which only `config.load` knows, and by name
    graphlib.TopologicalSorter(needs).prepare()
    assert "runners" in needs["drift"]
