from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue import compose_params
from ganline.datasets.prepared import read_facts
from ganline.errors import UserError
from ganline.files import write_json
from stages import paths, train

CONF = Path(__file__).parents[2] / "conf"
LABELS = np.arange(200, dtype=np.int32) % 4


def project(folder, monkeypatch, experiment, *overrides, size=28, labels=LABELS):
    """Prepared data of 200 images in the current directory; return the parameters and the facts."""
    monkeypatch.chdir(folder)
    params = compose_params(experiment, ["dataset=digits", *overrides], CONF)
    data = paths.prepared(params)
    data.mkdir(parents=True, exist_ok=True)
    np.save(data / "train_images.npy", np.zeros((200, size, size, 1), np.uint8))
    if labels is not None:
        np.save(data / "train_labels.npy", labels)
    names = [] if labels is None else [str(label) for label in np.unique(labels)]
    write_json(data / "dataset.json", {"dataset": "digits", "image_shape": [size, size, 1], "classes": names})
    return params, read_facts(data)


def test_only_models_that_use_labels_get_them(tmp_path, monkeypatch):
    data = train.training_data(*project(tmp_path, monkeypatch, "cgan-mnist"))
    assert data["label"].dtype == np.int32 and np.array_equal(data["label"], LABELS)
    assert list(train.training_data(*project(tmp_path, monkeypatch, "infogan-mnist"))) == ["image"]


def test_a_part_of_each_classes_labels(tmp_path, monkeypatch, capsys):
    data = train.training_data(*project(tmp_path, monkeypatch, "sgan-fashion-mnist", "train.labelled_fraction=0.1"))
    used = data["label"] >= 0
    assert np.bincount(data["label"][used]).tolist() == [5] * 4 and set(data["label"][~used]) == {-1}
    assert np.array_equal(data["label"][used], LABELS[used])
    assert "labels of 20 of 200 images are used" in capsys.readouterr().out
    assert np.array_equal(train.used_labels(LABELS, 0.1, 42), data["label"])
    assert not np.array_equal(train.used_labels(LABELS, 0.1, 43), data["label"])


def test_a_class_without_any_label_is_refused():
    with pytest.raises(UserError, match="leaves a class without labels: allowed is 1/50 or more"):
        train.used_labels(LABELS, 0.01, 42)


@pytest.mark.parametrize(("labels", "found"), [(None, "none"), (0 * LABELS, "one class")])
def test_data_without_classes_is_refused_by_models_that_learn_them(tmp_path, monkeypatch, labels, found):
    with pytest.raises(UserError, match=rf"train.model = cgan.CGAN learns from labels, .*\(digits\) has {found}. What"):
        train.training_data(*project(tmp_path, monkeypatch, "cgan-mnist", labels=labels))


def test_prepared_images_of_another_shape_are_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"shape \[8, 8, 1\], and prepare.size = 28 .* wants \[28, 28, 1\]"):
        train.training_data(*project(tmp_path, monkeypatch, "gan-mnist", size=8))


def test_checkpoints_belong_to_labels_and_classes(tmp_path, monkeypatch):
    params, facts = project(tmp_path, monkeypatch, "cgan-mnist")
    first = train.decisive(params, facts, train.training_data(params, facts))
    assert train.decisive(params, facts, train.training_data(params, facts)) == first
    other = train.decisive(*project(tmp_path, monkeypatch, "cgan-mnist", labels=3 - LABELS), {"label": 3 - LABELS})
    assert {name for name in first if first[name] != other[name]} == {"label"}
    more = train.decisive(params, facts | {"classes": ["0"] * 5}, {"label": LABELS})
    assert {name for name in first if first[name] != more[name]} == {"classes"}
