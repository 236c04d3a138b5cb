"""Generative adversarial metric (GAM): two GANs swap discriminators.

Im et al. 2016, "Generating images with recurrent adversarial networks". With e(D, images) the share of images that a
discriminator D puts on the wrong side, of two GANs (G1, D1) and (G2, D2):

    r_test   = e(D1, held-out images) / e(D2, held-out images)
    r_sample = e(D1, fakes of G2)     / e(D2, fakes of G1)

The first wins where r_sample < 1 and r_test is near 1, the second where r_sample > 1 and r_test is near 1. Else nobody.

How to read it: r_test asks whether the two judges are equally good on images that neither has seen. If they are not,
r_sample compares judges more than generators, and there is no verdict. The paper leaves open what is near; here it is
a factor of NEAR_ONE either way.

Its weakness: it knows pairs only and need not be transitive, a discriminator is trained against its own generator and
may be blind to the other's faults, and rates of a few per cent make ratios of a few images.
"""

from typing import NamedTuple

import numpy as np

MEASURE = "generative adversarial metric"
NEAR_ONE = 1.25


class GenerativeAdversarialMetric(NamedTuple):
    """The verdict on two GANs."""

    test_ratio: float
    """r_test: 1 where neither judge errs, infinite where only the first does."""
    sample_ratio: float
    """r_sample, by the same rule."""
    fair: bool
    """Whether r_test is near 1."""
    winner: int
    """1 or 2; 0 where there is none."""


def generative_adversarial_metric(
    first_on_real: np.ndarray,
    second_on_real: np.ndarray,
    first_on_fakes_of_second: np.ndarray,
    second_on_fakes_of_first: np.ndarray,
) -> GenerativeAdversarialMetric:
    """Return the verdict from what each discriminator takes for real, bool, one value an image.

    Args:
        first_on_real: held-out images as the first discriminator sees them, (N,).
        second_on_real: the same images as the second sees them, (N,).
        first_on_fakes_of_second: fakes of the second generator, (M,).
        second_on_fakes_of_first: as many fakes of the first, (M,).

    Raises:
        ValueError: no bool arrays with at least one image, or the lengths of a pair differ.
    """
    on_real = [float((~_checked(verdicts)).mean()) for verdicts in (first_on_real, second_on_real)]
    on_fakes = [float(_checked(verdicts).mean()) for verdicts in (first_on_fakes_of_second, second_on_fakes_of_first)]
    for kind, one, other in (
        ("real", first_on_real, second_on_real),
        ("generated", first_on_fakes_of_second, second_on_fakes_of_first),
    ):
        if len(one) != len(other):
            raise ValueError(f"{MEASURE}: needs as many {kind} images for both, got {len(one)} and {len(other)}")
    test, sample = _ratio(*on_real), _ratio(*on_fakes)
    fair = 1 / NEAR_ONE <= test <= NEAR_ONE
    better = 1 if sample < 1 else 2 if sample > 1 else 0
    return GenerativeAdversarialMetric(test, sample, fair, better if fair else 0)


def _checked(verdicts: np.ndarray) -> np.ndarray:
    if verdicts.dtype != bool or verdicts.ndim != 1 or not len(verdicts):
        raise ValueError(f"{MEASURE}: verdicts must be bool (images,), got {verdicts.dtype} {verdicts.shape}")
    return verdicts


def _ratio(first: float, second: float) -> float:
    if first == second:
        return 1.0
    return first / second if second else float("inf")
