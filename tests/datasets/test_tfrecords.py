"""Our reader of TFRecords, held against TensorFlow's writer."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.datasets import tfrecords

INTEGERS = [3, 0, 300, 2**62]


def example(number: int) -> bytes:
    feature = tf.train.Feature
    values = {
        "shape": feature(int64_list=tf.train.Int64List(value=INTEGERS)),
        "data": feature(bytes_list=tf.train.BytesList(value=[np.random.default_rng(number).bytes(200 * number), b"x"])),
        "weight": feature(float_list=tf.train.FloatList(value=[0.5])),
        "empty": feature(bytes_list=tf.train.BytesList(value=[])),
    }
    return tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "some.tfrecords"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number in range(4):
            writer.write(example(number))
    return path


def test_what_tensorflow_writes_is_read(written: Path) -> None:
    content = written.read_bytes()
    found = tfrecords.places(written)
    assert len(found) == 4
    for number, (start, length) in enumerate(found):
        record = tfrecords.checked(content[start : start + length + 4])
        assert record == example(number)
        features = tfrecords.features(record)
        assert features["shape"] == INTEGERS and features["empty"] == []
        assert features["data"] == [np.random.default_rng(number).bytes(200 * number), b"x"]


@pytest.mark.parametrize("lost", [1, 4, 5, 300])
def test_a_file_that_is_cut_off(tmp_path: Path, written: Path, lost: int) -> None:
    cut = tmp_path / "cut.tfrecords"
    cut.write_bytes(written.read_bytes()[:-lost])
    with pytest.raises(UserError, match=rf"cut off in record 4, {lost} bytes before its end \(3 whole records"):
        tfrecords.places(cut)


def test_a_file_that_is_cut_off_in_a_length_or_empty(tmp_path: Path, written: Path) -> None:
    second = sum(tfrecords.places(written)[0]) + 4
    for name, length, message in (
        ("cut", second + 7, f"cut off in the length of record 2, at byte {second}"),
        ("empty", 0, "holds no records"),
    ):
        path = tmp_path / name
        path.write_bytes(written.read_bytes()[:length])
        with pytest.raises(UserError, match=message):
            tfrecords.places(path)


def test_damage(tmp_path: Path, written: Path) -> None:
    content = bytearray(written.read_bytes())
    (_, (start, length), (third, _), _) = tfrecords.places(written)
    content[start + length // 2] ^= 4
    with pytest.raises(ValueError, match="checksum"):
        tfrecords.checked(bytes(content[start : start + length + 4]))
    content[third - 12] ^= 4
    damaged = tmp_path / "damaged.tfrecords"
    damaged.write_bytes(content)
    with pytest.raises(UserError, match=f"damaged: the length of record 3, at byte {third - 12:,}, has another"):
        tfrecords.places(damaged)
    damaged.write_bytes(b"a text and no records\n")
    with pytest.raises(UserError, match="damaged, or no TFRecords"):
        tfrecords.places(damaged)


def test_no_garbage_is_taken_for_a_message() -> None:
    whole = example(1)
    draws = np.random.default_rng(0)
    for _ in range(300):
        garbled = bytearray(whole[: draws.integers(len(whole) + 1)])
        for at in draws.integers(max(len(garbled), 1), size=3) if garbled else ():
            garbled[at] = draws.integers(256)
        try:
            found = tfrecords.features(bytes(garbled))
        except ValueError:
            continue
        assert all(isinstance(value, bytes | int) for values in found.values() for value in values)
