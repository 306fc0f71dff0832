"""What comparisons come to."""

import json

from components.drift.state import State
from components.errors import ExitCode, worst


def test_only_what_is_ok_ends_with_zero() -> None:
    assert {each: each.exit_code for each in State} == {
        "drift": ExitCode.GATE,
        "not comparable": ExitCode.NOT_COMPARABLE,
        "no baseline": ExitCode.NO_BASELINE,
        "ok": ExitCode.OK,
    }
    assert worst(each.exit_code for each in State) is ExitCode.GATE


def test_files_and_messages_have_its_value() -> None:
    assert json.dumps(State.NO_BASELINE) == '"no baseline"'
    assert f"{State.DRIFT} {State.DRIFT!s}" == "drift drift"
