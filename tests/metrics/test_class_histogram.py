import numpy as np
import pytest

from ganline.metrics.class_histogram import class_divergence, class_histogram
from ganline.metrics.condition_accuracy import class_agreement


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
    assert class_histogram(images_of(dict.fromkeys(range(10), 7))) == pytest.approx((np.log2(10), 10, 10.0))
    assert class_histogram(images_of({3: 100})) == (0.0, 1, 1.0)


def test_a_class_is_seen_from_a_tenth_of_an_even_share_on():
    assert class_histogram(images_of({0: 990, 1: 10})).seen == 2
    assert class_histogram(images_of({0: 991, 1: 9})).seen == 1
    assert class_histogram(images_of({0: 991, 1: 9}, classes=100)).seen == 2


def test_divergence_by_hand_and_of_equal_shares():
    # Half an image more a class: 3.5, 1.5 and 0.5 of 5.5, held against 2.5, 1.5 and 1.5 of 5.5
    found = class_divergence(images_of({0: 3, 1: 1}, classes=3), images_of({0: 2, 1: 1, 2: 1}, classes=3))
    assert found == pytest.approx((3.5 * np.log2(3.5 / 2.5) + 0.5 * np.log2(0.5 / 1.5)) / 5.5, rel=1e-12)
    assert class_divergence(images_of({0: 3, 4: 9}), images_of({4: 9, 0: 3})) == 0.0


def test_divergence_from_even_classes_is_the_entropy_that_is_missing():
    collapsed = images_of({3: 60_000, 7: 20_000})
    found = class_divergence(collapsed, images_of(dict.fromkeys(range(10), 8_000)))
    assert found == pytest.approx(np.log2(10) - class_histogram(collapsed).entropy, abs=1e-3)


def test_divergence_is_finite_where_real_images_lack_a_class():
    assert 0.0 < class_divergence(images_of({0: 5, 1: 5}), images_of({0: 10})) < 10.0


def test_sees_dropped_classes_and_not_repeated_images(digits):
    real = digits.real.probabilities
    found = [digits.corrupted("dropped", degree).probabilities for degree in (0, 0.3, 1)]
    entropies = [class_histogram(one).entropy for one in found]
    divergences = [class_divergence(one, real) for one in found]
    assert entropies[0] > entropies[1] > entropies[2]
    assert divergences[0] < divergences[1] < divergences[2]
    repeated = digits.corrupted("repeated", 0.9).probabilities
    assert class_histogram(repeated).entropy == pytest.approx(entropies[0], rel=0.05)


def test_agreement_is_the_share_of_labels_met():
    probabilities = images_of({0: 3, 1: 1})
    assert class_agreement(probabilities, np.array([0, 0, 1, 1])) == 0.75
    with pytest.raises(ValueError, match="class agreement: labels must be 4 integers"):
        class_agreement(probabilities, np.array([0, 0, 1]))
    with pytest.raises(ValueError, match="label 10, but there are 10 classes"):
        class_agreement(probabilities, np.array([0, 0, 1, 10]))


def test_agreement_sees_wrong_labels_and_not_repeated_images(digits):
    def agreement(kind, degree):
        sample = digits.corrupted(kind, degree)
        return class_agreement(sample.probabilities, sample.labels)

    shares = [agreement("mislabelled", degree) for degree in (0, 0.3, 1)]
    assert shares[0] > 0.9 > shares[1] > 0.5 > shares[2]
    assert agreement("repeated", 0.9) == pytest.approx(shares[0], abs=0.05)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        class_histogram(np.empty((0, 10)))
    with pytest.raises(ValueError, match="class divergence: .* 10 and 9 dimensions"):
        class_divergence(images_of({0: 1}), images_of({0: 1}, classes=9))
