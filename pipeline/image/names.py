"""What an image can be called."""

from __future__ import annotations

import re

# https://github.com/distribution/reference, reference.go. A host without a dot or a port is a part like others, as
# engines do not agree on one in upper case.
_HOST = r"(?=[^/]*[.:])[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?/"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG, _DIGEST = r":\w[\w.-]{0,127}", r"@\w+:[0-9a-f]{32,}"
_IMAGE = re.compile(rf"(?:{_HOST})?{_PART}(?:/{_PART})*(?:{_TAG})?(?:{_DIGEST})?", re.ASCII)

RULE = "must be an image, like registry/name:tag, its name in lower case"


def is_image(text: str) -> bool:
    """Whether it can be pulled and run by that name, which may end with a digest."""
    return bool(_IMAGE.fullmatch(text))


def is_tag(text: str) -> bool:
    """Whether an image that is built can be given that name: its digest is not known before."""
    return is_image(text) and "@" not in text
