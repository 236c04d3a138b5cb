import numpy as np
import pytest

from ganline.metrics.boundary_distortion import boundary_distortion, share_at
from ganline.metrics.classification import Labelled

SHARES = np.array([1.0, 0.5, 0.25])


def fraction(digits, kind, degree):
    sets = [Labelled(part.images, part.labels) for part in (digits.corrupted(kind, degree), digits.train, digits.real)]
    return boundary_distortion(*sets, seed=0)


@pytest.mark.parametrize(
    "reached, accuracies, share",
    [
        (0.9, (0.9, 0.8, 0.6), 1.0),
        (0.95, (0.9, 0.8, 0.6), 1.0),
        (0.85, (0.9, 0.8, 0.6), 2**-0.5),
        (0.7, (0.9, 0.8, 0.6), 2**-1.5),
        (0.1, (0.9, 0.8, 0.6), 0.25),
        (0.8, (0.9, 0.8, 0.8), 0.25),  # the smallest that teaches as much
        (0.75, (0.8, 0.9, 0.6), 2**-1.5),  # more images never count as teaching less
    ],
)
def test_share_by_hand(reached, accuracies, share):
    assert share_at(reached, SHARES, np.array(accuracies)) == pytest.approx(share, rel=1e-12)


def test_real_images_are_worth_as_many(digits):
    assert fraction(digits, "noise", 0) > 0.7
    assert fraction(digits, "memorised", 0.5) > 0.7


def test_a_fifth_of_the_images_again_and_again_is_worth_about_a_fifth(digits):
    assert 0.1 < fraction(digits, "repeated", 0.8) < 0.4
    assert 0.0 < fraction(digits, "repeated", 1) < 0.05


def test_falls_with_wrong_labels(digits):
    few, all_wrong = fraction(digits, "mislabelled", 0.1), fraction(digits, "mislabelled", 1)
    assert 0.7 > few > all_wrong > 0.0


def test_refuses_fewer_images_than_classes():
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    sets = [Labelled(images, np.arange(30) + shift) for shift in (0, 1, 0)]
    with pytest.raises(ValueError, match="boundary distortion: 31 classes take as many images at least, found 30"):
        boundary_distortion(*sets, seed=0)


def test_refuses_real_images_of_one_class():
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    sets = Labelled(images, np.arange(30) % 2), Labelled(images, np.zeros(30, int)), Labelled(images, np.arange(30) % 2)
    with pytest.raises(ValueError, match="boundary distortion: the 30 real images must be of two classes"):
        boundary_distortion(*sets, seed=0)
