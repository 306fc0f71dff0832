"""Amounts as Kubernetes writes them (apimachinery, api/resource/quantity.go)."""

from __future__ import annotations

import re
from typing import Annotated

import pydantic

_POWERS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SUFFIXES = {**_POWERS, **{f"{letter}i": 2.0 ** (10 * (power + 1)) for power, letter in enumerate("KMGTPE")}}
_QUANTITY = re.compile(rf"(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|({'|'.join(sorted(_SUFFIXES, key=len, reverse=True))}))")


def amount(quantity: str) -> float:
    """`amount("500m") == 0.5`, `amount("1.5Gi") == 1610612736`.

    Raises:
        ValueError: it is none.
    """
    found = _QUANTITY.fullmatch(quantity)
    if not found:
        raise ValueError(f"an amount is written like '500m' or '32Gi'. Received: {quantity!r}")
    digits, exponent, suffix = found.groups()
    return float(digits + exponent) if exponent else float(digits) * _SUFFIXES[suffix]


def _checked(quantity: str) -> str:
    if quantity:
        amount(quantity)
    return quantity


Quantity = Annotated[str, pydantic.AfterValidator(_checked)]
"""An amount, or nothing."""
