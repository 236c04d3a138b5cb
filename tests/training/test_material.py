import numpy as np
import pytest
from prepared_digits import LABELS, project

from ganline.core.errors import UserError
from ganline.training import material


def test_only_models_that_use_labels_get_them(tmp_path, monkeypatch):
    data = material.training_data(*project(tmp_path, monkeypatch, "cgan-mnist"))
    assert data["label"].dtype == np.int32 and np.array_equal(data["label"], LABELS)
    assert list(material.training_data(*project(tmp_path, monkeypatch, "infogan-mnist"))) == ["image"]


def test_a_part_of_each_classes_labels(tmp_path, monkeypatch, capsys):
    data = material.training_data(*project(tmp_path, monkeypatch, "sgan-fashion-mnist", "train.labelled_fraction=0.1"))
    used = data["label"] >= 0
    assert np.bincount(data["label"][used]).tolist() == [5] * 4 and set(data["label"][~used]) == {-1}
    assert np.array_equal(data["label"][used], LABELS[used])
    assert "labels of 20 of 200 images are used" in capsys.readouterr().out
    assert np.array_equal(material.used_labels(LABELS, 0.1, 42), data["label"])
    assert not np.array_equal(material.used_labels(LABELS, 0.1, 43), data["label"])


def test_a_class_without_any_label_is_refused():
    with pytest.raises(UserError, match="leaves a class without labels: allowed is 1/50 or more"):
        material.used_labels(LABELS, 0.01, 42)


@pytest.mark.parametrize(("labels", "found"), [(None, "none"), (0 * LABELS, "one class")])
def test_data_without_classes_is_refused_by_models_that_learn_them(tmp_path, monkeypatch, labels, found):
    with pytest.raises(UserError, match=rf"train.model = cgan.CGAN learns from labels, .*\(digits\) has {found}. What"):
        material.training_data(*project(tmp_path, monkeypatch, "cgan-mnist", labels=labels))


def test_prepared_images_of_another_shape_are_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"shape \[8, 8, 1\], and prepare.size = 28 .* wants \[28, 28, 1\]"):
        material.training_data(*project(tmp_path, monkeypatch, "gan-mnist", size=8))


def test_checkpoints_belong_to_labels_and_classes(tmp_path, monkeypatch):
    params, facts = project(tmp_path, monkeypatch, "cgan-mnist")
    first = material.decisive(params, facts, material.training_data(params, facts))
    assert material.decisive(params, facts, material.training_data(params, facts)) == first
    other = material.decisive(*project(tmp_path, monkeypatch, "cgan-mnist", labels=3 - LABELS), {"label": 3 - LABELS})
    assert {name for name in first if first[name] != other[name]} == {"label"}
    more = material.decisive(params, facts | {"classes": ["0"] * 5}, {"label": LABELS})
    assert {name for name in first if first[name] != more[name]} == {"classes"}
