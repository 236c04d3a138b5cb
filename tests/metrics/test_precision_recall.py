import numpy as np
import pytest
from prdc import compute_prdc

from ganline.metrics.precision_recall import precision_recall


def features(n, d=6, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(("n", "m", "d", "k"), [(300, 300, 8, 3), (1100, 700, 2, 5), (90, 120, 200, 1)])
def test_agrees_with_the_authors_package(n, m, d, k):
    real, fake = features(n, d, 1), features(m, d, 2, scale=1.1) + 0.1
    found, expected = precision_recall(real, fake, k, k)._asdict(), compute_prdc(real, fake, k)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert 0.05 < expected["coverage"] < 0.99


def test_each_k_is_used_for_its_own_numbers():
    real, fake = features(300, seed=1), features(300, seed=2, scale=1.1)
    found, three, five = precision_recall(real, fake, 3, 5), compute_prdc(real, fake, 3), compute_prdc(real, fake, 5)
    expected = [three["precision"], three["recall"], five["density"], five["coverage"]]
    assert [found.precision, found.recall, found.density, found.coverage] == pytest.approx(expected, abs=1e-6)
    assert found.f1 == pytest.approx(2 / (1 / three["precision"] + 1 / three["recall"]))


def test_coverage_of_equal_distributions_is_what_counting_says():
    """Naeem et al. 2020: each of the k nearest of a real image's neighbours is as often real as fake."""
    found = precision_recall(features(3000, 8), features(3000, 8, 1), 3, 5)
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.01)
    assert found.density == pytest.approx(1, abs=0.05)


def test_collapse_shows_as_high_precision_and_low_recall():
    wide, tight = features(500, d=2), features(500, d=2, seed=1, scale=0.05)
    found = precision_recall(wide, tight, 3, 5)
    assert found.precision > 0.8
    assert found.recall < 0.3
    assert found.coverage < 0.3
    swapped = precision_recall(tight, wide, 3, 5)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)


def test_equal_sets_and_duplicates_cover_each_other():
    real = np.repeat(features(50), 6, axis=0) + 100.0  # more copies than neighbours: every ball has radius 0
    found = precision_recall(real, real[::-1], 3, 5)
    assert (found.precision, found.recall, found.f1, found.coverage) == (1.0, 1.0, 1.0, 1.0)
    assert found.density == 6 / 5


def test_sets_far_apart_cover_nothing():
    assert precision_recall(features(50), features(50, seed=1) + 100.0, 3, 5) == (0, 0, 0, 0, 0)


def test_one_constant_image_covers_only_itself():
    found = precision_recall(features(50), np.zeros((50, 6)), 3, 5)
    assert found.recall == 0.0
    assert found.precision in (0.0, 1.0)


def test_it_sees_what_it_claims(digits):
    def found(kind, degree):
        return precision_recall(digits.real.features, digits.corrupted(kind, degree).features, 3, 5)

    whole = found("noise", 0)
    noise, blur = ([whole, *(found(kind, degree) for degree in (0.3, 1))] for kind in ("noise", "blur"))
    dropped, repeated = ([whole, *(found(kind, degree) for degree in (0.3, 1))] for kind in ("dropped", "repeated"))
    for seen in (noise, blur):
        assert [score.f1 for score in seen] == sorted((score.f1 for score in seen), reverse=True)
        assert seen[-1].precision < 0.7 * seen[0].precision
        assert seen[-1].density < 0.3 * seen[0].density
    for seen in (dropped, repeated):
        for name in ("recall", "coverage"):
            values = [getattr(score, name) for score in seen]
            assert values[0] > values[1] > values[2]
        assert seen[1].precision == pytest.approx(seen[0].precision, abs=0.05)


@pytest.mark.parametrize("neighbours", [0, 20])
def test_refusals(neighbours):
    with pytest.raises(ValueError, match=f"neighbours is {neighbours}: allowed is 1 to 19"):
        precision_recall(features(30), features(20), neighbours, 5)
    with pytest.raises(ValueError, match=f"coverage_neighbours is {neighbours}: allowed is 1 to 19"):
        precision_recall(features(30), features(20), 3, neighbours)
