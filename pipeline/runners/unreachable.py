"""Why a metadata store cannot be used: of a server that is gone ML Metadata tells neither place nor cause."""

from __future__ import annotations

import os
import re

from ml_metadata import errors as mlmd_errors

from pipeline.connection import STORE, obstacle
from pipeline.layout import Layout

_TFX_SAYS = "Failed to establish connection to Metadata storage with error: "
_NOTHING = re.compile(r":( errno: , error:| connection pointer is NULL)?$")
"""How a message of ML Metadata ends that has no cause in it."""


def is_of_store(error: BaseException) -> bool:
    """Whether ML Metadata has raised it, or TFX of ML Metadata."""
    by_tfx = isinstance(error, RuntimeError) and str(error).startswith(_TFX_SAYS)
    return by_tfx or isinstance(error, mlmd_errors.StatusError)


def told(root: str, error: BaseException) -> str:
    """Which store it is, and what is wrong with it, of an error of the store of `root`."""
    address = os.environ.get(STORE)
    said = str(error).removeprefix(_TFX_SAYS).strip().partition("\n")[0].strip()
    what = _NOTHING.sub("", said)
    network = obstacle(address) if address else ""
    if network:
        what = f"{network} ({what})"
    elif address and what != said:
        what = f"{what}, and the server takes connections: are user, password and database right?"
    return f"the metadata store {address or Layout(root).store} cannot be used: {what}"
