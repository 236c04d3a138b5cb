import json
from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import write_json
from ganline.datasets.prepared import read_facts
from ganline.settings import paths
from ganline.tracking.tracker import told_by
from stages import train

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


class Recorder:
    """A tracker that remembers its tags."""

    def __init__(self):
        self.told = {}

    def tags(self, values):
        self.told |= values

    def metrics(self, values, step=0):
        assert all(np.isfinite(value) for value in values.values())

    def image(self, path, name, step):
        pass

    def model(self, path):
        pass


TINY = [
    "train.steps=6", "train.batch_size=1", "train.generator_batch_size=1", "train.log_every=2", "train.sample_count=4",
    "extractor.kind=inception", "diagnosis.every=2", "prepare.size=8",
]  # fmt: skip


def trained(folder, monkeypatch, *overrides, images=None, labels=LABELS):
    """Run the stage on 8x8 images, constant ones where none are given; return diagnosis.json and the tags."""
    params, _ = project(folder, monkeypatch, "mode-collapse-mnist", *TINY, *overrides, size=8, labels=labels)
    if images is not None:
        np.save(paths.prepared(params) / "train_images.npy", images)
    recorder = Recorder()
    try:
        train.run(params, recorder)
    finally:
        diagnosis = json.loads((paths.TRAIN / "diagnosis.json").read_text())
    return diagnosis, recorder.told


@pytest.mark.parametrize("labels", [LABELS, 0 * LABELS, None])
def test_constant_images_one_class_and_batch_one_are_trained_and_not_judged(tmp_path, monkeypatch, capsys, labels):
    found, told = trained(tmp_path, monkeypatch, labels=labels)
    assert "of 200 training images looked at only 1 differ" in found["cannot_judge"]
    assert found["verdict"] == told["verdict"] == "too_short" and found["cannot_judge"] in found["summary"]
    assert found["steps"] == found["kept_step"] == 6 and not found["ended_early"]
    assert "train: Too short to judge." in capsys.readouterr().out


def test_what_is_doubted_of_the_judge_is_said_at_the_verdict_and_tagged(tmp_path, monkeypatch, capsys):
    doubt = "the extractor knows little of these images: try extractor.kind=rotation"
    folder = tmp_path / "models/extractor/digits"
    folder.mkdir(parents=True)
    write_json(folder / "extractor.json", {"kind": "inception", "doubts": [doubt]})
    found, told = trained(tmp_path, monkeypatch)
    assert found["doubts"] == [doubt] and told["judge"] == doubt
    verdict, _, rest = capsys.readouterr().out.partition("train: Too short to judge.")
    assert f"  beware: {doubt}\n" in rest and doubt not in verdict
    assert "judge" not in told_by(found | {"doubts": []})


WILD = [
    f"train.optimizers.{name}.{key}"
    for name in ("generator", "discriminator")
    for key in ("name=sgd", "learning_rate=1e30")
]


def test_no_number_from_the_first_steps_on(tmp_path, monkeypatch, capsys):
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)
    found, told = trained(tmp_path, monkeypatch, *WILD, images=images)
    assert found["verdict"] == told["verdict"] == "diverged" and found["ended_early"] and found["kept_step"] == 0
    assert found["remedies"] and "learning rates are high" in found["causes"][0]["cause"]
    shown = capsys.readouterr().out
    assert (
        "try: dvc exp run --no-hydra -S train.optimizers" in shown and "the weights kept are those of step 0" in shown
    )
    assert (paths.GAN / "model.json").exists() or any(paths.GAN.iterdir())


def test_a_failing_run_fails_the_stage_where_asked(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)
    with pytest.raises(UserError, match="diagnosis.on_failure = fail, and the training fails. A loss is no longer"):
        trained(tmp_path, monkeypatch, *WILD, "diagnosis.on_failure=fail", images=images)
    assert (paths.TRAIN / "history.csv").exists() and not paths.GAN.exists()


def test_models_that_draw_slowly_are_not_looked_at(tmp_path, monkeypatch):
    params, _ = project(tmp_path, monkeypatch, "pixelcnn-mnist")
    assert "draws too slowly" in train.probe(params, np.zeros((200, 28, 28, 1), np.uint8))
    with pytest.raises(UserError, match="train.select = best: pixelcnn.PixelCNN draws too slowly"):
        project(tmp_path, monkeypatch, "pixelcnn-mnist", "train.select=best")


def test_a_training_whose_results_were_refused_is_at_its_end_at_once(tmp_path, monkeypatch, capsys):
    params, _ = project(tmp_path, monkeypatch, "mode-collapse-mnist", *TINY, "train.checkpoint_every=4", size=8)
    train.run(params, Recorder())
    weights = (paths.GAN / "weights.npz").read_bytes()
    capsys.readouterr()
    remove = train.run(params, Recorder())
    assert "resuming after step 6" in capsys.readouterr().out
    assert (paths.GAN / "weights.npz").read_bytes() == weights
    remove()
    assert not list(paths.CHECKPOINTS.rglob("step-*.npz"))


def test_checkpoints_belong_to_the_extractor_that_the_samples_are_looked_at_through(tmp_path, monkeypatch):
    params, _ = project(tmp_path, monkeypatch, "mode-collapse-mnist", "extractor.kind=classifier")
    assert train.extractor_files(params) == []
    paths.extractor(params).mkdir(parents=True)
    for name in ("extractor.json", "weights.npz", "train_features.npz"):
        (paths.extractor(params) / name).touch()
    assert [path.name for path in train.extractor_files(params)] == ["extractor.json", "weights.npz"]
