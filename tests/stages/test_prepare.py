from pathlib import Path

import cv2
import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.datasets import prepared
from ganline.settings.schema import Download, Params, Prepare
from stages import download, prepare

CONF = Path(__file__).parents[2] / "conf"
LISTS = CONF / "sources"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def tags(self, values: dict[str, str]) -> None: ...

    def dataset(self, *what: object) -> None:
        self.told.append(what)

    def artifact(self, path: Path, folder: str = "") -> None:
        self.told.append((path, path.exists()))


def test_the_names_of_classes_are_shown_up_to_twenty() -> None:
    assert prepare.named([]) == "without classes" and prepare.named(["NA", "cat"]) == "2 classes (NA, cat)"
    names = [f"{number:02}" for number in range(22)]
    assert prepare.named(names) == f"22 classes ({', '.join(names[:20])} and 2 more)"


def test_digits_from_download_to_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    params = Params.model_construct(
        data_seed=42,
        download=Download(dataset="digits", source=str(LISTS / "digits.yaml"), category=None),
        prepare=Prepare(size=16, channels=1, fit="crop", interpolation="area", test_fraction=0.2, max_dropped=0.01),
    )
    recorder = Recorder()
    download.run(params, recorder)  # type: ignore[arg-type]
    prepare.run(params, recorder)  # type: ignore[arg-type]
    assert "[16, 16, 1], 10 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9); 0 dropped, 0 other" in capsys.readouterr().out
    folder = Path("data/prepared/digits")
    (train, train_labels), (test, test_labels) = (prepared.read_split(folder, split) for split in prepared.SPLITS)
    assert train.shape == (1438, 16, 16, 1) and test.shape == (359, 16, 16, 1)
    assert train_labels is not None and test_labels is not None
    assert set(np.bincount(test_labels)) <= {34, 35, 36, 37}
    assert train.max() == 255 and 60 < train.mean() < 90
    counts = {"train": 1438, "test": 359}
    assert recorder.told == [
        ("digits", prepared.digest(folder), counts),
        (folder / "dataset.json", True),
    ]


def test_two_domains_from_a_folder_to_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for side, count in (("A", 12), ("B", 5)):
        (tmp_path / f"mine/{side}").mkdir(parents=True)
        for number in range(count):
            noise = random.integers(0, 256, (20, 20, 3), np.uint8)
            cv2.imwrite(str(tmp_path / f"mine/{side}/{side}{number}.png"), noise)
    given = ["dataset=unpaired_folders", f"download.source={tmp_path / 'mine'}", "prepare.size=16"]
    params = compose_params("gan-mnist", [*given, "prepare.pairs.channels=1"], CONF)
    recorder = Recorder()
    download.run(params, recorder)  # type: ignore[arg-type]
    prepare.run(params, recorder)  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert (
        "unpaired_folders: 4 training and 1 test images of shape [16, 16, 3], 11 and 1 of shape [16, 16, 1] to be made "
        "into such ones, without classes; 0 dropped"
    ) in said
    assert "A: there are 11 pictures to train on" in said
    folder = Path("data/prepared/unpaired_folders")
    assert prepared.read_split(folder, "train")[0].shape == (4, 16, 16, 3)
    assert prepared.read_partners(folder, "train").shape == (11, 16, 16, 1)
    assert recorder.told[0] == ("unpaired_folders", prepared.digest(folder), {"train": 4, "test": 1})


EMOJI = {
    "Activities": 85, "Animals & Nature": 159, "Flags": 270, "Food & Drink": 131, "Objects": 264, "People & Body": 386,
    "Smileys & Emotion": 169, "Symbols": 224, "Travel & Places": 218,
}  # fmt: skip


@pytest.mark.slow
def test_real_emoji_and_flags_from_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    facts, splits = {}, {}
    for dataset in ("emoji", "flags"):
        source = f"download.source={LISTS / 'emoji_twitter.yaml'}"
        params = compose_params("gan-mnist", [f"dataset={dataset}", source], CONF)
        download.run(params, Recorder())  # type: ignore[arg-type]
        prepare.run(params, Recorder())  # type: ignore[arg-type]
        facts[dataset] = prepared.read_facts(Path("data/prepared") / dataset)
        splits[dataset] = [prepared.read_split(Path("data/prepared") / dataset, split) for split in prepared.SPLITS]
    assert facts["emoji"]["classes"] == sorted(EMOJI) and facts["flags"]["classes"] == []
    assert facts["emoji"]["image_shape"] == [64, 64, 3] and facts["flags"]["image_shape"] == [64, 64, 1]
    labels = np.concatenate([found for _, found in splits["emoji"] if found is not None])
    assert dict(zip(sorted(EMOJI), np.bincount(labels), strict=True)) == EMOJI
    assert facts["flags"]["counts"] == {"train": 189, "test": 81}
    # Norway's flag is also Svalbard's and Bouvet Island's; many families are drawn alike.
    assert {name: (found["duplicates"], found["held_out_repeats"]) for name, found in facts.items()} == {
        "emoji": (33, 0), "flags": (7, 0),
    }  # fmt: skip
    assert facts["emoji"]["dropped"] == facts["flags"]["dropped"] == {}
    corners = splits["emoji"][0][0][:, 0, 0]
    assert np.mean((corners == 255).all(axis=1)) > 0.9, "the transparent background must have become white"
