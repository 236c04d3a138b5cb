import json
from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, sha256
from ganline.settings import paths
from stages import download, extractor, prepare

ROOT = Path(__file__).parents[2]


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def __init__(self):
        self.told = {}

    def metrics(self, values, step=0):
        self.told |= values

    def tags(self, values): ...

    def dataset(self, *what): ...

    def artifact(self, path, folder=""): ...


def prepared(dataset, tmp_path, monkeypatch, *overrides):
    monkeypatch.chdir(tmp_path)
    source = f"download.source={ROOT / 'conf/sources' / dataset}.yaml"
    alone = [f"dataset={dataset}", source, "extractor.beside=null"]
    params = compose_params("gan-mnist", [*alone, *overrides], ROOT / "conf")
    for stage in (download, prepare):
        stage.run(params, Recorder())
    return params


def test_digits(tmp_path, monkeypatch):
    params, recorder = prepared("digits", tmp_path, monkeypatch, "prepare.size=16"), Recorder()
    extractor.run(params, recorder)
    folder = Path("models/extractor/digits")
    assert {path.name for path in folder.iterdir()} == {
        "weights.npz",
        "extractor.json",
        "train_features.npz",
        "test_features.npz",
    }
    facts = json.loads((folder / "extractor.json").read_text())
    assert facts["test_accuracy"] > 0.95 and facts["doubts"] == []
    assert recorder.told == {"extractor_test_accuracy": facts["test_accuracy"]}
    assert facts["weights_sha256"] == sha256(folder / "weights.npz")

    tested = read_arrays(folder / "test_features.npz")
    labels = np.load("data/prepared/digits/test_labels.npy")
    assert tested["features"].shape == (len(labels), facts["feature_dim"])
    assert np.mean(tested["probabilities"].argmax(axis=1) == labels) == facts["test_accuracy"]
    assert len(read_arrays(folder / "train_features.npz")["features"]) == 1797 - len(labels)

    first = {path.name: sha256(path) for path in folder.iterdir()}
    extractor.run(params, recorder)
    assert {path.name: sha256(path) for path in folder.iterdir()} == first


def test_unlabelled_data_is_for_the_rotation_extractor(tmp_path, monkeypatch):
    params = prepared("digits", tmp_path, monkeypatch, "prepare.size=8")
    for split in ("train", "test"):
        (paths.prepared(params) / f"{split}_labels.npy").unlink()
    with pytest.raises(UserError, match="extractor.kind=rotation.*extractor.kind=inception"):
        extractor.run(params, Recorder())
    assert not paths.extractor(params).exists()
    rotation = params.extractor.model_copy(update={"kind": "rotation"})
    recorder = Recorder()
    extractor.run(params.model_copy(update={"extractor": rotation}), recorder)
    facts = json.loads((paths.extractor(params) / "extractor.json").read_text())
    assert recorder.told == {"extractor_rotation_accuracy": facts["rotation_accuracy"]}
    assert facts["kind"] == "rotation" and 0.7 < facts["rotation_accuracy"] <= 1 and facts["doubts"] == []


@pytest.mark.parametrize("dataset", ["flags", "quickdraw", "anime_faces", "human_faces"])
def test_datasets_without_classes_come_with_the_extractor_for_them(dataset):
    params = compose_params("gan-mnist", [f"dataset={dataset}", "download.source=x.zip"], ROOT / "conf")
    assert "rotation" in params.extractor.kinds and "classifier" not in params.extractor.kinds


@pytest.mark.slow
@pytest.mark.parametrize("dataset, least", [("fashion_mnist", 0.90), ("mnist", 0.99)])
def test_accuracy_on_the_real_sets(tmp_path, monkeypatch, dataset, least):
    params, recorder = prepared(dataset, tmp_path, monkeypatch), Recorder()
    extractor.run(params, recorder)
    assert recorder.told["extractor_test_accuracy"] >= least


def test_a_class_a_picture_makes_a_judge_that_says_it_knows_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["dataset=digits", "extractor.beside=null", "prepare.size=8", "extractor.epochs=1"]
    params = compose_params("gan-mnist", small, ROOT / "conf")
    data, names = paths.prepared(params), [f"picture {i}" for i in range(60)]
    data.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    for split, rows in (("train", slice(54)), ("test", slice(54, 60))):
        np.save(data / f"{split}_images.npy", images[rows])
        np.save(data / f"{split}_labels.npy", np.arange(60, dtype=np.int32)[rows])
    counts = {"train": 54, "test": 6}
    (data / "dataset.json").write_text(json.dumps({"classes": names, "counts": counts, "image_shape": [8, 8, 1]}))
    extractor.run(params, Recorder())
    (doubt,) = json.loads((paths.extractor(params) / "extractor.json").read_text())["doubts"]
    assert "class of 0.0 % of held-out images" in doubt and "60 of 60 classes have under 5 images" in doubt
    assert "extractor.kind=rotation" in doubt and doubt in capsys.readouterr().out
    both = ["dataset=digits", "prepare.size=8", "extractor.epochs=1", "extractor.kind=rotation"]
    params = compose_params("gan-mnist", [*both, "extractor.beside=classifier"], ROOT / "conf")
    extractor.run(params, Recorder())
    files = (folder / "extractor.json" for folder in (paths.extractor(params), paths.beside(params)))
    (first,), (second,) = (json.loads(file.read_text())["doubts"] for file in files)
    assert first.startswith("the extractor, rotation, knows little") and "extractor.beside" not in first
    assert second.startswith("the second judge, extractor.beside=classifier, knows little")
