"""`millrace images pack`: what it prints, and its exit codes."""

import os

import pytest
from PIL import Image

from components.errors import ExitCode
from pipeline.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    for name in ("cat", "dog"):
        os.makedirs(f"pets/{name}")
        Image.new("RGB", (8, 8), "red" if name == "cat" else "blue").save(f"pets/{name}/1.png")
    return "pets"


def test_pack_says_how_many_images_are_where(folder, capfd):
    assert main(["images", "pack", folder, "out", "--split", "train=1", "--shards", "2"]) == ExitCode.OK
    assert capfd.readouterr().out.endswith("2 images of 2 classes in out/train\n")
    assert sorted(os.listdir("out/train")) == [f"images-0000{n}-of-00002.tfrecord.gz" for n in range(2)]


def test_pack_lists_what_it_leaves_out(folder, capfd):
    with open("pets/cat/2.jpg", "w") as file:
        file.write("meow")
    assert main(["images", "pack", folder, "out"]) == ExitCode.INPUT
    assert "1 of 3 files are no usable images" in capfd.readouterr().err
    assert main(["images", "pack", folder, "out", "--bad-files", "0.5"]) == ExitCode.OK
    assert "left out cat/2.jpg: expected a JPEG" in capfd.readouterr().out


@pytest.mark.parametrize("split", ["train", "train=0", "=3", "train=x"])
def test_a_split_needs_a_share(folder, capfd, split):
    assert main(["images", "pack", folder, "out", "--split", split]) == ExitCode.INPUT
    assert "write NAME=SHARE" in capfd.readouterr().err
