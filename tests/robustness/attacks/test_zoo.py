import numpy as np
import tensorflow as tf

from ganline.models.outcome import outcome
from ganline.models.victims import Victim
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.robustness.attacks.zoo import _places
from ganline.settings.attacks import Zoo


def run(victim, images, labels, settings, **options):
    found = attacked(attack("zoo"), victim, images, labels, settings, **options)
    return found, outcome(victim, images, found.images, labels, options.get("targets"))


def watched(victim, note, gradients=True):
    """Return the victim, with `note` told of the images, (N, 12, 12, 1), of every call."""

    def logits(images):
        same = tf.numpy_function(lambda array: (note(array), array)[1], [images], tf.float32)
        return victim.logits(tf.ensure_shape(same, (None, 12, 12, 1)))

    return Victim(logits, victim.image_shape, victim.classes, gradients)


def test_a_victim_without_gradients_is_deceived_by_its_answers(ground):
    asked = []
    blind = watched(ground.victim, lambda images: asked.append(len(images)), gradients=False)
    images, labels = ground.images[:6], ground.labels[:6]
    found = attacked(attack("zoo"), blind, images, labels, Zoo(iterations=20, coordinates=48))
    assert found.queries.sum() == sum(asked)
    told = outcome(blind, images, found.images, labels)
    assert told.success_rate == 1 and told.mean("l2") < 2.5
    assert found.images.min() >= 0 and found.images.max() <= 1


def test_targets_are_reached_and_early_ends_save_queries(ground):
    images, labels = ground.images[:10], ground.labels[:10]
    settings = Zoo(iterations=60, coordinates=48)
    found, told = run(ground.victim, images, labels, settings, targets=(labels + 1) % 10)
    assert told.success_rate > 0.8
    assert found.queries.max() <= 60 * 49 + 12 and found.queries.min() < 60 * 49
    again, _ = run(ground.victim, images, labels, settings, targets=(labels + 1) % 10)
    np.testing.assert_array_equal(again.images, found.images)


def test_failures_come_back_as_they_were(ground):
    stubborn = Victim(lambda images: 0 * ground.victim.logits(images) + tf.one_hot([3], 10), (12, 12, 1), 10)
    images = ground.images[:3]
    found, told = run(stubborn, images, np.full(3, 3), Zoo(iterations=7, coordinates=200))
    np.testing.assert_array_equal(found.images, images)
    assert (
        told.success_rate == 0 and (found.queries == 7 * (144 + 1) + 2).all()
    )  # and one at the start of every five iterations


def test_slopes_are_asked_for_inside_the_range(ground):
    asked = []
    victim = watched(ground.victim, lambda images: asked.append((images.min(), images.max())))
    run(victim, ground.images[:2], ground.labels[:2], Zoo(iterations=6, coordinates=144, difference=0.8))
    assert min(low for low, _ in asked) >= 0 and max(high for _, high in asked) <= 1


def test_places_are_first_those_never_asked_for_and_then_mostly_steep():
    random = np.random.default_rng(0)
    means = np.tile(np.array([5] * 4 + [0.01] * 16, np.float32), (200, 1))
    counts = np.ones_like(means)
    counts[:, 10] = 0
    places = _places(means, counts, random.uniform(1e-6, 1, means.shape).astype(np.float32), 5).numpy()
    assert (places == 10).any(axis=1).all()
    assert all(len(set(row)) == 5 for row in places)
    assert np.mean(places < 4) > 0.6
