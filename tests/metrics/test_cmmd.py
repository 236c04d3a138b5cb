import numpy as np
import pytest

from ganline.core.abilities import lacking
from ganline.metrics.cmmd import MEASURE, clip_distance


def drawn(key, n, d, scale=1.0, shift=0.0):
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((n, d)) * scale + shift


def of_length_1(features):
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def own_neighbours(features):
    """How much the mean kernel grows by when each image counts as its own neighbour, too."""
    unit = of_length_1(features)
    kernel = np.exp((unit @ unit.T - 1) / 100)
    n = len(kernel)
    return (1 - (kernel.sum() - n) / (n * (n - 1))) / n


def test_agrees_with_the_authors_code_but_for_the_bias_that_it_says_to_have():
    # By mmd of clip-mmd 0.0.2, the authors' code in PyTorch: it is the biased estimator.
    real, fake = drawn(1, 60, 12), drawn(2, 50, 12, 1.1, 0.1)
    biased = clip_distance(real, fake).value + 1000 * (own_neighbours(real) + own_neighbours(fake))
    assert biased == pytest.approx(0.5852570876265784, rel=1e-9)


def test_equal_distributions_give_about_zero_whatever_the_count():
    for count in (20, 200):
        values = [clip_distance(drawn(2 * i, count, 8), drawn(2 * i + 1, count, 8)).value for i in range(20)]
        assert min(values) < 0 < max(values) and abs(np.mean(values)) < 3 * np.std(values) / 20**0.5


def test_the_standard_error_is_the_spread_over_independent_sets():
    found = [clip_distance(drawn(2 * i, 100, 8), drawn(2 * i + 1, 100, 8, 1.0, 0.3)) for i in range(30)]
    errors = np.mean([each.standard_error for each in found])
    assert 0.7 < errors / np.std([each.value for each in found], ddof=1) < 1.5


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_grows_with_what_goes_wrong(digits, kind):
    found = [
        clip_distance(digits.corrupted(kind, degree).features, digits.real.features).value for degree in (0, 0.3, 1)
    ]
    assert abs(found[0]) < 0.05 < found[1] < found[2]


def test_it_is_for_networks_that_a_user_brings():
    assert "no network file of yours" in lacking(MEASURE.needs, {"classes", "fast to look"})
    assert not lacking(MEASURE.needs, {"own file"})


def test_refusals():
    with pytest.raises(ValueError, match="CMMD: needs at least 3 images, got 2"):
        clip_distance(drawn(1, 2, 4), drawn(2, 5, 4))
    with pytest.raises(ValueError, match="CMMD: cosines need a direction"):
        clip_distance(drawn(1, 5, 4), np.zeros((5, 4)))
