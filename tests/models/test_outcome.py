import numpy as np
import pytest
import tensorflow as tf

from ganline.models.outcome import outcome
from ganline.models.victims import Victim


def bright(images):
    """Class 1 where the mean is over a half."""
    mean = tf.reduce_mean(images, (1, 2, 3))
    return tf.stack([0.5 - mean, mean - 0.5], axis=1)


VICTIM = Victim(bright, (2, 2, 1), 2)
IMAGES = np.array([0.2, 0.2, 0.2, 0.8], np.float32)[:, None, None, None] * np.ones((1, 2, 2, 1), np.float32)
LABELS = np.array([0, 0, 1, 1])


def test_only_images_that_were_right_count_and_failures_have_no_distance():
    adversarial = IMAGES.copy()
    adversarial[0] = 0.9  # deceives
    adversarial[1] = 0.3  # does not
    adversarial[2] = 0.9  # was wrong before
    adversarial[3, 0, 0] = 0.1  # not enough
    found = outcome(VICTIM, IMAGES, adversarial, LABELS)
    np.testing.assert_array_equal(found.had_right, [True, True, False, True])
    np.testing.assert_array_equal(found.succeeded, [True, False, False, False])
    assert found.success_rate == pytest.approx(1 / 3)
    assert (found.mean("l0"), found.mean("l2"), found.mean("linf")) == pytest.approx((4, 1.4, 0.7))


def test_a_target_must_be_reached():
    adversarial = np.full_like(IMAGES, 0.9)
    found = outcome(VICTIM, IMAGES, adversarial, LABELS, targets=1 - LABELS)
    np.testing.assert_array_equal(found.succeeded, [True, True, False, False])
    assert found.success_rate == pytest.approx(2 / 3)


def test_an_image_that_is_no_number_is_no_success():
    adversarial = np.full_like(IMAGES, 0.9)
    adversarial[0, 0, 0] = np.nan
    assert not outcome(VICTIM, IMAGES, adversarial, LABELS).succeeded[0]


def test_nothing_right_before_is_no_rate():
    found = outcome(VICTIM, IMAGES, IMAGES, 1 - (IMAGES.mean(axis=(1, 2, 3)) > 0.5))
    assert np.isnan(found.success_rate) and np.isnan(found.mean("l2"))
