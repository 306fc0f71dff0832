import os
import re

import pytest

from components.errors import InputError
from pipeline.runners import storage


def test_a_folder_that_can_be_used_is_left_as_it_was(tmp_path):
    storage.check(str(tmp_path / "new"))
    assert os.listdir(tmp_path / "new" / "runs") == []


@pytest.mark.parametrize(
    ("root", "why"),
    [
        (
            "gs://bucket/root",
            "records, checkpoints and pushed models need a folder with renames, which gs://bucket/root",
        ),
        ("mnt/millrace", "must be an absolute path: that of a volume of the pods. Received: 'mnt/millrace'"),
        ("/proc/millrace", r"cannot write under /proc/millrace \(No such file or directory; user \d+, group \d+\)"),
    ],
)
def test_what_cannot_be_a_root_is_told(root, why):
    with pytest.raises(InputError, match=f"^pipeline_root.*{why}"):
        storage.check(root)


def test_a_file_in_its_place_is_told(tmp_path):
    (tmp_path / "root").write_text("")
    with pytest.raises(InputError, match=re.escape(f"cannot write under {tmp_path}/root (Not a directory")):
        storage.check(str(tmp_path / "root"))


def test_a_store_that_is_none_is_told(tmp_path):
    (tmp_path / "metadata.sqlite").write_text("no database at all, but long enough for one " * 100)
    with pytest.raises(InputError, match=r"^the metadata store .*/metadata.sqlite cannot be used: "):
        storage.check(str(tmp_path))
