import numpy as np
import pytest

from ganline.metrics.am_score import am_score


def test_golden_value():
    sample, real = np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([[0.4, 0.6]])
    missing = 0.4 * np.log(0.4 / 0.7) + 0.6 * np.log(0.6 / 0.3)
    unsure = (-0.9 * np.log(0.9) - 0.1 * np.log(0.1) + np.log(2)) / 2
    assert am_score(sample, real) == pytest.approx(missing + unsure, rel=1e-12)


def test_sure_images_of_the_data_s_classes_score_zero():
    # Unbalanced as they are: what the Inception Score would punish.
    real = np.repeat(np.eye(3), (70, 20, 10), axis=0)
    assert am_score(np.repeat(np.eye(3), (7, 2, 1), axis=0), real) == pytest.approx(0.0, abs=1e-12)
    assert am_score(np.repeat(np.eye(3), (4, 4, 4), axis=0), real) > 0.2


def test_unsure_images_score_their_entropy():
    even = np.full((5, 4), 0.25)
    assert am_score(even, even) == pytest.approx(np.log(4))


def test_a_class_that_never_comes_costs_much_and_stays_finite():
    assert 5.0 < am_score(np.eye(4)[:3], np.eye(4)) < 20.0


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_rises_as_images_get_worse(digits, kind):
    real = digits.real.probabilities
    scores = [am_score(digits.corrupted(kind, degree).probabilities, real) for degree in (0, 0.3, 1)]
    assert scores[0] < scores[1] < scores[2]


def test_does_not_see_repeated_images(digits):
    real = digits.real.probabilities
    scores = [am_score(digits.corrupted("repeated", degree).probabilities, real) for degree in (0, 0.9)]
    assert scores[1] == pytest.approx(scores[0], abs=0.1)


def test_refusals():
    with pytest.raises(ValueError, match="AM Score: .* 2 and 3 dimensions"):
        am_score(np.full((4, 2), 0.5), np.eye(3))
    with pytest.raises(ValueError, match="were logits passed"):
        am_score(np.ones((4, 2)), np.full((4, 2), 0.5))
