"""What a Kubeflow Pipelines says of itself: whether it serves several users, and which version it is.

Its API server answers with `tag_name` beside what the published API has (backend/src/apiserver/main.go, 2.0 to 2.17),
its UI, which asks the server, with `apiServerTagName` (frontend/server/handlers/healthz.ts). In a release that is the
version, in an image that was built otherwise (2.5.0's own, too) `unknown`, a branch or a commit.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from components.errors import InputError
from pipeline.submission.transport import WHERE

PATH = "/apis/v2beta1/healthz"
_OLDEST = (2, 5, 0)
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)\b")


@dataclasses.dataclass(frozen=True)
class Health:
    """Of a KFP that takes what is compiled here."""

    multi_user: bool


def read(told: Mapping[str, Any], host: str) -> Health:
    """What the answer to PATH says.

    Raises:
        InputError: it is nothing that KFP answers, or tells of a version that is too old.
    """
    if not isinstance(told.get("multi_user"), bool):
        raise InputError(
            f"{host} answers in JSON, but not as Kubeflow Pipelines does (no multi_user in its healthz). {WHERE}"
        )
    version = str(told.get("tag_name") or told.get("apiServerTagName") or "")
    number = _VERSION.match(version)
    if number and tuple(map(int, number.groups())) < _OLDEST:
        raise InputError(
            f"{host} is Kubeflow Pipelines {version}; what is compiled here needs {'.'.join(map(str, _OLDEST))} or "
            "later: upgrade it"
        )
    return Health(told["multi_user"])
