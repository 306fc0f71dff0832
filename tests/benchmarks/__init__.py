"""Millrace against what it stands beside, on the same rows and machine in turn; each module of a kind is one WHAT."""

import pathlib

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results"
