import numpy as np
import pytest
from scipy.special import rel_entr

from ganline.metrics.modified_inception_score import modified_inception_score


def probabilities(count, classes=5, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), count)


def test_agrees_with_the_double_loop():
    found = probabilities(40)
    scores = []
    for group in (found[found.argmax(axis=1) == c] for c in range(5)):
        pairs = [rel_entr(a, b).sum() for i, a in enumerate(group) for j, b in enumerate(group) if i != j]
        scores.append(np.exp(np.mean(pairs)))
    assert modified_inception_score(found) == pytest.approx(np.mean(scores), rel=1e-9)


def test_images_alike_within_their_classes_score_one():
    assert modified_inception_score(np.tile(np.eye(5), (4, 1))) == 1.0
    assert modified_inception_score(np.tile(probabilities(1), (10, 1))) == pytest.approx(1.0, abs=1e-12)
    assert modified_inception_score(np.array([[1.0], [1.0]])) == 1.0


def test_classes_of_one_image_have_no_say():
    pair = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0]])
    assert modified_inception_score(np.vstack([pair, [0.0, 0.0, 1.0]])) == modified_inception_score(pair)


def test_zeros_stay_finite():
    assert 1.0 < modified_inception_score(np.array([[1.0, 0.0], [0.6, 0.4]])) < np.inf


def test_falls_as_images_are_repeated_within_classes():
    # Mean over draws: which few images are left is a matter of luck.
    means = []
    for kept in (300, 30, 6):
        drawn = [np.resize(probabilities(kept, classes=2, seed=seed), (300, 2)) for seed in range(40)]
        means.append(np.mean([np.log(modified_inception_score(one)) for one in drawn]))
    assert means[0] > means[1] > means[2]


def test_sees_nine_images_repeated_and_not_dropped_classes(digits):
    whole, nine, dropped = (
        modified_inception_score(digits.corrupted(kind, degree).probabilities)
        for kind, degree in (("repeated", 0), ("repeated", 1), ("dropped", 0.5))
    )
    assert nine < whole
    assert dropped == pytest.approx(whole, abs=0.01)


def test_refusals():
    with pytest.raises(ValueError, match="needs at least 2 images, got 1"):
        modified_inception_score(np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="no two of 3 images have the same likeliest class"):
        modified_inception_score(np.eye(3))
