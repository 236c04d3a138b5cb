import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import prepared, zips
from ganline.datasets.pictures import PictureFolder
from ganline.datasets.prepare import prepare
from ganline.settings.schema import Prepare

SETTINGS = Prepare(size=8, channels=3, fit="crop", interpolation="area", test_fraction=0.25, max_dropped=0.0)
FILES = [f"{number // 1000:05}/img{number:08}.png" for number in (*range(4), *range(1000, 1008))]


def stylegan_zip(path: Path, labels: Any) -> Path:
    """Make what StyleGAN's dataset_tool makes: shards of a thousand pictures, and dataset.json."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as packed:
        for file in FILES:
            packed.writestr(file, cv2.imencode(".png", random.integers(0, 256, (8, 8, 3), np.uint8))[1].tobytes())
        packed.writestr("dataset.json", json.dumps({"labels": labels}))
    return path


@pytest.mark.parametrize("labels", [None, []])
def test_shards_are_no_classes_and_the_table_is_no_picture(tmp_path: Path, labels: Any) -> None:
    zips.unzip(stylegan_zip(tmp_path / "faces.zip", labels), tmp_path / "raw")
    facts = prepare(tmp_path / "raw", tmp_path / "out", "faces", SETTINGS, 1)
    assert facts["classes"] == [] and facts["source_images"] == 12 and facts["dropped"] == {} == facts["ignored"]
    assert facts["said"] == ["dataset.json says that there are no classes"]
    assert prepared.read_split(tmp_path / "out", "train")[1] is None


@pytest.mark.parametrize("one_hot", [False, True])
def test_classes_are_those_of_the_table_in_the_order_of_their_numbers(tmp_path: Path, one_hot: bool) -> None:
    numbers = [10, 2, 2, 10, 0, 0, 10, 2, 2, 10, 0, 0]
    labels = [
        [file, np.eye(11)[number].tolist() if one_hot else number] for file, number in zip(FILES, numbers, strict=True)
    ]
    zips.unzip(stylegan_zip(tmp_path / "faces.zip", labels), tmp_path / "raw")
    facts = prepare(tmp_path / "raw", tmp_path / "out", "faces", SETTINGS, 1)
    assert facts["classes"] == ["0", "2", "10"]
    rows = prepared.read_manifest(tmp_path / "out")
    assert [int(label) for label in rows["label"]] == numbers
    train = prepared.read_split(tmp_path / "out", "train")[1]
    assert train is not None
    assert train.tolist() == [[0, 2, 10].index(int(label)) for label in rows[rows["split"] == "train"]["label"]]


def folder(path: Path, table: str) -> Path:
    for file in ("a/1.png", "b/2.png"):
        (path / file).parent.mkdir(parents=True)
        (path / file).touch()
    (path / "dataset.json").write_text(table)
    return path


def test_another_file_of_that_name_is_just_another_file(tmp_path: Path) -> None:
    images = PictureFolder(folder(tmp_path, '{"name": "mine"}'))
    assert images.labels == ["a", "b"] and images.ignored == {"dataset.json": "not a picture"}


@pytest.mark.parametrize(("classes", "names"), [(["bag", "hat", "coat"], ["bag", "coat"]), (3, ["0", "2"])])
def test_names_of_classes_are_taken_where_there_are_any(tmp_path: Path, classes: Any, names: list[str]) -> None:
    table = {"labels": [["a/1.png", 2], ["b/2.png", 0]], "classes": classes}
    images = PictureFolder(folder(tmp_path, json.dumps(table)))
    assert images.labels == names[::-1] and images.classes == names


def test_pictures_that_are_gone_are_told(tmp_path: Path) -> None:
    images = PictureFolder(folder(tmp_path, '{"labels": [["a/1.png", 3], ["b/2.png", 0], ["c/3.png", 1]]}'))
    assert images.labels == ["3", "0"] and images.classes == ["0", "3"]
    assert images.said == [
        "dataset.json says that there are 2 classes",
        "dataset.json names 1 pictures that are not there",
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('{"labels": [["a/1.png", 0]]}', "dataset.json has no label for 1 of 2 pictures, such as b/2.png"),
        ('{"labels": [["a/1.png", 0], ["a/1.png", 1]]}', r"labels has \['a/1.png', 1\]; allowed is .*each file once"),
        ('{"labels": [["a/1.png", 0.5]]}', "a/1.png has the label 0.5; allowed is a class number from 0 or a one-hot"),
        ('{"labels": [["a/1.png", [0.3, 0.7]]]}', "a/1.png has the label .0.3, 0.7.; allowed is"),
        ('{"labels": [["a/1.png", true]]}', "a/1.png has the label True; allowed is"),
        ('{"labels": [["a/1.png", 1], ["b/2.png", 0]], "classes": ["bag"]}', "classes has 1 names for labels up to 1"),
        ('{"labels": [["a/1.png", 1], ["b/2.png", 0]], "classes": ["bag", "bag"]}', "different names, one for each"),
        ('{"labels": {"a/1.png": 0}}', ""),
        (
            '{"labels": [["a/1.png", 0], ["b/2',
            r"dataset.json: cannot be read \(damaged, cut off or of another kind\): JSON",
        ),
        ('{"labels": ' + "[" * 100_000, "dataset.json: cannot be read .*RecursionError"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, table: str, message: str) -> None:
    path = folder(tmp_path, table)
    if not message:
        assert PictureFolder(path).labels == ["a", "b"]
        return
    with pytest.raises(UserError, match=message):
        PictureFolder(path)
