"""What `millrace submit` is asked to do with a pipeline."""

from __future__ import annotations

import dataclasses
import math
from typing import Union

from components.errors import InputError
from pipeline.submission.access import Access
from pipeline.submission.transport import LEAST, WHOLE

_RARELY = 86400
"""Seconds between two looks."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """What to do with a pipeline.

    Attributes:
        settings: the run's parameters, NAME=VALUE.
        resume: KFP's id of the run to go on with.
        cron: when to run it; None is now.
        wait: until the run has ended, looking `every` so many seconds, for `timeout` at most, as for any answer.
        stuck: as Patience has it.
        image_check: compare the images' versions with the file's before anything is submitted.
    """

    access: Access
    experiment: Union[str, None] = None
    settings: tuple[str, ...] = ()
    resume: Union[str, None] = None
    cron: Union[str, None] = None
    wait: bool = False
    every: float = 5.0
    timeout: Union[float, None] = None
    stuck: float = 300.0
    image_check: bool = True

    @property
    def call(self) -> float:
        """Seconds that a call may take, whatever it is for."""
        return WHOLE if self.timeout is None else min(WHOLE, max(self.timeout, LEAST))

    def __post_init__(self) -> None:
        """Raises InputError where they contradict each other."""
        if self.cron and (self.wait or self.resume):
            word = "--wait" if self.wait else "--resume"
            raise InputError(f"--cron makes a schedule, not a run: leave out {word}")
        if self.timeout is not None and not self.wait:
            raise InputError("--timeout says how long to --wait: give both")
        if self.timeout is not None and not math.isfinite(self.timeout):
            raise InputError(
                f"--timeout must be a number of seconds; without it, waiting has no end. Received: {self.timeout}"
            )
        if not 0 < self.every <= _RARELY:
            raise InputError(f"--every must be a number of seconds, {_RARELY} at the most. Received: {self.every}")
        for option, text in (("--namespace", self.access.namespace), ("--experiment", self.experiment)):
            if text is not None and not text.isprintable():
                raise InputError(f"{option} {text!r}: there is what cannot be seen in it")
