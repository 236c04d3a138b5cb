import numpy as np
import pytest

from ganline.metrics.class_histogram import class_agreement, class_histogram


def images_of(counts, classes=10):
    """Probabilities of a classifier that is fairly sure of each image."""
    labels = np.repeat(list(counts), list(counts.values()))
    return 0.1 / classes + 0.9 * np.eye(classes)[labels]


def test_the_books_collapse():
    # The GAN Book (Chaudhary 2024), Skill 3, its figure of samples: the digits of 81 at epochs 50 and 150
    early = class_histogram(images_of({8: 23, 2: 20, 3: 17, 9: 11, 4: 8, 6: 2}))
    late = class_histogram(images_of({9: 48, 1: 33}))
    assert (round(early.entropy, 2), early.seen) == (2.34, 6)
    assert (round(late.entropy, 2), late.seen) == (0.98, 2)


def test_the_two_ends():
    assert class_histogram(images_of(dict.fromkeys(range(10), 7))) == (pytest.approx(np.log2(10)), 10)
    assert class_histogram(images_of({3: 100})) == (0.0, 1)


def test_a_class_is_seen_from_a_tenth_of_an_even_share_on():
    assert class_histogram(images_of({0: 990, 1: 10})).seen == 2
    assert class_histogram(images_of({0: 991, 1: 9})).seen == 1
    assert class_histogram(images_of({0: 991, 1: 9}, classes=100)).seen == 2


def test_agreement_is_the_share_of_labels_met():
    probabilities = images_of({0: 3, 1: 1})
    assert class_agreement(probabilities, np.array([0, 0, 1, 1])) == 0.75
    with pytest.raises(ValueError, match=r"expected shape \(4,\), got \(3,\)"):
        class_agreement(probabilities, np.array([0, 0, 1]))


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        class_histogram(np.empty((0, 10)))
