"""Shares of groups: what is missing is found, what chance does is not, and the intervals hold for all at once."""

import numpy as np
import pytest
from scipy.stats import norm

from ganline.latent.groups import clusters, members, shares, wilson


def test_a_missing_a_rare_and_a_frequent_group():
    real, found = np.array([500, 500, 500, 500]), np.array([2, 300, 500, 1198])
    states = [share.state for share in shares(real, found)]
    assert states == ["missing", "too seldom", "as often", "too often"]
    missing, rare, same, often = shares(real, found)
    assert missing.lacking == pytest.approx(0.249) and rare.lacking == pytest.approx(0.1)
    assert same.lacking == often.lacking == 0


def test_of_equal_sets_one_in_twenty_at_most_shows_anything():
    random = np.random.default_rng(0)
    truth = random.dirichlet(np.ones(20) * 3)
    wrong = [
        any(
            share.state != "as often"
            for share in shares(random.multinomial(2000, truth), random.multinomial(1500, truth))
        )
        for _ in range(400)
    ]
    assert np.mean(wrong) < 0.08


def test_newcombes_own_example():
    """Newcombe 1998, table II: 56 of 70 and 48 of 80; method 10 gives 0.0524 to 0.3339."""
    (p, q), sure = (48 / 80, 56 / 70), norm.isf(0.025)
    (low, high), (under, over) = wilson(p, 80, sure), wilson(q, 70, sure)
    assert q - p - np.hypot(q - under, high - p) == pytest.approx(0.0524, abs=1e-4)
    assert q - p + np.hypot(over - q, p - low) == pytest.approx(0.3339, abs=1e-4)


def test_clusters_are_found_again_and_few_images_are_refused():
    random = np.random.default_rng(1)
    features = np.concatenate([random.normal(place, 0.1, (60, 3)) for place in (0, 5, 10)]).astype(np.float32)
    made = clusters(features, 3, seed=1)
    assert sorted(np.bincount(members(made, features))) == [60, 60, 60]
    with pytest.raises(ValueError, match="39 training images are too few for clusters; at least 40"):
        clusters(features[:39], 3, seed=1)
    with pytest.raises(ValueError, match="needs counts of the same groups"):
        shares(np.array([1, 2]), np.array([0, 0]))
