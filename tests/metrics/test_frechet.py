import numpy as np
import pytest
import scipy.linalg

from ganline.metrics.class_frechet import class_frechet_distance
from ganline.metrics.frechet import frechet_distance, frechet_standard_error


def features(n, d, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def reference_distance(first, second, root=lambda values: np.sqrt(values.astype(complex)).real):
    """The formula by another way: square roots of the eigenvalues of S1 S2, as complex numbers."""
    s1, s2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    trace = root(np.linalg.eigvals(s1 @ s2)).sum()
    difference = first.mean(axis=0) - second.mean(axis=0)
    return difference @ difference + np.trace(s1) + np.trace(s2) - 2 * trace


def table(n, d, p, q):
    """Whole numbers from 0 to 22 in no visible order."""
    i, j = np.ogrid[:n, :d]
    return ((i * i * p + 7 * i * j + j * j * q + 3 * i + 5 * j) % 23).astype(np.float64)


@pytest.mark.parametrize(
    "first, second, expected",
    [
        (table(20, 6, 3, 5), table(15, 6, 4, 7), 114.9831464655648),
        (table(4, 9, 3, 5), table(7, 9, 4, 7), 465.1775725033948),  # fewer images than dimensions
        (table(4, 6, 3, 5), table(15, 6, 4, 7), 197.4668016338241),
        (np.outer(np.arange(12) % 7, np.arange(1, 6)), table(15, 5, 4, 7), 301.403673197741),  # rank one
        (table(20, 5, 3, 5) * [1, 1, 0, 1, 1], table(15, 5, 4, 7), 234.5186295659231),  # a constant column
        (table(20, 6, 3, 5) * 0.1 ** np.arange(6), table(15, 6, 4, 7) * 0.1 ** np.arange(6), 9.500748383577924),
    ],
)
def test_golden_numbers(first, second, expected):
    # By mpmath 1.3 with 60 digits: eigenvalues of S1^(1/2) S2 S1^(1/2). scipy's sqrtm is off by 1e-8 where singular.
    assert frechet_distance(first, second).distance == pytest.approx(expected, rel=1e-12)


def test_falls_with_the_count_of_equal_distributions():
    # E|m1 - m2|^2 = d(1/n + 1/m); the covariance part is |S1 - S2|^2 / 4 near I, so d(d + 1)/4 (1/n + 1/m) on average.
    d, constant = 32, 32 + 32 * 33 / 4
    for n, m in ((1000, 1000), (1000, 4000)):
        found = [frechet_distance(features(n, d, seed), features(m, d, seed + 50)).distance for seed in range(5)]
        assert np.mean(found) == pytest.approx(constant * (1 / n + 1 / m), rel=0.1)


def test_the_standard_error_is_about_the_spread_over_independent_sets():
    pairs = [(features(400, 4, seed), features(300, 4, seed + 100, 1.3) + 0.4) for seed in range(40)]
    spread = np.std([frechet_distance(*pair).distance for pair in pairs], ddof=1)
    errors = [frechet_standard_error(*pair) for pair in pairs]
    assert 0.8 < np.sqrt(np.mean(np.square(errors))) / spread < 1.4
    with pytest.raises(ValueError, match="standard error: needs at least 20 images, got 19"):
        frechet_standard_error(features(30, 4), features(19, 4))


def test_the_class_distance_is_the_mean_over_classes_with_enough_images():
    first, second = features(300, 5), features(300, 5, seed=1)
    classes = np.arange(300) % 3
    first[classes == 1] += 2.0
    both = [(first[classes == i], second[classes == i]) for i in range(3)]
    found = class_frechet_distance(first, classes, second, classes)
    assert found.distance == pytest.approx(np.mean([frechet_distance(*pair).distance for pair in both]), rel=1e-12)
    assert (found.classes, found.left_out) == (3, 0) and 0 < found.standard_error < 1
    few = np.where(classes == 2, 7, classes)
    found = class_frechet_distance(first, few, second, classes)  # 2 and 7 are each on one side only
    assert found.distance == pytest.approx(np.mean([frechet_distance(*pair).distance for pair in both[:2]]), rel=1e-12)
    assert (found.classes, found.left_out) == (2, 2)
    with pytest.raises(
        ValueError, match="5 dimensions need 20 images a class in both sets, and no class has more than 15"
    ):
        class_frechet_distance(first[:45], classes[:45], second, classes)
    with pytest.raises(ValueError, match="the first classes must be 300 integers"):
        class_frechet_distance(first, classes[:-1], second, classes)


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped"])
def test_grows_with_what_goes_wrong(digits, kind):
    found = [frechet_distance(digits.corrupted(kind, d).features, digits.real.features).distance for d in (0, 0.3, 1)]
    assert 4 * found[0] < found[1] < found[2] / 4


def test_sees_repetition_only_where_few_images_are_left_and_no_copying(digits):
    repeated = [digits.corrupted("repeated", degree).features for degree in (0, 0.5, 1)]
    found = [frechet_distance(some, digits.real.features).distance for some in repeated]
    assert found[1] < 2.5 * found[0] and found[2] > 50 * found[0]
    copied = digits.corrupted("memorised", 1).features
    assert frechet_distance(copied, digits.real.features).distance == pytest.approx(found[0], rel=0.1)


def test_the_class_distance_sees_wishes_that_are_not_met(digits):
    def distance(degree):
        sample = digits.corrupted("mislabelled", degree)
        return class_frechet_distance(sample.features, sample.labels, digits.real.features, digits.real.labels)

    found = [distance(degree) for degree in (0, 0.3, 1)]
    assert 4 * found[0].distance < found[1].distance < found[2].distance / 2
    assert [each.classes for each in found] == [10] * 3


def test_the_spatial_distance_sees_what_goes_wrong(digits):
    real = digits.extractor.spatial(digits.real.images)
    for kind in ("noise", "blur", "dropped"):
        samples = [digits.corrupted(kind, degree).images for degree in (0, 0.3, 1)]
        found = [frechet_distance(digits.extractor.spatial(images), real).distance for images in samples]
        assert 2 * found[0] < found[1] < found[2] / 2


def test_equal_covariances_leave_the_squared_distance_of_the_means():
    first = features(500, 8)
    found = frechet_distance(first, first + 3.0)
    assert found.distance == pytest.approx(8 * 9.0, rel=1e-12)
    assert found.mean == pytest.approx(72.0, rel=1e-12)
    assert found.covariance == pytest.approx(0.0, abs=1e-12)


def test_golden_singular_case():
    # compare_gan's hand-computed case: one column is constant in both sets. Means differ by (4, 8), variances of the
    # other column are 25/99 and 1225/99: 16 + 64 + (5/sqrt(99) - 35/sqrt(99))^2 = 80 + 900/99 = 89.0909.
    real, fake = np.ones((100, 2)), np.full((100, 2), 9.0)
    real[:50, 0] = fake[50:, 0] = 2.0
    assert frechet_distance(real, fake).distance == pytest.approx(89.0909090909, rel=1e-10)


def test_scaled_covariance_has_a_closed_form():
    first = features(400, 5) - features(400, 5).mean(axis=0)
    # S2 = 4 S1, so the covariance part is (2 - 1)^2 Tr(S1).
    expected = np.trace(np.cov(first, rowvar=False))
    assert frechet_distance(first, 2 * first).covariance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n, m, d", [(4, 4, 4), (5, 9, 32), (40, 300, 64), (300, 20, 64), (200, 300, 16), (2, 2, 8)])
def test_agrees_with_eigenvalues_at_every_rank_and_is_symmetric(n, m, d):
    first, second = features(n, d, seed=1), features(m, d, seed=2, scale=1.5) + 0.3
    found = frechet_distance(first, second).distance
    assert found == pytest.approx(reference_distance(first, second), rel=1e-6)
    assert found == pytest.approx(frechet_distance(second, first).distance, rel=1e-12)


def test_agrees_with_scipys_matrix_square_root():
    first, second = features(200, 12, seed=3), features(150, 12, seed=4, scale=0.7)
    s1, s2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    expected = np.trace(s1 + s2 - 2 * scipy.linalg.sqrtm(s1 @ s2).real)
    assert frechet_distance(first, second).covariance == pytest.approx(expected, rel=1e-9)


def degenerate(kind):
    full = features(60, 10, seed=5)
    return {
        "rank one": np.outer(features(60, 1, seed=6)[:, 0], np.arange(10.0)),
        "equal sets": full,
        "constant column": np.where(np.arange(10) == 3, 1.0, full),
        "collapsed to one image": np.repeat(full[:1], 60, axis=0),
    }[kind]


@pytest.mark.parametrize("kind", ["rank one", "equal sets", "constant column", "collapsed to one image"])
def test_degenerate_sets(kind):
    full, other = features(60, 10, seed=5), degenerate(kind)
    found = frechet_distance(full, other)
    scale = np.trace(np.cov(full, rowvar=False)) + np.trace(np.cov(other, rowvar=False))
    assert found.distance == pytest.approx(reference_distance(full, other), abs=1e-6 * scale)
    assert min(found) >= 0.0
    assert frechet_distance(other, other).distance == pytest.approx(0.0, abs=1e-12 * scale)


def test_the_well_known_bug_would_be_caught():
    # Real square roots of eigenvalues that rounding made negative: NaN wherever the covariances are singular.
    pairs = [(features(4, 4, seed), features(4, 4, seed + 100)) for seed in range(20)]
    with np.errstate(invalid="ignore"):
        buggy = [reference_distance(*pair, root=lambda values: np.sqrt(values.real)) for pair in pairs]
    assert np.isnan(buggy).any()
    assert np.isfinite([frechet_distance(*pair).distance for pair in pairs]).all()


def test_float32_input_is_computed_in_float64():
    first, second = features(300, 6).astype(np.float32) + 1000, features(300, 6, seed=9).astype(np.float32) + 1000
    expected = frechet_distance(first.astype(np.float64), second.astype(np.float64))
    assert frechet_distance(first, second) == expected


@pytest.mark.parametrize(
    "second, message",
    [
        (np.zeros((5, 3)), "4 and 3 dimensions"),
        (np.zeros((1, 4)), "at least 2 images, got 1"),
        (np.zeros(4), r"got shape \(4,\)"),
        (np.full((5, 4), np.nan), "hold 20 NaN or infinite values"),
    ],
)
def test_refusals(second, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(np.zeros((5, 4)), second)


def test_agrees_with_torch_fidelity():
    # By fid_features_to_statistics and fid_statistics_to_metric of torch-fidelity 0.4.0.
    def drawn(key, n, scale, shift):
        values = np.random.Generator(np.random.Philox(key=key)).standard_normal((n, 96)) * scale + shift
        return values * np.exp(-np.arange(96) / 20)

    first, second = drawn(1, 500, 1.0, 0.0), drawn(2, 400, 1.2, 0.1)
    assert frechet_distance(first, second).distance == pytest.approx(0.9923673198524448, rel=1e-6)
    few = frechet_distance(first[:60], second[:80])  # fewer images than dimensions
    assert few.distance == pytest.approx(3.5264507880630447, rel=1e-6)
