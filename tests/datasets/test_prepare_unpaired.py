"""Two folders of pictures of which none belongs to another."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.datasets import inputs, prepared
from ganline.datasets.prepare_unpaired import prepare_unpaired
from ganline.settings.schema import Pairs, Prepare
from stages.prepare import with_partners

FORM = {"size": 16, "channels": 3, "fit": "crop", "interpolation": "area", "test_fraction": 0.2, "max_dropped": 0.1}


def settings(images: str = "B", partners: str = "A", **more) -> Prepare:
    pairs = Pairs(layout="unpaired", images=images, partners=partners, channels=1)
    return Prepare(**(FORM | more), pairs=pairs)


def prepare(raw: Path, seed: int = 1, **more) -> dict:
    return prepare_unpaired(raw, raw.parent / "out", "own", settings(**more), seed)


def save(path: Path, grey: int) -> None:
    """Write a picture of a grey level that tells which one it is, with black and white in a corner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((20, 20, 3), grey, np.uint8)
    pixels[:4, :4], pixels[4:8, :4] = 255, 0
    cv2.imwrite(str(path), pixels)


def shades(folder: Path, split: str, view: str) -> list[int]:
    """Return the grey level of each prepared picture."""
    read = prepared.read_partners(folder, split) if view == "partners" else prepared.read_split(folder, split)[0]
    return read[:, 12, 12, 0].tolist()


SOURCE, TARGET = range(10, 40), range(100, 120)
"""Grey levels of the pictures of A and of B."""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for grey in SOURCE:
        save(tmp_path / f"raw/A/horse{grey}.png", grey)
    for grey in TARGET:
        save(tmp_path / f"raw/B/zebra{grey}.png", grey)
    return tmp_path / "raw"


def test_each_side_is_prepared_and_split_by_itself(raw):
    facts, out = prepare(raw), raw.parent / "out"
    assert facts == prepared.read_facts(out)
    assert facts["paired"] is False and facts["classes"] == [] and facts["source_images"] == 50
    assert facts["image_shape"] == [16, 16, 3] and facts["partner_shape"] == [16, 16, 1]
    assert facts["counts"] == {"train": 16, "test": 4} and facts["partner_counts"] == {"train": 24, "test": 6}
    assert sorted(shades(out, "train", "images") + shades(out, "test", "images")) == list(TARGET)
    assert sorted(shades(out, "train", "partners") + shades(out, "test", "partners")) == list(SOURCE)
    assert prepared.read_split(out, "test")[1] is None and not inputs.paired(out, "partner")
    assert inputs.paired(out, "grey")  # of what is made of an image the true partner is known
    assert with_partners(facts) == "24 and 6 of shape [16, 16, 1] to be made into such ones, "
    rows = prepared.read_manifest(out)
    assert list(rows["view"]) == ["images"] * 20 + ["partners"] * 30
    for view, split in (("images", "train"), ("partners", "test")):
        files = rows[(rows["view"] == view) & (rows["split"] == split)]["file"]
        assert [int(Path(file).stem[5:]) for file in files] == shades(out, split, view)


def test_the_split_is_a_function_of_pictures_and_seed(raw, tmp_path):
    digests = {}
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        prepare_unpaired(raw, tmp_path / name, "own", settings(), seed)
        digests[name] = prepared.digest(tmp_path / name)
    assert digests["first"] == digests["again"] != digests["other"]


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda split, side, name: f"{split}{side}/{name}.png", {}),
        (lambda split, side, name: f"{side}/{split}/{name}.png", {}),
        (lambda split, side, name: f"all/{split}/{side}/{name}.png", {}),
        (
            lambda split, side, name: f"{'horses' if side == 'A' else 'zebras'}/{split}/{name}.png",
            {"images": "zebras", "partners": "horses"},
        ),
    ],
    ids=["CycleGAN's", "split inside", "split outside", "other names"],
)
def test_a_split_of_the_collections_own_is_kept(tmp_path, make, names):
    for side, greys in (("A", SOURCE), ("B", TARGET)):
        for grey in greys:
            save(tmp_path / "raw" / make("test" if grey % 10 == 0 else "train", side, grey), grey)
    facts = prepare(tmp_path / "raw", **names)
    assert facts["counts"] == {"train": 18, "test": 2} and facts["partner_counts"] == {"train": 27, "test": 3}
    assert shades(tmp_path / "out", "test", "images") == [100, 110]
    assert shades(tmp_path / "out", "test", "partners") == [10, 20, 30]
    assert any("own split is kept" in said for said in facts["said"])


def test_equal_names_and_endings_are_no_pairs(raw):
    for number, grey in enumerate(TARGET):
        (raw / f"B/zebra{grey}.png").rename(raw / f"B/{number}.png")
    for number, grey in enumerate(SOURCE):
        (raw / f"A/horse{grey}.png").rename(raw / f"A/{number}.png")
    save(raw / "A/0.bmp", 50)
    assert prepare(raw)["partner_counts"] == {"train": 25, "test": 6}


def test_duplicates_are_on_one_side_of_the_split(raw):
    for number in range(5):
        shutil.copy(raw / "A/horse10.png", raw / f"A/copy{number}.png")
    for seed in range(4):
        facts = prepare(raw, seed)
        assert facts["duplicates"] == 5 and facts["held_out_repeats"] == 0
        rows = prepared.read_manifest(raw.parent / "out").set_index("file")
        assert len({rows.loc[f]["split"] for f in ("A/horse10.png", "A/copy0.png", "A/copy4.png")}) == 1


def test_unusable_pictures_are_left_out_of_their_side_alone(raw):
    (raw / "A/horse11.png").write_bytes(b"no picture")
    facts = prepare(raw)
    assert facts["dropped"] == {"not an image": 1} and sum(facts["counts"].values()) == 20
    assert sum(facts["partner_counts"].values()) == 29
    with pytest.raises(UserError, match=r"^domain A: .*1 of 30 images .3.3%. are unusable"):
        prepare(raw, max_dropped=0.01)


def test_what_a_person_should_know_is_told(raw):
    shutil.copy(raw / "A/horse10.png", raw / "B/horse10.png")
    said = prepare(raw)["said"]
    assert "1 different pictures are both in B and in A" in said
    assert any(one.startswith("A: there are 24 pictures to train on") for one in said)


def spoil(raw: Path, side: str, keep: int) -> None:
    for path in sorted((raw / side).iterdir())[keep:]:
        path.unlink()


def plain(raw: Path, side: str) -> None:
    for path in (raw / side).iterdir():
        cv2.imwrite(str(path), np.full((20, 20, 3), len(path.name), np.uint8))


def same(raw: Path) -> None:
    shutil.rmtree(raw / "B")
    shutil.copytree(raw / "A", raw / "B")


def copied(raw: Path) -> None:
    shutil.rmtree(raw / "B")
    (raw / "B").mkdir()
    for path in sorted((raw / "A").iterdir())[:4]:
        shutil.copy(path, raw / "B" / f"copy-of-{path.name}")


def one_split(raw: Path) -> None:
    (raw / "testA").mkdir()
    shutil.move(raw / "A/horse10.png", raw / "testA")
    (raw / "A").rename(raw / "trainA")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: shutil.rmtree(raw / "B"), r"no picture lies below a folder 'B'.*0 below a folder 'B' and 30"),
        (lambda raw: save(raw / "C/1.png", 3), r"1 picture\(s\) lie below neither of the two folders, .*C/1.png"),
        (lambda raw: spoil(raw, "A", 1), r"^domain A: 1 usable image\(s\): at least 2 are needed"),
        (lambda raw: plain(raw, "B"), r"^domain B: .*: the pictures are all but black"),
        (same, r"B and A hold the same pictures \(30 different ones are in both\)"),
        (copied, r"B and A hold the same pictures \(4 different ones"),
        (one_split, r"the pictures of A come with a split .* those of B with none; allowed is trainB and testB"),
    ],
    ids=["empty", "neither", "one picture", "nothing to see", "the same", "a part of the other", "one split"],
)
def test_what_cannot_be_learned_from_is_refused_before_anything_is_written(raw, change, words):
    change(raw)
    with pytest.raises(UserError, match=words):
        prepare(raw)
    assert not (raw.parent / "out").exists()
