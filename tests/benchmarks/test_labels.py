"""SGAN against a plain classifier: what each is shown, what the plain one trains, and how the table reads."""

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import labels
from ganline.catalogue.presets import compose_params
from ganline.training.material import used_labels

CLASSES = np.repeat(np.arange(10, dtype=np.int32), 6000)


@pytest.mark.parametrize("count", labels.LABELS)
def test_as_many_labels_are_used_as_are_asked_for_and_each_class_has_its_share(count):
    params = compose_params(labels.EXPERIMENT, labels.changes(count, 2, 300))
    assert (params.seed, params.train.steps) == (2, 300)
    used = used_labels(CLASSES, params.train.labelled_fraction, params.seed)
    shares = np.bincount(used[used >= 0], minlength=10)
    assert shares.sum() == count and shares.max() - shares.min() <= 1


def test_the_plain_classifier_sees_labelled_images_alone_and_repeated_ones_are_half():
    data = {"image": np.arange(10), "label": np.array([-1, 3, *[-1] * 6, 5, -1])}
    plain, sgan, repeated = (labels.shown(way, data) for way in labels.WAYS)
    assert plain["image"].tolist() == [1, 8] and plain["label"].tolist() == [3, 5]
    assert sgan["label"].tolist() == data["label"].tolist()
    assert (repeated["label"] >= 0).mean() == 0.5 and set(repeated["image"]) == set(range(10))


def test_the_plain_classifier_begins_as_sgans_discriminator_and_trains_nothing_else():
    from benchmarks.plain_classifier import Plain
    from ganline.models.generation.sgan import SGAN

    settings = compose_params(labels.EXPERIMENT).train
    plain, sgan = (kind(settings, (28, 28, 1), 1, 10) for kind in (Plain, SGAN))
    before = {name: [w.numpy() for w in network.trainable_weights] for name, network in plain.networks.items()}
    for ours, theirs in zip(before["discriminator"], sgan.discriminator.trainable_weights, strict=True):
        assert np.array_equal(ours, theirs)
    plain.make_optimizers()
    batch = {"image": tf.random.stateless_uniform((20, 28, 28, 1), (1, 2)), "label": tf.range(20) % 10}
    losses = [float(plain.train_step(batch, tf.constant(i, tf.int64))["d_class_loss"]) for i in range(4)]
    assert losses[-1] < losses[0] and losses[0] == pytest.approx(np.log(10), abs=1)
    for old, now in zip(before["generator"], plain.generator.trainable_weights, strict=True):
        assert np.array_equal(old, now)


def test_the_table_has_accuracies_and_the_gain_over_the_same_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "FOLDER", tmp_path)
    assert labels.section() == ""
    runs = [("plain", 1, 0.6), ("plain", 2, 0.7), ("sgan", 1, 0.65), ("sgan", 2, 0.77), ("sgan", 3, 0.5)]
    for way, seed, accuracy in runs:
        facts = {"steps": 3000, "batch_size": 50, "test_images": 10_000, "test_accuracy": accuracy, "core_minutes": 2.0}
        (tmp_path / f"{way}-25-{seed}.json").write_text(json.dumps(facts))
    cells = (
        "| 25 | 0.650 ± 0.071 (2) | 0.640 ± 0.135 (3) | +0.060 ± 0.014 (2) | - | - | 2.0 ± 0.0 (2); 2.0 ± 0.0 (3); - |"
    )
    section = labels.section()
    assert cells in section and "\n| 50 | - | - | - | - | - | -; -; - | 0.859, 0.883 |\n" in section


def test_what_is_there_of_as_many_steps_is_not_made_again(tmp_path, monkeypatch):
    for name in ("FOLDER", "WORK"):
        monkeypatch.setattr(labels, name, tmp_path)
    made = []
    monkeypatch.setattr(labels, "_trained", lambda *asked: made.append(asked) or {"test_accuracy": 0.5})
    for steps in (100, 100, 200):
        labels.run("plain", 25, 1, steps)
    assert [params.train.steps for _, params in made] == [100, 200]
