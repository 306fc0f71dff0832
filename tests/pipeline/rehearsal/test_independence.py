"""The rehearsal shares nothing with the compiler, or it would share its mistakes."""

from __future__ import annotations

import subprocess
import sys

from tests.pipeline.rehearsal.documents import CHECKOUT


def test_nothing_of_the_compiler_is_imported() -> None:
    script = """
import pkgutil, importlib, sys, pipeline.rehearsal
for module in pkgutil.iter_modules(pipeline.rehearsal.__path__):
    importlib.import_module(f"pipeline.rehearsal.{module.name}")
others = ("pipeline.kubeflow", "pipeline.config", "kfp", "tfx", "tensorflow")
print(*(name for name in sys.modules if name.startswith(others)))
"""
    answer = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
