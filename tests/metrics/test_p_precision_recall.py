import numpy as np
import pytest

from ganline.metrics.p_precision_recall import MEASURE, p_precision
from ganline.metrics.record import Case


def drawn(key, n, d, scale=1.0, shift=0.0):
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((n, d)) * scale + shift


@pytest.mark.parametrize(
    ("n", "m", "d", "k", "a", "expected"),
    [
        (300, 300, 8, 4, 1.2, (0.6446118018404753, 0.7835082237384794)),
        (500, 350, 16, 4, 1.2, (0.6819677293902465, 0.8625431124071754)),
        (90, 120, 40, 1, 1.1, (0.18476982130730069, 0.4067531359559993)),
    ],
)
def test_agrees_with_the_authors_code(n, m, d, k, a, expected):
    # By metric/pp_pr.py of kdst-team/Probablistic_precision_recall (a6c70d2), whose `f`, which it never sets, is `psr`.
    real, fake = drawn(1, n, d), drawn(2, m, d, 1.1, 0.1)
    assert (p_precision(real, fake, k, a).mean, p_precision(fake, real, k, a).mean) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_the_standard_error_is_the_spread_over_independent_sets(shift):
    found = [p_precision(drawn(2 * i, 300, 8), drawn(2 * i + 1, 300, 8, 1.1, shift)) for i in range(30)]
    errors = np.mean([each.standard_error for each in found])
    assert 0.7 < errors / np.std([each.mean for each in found], ddof=1) < 1.5


def test_copies_are_inside_and_what_is_far_away_is_not():
    real = drawn(1, 100, 5)
    assert p_precision(real, real[::-1].copy()).mean == pytest.approx(1, abs=1e-6)
    nowhere = p_precision(real, real + 100)
    assert nowhere.mean == 0 and 0.01 < nowhere.standard_error < 0.02  # none of 100 is not never


def test_it_sees_what_it_claims(digits):
    def found(kind, degree):
        case = Case(digits.corrupted(kind, degree), digits.real, digits.train, None, 0)
        numbers = MEASURE.compute(case)
        return numbers["p_precision"], numbers["p_recall"]

    for kind, degrees in (("noise", (0, 0.1, 0.2)), ("blur", (0, 0.6, 1))):
        precisions = [found(kind, degree)[0] for degree in degrees]
        assert precisions[0] > precisions[1] + 0.1 > precisions[2] + 0.15
    for kind in ("dropped", "repeated"):
        recalls = [found(kind, degree)[1] for degree in (0, 0.3, 1)]
        assert recalls[0] > recalls[1] > recalls[2] + 0.2


def test_a_generator_of_one_image_covers_that_image_alone():
    real = drawn(1, 100, 5)
    fake = np.repeat(real[:1], 100, axis=0)
    assert p_precision(real, fake).mean == pytest.approx(1)
    assert p_precision(fake, real).mean == pytest.approx(0.01)


def test_refusals():
    with pytest.raises(ValueError, match="P-precision and P-recall: needs at least 50 images, got 40"):
        p_precision(drawn(1, 60, 3), drawn(2, 40, 3))
    with pytest.raises(ValueError, match="neighbours is 60: allowed is 1 to 59"):
        p_precision(drawn(1, 60, 3), drawn(2, 60, 3), neighbours=60)
