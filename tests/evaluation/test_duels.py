"""How each kind of discriminator is asked what it takes for real."""

import numpy as np
import pytest
import tensorflow as tf

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.evaluation import duels
from ganline.metrics import fake_detector, normalised_discriminator_score


def model(*overrides, experiment="mode-collapse-mnist", shape=(8, 8, 1), classes=0):
    return models.build(compose_params(experiment, overrides).train, shape, 1, classes)


def images(count=60, shape=(8, 8, 1), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape)).astype(np.uint8)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (lambda: model("train.packing=2"), "packs of 2 images"),
        (lambda: model("train.minibatch_stddev=true", "train.discriminator_batches=separate"), "whole batches"),
        (lambda: model(experiment="cgan-mnist", shape=(28, 28, 1), classes=10), "must be told the class"),
        (lambda: model(experiment="vae-mnist", shape=(28, 28, 1)), "no discriminator"),
    ],
)
def test_who_cannot_judge_one_plain_image(other, reason):
    assert reason in duels.why_silent(other())
    assert duels.why_silent(model()) == ""


def test_scores_are_the_discriminators_own_in_inference():
    gan, seen = model(experiment="gan-mnist"), images()
    expected = gan.discriminator(tf.cast(seen, tf.float32) / 255, training=False).numpy()[:, 0]
    np.testing.assert_allclose(duels.judge_of(gan)(seen), expected, atol=1e-5)
    assert duels.boundary(gan, expected, expected) == 0.0
    assert duels.boundary(model("train.loss=least_squares"), expected, expected) == 0.5


def test_two_logits_are_judged_by_their_difference():
    flags, seen = model(experiment="flags-emoji", shape=(8, 8, 3)), images(20, (8, 8, 3))
    probabilities = tf.nn.softmax(flags.discriminator(tf.cast(seen, tf.float32) / 255, training=False)).numpy()
    np.testing.assert_allclose(1 / (1 + np.exp(-duels.judge_of(flags)(seen))), probabilities[:, 1], rtol=1e-4)


def test_an_autoencoder_takes_for_real_what_it_redraws_well():
    began, seen = model("train.loss=began"), images()
    redrawn = began.discriminator(tf.cast(seen, tf.float32) / 255, training=False).numpy()
    errors = np.abs(seen / 255 - redrawn).mean(axis=(1, 2, 3))
    assert duels.judge_of(began)(seen).argmax() == errors.argmin()


def test_without_a_boundary_both_sides_err_equally_often():
    critic = model("train.loss=wasserstein", "train.weight_clip=0.01")
    real, fakes = images(seed=1), {"mine": images(seed=2) // 3, "other": images(seed=3) // 2}
    on_real, on_fakes = duels.verdicts(critic, "mine", real, fakes)
    assert (~on_real).sum() == on_fakes["mine"].sum()


def test_the_better_generator_wins_everything(monkeypatch):
    """Real images are bright; the good generator's nearly so, and one judge is stricter than the other."""
    monkeypatch.setattr(normalised_discriminator_score, "MINIMUM_UPDATES", 40)
    players = {"bad": model(), "good": model("train.loss=hinge")}
    strictness = {"non_saturating": 100, "hinge": 150}
    brightness = {"non_saturating": 120, "hinge": 190}

    def strict(gan):
        return lambda seen: seen.mean(axis=(1, 2, 3)) - strictness[gan.settings.loss]

    def around(mean, count, seed):
        noise = np.random.default_rng(seed).normal(mean, 4, (count, 8, 8, 1))
        return (noise + np.linspace(-30, 30, count).reshape(-1, 1, 1, 1)).clip(0, 255).astype(np.uint8)

    monkeypatch.setattr(duels, "judge_of", strict)
    monkeypatch.setattr(duels, "draw", lambda gan, count, seed: around(brightness[gan.settings.loss], count, 2))
    held = duels.hold(players, around(200, 100, 1), seed=1)
    assert all(held.numbers["good"][name] > held.numbers["bad"][name] for name in ("win_rate", "skill", "nrds"))
    # All of the good ones pass both judges; of the bad ones some pass the lenient judge and none the strict one.
    assert held.numbers["good"]["win_rate"] == 1.0 and 0.25 < held.numbers["bad"]["win_rate"] < 0.5
    assert held.judges["good"] > held.judges["bad"]  # the strict judge is the good model's
    ((_, _, verdict),) = held.pairs
    assert verdict.sample_ratio == float("inf") and (verdict.fair, verdict.winner) == (True, 2)


def test_a_model_without_a_judge_takes_part_as_a_generator(monkeypatch):
    monkeypatch.setattr(duels, "IMAGES", 40)
    monkeypatch.setattr(normalised_discriminator_score, "MINIMUM_UPDATES", 1)
    players = {"gan": model(), "packed": model("train.packing=2"), "hinge": model("train.loss=hinge")}
    held = duels.hold(players, images(50, seed=4), seed=1)
    assert held.images == 40 and set(held.silent) == {"packed"} and set(held.judges) == {"gan", "hinge"}
    assert all(set(numbers) >= {"win_rate", "skill", "nrds"} for numbers in held.numbers.values())
    assert [(pair.first, pair.second) for pair in held.pairs] == [("gan", "hinge")]
    rates, skills = ([numbers[name] for numbers in held.numbers.values()] for name in ("win_rate", "skill"))
    assert np.argsort(rates).tolist() == np.argsort(skills).tolist()
    nobody = duels.hold({"a": players["packed"], "b": players["packed"]}, images(50, seed=4), seed=1)
    assert [set(numbers) for numbers in nobody.numbers.values()] == [{"nrds"}] * 2 and nobody.pairs == ()


def test_detectors_learn_from_training_images_and_are_tested_on_others(monkeypatch):
    monkeypatch.setattr(fake_detector, "UPDATES", 60)
    monkeypatch.setattr(duels, "IMAGES", 100)
    bright, dark = (np.full((300, 8, 8, 1), level, np.uint8) for level in (220, 20))
    noise = np.random.default_rng(0).integers(0, 20, bright.shape).astype(np.uint8)
    real, drawn = {"good": bright + noise, "bad": dark + noise}, []

    def draw(gan, count, seed, purpose):
        drawn.append((count, purpose))
        return real[gan][:count]

    monkeypatch.setattr(duels, "draw", draw)
    found = duels.detect({"good": "good", "bad": "bad", "worse": "bad"}, bright + noise, (bright + noise)[::-1], seed=1)
    assert drawn == [(200, "detector")] * 3 and found.images == 100 and found.models == ("good", "bad", "worse")
    assert found.found.areas[1:, 1:].min() == 1.0 and 0.3 < found.found.areas[0, 0] < 0.7
    assert found.numbers("bad")["detected"] > found.numbers("good")["detected"]
    assert found.numbers("good")["detected_stderr"] > 0
    assert "needs at least 20 images, got 19" in duels.detect({"good": "good"}, bright, bright[:19], seed=1)
