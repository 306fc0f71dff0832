"""What a comparison comes to. Imports nothing heavy."""

import enum

from components.errors import ExitCode


class State(str, enum.Enum):
    """Of a feature or of two data sets. Only OK is a pass."""

    DRIFT = "drift"
    NOT_COMPARABLE = "not comparable"
    NO_BASELINE = "no baseline"
    OK = "ok"

    def __str__(self) -> str:
        return self.value

    @property
    def exit_code(self) -> ExitCode:
        """What a command that finds it ends with."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    State.DRIFT: ExitCode.GATE,
    State.NOT_COMPARABLE: ExitCode.NOT_COMPARABLE,
    State.NO_BASELINE: ExitCode.NO_BASELINE,
    State.OK: ExitCode.OK,
}
