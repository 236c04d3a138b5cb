import numpy as np
import pytest
from prepared_digits import CONF, LABELS, project

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core import yaml_files
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.core.random import generator
from ganline.diagnosis.pair_probe import PairProbe
from ganline.models import makers
from ganline.models.facts import model_facts
from ganline.settings import paths
from ganline.training import judging, material
from ganline.training.batches import Apart, Feed


def test_only_models_that_use_labels_get_them(tmp_path, monkeypatch):
    data = material.training_data(*project(tmp_path, monkeypatch, "cgan-mnist"))
    assert data["label"].dtype == np.int32 and np.array_equal(data["label"], LABELS)
    assert list(material.training_data(*project(tmp_path, monkeypatch, "infogan-mnist"))) == ["image"]
    translated = material.training_data(*project(tmp_path, monkeypatch, "advgan-mnist"))
    assert list(translated) == ["image", "input", "label"] and np.array_equal(translated["label"], LABELS)


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


@pytest.mark.parametrize(("experiment", "model"), [("cgan-mnist", "cgan.CGAN"), ("advgan-mnist", "advgan.AdvGAN")])
@pytest.mark.parametrize(("labels", "found"), [(None, "none"), (0 * LABELS, "one class")])
def test_data_without_classes_is_refused_by_models_that_learn_them(
    tmp_path, monkeypatch, labels, found, experiment, model
):
    with pytest.raises(UserError, match=rf"train.model = {model} learns from labels, .*\(digits\) has {found}. What"):
        material.training_data(*project(tmp_path, monkeypatch, experiment, labels=labels))


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


def test_checkpoints_belong_to_how_inputs_are_made_of_images():
    """Of pictures that have their size already the prepared bytes say nothing of it."""

    def decisive(experiment, *overrides):
        params = compose_params(experiment, ["dataset=cartoon_faces", *overrides], CONF)
        return material.decisive(params, {"classes": []}, {})

    for change in ("prepare.interpolation=linear", "data_seed=9"):
        assert decisive("srgan-faces", change) != decisive("srgan-faces")
        assert decisive("stylegan-emoji", change) == decisive("stylegan-emoji")


@pytest.mark.parametrize("stage", ["train", "evaluate", "study"])
def test_dvc_runs_again_what_reads_inputs_that_are_made_otherwise(stage):
    obeyed = yaml_files.read(CONF.parent / "dvc.yaml")["stages"][stage]["params"]
    assert {"data_seed", "prepare.interpolation"} <= set(obeyed)


def sides(folder, monkeypatch, paired, count=30):
    """Leave prepared data of two views, of which the second has another number of pictures where it is not paired."""
    params = compose_params("pix2pix-maps", ["dataset=paired_folders", "download.source=.", "prepare.size=16"], CONF)
    monkeypatch.chdir(folder)
    data = paths.prepared(params)
    data.mkdir(parents=True)
    pictures = np.arange(20 * 16 * 16 * 3).reshape(20, 16, 16, 3) % 251
    for split in ("train", "test"):
        np.save(data / f"{split}_images.npy", pictures.astype(np.uint8))
        np.save(data / f"{split}_partners.npy", np.zeros((20 if paired else count, 16, 16, 3), np.uint8))
    facts = {
        "dataset": "own",
        "image_shape": [16, 16, 3],
        "partner_shape": [16, 16, 3],
        "classes": [],
        "paired": paired,
    }
    write_json(data / "dataset.json", facts)
    return params, facts


@pytest.mark.parametrize("paired", [True, False])
def test_who_needs_no_pairs_draws_the_two_sides_apart(tmp_path, monkeypatch, paired):
    params, facts = sides(tmp_path, monkeypatch, paired)
    if paired:
        assert len(material.training_data(params, facts)["input"]) == 20
    else:
        with pytest.raises(UserError, match="holds no pairs, and pix2pix.Maps learns from pairs"):
            material.training_data(params, facts)
    monkeypatch.setitem(model_facts()["pix2pix.Maps"], "needs", ())
    data = material.training_data(params, facts)
    assert isinstance(data["input"], Apart) and len(data["input"].values) == (20 if paired else 30)
    assert set(Feed(data, 2, "replacement", 1).chunk(0, 1)) == {"data", "data/input"}
    assert material.picture_files(params)[1].name == "train_partners.npy"


@pytest.mark.parametrize("paired", [True, False])
def test_partners_are_known_where_the_data_is_in_pairs(tmp_path, monkeypatch, paired):
    params, _ = sides(tmp_path, monkeypatch, paired)
    images = tmp_path / paths.prepared(params) / "test_images.npy"
    model = models.build(params.train, (16, 16, 3), 1, input_shape=(16, 16, 3))
    made = makers.of_run(params, model).draw(100, 1, "evaluate")
    assert len(made.images) == len(made.given["inputs"]) == (20 if paired else 30)
    if paired:
        rows = generator(1, "inputs/evaluate").permutation(20)
        np.testing.assert_array_equal(made.partners, np.load(images)[rows])
    else:
        assert made.partners is None
    looked = judging.probe(params, np.load(images))
    assert isinstance(looked, PairProbe) if paired else "no input has a true partner" in looked
