from dataclasses import replace

import numpy as np
import pytest

from ganline.core.random import generator
from ganline.evaluation.compare import Run, compare
from ganline.metrics.kid import kernel_distance, squared_mmd


def features(n, d=8, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_agrees_with_the_double_loop():
    first, second = features(7, 3, seed=1), features(9, 3, seed=2, shift=0.5)

    def k(x, y):
        return (x @ y / 3 + 1) ** 3

    def within(points):
        n = len(points)
        return sum(k(points[i], points[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    across = np.mean([k(x, y) for x in first for y in second])
    assert squared_mmd(first, second) == pytest.approx(within(first) + within(second) - 2 * across, rel=1e-12)


def test_golden_numbers():
    # By kernel_mmd of torch-fidelity 0.4.0 with its defaults (cubic, gamma 1/d, coef0 1, unbiased).
    i, j = np.ogrid[:20, :6]
    first = ((3 * i * i + 7 * i * j + 5 * j * j + 3 * i + 5 * j) % 23) / 10
    second = ((4 * i * i + 7 * i * j + 7 * j * j + 3 * i + 5 * j) % 23) / 10
    assert squared_mmd(first, second) == pytest.approx(0.544331494627194, rel=1e-12)
    assert squared_mmd(first[:7], second[3:10]) == pytest.approx(0.6394735018896469, rel=1e-12)
    whole = kernel_distance(first, second, subsets=3, subset_size=20, seed=1)
    assert whole.mean == pytest.approx(0.544331494627194, rel=1e-12)


def test_equal_distributions_give_about_zero_and_may_be_negative():
    values = [kernel_distance(features(400, seed=s), features(400, seed=s + 50), 5, 200, 0).mean for s in range(10)]
    assert min(values) < 0 < max(values)
    assert np.abs(np.mean(values)) < 0.02


def test_a_set_against_itself_is_about_zero():
    found = kernel_distance(features(500), features(500), subsets=20, subset_size=100, seed=3)
    assert abs(found.mean) < 0.1
    assert kernel_distance(features(500), features(500, seed=9, shift=0.5), 20, 100, 3).mean > 0.5


def test_is_a_function_of_the_seed():
    first, second = features(100), features(90, seed=1)
    found = kernel_distance(first, second, subsets=5, subset_size=30, seed=7)
    assert found == kernel_distance(first, second, subsets=5, subset_size=30, seed=7)
    assert found != kernel_distance(first, second, subsets=5, subset_size=30, seed=8)


def test_the_standard_error_is_that_of_leaving_out_one_image_after_the_other():
    first, second = features(12, 4), features(9, 4, seed=1, shift=0.3)
    found = kernel_distance(first, second, subsets=3, subset_size=9, seed=0)
    one, other = (
        [squared_mmd(np.delete(first, i, axis=0), second) for i in range(12)],
        [squared_mmd(first, np.delete(second, i, axis=0)) for i in range(9)],
    )
    jackknife = 11 * np.var(one) + 8 * np.var(other)
    values = [
        squared_mmd(first[random.choice(12, 9, replace=False)], second[random.choice(9, 9, replace=False)])
        for random in [generator(0, "kid")]
        for _ in range(3)
    ]
    assert found.standard_error == pytest.approx(np.sqrt(jackknife + np.var(values, ddof=1) / 3), rel=1e-9)


@pytest.mark.parametrize(("subsets", "subset_size"), [(2, 100), (3, 95), (20, 20)])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_equally_good_generators_are_tied_at_95_percent(subsets, subset_size, shift):
    """Whatever the subsets, as large as the sets too, and whether both are good or both are bad."""
    runs = []
    for seed in range(0, 400, 2):
        fakes, real = features(100, seed=seed, shift=shift), features(100, seed=seed + 1)
        found = kernel_distance(fakes, real, subsets, subset_size, seed=0)
        numbers = {"kid": found.mean, "kid_stderr": found.standard_error}
        runs.append(Run(str(seed), "", "", "", "digits", "", {}, numbers, {"kid": {"better": "lower"}}))
    ties = [bool(compare(pair, "kid").groups[0].rows[0].ties) for pair in zip(runs[::2], runs[1::2], strict=True)]
    spread = np.std([run.numbers["kid"] for run in runs], ddof=1)
    assert np.mean(ties) >= 0.88  # of 100 pairs: 0.95 less three standard errors of that
    errors = np.mean([run.numbers["kid_stderr"] for run in runs])
    assert 0.8 < errors / spread < 1.7  # too large by the root of 2 where the distributions are equal
    assert not compare([runs[0], _worse(runs[0], 10 * errors)], "kid").groups[0].rows[0].ties


def _worse(run, by):
    return replace(run, id="worse", numbers=run.numbers | {"kid": run.numbers["kid"] + by})


@pytest.mark.parametrize(
    "subsets, subset_size, message",
    [(5, 31, "subset_size is 31: allowed is 2 to 30"), (5, 1, "subset_size is 1"), (1, 10, "subsets is 1: at least 2")],
)
def test_refusals(subsets, subset_size, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(features(40), features(30), subsets, subset_size, seed=0)


def test_of_two_images_no_standard_error_is_known():
    with pytest.raises(ValueError, match="kernel distance: needs at least 3 images, got 2"):
        kernel_distance(features(40), features(2), 5, 2, seed=0)


@pytest.mark.parametrize("kind", ["noise", "blur", "dropped", "repeated"])
def test_grows_with_what_goes_wrong(digits, kind):
    samples = [digits.corrupted(kind, degree).features for degree in (0, 0.3, 1)]
    found = [kernel_distance(sample, digits.real.features, 10, 400, seed=0).mean for sample in samples]
    assert abs(found[0]) < 0.05 and found[2] > 1
    if kind == "repeated":  # a third of the images fewer, but spread like the others: not seen
        assert abs(found[1]) < 0.05
    else:
        assert found[0] + 0.1 < found[1] < found[2] / 2
