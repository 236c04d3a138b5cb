"""Datasets of StyleGAN before 2020, as its dataset_tool writes them."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.datasets import prepared
from ganline.datasets.prepare import prepare
from ganline.datasets.stylegan_records import RecordImages
from ganline.settings.schema import Prepare

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 3, 16, 16), np.uint8)
NUMBERS = [2, 0, 0, 2, 5, 5, 2, 0, 0, 2, 5, 5]


def settings(size: int, channels: int = 3, max_dropped: float = 0.0) -> Prepare:
    return Prepare(
        size=size, channels=channels, fit="crop", interpolation="area", test_fraction=0.25, max_dropped=max_dropped
    )


def write(path: Path, images: np.ndarray, **features: tf.train.Feature) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for image in images:
            integers, values = tf.train.Int64List(value=image.shape), tf.train.BytesList(value=[image.tobytes()])
            told = {"shape": tf.train.Feature(int64_list=integers), "data": tf.train.Feature(bytes_list=values)}
            example = tf.train.Example(features=tf.train.Features(feature=features or told))
            writer.write(example.SerializeToString())


def dataset(folder: Path, pixels: np.ndarray = PIXELS, labels: bool = True) -> Path:
    """Write 4, 8 and 16 pixels a side, each the mean of four of the next, and the classes."""
    folder.mkdir(parents=True)
    images = pixels.astype(np.float32)
    for level in (4, 3, 2):
        write(folder / f"faces-r{level:02}.tfrecords", np.rint(images).astype(np.uint8))
        images = sum(images[..., i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4
    if labels:
        with (folder / "faces-rxx.labels").open("wb") as file:
            np.save(file, np.eye(6, dtype=np.float32)[NUMBERS])
    return folder


def test_the_resolution_that_is_asked_for_is_read_with_its_classes(tmp_path: Path) -> None:
    raw = dataset(tmp_path / "raw/faces")
    (raw / "README.txt").write_text("faces")
    facts = prepare(tmp_path / "raw", tmp_path / "out", "faces", settings(16), 1)
    assert facts["classes"] == ["0", "2", "5"] and facts["dropped"] == {} and facts["ignored"] == {"not a picture": 1}
    assert facts["said"] == ["of the records of 4 pixels, 8 pixels, 16 pixels those of 16 are read"]
    rows = prepared.read_manifest(tmp_path / "out")
    rows = rows[rows["status"] == "kept"]
    assert list(rows["file"]) == [f"faces/faces-r04.tfrecords#{index}" for index in range(12)]
    for split in prepared.SPLITS:
        images, labels = prepared.read_split(tmp_path / "out", split)
        here = np.flatnonzero(rows["split"] == split)
        np.testing.assert_array_equal(images, np.moveaxis(PIXELS[here], 1, -1))
        assert labels is not None and labels.tolist() == [[0, 2, 5].index(NUMBERS[index]) for index in here]


@pytest.mark.parametrize(("size", "side"), [(8, 8), (9, 16), (32, 16)])
def test_the_smallest_that_need_not_be_enlarged(tmp_path: Path, size: int, side: int) -> None:
    images = RecordImages(dataset(tmp_path / "raw", labels=False), size)
    assert images.decode(images.read(3)).shape == (side, side, 3) and images.labels == [""] * 12


def test_grey_and_alpha(tmp_path: Path) -> None:
    for channels, shape in ((1, (16, 16)), (4, (16, 16, 4))):
        pixels = np.repeat(PIXELS[:, :1], channels, axis=1)
        images = RecordImages(dataset(tmp_path / str(channels), pixels, labels=False), 16)
        image = images.decode(images.read(0))
        assert image.shape == shape and np.array_equal(image if channels == 1 else image[..., 2], PIXELS[0, 0])


def test_a_damaged_record_is_left_out_and_its_class_stays_with_the_others(tmp_path: Path) -> None:
    raw = dataset(tmp_path / "raw")
    content = bytearray((raw / "faces-r04.tfrecords").read_bytes())
    content[len(content) // 2 + 100] ^= 1  # in the middle is a length
    (raw / "faces-r04.tfrecords").write_bytes(content)
    with pytest.raises(UserError, match="1 of 12 images .* are unusable(.*\n)+.*#6: dropped: truncated or damaged"):
        prepare(raw, tmp_path / "out", "faces", settings(16), 1)
    facts = prepare(raw, tmp_path / "out", "faces", settings(16, max_dropped=0.1), 1)
    assert facts["dropped"] == {"truncated or damaged": 1} and sum(facts["counts"].values()) == 11
    rows = prepared.read_manifest(tmp_path / "out")
    assert [int(label) for label in rows["label"]] == NUMBERS


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    raw = dataset(tmp_path / "raw")
    content = (raw / "faces-r04.tfrecords").read_bytes()
    (raw / "faces-r04.tfrecords").write_bytes(content[:-10])
    with pytest.raises(UserError, match="faces-r04.tfrecords: cut off in record 12, 10 bytes before its end"):
        prepare(raw, tmp_path / "out", "faces", settings(16), 1)
    assert not (tmp_path / "out").exists()


def test_other_records_are_no_pictures(tmp_path: Path) -> None:
    (raw := tmp_path / "raw").mkdir()
    other = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"JPEG"]))
    write(raw / "faces-r04.tfrecords", PIXELS, encoded=other)
    with pytest.raises(
        UserError, match="12 of 12 images .*\n.*#0: dropped: a record without the features shape and data"
    ):
        prepare(raw, tmp_path / "out", "faces", settings(16), 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.eye(3)[:2], r"expected one-hot rows \(12, classes\), one for each picture, found \(2, 3\)"),
        (np.full((12, 2), 0.5), "12 rows are not one-hot, such as row 0; to train without classes take the file away"),
        (np.array([{}]), "faces-rxx.labels: cannot be read"),
    ],
)
def test_wrong_labels_are_refused(tmp_path: Path, rows: np.ndarray, message: str) -> None:
    raw = dataset(tmp_path / "raw", labels=False)
    with (raw / "faces-rxx.labels").open("wb") as file:
        np.save(file, rows)
    with pytest.raises(UserError, match=message):
        RecordImages(raw, 16)


def test_records_of_two_datasets_are_refused(tmp_path: Path) -> None:
    raw = dataset(tmp_path / "raw", labels=False)
    (raw / "cats-r04.tfrecords").touch()
    with pytest.raises(UserError, match="records of several datasets, cats, faces; allowed are those of one"):
        RecordImages(raw, 16)


def test_records_beside_pictures_are_refused(tmp_path: Path) -> None:
    raw = dataset(tmp_path / "raw", labels=False)
    (raw / "previews").mkdir()
    (raw / "previews/first.png").touch()
    message = "records of StyleGAN, such as faces-r02.tfrecords, and pictures, such as previews/first.png; allowed are"
    with pytest.raises(UserError, match=f"{message} either alone"):
        prepare(raw, tmp_path / "out", "faces", settings(16), 1)
