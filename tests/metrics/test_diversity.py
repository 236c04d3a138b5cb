import numpy as np
import pytest
from scipy.special import gamma

from ganline.metrics.diversity import feature_spread, image_similarity

PAIRS = 2000


def one_class(count):
    return np.zeros(count, int)


def test_spread_of_a_gaussian_has_a_closed_form_and_an_honest_error():
    d, deviation = 5, 1.7
    wanted = 2 * deviation * gamma((d + 1) / 2) / gamma(d / 2)
    draws = np.random.default_rng(0).normal(0, deviation, (60, 400, d))
    found = [feature_spread(draw, one_class(400), PAIRS, seed) for seed, draw in enumerate(draws)]
    means, errors = np.array(found).T
    assert means.mean() == pytest.approx(wanted, abs=4 * errors.mean() / np.sqrt(60))
    assert means.std(ddof=1) == pytest.approx(errors.mean(), rel=0.3)


def test_only_pairs_of_one_class_count():
    labels = np.repeat([3, 7], 50)
    features = np.where(labels == 3, 0.0, 100.0)[:, None]
    assert feature_spread(features, labels, PAIRS, 1) == (0.0, 0.0)
    assert feature_spread(features, one_class(100), PAIRS, 1).mean > 30


def test_classes_weigh_the_same_and_tiny_ones_are_left_out():
    labels = np.repeat([0, 1, 2], [400, 40, 3])
    features = np.concatenate([np.zeros(400), np.tile([0.0, 1.0], 20), [0.0, 1e6, 1e9]])[:, None]
    found = [feature_spread(features, labels, PAIRS, seed).mean for seed in range(40)]
    assert np.mean(found) == pytest.approx((0 + 20 / 39) / 2, abs=0.03)


def test_equal_images():
    images = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 12, 12, 3)).astype(np.uint8), 40, axis=0)
    assert image_similarity(images, one_class(40), PAIRS, 1) == pytest.approx((1.0, 0.0))


def test_repetition_shows(digits):
    samples = [digits.corrupted("repeated", degree) for degree in (0, 0.9, 0.97, 1)]
    alike = [image_similarity(s.images, s.likeliest, PAIRS, 1).mean for s in samples]
    apart = [feature_spread(s.features, s.likeliest, PAIRS, 1).mean for s in samples]
    assert (np.diff(alike) > 0).all()
    assert (np.diff(apart) < 0).all()


def test_missing_classes_do_not_show(digits):
    whole, part = (digits.corrupted("dropped", degree) for degree in (0, 0.3))
    found, wanted = (image_similarity(s.images, s.likeliest, PAIRS, 1) for s in (part, whole))
    assert found.mean == pytest.approx(wanted.mean, abs=3 * np.hypot(found.standard_error, wanted.standard_error))


def test_noise_counts_as_diversity(digits):
    samples = [digits.corrupted("noise", degree) for degree in (0, 0.3, 1)]
    assert (np.diff([image_similarity(s.images, one_class(len(s)), PAIRS, 1).mean for s in samples]) < 0).all()


@pytest.mark.parametrize(
    ("labels", "message"),
    [(np.arange(6), "needs a class of 4 images, got 6 images in 6 classes"), (one_class(5), "must be 6 integers")],
)
def test_refusals(labels, message):
    with pytest.raises(ValueError, match=f"image similarity: .*{message}"):
        image_similarity(np.zeros((6, 12, 12, 1), np.uint8), labels, PAIRS, 1)
    with pytest.raises(ValueError, match=f"feature spread: .*{message}"):
        feature_spread(np.zeros((6, 2)), labels, PAIRS, 1)


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="at least 11 pixels a side"):
        image_similarity(np.zeros((6, 10, 10, 1), np.uint8), one_class(6), PAIRS, 1)
