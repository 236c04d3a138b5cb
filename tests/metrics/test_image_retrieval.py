import numpy as np
import pytest

from ganline.metrics.image_retrieval import retrieval_distance_ratio
from ganline.metrics.retrieval_precision import retrieval_precision


def features(n, d=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_by_hand():
    queries, gallery, baseline = np.array([[0.0], [10]]), np.array([[3.0], [4]]), np.array([[1.0], [9]])
    assert retrieval_distance_ratio(queries, gallery, baseline) == (3 + 6) / (1 + 1)
    gallery, labels = np.array([[0.0], [1], [2], [8], [9], [10]]), np.array([0, 0, 1, 1, 0, 1])
    assert retrieval_precision(queries, np.array([0, 1]), gallery, labels, count=3) == (2 + 2) / 6


def test_training_images_are_as_good_as_training_images():
    ratio = retrieval_distance_ratio(features(1000), features(1000, seed=1), features(1000, seed=2))
    assert ratio == pytest.approx(1, abs=0.05)


def test_sees_missing_classes_and_not_copies(digits):
    real, count = digits.real, len(digits.real)
    whole = digits.train.features[:count]
    fakes = [digits.corrupted("dropped", degree) for degree in (0, 0.3, 1)]
    ratios = [retrieval_distance_ratio(real.features, fake.features[:count], whole) for fake in fakes]
    precisions = [retrieval_precision(real.features, real.labels, fake.features, fake.likeliest) for fake in fakes]
    assert 1 == ratios[0] < ratios[1] < ratios[2]
    assert precisions[0] > precisions[1] > precisions[2]
    assert precisions[0] > 0.95
    assert precisions[2] == pytest.approx(0.1, abs=0.03)  # the one class that is left
    copied = digits.corrupted("memorised", 1)
    assert retrieval_distance_ratio(real.features, copied.features, whole) == pytest.approx(1, abs=0.02)


def test_queries_that_were_trained_on_are_not_asked_about_distances():
    queries, gallery, baseline = features(200), features(300, seed=1), features(300, seed=2)
    alone = retrieval_distance_ratio(queries, gallery, baseline)
    repeated = np.concatenate([queries, baseline[:50] + 1e-4])
    assert retrieval_distance_ratio(repeated, gallery, baseline) == pytest.approx(alone, rel=1e-12)


def test_refusals():
    queries, gallery = features(5), features(4)
    with pytest.raises(ValueError, match="4 images in the gallery and 5 in the baseline"):
        retrieval_distance_ratio(queries, gallery, features(5))
    with pytest.raises(ValueError, match="a copy of every query"):
        retrieval_distance_ratio(queries, features(5, seed=1), queries)
    with pytest.raises(ValueError, match="count is 10: allowed is 1 to 4"):
        retrieval_precision(queries, np.zeros(5, int), gallery, np.zeros(4, int))
