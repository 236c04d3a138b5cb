from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from ganline.core.errors import UserError
from ganline.datasets import idx, prepared
from ganline.datasets.prepare_stacked import prepare_stacked
from ganline.settings.schema import Prepare, Stacked

CLASSES = 4
SETTINGS = Prepare(
    size=8, channels=3, fit="crop", interpolation="area", test_fraction=0.1, max_dropped=0,
    stacked=Stacked(train=300, test=90),
)  # fmt: skip


def digits(folder: Path, classes: int = CLASSES, names: str = "") -> Path:
    """40 training and 20 held-out pictures in the format of MNIST: the first row says which and of which class."""
    folder.mkdir()
    for start, (name, count) in enumerate({"train": 40, "t10k": 20}.items()):
        images = np.random.default_rng(start).integers(0, 256, (count, 8, 8), np.uint8)
        labels = np.arange(count) % classes
        images[:, 0, 0], images[:, 0, 1] = np.arange(count) + 100 * start, labels
        idx.write(folder / f"{name}{idx.IMAGES}", images)
        idx.write(folder / f"{name}{idx.LABELS}", labels.astype(np.uint8))
    if names:
        (folder / idx.CLASSES).write_text(names)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stacked")
    prepare_stacked(digits(folder / "raw"), folder / "out", "stacked_mine", SETTINGS, 7)
    return folder


def test_each_channel_is_a_digit_of_the_own_split_and_the_class_is_theirs(made: Path) -> None:
    for split, name, start in (("train", "train", 0), ("test", "t10k", 100)):
        images, labels = prepared.read_split(made / "out", split)
        source = idx.read_images(made / "raw" / f"{name}{idx.IMAGES}")
        assert images.shape == (getattr(SETTINGS.stacked, split), 8, 8, 3) and labels is not None
        for channel in range(3):
            which = images[:, 0, 0, channel].astype(int) - start
            np.testing.assert_array_equal(images[..., channel], source[which])
            np.testing.assert_array_equal(labels // CLASSES ** (2 - channel) % CLASSES, images[:, 0, 1, channel])
    assert len(np.unique(labels)) > 40 and labels.dtype == np.int32


def test_channels_are_drawn_independently_of_each_other(made: Path) -> None:
    images, _ = prepared.read_split(made / "out", "train")
    which = images[:, 0, 0].astype(float)
    assert np.abs(np.corrcoef(which.T) - np.eye(3)).max() < 0.2
    assert all(len(np.unique(which[:, channel])) == 40 for channel in range(3))


def test_the_facts_and_the_manifest_of_the_digits(made: Path) -> None:
    facts = prepared.read_facts(made / "out")
    assert facts["counts"] == {"train": 300, "test": 90} and facts["image_shape"] == [8, 8, 3]
    assert facts["stacked"] == ["0", "1", "2", "3"] and facts["source_images"] == 60
    assert len(facts["classes"]) == 64 and facts["classes"][:2] == ["000", "001"] and facts["classes"][57] == "321"
    rows = prepared.read_manifest(made / "out")
    assert len(rows) == 60 and set(rows["channels"]) == {"1"}
    assert {path.name for path in (made / "out").iterdir()} == {
        "dataset.json", "manifest.csv", "test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy"
    }  # fmt: skip


def test_the_seed_decides(made: Path, tmp_path: Path) -> None:
    for seed in (7, 8):
        prepare_stacked(made / "raw", tmp_path / str(seed), "stacked_mine", SETTINGS, seed)
    assert prepared.digest(tmp_path / "7") == prepared.digest(made / "out") != prepared.digest(tmp_path / "8")


def test_repeats_are_counted(made: Path, tmp_path: Path) -> None:
    many = SETTINGS.model_copy(update={"stacked": Stacked(train=20_000, test=2)})
    facts = prepare_stacked(made / "raw", tmp_path / "out", "stacked_mine", many, 1)
    images, _ = prepared.read_split(tmp_path / "out", "train")
    different = np.unique(images[:, 0, 0].astype(int) @ [1600, 40, 1])
    assert facts["duplicates"] == 20_000 - len(different) > 1000 and facts["held_out_repeats"] == 0


def test_classes_with_long_names_are_told_apart(tmp_path: Path) -> None:
    raw = digits(tmp_path / "raw", 2, "bag\ncoat\n")
    facts = prepare_stacked(raw, tmp_path / "out", "stacked_mine", SETTINGS, 1)
    assert facts["classes"][1] == "bag+bag+coat" and len(facts["classes"]) == 8


@pytest.mark.parametrize("classes, said", [(1, "has 1 classes"), (11, "has 11 classes; allowed are 2 to 10")])
def test_too_few_or_too_many_classes_are_refused_and_nothing_is_left(tmp_path: Path, classes: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        prepare_stacked(digits(tmp_path / "raw", classes), tmp_path / "out", "stacked_mine", SETTINGS, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_what_does_not_go_together_is_refused() -> None:
    given = SETTINGS.model_dump()
    for wrong in ({"channels": 1}, {"stacked": {"train": 1, "test": 5}}, {"stacked": {"train": 5}}):
        with pytest.raises(ValidationError, match="stacked"):
            Prepare.model_validate(given | wrong)
    assert "stacked" not in Prepare.model_validate(given | {"stacked": None}).model_dump()
