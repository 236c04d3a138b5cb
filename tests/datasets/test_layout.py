from collections.abc import Sequence

import pytest

from ganline.core.errors import UserError
from ganline.datasets.layout import one_side, read


def placed(*folders: str) -> list[str]:
    """Return two pictures in each folder."""
    return [f"{folder}/{number}.png" for folder in folders for number in (1, 2)]


def by_folder(files: Sequence[str], values: Sequence[str] | None) -> dict[str, str]:
    return {file.rpartition("/")[0]: value for file, value in zip(files, values or [], strict=True)}


@pytest.mark.parametrize(
    ("names", "trained", "held_out"),
    [
        (["train", "val", "test"], ["train"], ["test", "val"]),
        (["Training", "Validation"], ["Training"], ["Validation"]),
        (["train", "valid", "testing"], ["train"], ["testing", "valid"]),
        (["training_set", "test_set"], ["training_set"], ["test_set"]),
        (["seg_train", "seg_test"], ["seg_train"], ["seg_test"]),
    ],
)
def test_folders_that_are_splits_are_no_classes(names: list[str], trained: list[str], held_out: list[str]) -> None:
    files = placed(*(f"shapes/{name}/{shape}" for name in names for shape in ("circle", "square")))
    found = read("shapes", files)
    assert found.splits and by_folder(files, found.splits) == {
        f"shapes/{name}/{shape}": "train" if name in trained else "test"
        for name in names
        for shape in ("circle", "square")
    }
    assert found.labels == [file.split("/")[2] for file in files]
    (sentence,) = found.said
    assert sentence.endswith(f"{trained[0]}/ to train on, {' and '.join(f'{name}/' for name in held_out)} held out")


@pytest.mark.parametrize(
    "folders",
    [
        ["train", "test"],
        ["train/images", "test/images"],
        ["train/train", "test/test"],
        ["a/b/train", "a/b/test"],
    ],
)
def test_splits_without_classes_are_unlabelled(folders: list[str]) -> None:
    found = read("mine", placed(*folders))
    assert found.labels == [""] * 4 and found.splits == ["train", "train", "test", "test"]


def test_splits_may_lie_in_the_classes() -> None:
    found = read("mine", placed("cat/train", "cat/test", "dog/train", "dog/test"))
    assert found.labels == ["cat"] * 4 + ["dog"] * 4 and found.splits == ["train", "train", "test", "test"] * 2


@pytest.mark.parametrize(
    "folders",
    [
        ["train", "bus", "car"],
        ["test", "val"],
        ["train", "training"],
        ["train", "extra"],
        ["bullet train", "driving test"],
    ],
)
def test_what_is_no_split_stays_classes(folders: list[str]) -> None:
    found = read("mine", placed(*folders))
    assert found.splits is None and found.labels == [folder for folder in folders for _ in (1, 2)]


def test_a_class_only_held_out_and_a_split_without_classes_are_refused() -> None:
    with pytest.raises(UserError, match=r"1 class\(es\) of the pictures held out are not among those to train on: dog"):
        read("mine", placed("train/cat", "train/cow", "test/dog", "test/cat"))
    with pytest.raises(UserError, match=r"2 picture\(s\) beside the class subfolders, such as test/1.png(.|\n)*alone"):
        read("mine", placed("train/cat", "train/dog", "test"))


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (["trainA", "trainB", "testA", "testB"], "train train train train test test test test"),
        (["horse2zebra/trainA", "horse2zebra/trainB"], ""),
        (["train_a", "train_b", "val_a", "val_b"], "train train train train test test test test"),
        (["A/train", "A/test", "B/train", "B/test"], "train train test test train train test test"),
        (["train/A", "train/B", "test/A", "test/B"], "train train train train test test test test"),
        (["A", "B"], ""),
    ],
)
def test_two_sides_are_asked_for_and_one_is_taken(folders: list[str], splits: str) -> None:
    files = placed(*folders)
    found = read("maps", files)
    assert found.splits == (splits.split() or None) and found.labels == [""] * len(files)
    sides = by_folder(files, found.sides)
    assert set(sides.values()) == {"A", "B"} and all(side in folder.upper() for folder, side in sides.items())
    half = len(files) // 2
    with pytest.raises(UserError, match=f"two sides of a translation, {half} pictures of A and {half} pictures of B"):
        one_side("maps", [*files, "README.md"], None)
    taken = one_side("maps", [*files, "README.md"], "B")
    assert taken == [file for file in files if sides[file.rpartition("/")[0]] == "B"] + ["README.md"]
    kept = read("maps", taken[:-1])
    assert kept.sides is None and kept.labels == [""] * half
    assert kept.splits == ([split for split, side in zip(found.splits, found.sides, strict=True) if side == "B"]
                           if found.splits and found.sides else None)  # fmt: skip


def test_classes_that_are_called_a_and_b_stay_classes() -> None:
    files = ["A/1.png", "A/2.png", "B/3.png"]
    found = read("letters", files)
    assert found.sides is None and found.labels == ["A", "A", "B"]
    assert found.said == ["A/ and B/ are two classes; for the sides of a translation name them trainA/ and trainB/"]
    assert one_side("letters", files, None) == files
    with pytest.raises(UserError, match="download.category = 'A': letters has no categories"):
        one_side("letters", files, "A")


@pytest.mark.parametrize(
    "files",
    [
        ["00000/img00000000.png", "00000/img00000999.png", "00001/img00001000.png"],
        ["thumbnails128x128/00000/00000.png", "thumbnails128x128/69000/69999.png"],
    ],
)
def test_shards_of_numbered_pictures_are_no_classes(files: list[str]) -> None:
    found = read("faces", files)
    assert found.labels == [""] * len(files) and "shards of 1000 numbered pictures, no classes" in found.said[0]


@pytest.mark.parametrize("files", [["00000/00000_00001.ppm", "00042/00000_00001.ppm"], ["00001/7.png", "00002/1.png"]])
def test_classes_with_numbers_for_names_stay_classes(files: list[str]) -> None:
    assert read("signs", files).labels == [file.split("/")[0] for file in files]
