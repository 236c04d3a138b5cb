"""Every reader of source files, fed what is cut off, garbled and of another kind: it reads it or says what is wrong."""

import errno
import gzip
import io
import json
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import dataset_json, emoji, fetchers, idx, mnist_pickle, quickdraw, sources, zips
from ganline.datasets.damage import UnreadableError, reading, shown

RANDOM = np.random.default_rng(17)
DAMAGES = 20
"""Of each kind, a reader."""


def pixels(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, np.uint8)


def packed_as_zip(method: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as packed:
        for name in ("cat/1.png", "dog/café.png", "labels.csv"):
            packed.writestr(name, cv2.imencode(".png", pixels(8, 8))[1].tobytes())
    return target.getvalue()


def packed_as_tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name in ("package/emoji.json", "package/é" + "x" * 120):
            entry = tarfile.TarInfo(name)
            entry.size = 700
            packed.addfile(entry, io.BytesIO(pixels(700).tobytes()))
    return target.getvalue()


def saved(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue()


def idx_bytes(array: np.ndarray) -> bytes:
    return np.array([0x0800 + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes()


def digits() -> bytes:
    sets = [(pixels(4, 784) / np.float32(256), np.arange(4)) for _ in range(3)]
    return pickle.dumps(tuple(sets), 2)


def read_emoji(path: Path) -> None:
    (path.parent / "img/google/64").mkdir(parents=True, exist_ok=True)
    (path.parent / "img/google/64/1.png").write_bytes(b"picture")
    shutil.rmtree(path.parent / "out", ignore_errors=True)
    (path.parent / "out").mkdir()
    emoji.write(path.parent, "google", emoji.digest(path.parent, "google"), None, path.parent / "out")


def read_gzipped(path: Path) -> None:
    content = {
        "layout": "idx",
        "classes": ["a"],
        "files": {"images": "0" * 64},
        "sources": [{"folder": str(path.parent)}],
    }
    (path.parent / "list.yaml").write_text(json.dumps(content))
    sources.fetch("digits", path.parent / "list.yaml", path.parent / "raw", path.parent / "manual")


def gzipped(read: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return a reader that is given what it reads gzipped anew: else its checksum alone would find the damage."""

    def again(path: Path) -> None:
        path.write_bytes(gzip.compress(path.read_bytes(), 1))
        read(path)

    return again


SOURCES = (Path(__file__).parents[2] / "conf/sources/mnist.yaml").read_bytes()
EMOJI = [{"category": "Flags", "image": "1.png", "has_img_google": True}]
LABELS = {"labels": [["00000/img00000000.png", 0], ["00000/img00000001.png", 7]]}

READERS: dict[str, tuple[str, bytes, Callable[[Path], object]]] = {
    "idx images": ("train-images-idx3-ubyte", idx_bytes(pixels(3, 4, 5)), idx.read_images),
    "idx labels": ("train-labels-idx1-ubyte", idx_bytes(pixels(9)), idx.read_labels),
    "classes": ("classes.txt", "boot\nbåt\nNA\n".encode(), idx.read_classes),
    "quickdraw": ("apple.npy", saved(pixels(3, 784)), quickdraw.read),
    "MNIST pickle": ("mnist.pkl.gz", digits(), gzipped(lambda path: mnist_pickle.to_idx(path, path.parent))),
    "emoji": (emoji.TABLE, json.dumps(EMOJI).encode(), read_emoji),
    "dataset.json": (dataset_json.NAME, json.dumps(LABELS).encode(), dataset_json.read),
    "zip": ("a.zip", packed_as_zip(zipfile.ZIP_DEFLATED), lambda path: zips.unzip(path, path.parent / "raw")),
    "zip, lzma": ("b.zip", packed_as_zip(zipfile.ZIP_LZMA), lambda path: zips.unzip(path, path.parent / "raw")),
    "wheel": ("c.whl", packed_as_zip(zipfile.ZIP_DEFLATED), lambda path: zips.extract(path, path.parent)),
    "tgz": ("a.tgz", packed_as_tar(), gzipped(lambda path: fetchers.untar(path, path.parent / "files"))),
    "source list": ("mnist.yaml", SOURCES, sources.read),
    "gz": ("images.gz", gzip.compress(pixels(900).tobytes()), read_gzipped),
}


def damaged(content: bytes, seed: int) -> Iterator[bytes]:
    """Yield the content cut off, with zeros for a piece, with bytes changed, and with bytes put in."""
    random = np.random.default_rng(seed)
    for _ in range(DAMAGES):
        place, length = (int(random.integers(0, len(content))) for _ in range(2))
        yield content[:place]
        yield content[:place] + bytes(min(length, len(content) - place)) + content[place + length :]
        changed = bytearray(content)
        for at in random.integers(0, len(content), random.integers(1, 9)):
            changed[at] = random.integers(0, 256)
        yield bytes(changed)
        yield content[:place] + random.bytes(int(random.integers(1, 40))) + content[place:]


def foreign(name: str) -> Iterator[bytes]:
    """Yield nothing, texts, and what other readers read."""
    yield from (b"", b"\0", b"no such thing\n", "tëxt".encode("latin-1"), "\ufefftext".encode("utf-16"), b"[" * 99_999)
    yield from (b"null", b"{}", b"[[], 1]", b"labels", pickle.dumps({"train": 1}), pickle.dumps((1, 2, 3)))
    yield from (content for other, (_, content, _) in READERS.items() if other != name)


@pytest.mark.parametrize("name", READERS)
def test_what_cannot_be_read_is_named_in_words(tmp_path: Path, name: str) -> None:
    file, content, read = READERS[name]
    path = tmp_path / "here" / file
    path.parent.mkdir()
    refused = 0
    for bad in [*foreign(name), *damaged(content, len(name))]:
        path.write_bytes(bad)
        try:
            read(path)
        except (UserError, fetchers.SourceError) as error:
            assert file.removesuffix(".gz") in str(error) or str(path.parent) in str(error), error
            refused += 1
    assert refused > DAMAGES
    outside = [path for path in tmp_path.iterdir() if path.name != "here"]
    assert not outside


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    for name, (file, content, read) in READERS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_bytes(content)
        if name == "gz":  # its pin is of nothing
            with pytest.raises(UserError, match="expected content with sha256 0000"):
                read(tmp_path / name / file)
        else:
            read(tmp_path / name / file)


def test_a_full_disk_and_a_users_mistake_are_no_damage() -> None:
    with pytest.raises(OSError, match="No space left") as full, reading("a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert full.value.errno == errno.ENOSPC
    with pytest.raises(UserError, match="^mine$"), reading("a"):
        raise UserError("mine")
    with pytest.raises(UnreadableError, match="^a: cannot be read: Is a directory$"), reading("a"):
        Path().read_bytes()


def test_names_that_are_not_utf_8_can_be_printed() -> None:
    assert shown("caf\udce9/ünï 1.png") == "caf\\xe9/ünï 1.png"
    assert shown("a\x1b[2J\n") == "a\\x1b[2J\\n"
