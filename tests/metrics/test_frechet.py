import numpy as np
import pytest
import scipy.linalg

from ganline.metrics.frechet import frechet_distance


def features(n, d, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(n, d))


def reference_distance(first, second, root=lambda values: np.sqrt(values.astype(complex)).real):
    """The formula by another way: square roots of the eigenvalues of S1 S2, as complex numbers."""
    s1, s2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    trace = root(np.linalg.eigvals(s1 @ s2)).sum()
    difference = first.mean(axis=0) - second.mean(axis=0)
    return difference @ difference + np.trace(s1) + np.trace(s2) - 2 * trace


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
