import numpy as np
import pytest
import tensorflow as tf

from ganline.models.outcome import outcome
from ganline.models.victims import Victim
from ganline.robustness.attacks import attack
from ganline.robustness.attacks.base import attacked
from ganline.settings.attacks import Jsma


def jacobian(victim, images):
    """float64 (N, classes, values): slopes of the victim's probabilities, which are large enough not to vanish."""
    shown = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(shown)
        shares = tf.nn.softmax(victim.logits(shown))
    return tape.batch_jacobian(shares, shown).numpy().reshape(len(images), victim.classes, -1).astype(np.float64)


@pytest.mark.parametrize("theta", [1.0, -1.0])
def test_the_first_pair_is_the_best_of_all_pairs_of_the_papers_map(ground, theta):
    images, targets = ground.images[:20], (ground.labels[:20] + 1) % 10
    found = attacked(attack("jsma"), ground.victim, images, ground.labels[:20], Jsma(theta=theta, gamma=0.015), targets)
    open_ = (images < 1 if theta > 0 else images > 0).reshape(20, -1)
    for row, slopes in enumerate(jacobian(ground.victim, images)):
        a, others = theta * slopes[targets[row]], theta * np.delete(slopes, targets[row], 0).sum(axis=0)
        sums = [each[:, None] + each[None] for each in (a, others)]
        fits = (sums[0] > 0) & (sums[1] < 0) & open_[row][:, None] & open_[row] & ~np.eye(144, dtype=bool)
        products = np.where(fits, -sums[0] * sums[1], 0)
        changed = np.flatnonzero((found.images[row] != images[row]).ravel())
        assert len(changed) == 2 and products[tuple(changed)] == pytest.approx(products.max(), rel=1e-3)


def test_pairs_that_do_not_help_are_left_alone():
    victim = Victim(
        lambda images: tf.stack([5 + tf.reduce_sum(images, (1, 2, 3)), 0 * images[:, 0, 0, 0]], 1), (2, 2, 1), 2
    )
    images = np.zeros((1, 2, 2, 1), np.float32)
    found = attacked(attack("jsma"), victim, images, np.array([0]), Jsma(gamma=1.0))
    np.testing.assert_array_equal(found.images, images)


def run(ground, settings=None, count=40, **options):
    images, labels = ground.images[:count], ground.labels[:count]
    found = attacked(attack("jsma"), ground.victim, images, labels, settings, **options)
    return found, outcome(ground.victim, images, found.images, labels, options.get("targets"))


@pytest.mark.parametrize("theta", [1.0, -1.0])
def test_few_pixels_are_changed_in_one_direction(ground, theta):
    found, told = run(ground, Jsma(theta=theta, gamma=0.2))
    change = found.images - ground.images[:40]
    assert told.success_rate > 0.5 and (change * theta >= 0).all()
    assert told.distances.l0.max() <= 0.2 * 144
    assert set(np.unique(found.images[change != 0])) == {float(theta > 0)}


def test_targets_are_reached_and_what_succeeds_stops(ground):
    found, told = run(ground, Jsma(gamma=0.4), targets=(ground.labels[:40] + 1) % 10)
    assert told.success_rate > 0.8
    np.testing.assert_array_equal(found.queries, told.distances.l0 // 2 + 1)  # all that was changed was needed


def test_small_steps_change_pixels_more_than_once_within_the_share(ground):
    _, told = run(ground, Jsma(theta=0.3, gamma=0.1))
    assert told.distances.l0.max() <= 14


@pytest.mark.parametrize("theta", [0.0, 1e-9, 1.5])
def test_theta_that_changes_nothing_or_too_much_is_refused(theta):
    with pytest.raises(ValueError, match="theta"):
        Jsma(theta=theta)
