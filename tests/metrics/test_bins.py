import numpy as np
import pytest
from scipy.special import rel_entr
from threadpoolctl import threadpool_limits

from ganline.metrics.bins import bin_differences


def normal(count, seed, shift=0.0, width=5):
    return np.random.default_rng(seed).normal(size=(count, width)) + shift


def piles(*counts):
    """Points in as many places, far apart."""
    return np.repeat(np.eye(len(counts)) * 10, counts, axis=0)


@pytest.mark.parametrize("count, share", [(0, 1.0), (46, 1.0), (47, 0.0), (60, 0.0)])
def test_two_bins_by_hand(count, share):
    # Against 60 of 100: z = 0.14 / sqrt(.53 * .47 * .02) = 1.983 with 46, and 1.842 with 47; 1.960 is the 5 % level.
    found = bin_differences(piles(60, 40), piles(count, 100 - count), bins=2, seed=0)
    first, second = np.array([0.6, 0.4]), np.array([count, 100 - count]) / 100
    middle = (first + second) / 2
    divergence = sum(rel_entr(part, middle).sum() / 2 / np.log(2) for part in (first, second))
    assert found == pytest.approx((share, divergence, 2), abs=1e-12)


def test_equal_distributions_differ_in_one_bin_of_twenty():
    found = [bin_differences(normal(3000, seed), normal(1500, seed + 50), 50, seed) for seed in range(6)]
    assert 0.02 < np.mean([one.share for one in found]) < 0.09
    assert max(one.divergence for one in found) < 0.02


def test_a_set_against_itself_differs_in_none():
    points = normal(300, 0)
    assert bin_differences(points, points, 30, 0) == (0.0, 0.0, 30)


def test_few_reference_images_make_fewer_bins():
    assert bin_differences(normal(205, 0), normal(50, 1), 100, 0).bins == 20


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_bins_that_hold_nothing_do_not_count():
    alike = np.ones((40, 3))
    assert bin_differences(alike, alike[:9], 4, 0) == (0.0, 0.0, 4)


def test_degenerate_columns_and_one_sample_are_no_error():
    flat = normal(100, 0, width=3) * [1, 0, 0]
    assert 0.0 <= bin_differences(flat, flat[:1], 10, 0).share <= 1.0
    assert 0.0 <= bin_differences(normal(40, 0, width=100), normal(30, 1, width=100), 4, 0).share <= 1.0


def test_is_a_function_of_the_seed_and_not_of_threads():
    reference, sample = normal(2000, 0), normal(1000, 1, shift=0.1)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(bin_differences(reference, sample, 100, 3))
    assert found[0] == found[1]
    assert found[0] != bin_differences(reference, sample, 100, 4)


@pytest.mark.parametrize("kind", ["dropped", "repeated", "noise"])
def test_rises_as_images_get_worse(digits, kind):
    found = [
        bin_differences(digits.train.features, digits.corrupted(kind, degree).features, 100, 0)
        for degree in (0, 0.3, 1)
    ]
    assert found[0].divergence < found[1].divergence < found[2].divergence
    assert found[0].share <= found[1].share < found[2].share


@pytest.mark.parametrize(
    "reference, sample, bins, message",
    [
        (normal(19, 0), normal(19, 0), 10, "of 19 reference images: needs at least 2 bins, of 10 images each"),
        (normal(30, 0), normal(19, 0), 1, "1 bins of 30 reference images"),
        (normal(30, 0), normal(30, 0, width=4), 2, "5 and 4 dimensions"),
        (normal(30, 0), np.full((3, 5), np.nan), 2, "15 NaN"),
        (normal(30, 0), np.empty((0, 5)), 2, "at least 1 images, got 0"),
    ],
)
def test_refusals(reference, sample, bins, message):
    with pytest.raises(ValueError, match=message):
        bin_differences(reference, sample, bins, 0)
