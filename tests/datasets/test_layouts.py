"""Source lists of paired pictures: archives as their authors publish them, OpenMoji, and tiles of large pictures."""

import hashlib
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.datasets import archives, openmoji, prepared, sources
from ganline.datasets.prepare import prepare
from ganline.datasets.prepare_pairs import prepare_pairs

LISTS = Path(__file__).parents[2] / "conf/sources"


def picture(path: Path, seed: int, height: int = 8, width: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(pixels, (width * 4, height * 4)))


def small(name: str, tmp_path: Path, **more) -> Path:
    """Write the project's list with other numbers of pictures, and no source but files by hand."""
    content = yaml.safe_load((LISTS / name).read_text()) | more | {"sources": [{"folder": str(tmp_path / "none")}]}
    (tmp_path / name).write_text(yaml.safe_dump(content, sort_keys=False))
    return tmp_path / name


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    """The archive of CycleGAN's authors with 3 pictures in a folder: apple2orange/trainA/n07740461_10011.jpg."""
    for folder in ("trainA", "trainB", "testA", "testB"):
        for number in range(3):
            picture(tmp_path / f"apple2orange/{folder}/n0774046{number}_1001.jpg", hash((folder, number)) % 2**31)
    (tmp_path / "manual").mkdir()
    with zipfile.ZipFile(tmp_path / "manual/apple2orange.zip", "w") as archive:
        for path in sorted((tmp_path / "apple2orange").rglob("*.jpg")):
            archive.write(path, path.relative_to(tmp_path))
    return tmp_path


def few(name: str) -> dict:
    folders = yaml.safe_load((LISTS / name).read_text())["folders"]
    return {folder: part | {"pictures": 3} for folder, part in folders.items()}


def test_apple2orange_is_two_classes_in_its_authors_split(apples, capsys):
    listing = small("apple2orange.yaml", apples, folders=few("apple2orange.yaml"))
    sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    content = capsys.readouterr().out.partition("sha256 ")[2][:64]
    params = compose_params("gan-mnist", ["dataset=apple2orange", "prepare.size=8", "download.source=."])
    facts = prepare(apples / "raw", apples / "out", "apple2orange", params.prepare, 1)
    assert facts["classes"] == ["apples", "oranges"] and facts["counts"] == {"train": 6, "test": 6}

    # Pinned, the same archive is taken and another one is not; unpacked by hand is as good.
    pinned = small("apple2orange.yaml", apples, folders=few("apple2orange.yaml"), sha256=content)
    sources.fetch("apple2orange", pinned, apples / "again", apples / "manual")
    sources.fetch("apple2orange", pinned, apples / "by_hand", apples / "apple2orange")
    picture(apples / "apple2orange/trainA/n07740460_1001.jpg", 99)
    with pytest.raises(UserError, match=f"expected content with sha256 {content}"):
        sources.fetch("apple2orange", pinned, apples / "changed", apples / "apple2orange")


def test_an_archive_that_is_not_whole_is_refused(apples):
    listing = small("apple2orange.yaml", apples)
    with pytest.raises(UserError, match="trainA has 3 pictures, expected 995") as refused:
        sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    assert "put apple2orange.zip, or the folders that it holds (trainA, trainB, testA, testB), into" in str(
        refused.value
    )
    cut = (apples / "manual/apple2orange.zip").read_bytes()[:-100]
    (apples / "manual/apple2orange.zip").write_bytes(cut)
    with pytest.raises(UserError, match="cannot be unpacked"):
        sources.fetch("apple2orange", listing, apples / "raw", apples / "manual")
    shutil.rmtree(apples / "apple2orange/testB")
    with pytest.raises(UserError, match="the folder testB is not in it"):
        kept = few("apple2orange.yaml")
        sources.fetch("x", small("apple2orange.yaml", apples, folders=kept), apples / "raw", apples / "apple2orange")
    assert not (apples / "raw").exists()


def test_maps_are_halves_of_files_in_their_authors_split(tmp_path):
    for folder in ("train", "val"):
        for number in range(1, 4):
            picture(tmp_path / f"maps/{folder}/{number}.jpg", number, 6, 12)
    (tmp_path / "manual").mkdir()
    with tarfile.open(tmp_path / "manual/maps.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "maps", "maps")
    listing = small("pix2pix_maps.yaml", tmp_path, folders=few("pix2pix_maps.yaml"))
    sources.fetch("pix2pix_maps", listing, tmp_path / "raw", tmp_path / "manual")
    settings = compose_params("gan-mnist", ["dataset=pix2pix_maps", "prepare.size=8", "download.source=."]).prepare
    facts = prepare_pairs(tmp_path / "raw", tmp_path / "out", "pix2pix_maps", settings, 1)
    assert facts["counts"] == {"train": 3, "test": 3} and facts["classes"] == []
    # As the book cuts and shrinks them: left the photograph, right the map, by OpenCV's default.
    whole = cv2.cvtColor(cv2.imread(str(tmp_path / "maps/val/1.jpg")), cv2.COLOR_BGR2RGB)
    middle = whole.shape[1] // 2
    assert np.array_equal(prepared.read_partners(tmp_path / "out", "test")[0], cv2.resize(whole[:, :middle], (8, 8)))
    assert np.array_equal(prepared.read_split(tmp_path / "out", "test")[0][0], cv2.resize(whole[:, middle:], (8, 8)))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package openmoji of four drawings: one of them a skin tone of another, one a component."""
    table = [
        {"hexcode": "1F34E", "group": "food-drink", "skintone": ""},
        {"hexcode": "1F44B", "group": "people-body", "skintone": ""},
        {"hexcode": "1F44B-1F3FB", "group": "people-body", "skintone": "1"},
        {"hexcode": "1F3FB", "group": "component", "skintone": ""},
    ]
    for folder in ("data", *openmoji.STYLES.values()):
        (tmp_path / "package" / folder).mkdir(parents=True)
    (tmp_path / "package" / openmoji.TABLE).write_text(json.dumps(table))
    square = (
        '<svg viewBox="0 0 72 72" xmlns="http://www.w3.org/2000/svg">'
        '<rect x="18" y="18" width="36" height="36" {}/></svg>'
    )
    for drawing in table:
        for folder, ink in zip(openmoji.STYLES.values(), ('fill="none" stroke="#000"', 'fill="#f00"'), strict=True):
            (tmp_path / "package" / folder / f"{drawing['hexcode']}.svg").write_text(square.format(ink))
    return tmp_path / "package"


def test_openmoji_is_drawn_as_lines_and_in_colour(package, tmp_path):
    listing = small("openmoji.yaml", tmp_path, sha256=openmoji.digest(package), side=24)
    sources.fetch("openmoji_lines", listing, tmp_path / "raw", package)
    files = sorted(str(path.relative_to(tmp_path / "raw")) for path in (tmp_path / "raw").rglob("*.png"))
    assert files == [f"{s}/{f}.png" for s in ("colours", "lines") for f in ("food-drink/1F34E", "people-body/1F44B")]
    drawn = cv2.imread(str(tmp_path / "raw/colours/food-drink/1F34E.png"), cv2.IMREAD_UNCHANGED)
    assert drawn.shape == (24, 24, 4) and drawn[12, 12].tolist() == [0, 0, 255, 255] and drawn[1, 1, 3] == 0
    sources.fetch("openmoji_lines", listing, tmp_path / "food", package, "food-drink")
    assert len(list((tmp_path / "food").rglob("*.png"))) == 2
    with pytest.raises(UserError, match="allowed is null .all. or one of food-drink, people-body"):
        sources.fetch("openmoji_lines", listing, tmp_path / "other", package, "cars")
    (package / "black/svg/1F34E.svg").write_text("<svg")
    with pytest.raises(UserError, match=r"LC_ALL=C sha256sum data/openmoji.json .* must print"):
        sources.fetch("openmoji_lines", listing, tmp_path / "changed", package)
    broken = small("openmoji.yaml", tmp_path, sha256=openmoji.digest(package))
    with pytest.raises(UserError, match="1F34E.svg: cannot be read"):
        sources.fetch("openmoji_lines", broken, tmp_path / "broken", package)


def test_tiles_of_one_ground_leave_out_plain_places(tmp_path):
    (tmp_path / "manual").mkdir()
    ground = np.zeros((20, 33, 3), np.uint8)
    ground[:8, :8] = np.random.default_rng(0).integers(0, 256, (8, 8, 3))  # the one place with anything to see in both
    ground[8:16, 8:16] = np.random.default_rng(1).integers(0, 256, (8, 8, 3))
    plan = cv2.resize(ground, (66, 40), interpolation=cv2.INTER_NEAREST)
    plan[16:32, 16:32] = 7
    for name, pixels in (("bmng.png", ground), ("relief.png", plan)):
        cv2.imwrite(str(tmp_path / "manual" / name), pixels[..., ::-1])
    pins = {f: hashlib.sha256((tmp_path / "manual" / f).read_bytes()).hexdigest() for f in ("bmng.png", "relief.png")}
    names = {"satellite": "bmng.png", "maps": "relief.png"}
    listing = small("blue_marble.yaml", tmp_path, pictures=names, sha256=pins, side=8)
    sources.fetch("blue_marble", listing, tmp_path / "raw", tmp_path / "manual")
    files = sorted((tmp_path / "raw").rglob("*.png"))
    assert [str(path.relative_to(tmp_path / "raw")) for path in files] == ["maps/r00-c00.png", "satellite/r00-c00.png"]
    first, second = (cv2.imread(str(path))[..., ::-1] for path in files)
    assert np.array_equal(first, ground[:8, :8]) and np.array_equal(second, ground[:8, :8])
    with pytest.raises(UserError, match="no tile of 8 x 8 pixels has a standard deviation of 200"):
        plain = small("blue_marble.yaml", tmp_path, pictures=names, sha256=pins, side=8, least_deviation=200.0)
        sources.fetch("blue_marble", plain, tmp_path / "raw2", tmp_path / "manual")
    with pytest.raises(UserError, match=r"sha256 is wanted of exactly bmng.png, relief.png"):
        sources.read(small("blue_marble.yaml", tmp_path, pictures=names, side=8))


def test_digest_of_an_archive_is_what_a_shell_says(tmp_path):
    picture(tmp_path / "train/1.jpg", 1)
    line = f"{hashlib.sha256((tmp_path / 'train/1.jpg').read_bytes()).hexdigest()}  train/1.jpg\n"
    assert archives.digest({"train": [tmp_path / "train/1.jpg"]}) == hashlib.sha256(line.encode()).hexdigest()
