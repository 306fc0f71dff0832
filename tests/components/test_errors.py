"""Exit codes of several things together."""

import itertools

import pytest

from components.errors import ExitCode, worst


def test_the_worst_counts_wherever_it_stands() -> None:
    order = (
        ExitCode.CRASH,
        ExitCode.UNAVAILABLE,
        ExitCode.INPUT,
        ExitCode.GATE,
        ExitCode.NOT_COMPARABLE,
        ExitCode.NO_BASELINE,
        ExitCode.OK,
    )
    for worse, better in itertools.combinations(order, 2):
        assert worst([worse, better]) is worst([better, int(worse)]) is worse
    assert worst([]) is ExitCode.OK


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_every_code_has_its_place(code: ExitCode) -> None:
    assert worst([0, code]) is code
