"""Files that appear when they are complete."""

import pytest

from components.tfrecords import shards


def test_a_file_appears_under_its_name_when_it_is_complete(tmp_path):
    path, partial = tmp_path / "counts.pb", tmp_path / "partial"

    def parts():
        yield b"one"
        assert not path.exists()
        yield b"two"

    shards.write_bytes(str(path), str(partial), parts())
    assert path.read_bytes() == b"onetwo"
    assert not list(partial.iterdir())


def test_what_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "lines.txt"
    shards.write_text(str(path), str(tmp_path), ["a", "b"])

    def fails():
        yield "c"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        shards.write_text(str(path), str(tmp_path), fails())
    assert path.read_text() == "a\nb\n"
