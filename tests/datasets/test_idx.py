from pathlib import Path

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import idx

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def write_pair(folder: Path, name: str, images: np.ndarray = IMAGES, labels: list[int] | None = None) -> None:
    idx.write(folder / f"{name}-images-idx3-ubyte", images)
    idx.write(folder / f"{name}-labels-idx1-ubyte", np.array([1, 0, 2] if labels is None else labels, np.uint8))


def test_header_is_the_published_one(tmp_path: Path) -> None:
    idx.write(tmp_path / "images", IMAGES)
    expected = bytes.fromhex("00000803 00000003 00000004 00000005") + IMAGES.tobytes()
    assert (tmp_path / "images").read_bytes() == expected
    assert np.array_equal(idx.read_images(tmp_path / "images"), IMAGES)


def test_two_sets_are_the_datasets_own_split(tmp_path: Path) -> None:
    write_pair(tmp_path, "t10k", IMAGES[:1] + 100, [2])
    write_pair(tmp_path, "train")
    (tmp_path / "classes.txt").write_text("shoe\nbag\nhat\n")
    images = idx.IdxImages(tmp_path)
    assert images.files == [f"train-images-idx3-ubyte#{i}" for i in range(3)] + ["t10k-images-idx3-ubyte#0"]
    assert images.labels == ["bag", "shoe", "hat", "hat"]
    assert images.splits == ["train", "train", "train", "test"]
    assert np.array_equal(images.decode(images.read(3)), IMAGES[0] + 100)
    assert np.array_equal(images.decode(images.read(2)), IMAGES[2])


def test_one_set_has_no_split_and_classes_default_to_numbers(tmp_path: Path) -> None:
    write_pair(tmp_path, "digits")
    images = idx.IdxImages(tmp_path)
    assert images.splits is None and images.classes == ["0", "1", "2"]


def damage(folder: Path, name: str, change: int) -> None:
    path = folder / f"train-{name}"
    path.write_bytes(path.read_bytes()[:change])


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("images-idx3-ubyte", -1, "asks for 76 bytes, the file has 75"),
        ("images-idx3-ubyte", 7, "not an idx file"),
        ("labels-idx1-ubyte", 0, "not an idx file"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, name: str, change: int, message: str) -> None:
    write_pair(tmp_path, "train")
    damage(tmp_path, name, change)
    with pytest.raises(UserError, match=message):
        idx.IdxImages(tmp_path)


def test_wrong_kind_of_idx_is_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "train")
    idx.write(tmp_path / "train-images-idx3-ubyte", IMAGES[0])
    with pytest.raises(UserError, match="3 dimension"):
        idx.IdxImages(tmp_path)


def test_pairs_that_do_not_match_are_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "train", labels=[1, 2])
    with pytest.raises(UserError, match="2 labels for 3 images"):
        idx.IdxImages(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="labels-idx1-ubyte is missing"):
        idx.IdxImages(tmp_path)
    write_pair(tmp_path, "train")
    write_pair(tmp_path, "valid")
    with pytest.raises(UserError, match="train, valid; allowed are"):
        idx.IdxImages(tmp_path)


def test_label_without_a_class_name_and_unequal_sizes_are_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "train")
    write_pair(tmp_path, "t10k", IMAGES[:, :, :4])
    with pytest.raises(UserError, match="differ in size"):
        idx.IdxImages(tmp_path)
    write_pair(tmp_path, "t10k")
    (tmp_path / "classes.txt").write_text("shoe\nbag\n")
    with pytest.raises(UserError, match="names 2 classes, but there is a label 2"):
        idx.IdxImages(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"shoe\nbag\nshoe\n", "classes.txt: line 3 is 'shoe'; allowed are names, each once"),
        (b"shoe\n\nhat\n", "classes.txt: line 2 is ''"),
        ("Schürze\nbag\nhat\n".encode("latin-1"), "classes.txt: cannot be read .*UnicodeDecodeError"),
        (b"", "classes.txt: line 1 is ''"),
    ],
)
def test_class_files_that_are_no_list_of_names_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    write_pair(tmp_path, "train")
    (tmp_path / "classes.txt").write_bytes(content)
    with pytest.raises(UserError, match=message):
        idx.IdxImages(tmp_path)


def test_class_files_of_other_systems_are_read(tmp_path: Path) -> None:
    write_pair(tmp_path, "train")
    (tmp_path / "classes.txt").write_bytes("\ufeffSchürze\r\nbag\r\nNA\r\n".encode())
    assert idx.IdxImages(tmp_path).classes == ["Schürze", "bag", "NA"]
