from dataclasses import replace

import numpy as np
import pytest

from ganline.metrics.record import Case
from ganline.metrics.topp_r import MEASURE, topp_r


def drawn(key, n, d, scale=1.0, shift=0.0):
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((n, d)) * scale + shift


def draws(*counts, seed=0):
    random = np.random.RandomState(seed)  # as the package draws
    return (random.choice(np.arange(count), size=count, replace=True) for count in counts for _ in range(10))


@pytest.mark.parametrize(
    ("n", "m", "d", "scale", "shift", "expected"),
    [
        (400, 400, 8, 1.1, 0.1, (0.8322147651006712, 0.9639344262295082, 0.8932447994511553)),
        (400, 400, 8, 0.6, 0.3, (1.0, 0.07868852459016394, 0.14589665653495443)),
        (500, 700, 16, 1.1, 0.1, (0.9325626204238922, 0.9552941176470588, 0.943791515174802)),
        (400, 350, 32, 1.1, 0.1, (0.8211143695014663, 1.0, 0.9017713365539453)),
    ],
)
def test_agrees_with_the_authors_package(n, m, d, scale, shift, expected):
    # By compute_top_pr of top-pr 0.2.1 after numpy.random.seed(0).
    real, fake = (each.astype(np.float32) for each in (drawn(1, n, d), drawn(2, m, d, scale, shift)))
    found = topp_r(real, fake, draws(n, m))
    assert (found.precision.value, found.recall.value, found.f1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_the_standard_error_is_about_the_spread_over_independent_sets(shift):
    found = [topp_r(drawn(2 * i, 300, 6), drawn(2 * i + 1, 300, 6, 1.1, shift), draws(300, 300)) for i in range(25)]
    for part in (0, 1):
        errors = np.mean([each[part].standard_error for each in found])
        assert 0.6 < errors / np.std([each[part].value for each in found], ddof=1) < 1.8


def test_outliers_count_for_nothing():
    real, fake = drawn(1, 400, 5), drawn(2, 400, 5)
    odd = real.copy()
    odd[:8] += 100.0
    for name in ("precision", "recall"):
        before, after = (getattr(topp_r(each, fake, draws(400, 400)), name).value for each in (real, odd))
        assert after == pytest.approx(before, abs=0.1)


def test_it_sees_what_it_claims(digits):
    def found(kind, degree, seed=0):
        numbers = MEASURE.compute(Case(digits.corrupted(kind, degree), digits.real, digits.train, None, seed))
        return numbers["top_precision"], numbers["top_recall"]

    whole = found("noise", 0)
    assert whole == found("noise", 0) and min(whole) > 0.6
    assert whole[0] > found("noise", 0.3)[0] + 0.2
    for kind in ("blur", "dropped"):  # blurred digits gather among real ones, and all others are missing
        recalls = [whole[1], *(found(kind, degree)[1] for degree in (0.3, 0.6))]
        assert recalls == sorted(recalls, reverse=True) and recalls[2] < 0.8


def test_refusals(digits):
    few = replace(digits.train, features=digits.train.features[:40])
    with pytest.raises(ValueError, match="TopP&R: needs at least 320 images, got 40"):
        MEASURE.compute(Case(few, digits.real, digits.train, None, 0))
    with pytest.raises(ValueError, match="half of the images of a set equal many others"):
        topp_r(drawn(1, 400, 5), np.ones((400, 5)), draws(400, 400))
