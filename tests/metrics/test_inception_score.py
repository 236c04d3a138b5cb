import numpy as np
import pytest
from scipy.special import softmax

from ganline.metrics.inception_score import inception_score


def test_uniform_probabilities_score_one():
    assert inception_score(np.full((50, 10), 0.1), splits=5) == pytest.approx((1.0, 0.0))


@pytest.mark.parametrize("classes", [2, 10])
def test_confident_balanced_classes_score_their_number(classes):
    # Holds zeros: 0 log 0 is 0, not NaN.
    assert inception_score(np.tile(np.eye(classes), (20, 1)), splits=4) == pytest.approx((classes, 0.0))


def test_confident_but_collapsed_scores_one():
    assert inception_score(np.tile(np.eye(10)[3], (20, 1)), splits=2).mean == pytest.approx(1.0)


def test_golden_value_and_splits():
    # p(y) = (0.7, 0.3); KL of (0.9, 0.1) and of (0.5, 0.5) to it.
    two = np.array([[0.9, 0.1], [0.5, 0.5]])
    divergences = [
        0.9 * np.log(0.9 / 0.7) + 0.1 * np.log(0.1 / 0.3),
        0.5 * np.log(0.5 / 0.7) + 0.5 * np.log(0.5 / 0.3),
    ]
    score = np.exp(np.mean(divergences))
    assert inception_score(two, splits=1) == pytest.approx((score, 0.0), rel=1e-12)
    # The second split holds one image twice and scores 1.
    found = inception_score(np.concatenate([two, two[:1], two[:1]]), splits=2)
    assert found == pytest.approx(((score + 1) / 2, (score - 1) / 2), rel=1e-9)


@pytest.mark.parametrize(
    "count, classes, splits, scale, mean, deviation",
    [
        # torch-fidelity 0.4.0, isc_features_to_metric(logits, splits, shuffle=False)
        (1000, 10, 10, 3.0, 3.7937863890920616, 0.21741197917350621),
        (1003, 10, 10, 3.0, 3.798445310740211, 0.21963656125813705),
        (257, 1000, 7, 6.0, 31.715562217403097, 0.5920686957755169),
    ],
)
def test_agrees_with_torch_fidelity(count, classes, splits, scale, mean, deviation):
    logits = np.random.default_rng(7).normal(size=(count, classes)) * scale
    assert inception_score(softmax(logits, axis=1), splits) == pytest.approx((mean, deviation), rel=1e-6)


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_falls_as_images_get_worse(digits, kind):
    scores = [inception_score(digits.corrupted(kind, degree).probabilities, 1).mean for degree in (0, 0.3, 1)]
    assert scores[0] > scores[1] > scores[2]


def test_does_not_see_repeated_images(digits):
    scores = [inception_score(digits.corrupted("repeated", degree).probabilities, 1).mean for degree in (0, 0.9)]
    assert scores[1] == pytest.approx(scores[0], rel=0.05)


@pytest.mark.parametrize(
    "probabilities, splits, message",
    [
        (np.full((10, 2), 0.5), 11, "Inception Score: splits is 11: allowed is 1 to 10"),
        (np.full((10, 2), 0.5), 0, "splits is 0"),
        (np.full((10, 2), 3.0), 1, "were logits passed"),
        (np.tile([1.5, -0.5], (10, 1)), 1, "0 or more"),
        (np.full((10, 2), np.nan), 1, "NaN"),
    ],
)
def test_refusals(probabilities, splits, message):
    with pytest.raises(ValueError, match=message):
        inception_score(probabilities, splits)
