from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.datasets.pictures import PictureFolder, copy
from ganline.errors import UserError

PICTURE = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()


def put(folder: Path, *files: str, content: bytes = PICTURE) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)


def test_the_first_folder_is_the_class_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "b/2.png", "a/deep/er/1.png", "B/3.png", ".hidden.png", "a/.thumbnails/x.png", "b/10.png")
    put(tmp_path, "readme.txt", content=b"text")
    images = PictureFolder(tmp_path)
    assert images.files == ["B/3.png", "a/deep/er/1.png", "b/10.png", "b/2.png", "readme.txt"]
    assert images.labels == ["B", "a", "b", "b", ""]


def test_pictures_in_the_root_are_unlabelled(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "2.png")
    assert PictureFolder(tmp_path).labels == ["", ""]


def test_a_mixture_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a/1.png", "2.png", "3.png")
    with pytest.raises(UserError, match=r"2 picture\(s\) beside the class subfolders, such as 2.png; allowed are"):
        PictureFolder(tmp_path)


def test_copy_keeps_bytes_and_relative_paths(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "raw/mine"
    put(source, "a/1.png", "b/c/2.png", "b/.3.png")
    (source / "b/link.png").symlink_to(source / "a/1.png")
    put(target, "old.png")
    copy(source, target)
    copied = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert copied == ["a/1.png", "b/c/2.png", "b/link.png"]
    assert (target / "b/link.png").read_bytes() == PICTURE and not (target / "b/link.png").is_symlink()


def test_copy_refuses_an_empty_folder_and_leaves_nothing(tmp_path: Path) -> None:
    put(tmp_path / "source", ".hidden.png")
    with pytest.raises(UserError, match="there are no files in this folder"):
        copy(tmp_path / "source", tmp_path / "raw/mine")
    assert not (tmp_path / "raw").exists()
