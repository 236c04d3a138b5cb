import io
import json
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.datasets import prepared, stylegan_zip, zips
from ganline.datasets.prepare import prepare
from ganline.settings.schema import Prepare

CLASSES = ["bag", "coat", "0"]
"""Not in the order of their names."""
COUNTS = {"train": 21, "test": 9}


def data(folder: Path, channels: int = 3, classes: bool = True, side: int = 8) -> Path:
    """Prepared data of random pictures."""
    folder.mkdir()
    for seed, (split, count) in enumerate(COUNTS.items()):
        draws = np.random.default_rng(seed)
        np.save(prepared.images_file(folder, split), draws.integers(0, 256, (count, side, side, channels), np.uint8))
        if classes:
            np.save(prepared.labels_file(folder, split), np.arange(count, dtype=np.int32) % 3)
    names = CLASSES if classes else []
    write_json(folder / prepared.FACTS, {"image_shape": [side, side, channels], "classes": names, "counts": COUNTS})
    return folder


def whole(folder: Path) -> tuple[np.ndarray, list[np.ndarray | None]]:
    found = [prepared.read_split(folder, split) for split in prepared.SPLITS]
    return np.concatenate([images for images, _ in found]), [labels for _, labels in found]


@pytest.mark.parametrize(("channels", "classes"), [(3, True), (1, False)])
def test_what_is_written_is_read_again_to_the_bit(tmp_path: Path, channels: int, classes: bool) -> None:
    source = data(tmp_path / "data", channels, classes)
    assert stylegan_zip.write(source, tmp_path / "mine.zip") == 30
    zips.unzip(tmp_path / "mine.zip", tmp_path / "raw")
    settings = Prepare(size=8, channels=channels, fit="crop", interpolation="area", test_fraction=0.3, max_dropped=0)
    facts = prepare(tmp_path / "raw", tmp_path / "out", "mine", settings, 1)
    assert facts["classes"] == (CLASSES if classes else []) and facts["dropped"] == facts["ignored"] == {}
    images, labels = whole(source)
    rows = prepared.read_manifest(tmp_path / "out")
    for split in prepared.SPLITS:
        again, of = prepared.read_split(tmp_path / "out", split)
        here = np.flatnonzero(rows["split"] == split)  # the rows are in the order of the files, and these of the images
        np.testing.assert_array_equal(again, images[here])
        assert (of is None) != classes
        if of is not None:
            np.testing.assert_array_equal(of, np.concatenate(labels)[here])


def test_it_is_what_stylegans_own_reader_expects(tmp_path: Path) -> None:
    """As training/dataset.py of stylegan2-ada-pytorch reads: sorted names, PIL, and dataset.json's labels by name."""
    source = data(tmp_path / "data")
    stylegan_zip.write(source, tmp_path / "mine.zip")
    images, labels = whole(source)
    with zipfile.ZipFile(tmp_path / "mine.zip") as packed:
        assert all(member.compress_type == zipfile.ZIP_STORED for member in packed.infolist())
        pictures = sorted(name for name in packed.namelist() if name != "dataset.json")
        assert pictures[0] == "00000/img00000000.png" and len(pictures) == 30
        table = json.loads(packed.read("dataset.json"))["labels"]
        assert [name for name, _ in table] == pictures
        assert [number for _, number in table] == np.concatenate(labels).tolist()
        for name, image in zip(pictures, images, strict=True):
            picture = PIL.Image.open(io.BytesIO(packed.read(name)))
            assert picture.mode == "RGB" and np.array_equal(np.asarray(picture), image)


def test_names_are_shards_of_a_thousand() -> None:
    assert stylegan_zip.file_name(12_345) == "00012/img00012345.png"


def test_one_split_and_no_classes(tmp_path: Path) -> None:
    source = data(tmp_path / "data", classes=False)
    assert stylegan_zip.write(source, tmp_path / "test.zip", ["test"]) == 9
    with zipfile.ZipFile(tmp_path / "test.zip") as packed:
        assert json.loads(packed.read("dataset.json")) == {"labels": None} and len(packed.namelist()) == 10


def test_equal_images_give_equal_bytes(tmp_path: Path) -> None:
    source = data(tmp_path / "data")
    for name in ("one.zip", "two.zip"):
        stylegan_zip.write(source, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_what_stylegan_does_not_take_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    good, other = data(tmp_path / "good"), data(tmp_path / "other", side=28)
    pairs = data(tmp_path / "pairs")
    write_json(pairs / prepared.FACTS, prepared.read_facts(pairs) | {"partner_shape": [8, 8, 3]})
    (tmp_path / "mine.zip").write_bytes(b"mine")
    for folder, target, message in (
        (other, "new.zip", "28x28 pixels, and StyleGAN takes powers of two; prepare .* with prepare.size=16 or 32"),
        (pairs, "new.zip", "has two views"),
        (good, "new.tar", "new.tar: StyleGAN takes a .zip"),
        (good, "mine.zip", "mine.zip is there already"),
        (tmp_path / "none", "new.zip", "holds no prepared data"),
    ):
        with pytest.raises(UserError, match=message):
            stylegan_zip.write(folder, tmp_path / target)
    assert (tmp_path / "mine.zip").read_bytes() == b"mine"


def test_nothing_is_left_of_a_zip_that_could_not_be_finished(tmp_path: Path) -> None:
    source = data(tmp_path / "data")
    images = prepared.images_file(source, "test")
    images.write_bytes(images.read_bytes()[:-1000])
    with pytest.raises(UserError):
        stylegan_zip.write(source, tmp_path / "mine.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
