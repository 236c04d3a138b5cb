"""Detectors of fakes, on images whose fault is known."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ganline.metrics import fake_detector
from ganline.metrics.fake_detector import area, detection


def real(count, seed):
    """Soft blobs of random place."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:12, :12]
    places = random.uniform(3, 8, (2, count, 1, 1))
    values = 200 * np.exp(-((y - places[0]) ** 2 + (x - places[1]) ** 2) / 8) + random.normal(0, 4, (count, 12, 12))
    return values.clip(0, 255).astype(np.uint8)[..., None]


def striped(count, seed):
    """With a faint stripe in every other column."""
    images = real(count, seed).astype(int)
    images[:, :, ::2] += 25
    return images.clip(0, 255).astype(np.uint8)


def dimmed(count, seed):
    return (real(count, seed) * 0.7).astype(np.uint8)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(fake_detector, "UPDATES", 120)


def test_the_area_is_that_of_scikit_learn_ties_too():
    random = np.random.default_rng(0)
    true, false = random.integers(0, 9, 40), random.integers(2, 12, 60)
    expected = roc_auc_score(np.r_[np.zeros(40), np.ones(60)], np.r_[true, false])
    assert area(true, false) == pytest.approx(expected, abs=1e-12)


def test_fakes_like_reals_are_guessed_and_a_common_fault_is_known_across_generators():
    makers = (real, striped, striped, dimmed)
    found = detection(
        real(400, 0), real(400, 1), [make(400, 10 + i) for i, make in enumerate(makers)],
        [make(400, 20 + i) for i, make in enumerate(makers)], seed=1,
    )  # fmt: skip
    areas = found.areas
    assert np.abs(areas[0, 0] - 0.5) < 0.08 and np.abs(areas[1:, 0] - 0.5).max() < 0.08
    assert areas[1:3, 1:3].min() > 0.95 and areas[3, 3] > 0.9  # who has the same fault is known by the other's detector
    low, high = found.intervals[..., 0], found.intervals[..., 1]
    assert (low <= areas).all() and (areas <= high).all() and low[0, 0] < 0.5 < high[0, 0]
    assert (high - low).max() < 0.11 and (high - low).min() > 0


def test_the_very_same_images_are_guessed_and_the_same_again_to_the_bit(monkeypatch):
    monkeypatch.setattr(fake_detector, "UPDATES", 20)
    images, more = real(60, 0), real(60, 1)
    found = detection(images, more, [images], [more], seed=3)
    assert found.areas.tolist() == [[0.5]]
    two = images, more, [images, striped(60, 2)], [more, striped(60, 3)]
    first, again = (detection(*two, seed=3).areas for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first[0, 0] == 0.5


def test_what_cannot_be_tested():
    with pytest.raises(ValueError, match="needs at least 20 images, got 19"):
        detection(real(30, 0), real(19, 1), [real(30, 2)], [real(30, 3)], seed=1)
    with pytest.raises(ValueError, match="needs fakes of one or more generators"):
        detection(real(30, 0), real(30, 1), [], [], seed=1)
    with pytest.raises(ValueError, match="cannot be compared"):
        detection(real(30, 0), real(30, 1), [real(30, 2)], [real(30, 3)[:, :6]], seed=1)
