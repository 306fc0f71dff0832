"""How much of this machine a run may take."""

from __future__ import annotations

from typing import Union

import pydantic

from pipeline.config.record import Record
from pipeline.config.resources import Memory


class Machine(Record):
    """The limits within which nodes that do not wait for each other run side by side on this machine.

    A node counts with its `resources`: `cpu` (1 core where none is named) and `memory` (where none is named, what it
    took in the last run on this root, or else 2 GB). One that needs more than there is runs alone.
    """

    cores: Union[float, None] = pydantic.Field(default=None, gt=0)
    """None takes all that this process may use; 1 runs one node after another."""
    memory: Union[Memory, None] = None
    """None takes three quarters of what there is."""
