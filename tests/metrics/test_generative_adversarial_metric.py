import numpy as np
import pytest

from ganline.metrics.generative_adversarial_metric import generative_adversarial_metric


def verdicts(taken, count=20):
    """`taken` of `count` images are taken for real."""
    return np.arange(count) < taken


def judged(first_on_real, second_on_real, first_on_fakes, second_on_fakes):
    return generative_adversarial_metric(
        *map(verdicts, (first_on_real, second_on_real, first_on_fakes, second_on_fakes))
    )


def test_by_hand():
    # Errors on real images 4 / 20 and 5 / 20; on fakes 2 / 20 and 8 / 20: the first is fooled less.
    found = judged(16, 15, 2, 8)
    assert found.test_ratio == pytest.approx(0.8) and found.sample_ratio == pytest.approx(0.25)
    assert (found.fair, found.winner) == (True, 1)


def test_swapping_the_two_swaps_the_winner():
    first, second = judged(16, 15, 2, 8), judged(15, 16, 8, 2)
    assert second.sample_ratio == pytest.approx(1 / first.sample_ratio)
    assert (first.winner, second.winner) == (1, 2)


def test_unequal_judges_give_no_verdict():
    found = judged(18, 10, 2, 8)  # errors on real images 2 / 20 and 10 / 20
    assert found.test_ratio == pytest.approx(0.2)
    assert (found.fair, found.winner) == (False, 0)


def test_judges_that_never_err():
    assert judged(20, 20, 0, 0) == (1.0, 1.0, True, 0)
    assert judged(20, 20, 3, 0)[1:] == (float("inf"), True, 2)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="verdicts must be bool"):
        generative_adversarial_metric(np.ones(3), *[verdicts(1)] * 3)
    with pytest.raises(ValueError, match="as many generated images for both, got 20 and 19"):
        generative_adversarial_metric(*[verdicts(1)] * 3, verdicts(1, 19))
