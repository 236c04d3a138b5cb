"""What all defences have in common: each raises accuracy under an attack that does not know it, and stays usable."""

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.robustness.defences import defence, names
from ganline.robustness.defences.base import evading, straight_through, threshold
from ganline.settings.attacks import CarliniWagner, Pgd
from tests.robustness.defences.conftest import EPSILON

QUICK = {
    "adversarial_training": {"steps": 120, "epsilon": EPSILON, "step": 0.1, "iterations": 3},
    "defense_gan": {"steps": 20, "restarts": 2, "drawn": 100},
    "distillation": {"steps": 250, "temperature": 10.0},
    "magnet": {"steps": 250, "autoencoders": 2, "false_alarms": 0.05},
    "nearest_neighbours": {"surrogate_steps": 100},
    "null_label": {"steps": 120},
    "random_forest": {"trees": 20, "surrogate_steps": 100},
    "squeezing": {"bits": 1, "median": 1},
}
WITHOUT_GRADIENTS = {"defense_gan", "nearest_neighbours", "random_forest", "squeezing"}


@pytest.fixture(scope="module")
def made(lesson):
    return {name: defence(name).defend(lesson, defence(name).settings(**QUICK[name])) for name in names()}


def kept(defended, images, labels, attacked=True):
    """Return the share told right, or if they are attacked also rejected."""
    right, rejected = defended.predict(images) == labels, defended.detects(images)
    return np.mean(right | rejected if attacked else right & ~rejected)


def test_there_are_seven_of_which_hiding_is_two():
    assert set(names()) == set(QUICK)


@pytest.mark.parametrize("name", QUICK)
def test_unharmed_images_are_told_right(name, made, ground):
    assert kept(made[name], ground.images, ground.labels, attacked=False) > 0.7


@pytest.mark.parametrize("name", sorted(set(QUICK) - {"distillation"}))
def test_an_attack_that_does_not_know_it_loses(name, made, ground, deceiving):
    labels = ground.labels[:150]
    assert kept(made[name], deceiving, labels) > np.mean(ground.victim.predict(deceiving) == labels) + 0.1


@pytest.mark.parametrize("name", sorted(set(QUICK) - {"adversarial_training"}))
def test_one_that_does_finds_the_way_back(name, made, ground):
    """Where a defence gives no way to go by, its adaptive victim does, and images that it makes are other ones."""
    images, labels = ground.images[:40], ground.labels[:40]
    known = made[name].adaptive()
    assert known.gradients and known is made[name].adaptive()
    assert made[name].gradients == (name not in WITHOUT_GRADIENTS)
    way, settings = "pgd", Pgd(epsilon=0.5, step=0.1, iterations=8)
    if name == "magnet":  # its detector hears whatever lies on every pixel
        way, settings = "carlini_wagner", CarliniWagner(confidence=1.0, iterations=50, constants=2, learning_rate=0.05)
    deceived = attacked(attack(way), known, images, labels, settings).images
    assert kept(made[name], deceived, labels) < kept(made[name], images, labels)


@pytest.mark.parametrize("name", sorted(WITHOUT_GRADIENTS))
def test_an_attack_by_gradients_is_refused_where_there_are_none(name, made, ground):
    with pytest.raises(UserError, match="follows the victim's gradients, and this victim has none"):
        attacked(attack("pgd"), made[name], ground.images[:5], ground.labels[:5])


@pytest.mark.parametrize("name", QUICK)
def test_it_is_a_function_of_the_lesson_and_sees_images(name, made, ground):
    images = ground.images[:7]
    assert np.array_equal(made[name].logits_of(images), made[name].logits_of(images))
    seen = made[name].seen(images)
    assert seen.shape == images.shape and seen.min() >= 0 and seen.max() <= 1
    assert made[name].detects(images).shape == (7,)
    assert made[name].logits_of(images[:0]).shape[0] == 0


def test_thresholds_are_exceeded_by_that_share():
    scores = np.random.default_rng(0).uniform(size=1000)
    assert np.mean(scores > threshold(scores, 0.05)) == pytest.approx(0.05, abs=0.002)
    with pytest.raises(UserError, match="false_alarms = 0.01: 50 images are kept back .* allowed is 0.02 and more"):
        threshold(scores[:50], 0.01)


def test_gradients_pass_as_if_nothing_had_happened():
    images = tf.constant([[0.2, 0.7]])
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = tf.reduce_sum(3 * straight_through(tf.round, images))
    assert value.numpy() == 3 and np.array_equal(tape.gradient(value, images), [[3, 3]])


def test_a_loud_alarm_makes_classes_alike():
    logits = tf.constant([[5.0, -3.0], [5.0, -3.0]])
    quiet, loud = tf.nn.softmax(evading(logits, tf.constant([-60.0, 60.0]))).numpy()
    assert quiet == pytest.approx([0.99966, 0.00034], abs=1e-4) and loud == pytest.approx([0.5, 0.5], abs=1e-4)
