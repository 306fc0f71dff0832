"""Paths as somebody types them."""

from __future__ import annotations

import os


def absolute(path: str) -> str:
    """From the working directory; URIs stay as they are."""
    return path if "://" in path else os.path.abspath(path)
