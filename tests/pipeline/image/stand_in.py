"""A script in the place of Docker and Podman that notes how it was called."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from pipeline.image.engine import ENGINES

_SCRIPT = """#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(__file__).parent
words = sys.argv[1:]
secrets = {name: open(path).read() for name, path in (word[3:].split(",src=") for word in words if word[:3] == "id=")}
beside = pathlib.Path(words[words.index("--file") + 1] + ".dockerignore") if "--file" in words else folder / "none"
call = {"words": words, "secrets": secrets, "buildkit": os.environ.get("DOCKER_BUILDKIT"),
        "ignored": beside.read_text() if beside.exists() else None}
with (folder / "calls").open("a") as calls:
    print(json.dumps(call), file=calls)
if words[:2] == ["image", "inspect"]:
    print("no such image" if (folder / "elsewhere").exists() else 3280000000)
elif words[0] == "build":
    print("#7 [builder 2/6] RUN apt-get", "#7 0.3 Fetched", "STEP 3/9: COPY setup.py ./", sep="\\n")
    (folder / "elsewhere").write_text("") if "--output" in words else None
sys.exit("boom" if "--fail" in words else 0)
"""


def install(folder: pathlib.Path) -> None:
    """Makes `folder`, with both in it."""
    folder.mkdir()
    for name in ENGINES:
        (folder / name).write_text(_SCRIPT)
        (folder / name).chmod(0o755)


def calls(folder: pathlib.Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
