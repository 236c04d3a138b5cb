import numpy as np
import pytest
from scipy.special import rel_entr

from ganline.metrics.inception_score import inception_score
from ganline.metrics.mode_score import mode_score


def probabilities(count, seed=0, weights=(0.3, 0.3, 0.3)):
    return np.random.default_rng(seed).dirichlet(weights, count)


def test_golden_value():
    sample, real = np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([[0.4, 0.6]])
    first = 0.9 * np.log(0.9 / 0.4) + 0.1 * np.log(0.1 / 0.6)
    second = 0.5 * np.log(0.5 / 0.4) + 0.5 * np.log(0.5 / 0.6)
    missing = 0.4 * np.log(0.4 / 0.7) + 0.6 * np.log(0.6 / 0.3)
    assert mode_score(sample, real) == pytest.approx(np.exp((first + second) / 2 - missing), rel=1e-12)


def test_the_other_order_would_be_the_inception_score_and_this_one_is_not():
    sample, real = probabilities(200), probabilities(100, 1, (2.0, 0.2, 0.1))
    marginal, wanted = sample.mean(axis=0), real.mean(axis=0)
    other = np.exp(rel_entr(sample, wanted).sum(axis=1).mean() - rel_entr(marginal, wanted).sum())
    score = inception_score(sample, 1).mean
    assert other == pytest.approx(score, rel=1e-9)
    assert abs(mode_score(sample, real) - score) > 0.1


def test_equals_the_inception_score_where_the_classes_are_as_frequent():
    sample = probabilities(200)
    assert mode_score(sample, sample[::-1]) == pytest.approx(inception_score(sample, 1).mean, rel=1e-9)


def test_a_class_that_never_comes_costs_much_and_stays_finite():
    real = np.eye(4)
    assert mode_score(real, real) == pytest.approx(4.0, rel=1e-9)
    assert 0.0 < mode_score(real[:3], real) < 0.1


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_falls_as_images_get_worse(digits, kind):
    real = digits.real.probabilities
    scores = [mode_score(digits.corrupted(kind, degree).probabilities, real) for degree in (0, 0.3, 1)]
    assert scores[0] > scores[1] > scores[2]


def test_refusals():
    with pytest.raises(ValueError, match="mode score: .* 2 and 3 dimensions"):
        mode_score(np.full((4, 2), 0.5), np.eye(3))
    with pytest.raises(ValueError, match="were logits passed"):
        mode_score(np.full((4, 2), 0.5), np.ones((4, 2)))
