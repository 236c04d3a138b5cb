from pathlib import Path

import numpy as np
import pytest

from ganline.datasets import prepared
from ganline.params import Download, Params, Prepare
from stages import download, prepare

LISTS = Path(__file__).parents[2] / "conf/sources"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def tags(self, values: dict[str, str]) -> None: ...

    def dataset(self, *what: object) -> None:
        self.told.append(what)

    def artifact(self, path: Path, folder: str = "") -> None:
        self.told.append((path, path.exists()))


def test_digits_from_download_to_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = Params.model_construct(
        seed=42,
        download=Download(dataset="digits", source=str(LISTS / "digits.yaml")),
        prepare=Prepare(size=16, channels=1, fit="crop", test_fraction=0.2, max_dropped=0.01),
    )
    recorder = Recorder()
    download.run(params, recorder)  # type: ignore[arg-type]
    prepare.run(params, recorder)  # type: ignore[arg-type]
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
