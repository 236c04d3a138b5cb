"""DeepFool, and Carlini and Wagner's attack."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.models.outcome import outcome
from ganline.models.victims import Victim
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.settings.attacks import CarliniWagner, DeepFool

SLOPE = np.linspace(-1, 1, 16, dtype=np.float32)


def linear(images):
    """Class 0 where SLOPE x > 0; the nearest image of the other class is known."""
    score = tf.reduce_sum(images * SLOPE.reshape(4, 4, 1), (1, 2, 3))
    return tf.stack([score, -score], axis=1)


VICTIM = Victim(linear, (4, 4, 1), 2)
FLAT = Victim(lambda images: 0 * linear(images) + [5.0, 0], (4, 4, 1), 2)
"""Nothing deceives it."""


def run(victim, images, labels, name, settings=None, **options):
    found = attacked(attack(name), victim, images, labels, settings, **options)
    return found, outcome(victim, images, found.images, labels, options.get("targets"))


def inner():
    images = np.random.default_rng(0).uniform(0.4, 0.6, (30, 4, 4, 1)).astype(np.float32)
    return images, VICTIM.predict(images), np.abs(VICTIM.logits_of(images)[:, 0]) / np.linalg.norm(SLOPE)


def test_deepfool_finds_the_nearest_point_of_a_plane_in_one_step():
    images, labels, nearest = inner()
    found, told = run(VICTIM, images, labels, "deepfool", DeepFool(overshoot=0.0))
    assert told.success_rate == 1 and found.queries.max() == 4
    np.testing.assert_allclose(told.distances.l2, nearest, atol=1e-4)


def test_carlini_and_wagner_come_near_the_nearest_point_of_a_plane():
    images, labels, nearest = inner()
    _, told = run(VICTIM, images, labels, "carlini_wagner", CarliniWagner(iterations=200, constants=8))
    assert told.success_rate == 1
    assert (told.distances.l2 >= nearest).all()
    assert told.distances.l2.mean() < nearest.mean() * 1.05 + 1e-3


def test_deepfool_goes_round_the_ends_of_the_range():
    # Class 1 until the score reaches 3: the first half could only help by growing darker than black.
    victim = Victim(lambda images: linear(images) + [-3.0, 3.0], (4, 4, 1), 2)
    images = np.zeros((1, 4, 4, 1), np.float32)
    images[0].flat[8:] = 0.3
    found, told = run(victim, images, np.array([1]), "deepfool", DeepFool(overshoot=0.0))
    moved = found.images - images
    assert told.success_rate == 1 and found.images.min() >= 0 and found.images.max() <= 1
    used = moved[0].ravel()[8:] / SLOPE[8:]
    assert (moved[0].ravel()[:8] == 0).all()
    np.testing.assert_allclose(used, used[0], 1e-3)  # along the slope of those that can move


@pytest.mark.parametrize("name", ["deepfool", "carlini_wagner"])
def test_all_images_deceive_and_lie_in_range(ground, name):
    images, labels = ground.images[:60], ground.labels[:60]
    found, told = run(ground.victim, images, labels, name)
    assert told.success_rate == 1 and found.images.min() >= 0 and found.images.max() <= 1
    assert told.mean("l2") < 1.5


def test_deepfool_leaves_alone_what_is_wrong_already(ground):
    wrong = ground.victim.predict(ground.images) != ground.labels
    found, _ = run(ground.victim, ground.images[wrong], ground.labels[wrong], "deepfool")
    np.testing.assert_array_equal(found.images, ground.images[wrong])


def test_carlini_and_wagner_reach_targets_farther_away(ground):
    images, labels = ground.images[:40], ground.labels[:40]
    _, free = run(ground.victim, images, labels, "carlini_wagner")
    _, aimed = run(ground.victim, images, labels, "carlini_wagner", targets=(labels + 1) % 10)
    assert aimed.success_rate > 0.95 and aimed.mean("l2") > free.mean("l2")


def test_confidence_is_kept(ground):
    images, labels = ground.images[:20], ground.labels[:20]
    found, told = run(ground.victim, images, labels, "carlini_wagner", CarliniWagner(confidence=3.0))
    logits = ground.victim.logits_of(found.images)[told.succeeded]
    own = np.take_along_axis(logits, labels[told.succeeded, None], 1)[:, 0]
    assert told.succeeded.any() and (logits.max(axis=1) - own).min() >= 3


def test_what_carlini_and_wagner_cannot_deceive_comes_back_as_it_was_and_is_a_failure():
    images = inner()[0]
    found, told = run(FLAT, images, np.zeros(30, int), "carlini_wagner", CarliniWagner(iterations=3))
    np.testing.assert_array_equal(found.images, images)
    assert told.success_rate == 0 and np.isnan(told.mean("l2"))


def test_a_victim_whose_logits_do_not_change_leaves_deepfool_where_it_is():
    images = inner()[0]
    found, told = run(FLAT, images, np.zeros(30, int), "deepfool", DeepFool(iterations=3))
    np.testing.assert_array_equal(found.images, images)
    assert told.success_rate == 0
