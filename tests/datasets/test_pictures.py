import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets.pictures import PictureFolder, copy
from ganline.datasets.zips import unzip

PICTURE = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()


def put(folder: Path, *files: str, content: bytes = PICTURE) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)


def test_the_first_folder_is_the_class_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "b/2.png", "a/deep/er/1.png", "B/3.png", ".hidden.png", "a/.thumbnails/x.png", "b/10.png")
    put(tmp_path, "readme.txt", content=b"text")
    images = PictureFolder(tmp_path)
    assert images.files == ["B/3.png", "a/deep/er/1.png", "b/10.png", "b/2.png"]
    assert images.labels == ["B", "a", "b", "b"]
    assert images.ignored == {".hidden.png": "hidden", "a/.thumbnails/": "hidden", "readme.txt": "not a picture"}


def test_pictures_in_the_root_are_unlabelled(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "2.png")
    assert PictureFolder(tmp_path).labels == ["", ""]


@pytest.mark.parametrize("inside", ["images", "100k/100k"])
def test_a_single_folder_is_no_class(tmp_path: Path, inside: str) -> None:
    put(tmp_path, f"{inside}/1.jpg", f"{inside}/2.jpg")
    put(tmp_path, "readme.txt", content=b"text")
    assert PictureFolder(tmp_path).labels == ["", ""]


def test_classes_may_lie_in_a_single_folder(tmp_path: Path) -> None:
    put(tmp_path, "pets/cat/1.png", "pets/dog/deep/2.png")
    put(tmp_path, "pets/labels.csv", content=b"text")
    assert PictureFolder(tmp_path).labels == ["cat", "dog"]
    put(tmp_path, "pets/3.png")
    with pytest.raises(UserError, match=r"1 picture\(s\) beside the class subfolders, such as pets/3.png"):
        PictureFolder(tmp_path)


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


def zipped(path: Path, **entries: bytes | str) -> Path:
    """Make a zip; text stands for a symbolic link to it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if isinstance(content, str) else 0o100644) << 16
            packed.writestr(entry, content)
    return path


def test_a_zip_is_unpacked_without_hidden_files(tmp_path: Path) -> None:
    more = {"__MACOSX/images/._1.png": b"x", "images/.DS_Store": b"x", "images/": b"", "images\\2.png": b"two"}
    unzip(zipped(tmp_path / "a.zip", **{"images/1.png": PICTURE}, **more), tmp_path / "raw/mine")
    raw = tmp_path / "raw/mine"
    assert PictureFolder(raw).files == ["images/1.png", "images/2.png"]
    assert len(list(raw.rglob("*"))) == 3
    assert (raw / "images/1.png").read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"../evil.png": PICTURE}, r"\.\./evil.png is a link or leads out of the folder"),
        ({"a/..\\..\\evil.png": PICTURE}, "leads out of the folder"),
        ({"/tmp/evil.png": PICTURE}, "/tmp/evil.png is a link or leads out of the folder"),
        ({"a.png": "/etc/passwd"}, "a.png is a link"),
        ({"a": PICTURE, "a/b.png": PICTURE}, "cannot be unpacked"),
        ({".hidden.png": PICTURE}, "there are no files in this zip"),
    ],
)
def test_unsafe_and_empty_zips_are_refused(tmp_path: Path, entries: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        unzip(zipped(tmp_path / "a.zip", **entries), tmp_path / "raw/mine")
    assert sorted(path.name for path in tmp_path.rglob("*")) in (["a.zip"], ["a.zip", "raw"])


def test_damaged_and_encrypted_zips_are_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", **{"a.png": PICTURE}).read_bytes())
    bad_bytes, encrypted = bytearray(content), bytearray(content)
    bad_bytes[60] ^= 255
    encrypted[6] |= 1
    encrypted[content.index(b"PK\1\2") + 8] |= 1
    for damaged in (b"", content[:-30], content[:50], bad_bytes, encrypted, b"PK\x03\x04\xff\xfe\x00"):
        (tmp_path / "a.zip").write_bytes(damaged)
        with pytest.raises(UserError, match="a.zip cannot be unpacked"):
            unzip(tmp_path / "a.zip", tmp_path / "raw/mine")
        assert not (tmp_path / "raw/mine").exists()


@pytest.mark.parametrize("ending", ["CR3", "raf", "orf", "rw2", "dcm", "fits", "eps", "xcf", "qoi", "mpo"])
def test_formats_that_nobody_reads_are_pictures_left_out_not_other_files(tmp_path: Path, ending: str) -> None:
    put(tmp_path, "1.png")
    put(tmp_path, f"a.{ending}", content=b"of another format")
    assert PictureFolder(tmp_path).files == ["1.png", f"a.{ending}"]
