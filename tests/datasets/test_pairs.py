from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import layout, pictures, prepared
from ganline.datasets.pairs import pictures_shown
from ganline.datasets.prepare_pairs import prepare_pairs
from ganline.settings.schema import Pairs, Prepare

FOLDERS = Pairs(layout="folders", images="B", partners="A", channels=1)
HALVES = Pairs(layout="side_by_side", images="right", partners="left", channels=3)


def settings(pairs: Pairs, **more) -> Prepare:
    known = {
        "size": 16,
        "channels": 3,
        "fit": "crop",
        "interpolation": "area",
        "test_fraction": 0.2,
        "max_dropped": 0.1,
    }
    return Prepare(**(known | more), pairs=pairs)


def prepare(raw: Path, pairs: Pairs = FOLDERS, **more):
    return prepare_pairs(raw, raw.parent / "out", "own", settings(pairs, **more), seed=1)


def save(path: Path, number: int, width: int = 20) -> None:
    """Write a picture whose colour says which it is; its middle is white, so that there is something to see."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((20, width, 3), (number, 255 - number, number // 2), np.uint8)
    pixels[:4, :4] = 255
    pixels[4:8, :4] = 0
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for number in range(10):
        save(tmp_path / f"raw/A/{number}.png", 20 * number)
        save(tmp_path / f"raw/B/{number}.png", 20 * number)
    return tmp_path / "raw"


def numbers(images: np.ndarray) -> list[int]:
    """Return which pictures these are, of channel 2, whatever their channels are (blue is written first)."""
    return [round(int(image[12, 12, 2]) / 20) for image in images]


def test_partners_stay_together_in_both_splits(raw):
    facts = prepare(raw)
    assert facts["image_shape"] == [16, 16, 3] and facts["partner_shape"] == [16, 16, 1]
    assert facts["counts"] == {"train": 8, "test": 2} and facts["source_images"] == 10
    seen = []
    for split in prepared.SPLITS:
        images, labels = prepared.read_split(raw.parent / "out", split)
        partners = prepared.read_partners(raw.parent / "out", split)
        assert labels is None and partners.shape == (len(images), 16, 16, 1)
        grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[12, 12] for image in images]
        assert np.abs(partners[:, 12, 12, 0].astype(int) - grey).max() <= 1
        seen += numbers(images)
    assert sorted(seen) == list(range(10))
    manifest = prepared.read_manifest(raw.parent / "out")
    assert list(manifest["view"]) == ["images"] * 10 + ["partners"] * 10
    first = manifest.set_index("file").loc["A/3.png"]
    assert first["partner"] == "B/3.png" and first["split"] == manifest.set_index("file").loc["B/3.png"]["split"]


def test_the_split_depends_on_nothing_but_pictures_and_seed(raw, tmp_path):
    first, again = (prepare_pairs(raw, tmp_path / name, "own", settings(FOLDERS), seed=1) for name in ("x", "y"))
    assert first == again and prepared.digest(tmp_path / "x") == prepared.digest(tmp_path / "y")


def test_halves_of_a_file_are_a_pair_read_from_either_side(tmp_path):
    for number in range(10):
        save(tmp_path / f"raw/{'val' if number > 6 else 'train'}/{number}.jpg", 0, width=41)
        left, right = np.full((20, 20, 3), 20 * number, np.uint8), np.full((20, 21, 3), 255 - 20 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"raw/{'val' if number > 6 else 'train'}/{number}.jpg"), np.hstack([left, right]))
    for pairs, sign in ((HALVES, 1), (HALVES.model_copy(update={"images": "left", "partners": "right"}), -1)):
        facts = prepare(tmp_path / "raw", pairs, fit="stretch")
        assert facts["counts"] == {"train": 7, "test": 3}
        images, _ = prepared.read_split(tmp_path / "out", "train")
        partners = prepared.read_partners(tmp_path / "out", "train")
        brightness = [20 * number for number in range(7)]
        shown = partners if sign == 1 else images
        assert np.abs(shown[:, 8, 8, 0].astype(int) - brightness).max() <= 3
        assert np.abs(images[:, 8, 8, 0].astype(int) + partners[:, 8, 8, 0] - 255).max() <= 6
    rows = prepared.read_manifest(tmp_path / "out")
    assert set(rows["width"]) == {"20", "21"} and (rows["file"] == rows["partner"]).all()


@pytest.mark.parametrize(
    ("make", "images", "partners"),
    [
        (lambda side, number: f"{'test' if number > 6 else 'train'}{side}/{number}.png", "B", "A"),
        (lambda side, number: f"{side}/{'test' if number > 6 else 'train'}/{number}.png", "B", "A"),
        (lambda side, number: f"all/{'test' if number > 6 else 'train'}/{side}/{number}.png", "B", "A"),
        (lambda side, number: f"{side}_train/{number}.png".replace("B_train", "photos"), "photos", "A_train"),
    ],
    ids=["CycleGAN's", "split inside", "split outside", "other names"],
)
def test_folders_as_people_lay_them_out(tmp_path, make, images, partners):
    for number in range(10):
        for side in "AB":
            save(tmp_path / "raw" / make(side, number), 20 * number)
    facts = prepare(tmp_path / "raw", Pairs(layout="folders", images=images, partners=partners, channels=3))
    assert facts["counts"] == ({"train": 8, "test": 2} if images == "photos" else {"train": 7, "test": 3})


def test_classes_are_those_of_subfolders(tmp_path):
    for number in range(12):
        for side in "AB":
            save(tmp_path / f"raw/{side}/{'cats' if number % 2 else 'dogs'}/{number}.png", 20 * number)
    assert prepare(tmp_path / "raw")["classes"] == ["cats", "dogs"]
    images, labels = prepared.read_split(tmp_path / "out", "train")
    assert [number % 2 == 0 for number in numbers(images)] == [label == 1 for label in labels]


def test_a_pair_with_an_unusable_picture_is_left_out_as_a_whole(raw):
    (raw / "A/3.png").write_bytes(b"no picture")
    assert prepare(raw, max_dropped=0.2)["dropped"] == {"its partner: not an image": 1}
    rows = prepared.read_manifest(raw.parent / "out").set_index("file")
    assert rows.loc["A/3.png"]["status"] == "dropped: not an image"
    assert rows.loc["B/3.png"]["status"] == "dropped: its partner: not an image"
    (raw / "A/3.png").write_bytes(cv2.imencode(".png", np.zeros((20, 3, 3), np.uint8))[1].tobytes())
    with pytest.raises(UserError, match=r"2 of 20 images .10.0%. are unusable") as refused:
        prepare(raw, max_dropped=0.05)
    assert "A/3.png: dropped: wrong shape" in str(refused.value)


def test_pairs_that_share_a_picture_are_on_one_side(raw):
    for number in (1, 2):
        (raw / f"A/{number}.png").write_bytes((raw / "A/0.png").read_bytes())
    (raw / "B/5.png").write_bytes((raw / "B/2.png").read_bytes())
    for seed in range(5):
        prepare_pairs(raw, raw.parent / "out", "own", settings(FOLDERS, test_fraction=0.4), seed)
        rows = prepared.read_manifest(raw.parent / "out").set_index("file")
        assert len({rows.loc[f"A/{number}.png"]["split"] for number in (0, 1, 2, 5)}) == 1
    assert pictures_shown([["a", "b", "c", "a"], ["x", "x", "y", "z"]]).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: (raw / "A/3.png").unlink(), r"1 picture\(s\) miss a partner.*\n  B/3.png has none below 'A'"),
        (lambda raw: (raw / "A/3.png").rename(raw / "A/x.png"), r"2 picture.*\n  B/3.png .* 'A'\n  A/x.png .* 'B'"),
        (lambda raw: save(raw / "A/3.jpg", 3), r"A/3.jpg and A/3.png have one name"),
        (lambda raw: save(raw / "notes/3.jpg", 3), r"1 picture\(s\) lie below neither .*notes/3.jpg"),
        (lambda raw: (raw / "A").rename(raw / "C"), r"no picture lies below a folder 'A'.*10 below a folder 'B' and 0"),
    ],
    ids=["unequal", "renamed", "twice", "neither", "one side empty"],
)
def test_what_is_no_pairs_is_refused_before_anything_is_written(raw, change, words):
    change(raw)
    with pytest.raises(UserError, match=words):
        prepare(raw)
    assert not (raw.parent / "out").exists()


def test_settings_of_pairs():
    with pytest.raises(ValueError, match="left and right"):
        Pairs(layout="side_by_side", images="right", partners="A", channels=3)
    with pytest.raises(ValueError, match="two folders"):
        Pairs(layout="folders", images="A", partners="A", channels=3)


def test_one_view_has_no_partners(tmp_path):
    np.save(prepared.images_file(tmp_path, "train"), np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(UserError, match="holds no pairs"):
        prepared.read_partners(tmp_path, "train")
    with pytest.raises(UserError, match="dvc repro prepare"):
        prepared.read_partners(tmp_path, "test")


def test_both_sides_are_taken_where_asked_for(raw):
    with pytest.raises(UserError, match="dataset=paired_folders"):
        pictures.copy(raw, raw.parent / "copied")
    pictures.copy(raw, raw.parent / "copied", layout.BOTH)
    assert len(list((raw.parent / "copied").rglob("*.png"))) == 20


def test_other_proportions_are_told(raw):
    save(raw / "B/3.png", 60, width=40)
    assert any(
        "1 pairs are of pictures with different proportions, such as that of B/3.png" in s for s in prepare(raw)["said"]
    )
