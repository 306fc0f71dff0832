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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--split", "../x=1"), "a name is letters, digits"),
        (("--split", "train=1", "--split", "train=2"), "'train' stands there twice"),
        (("--bad-files", "1.5"), "give a share below 1, or a whole number"),
    ],
    ids=["escape", "twice", "share"],
)
def test_wrong_flags_are_named(folder, capfd, arguments, message):
    assert main(["images", "pack", folder, "out", *arguments]) == ExitCode.INPUT
    assert message in capfd.readouterr().err
    assert not os.path.exists("out")


def test_a_file_that_is_not_there_counts_as_unreadable(folder, capfd):
    os.symlink("/nowhere", "pets/cat/2.jpg")
    assert main(["images", "pack", folder, "out", "--bad-files", "1"]) == ExitCode.OK
    assert "left out cat/2.jpg: it cannot be read: No such file or directory" in capfd.readouterr().out


def test_what_is_no_image_by_its_name_is_named(folder, capfd):
    os.makedirs("pets/bird")
    for path in ("pets/cat/notes.txt", "pets/dog/3.webp", "pets/stray.png"):
        with open(path, "w") as file:
            file.write("?")
    assert main(["images", "pack", folder, "out"]) == ExitCode.OK
    assert "by its name: bird/, cat/notes.txt, dog/3.webp, stray.png\n" in capfd.readouterr().out


@pytest.mark.parametrize("out", ["pets/out", "/proc/out"], ids=["inside", "unwritable"])
def test_a_place_that_will_not_do_is_named(folder, capfd, out):
    assert main(["images", "pack", folder, out]) == ExitCode.INPUT
    assert ("name one outside" if out.startswith("pets") else "cannot be written") in capfd.readouterr().err
