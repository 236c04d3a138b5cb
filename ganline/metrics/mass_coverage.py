"""Coverage of probability mass: the share of real images inside the region where the model puts 95 % of its own.

Tolstikhin et al. 2017, "AdaGAN: Boosting Generative Models". With p the model's density and t such that 95 % of its
fakes have p > t:

    mass coverage = share of real images with p > t

p is a Gaussian kernel density estimate (see log_likelihood) from features, not from pixels, where a shift by one pixel
is a long way. Each fake is judged by the density of the others, so that the density knows real images and fakes equally
little. The bandwidth is the one of a grid that suits fakes best, judged in the same way.

How to read it: 0 to 1, 0.95 for equal distributions, less where kinds of images are missing. A model that spreads too
widely covers everything and can exceed 0.95, so read it beside precision. In dozens of dimensions the density is rough:
a small shift that all fakes share lowers it as missing images do, and if many fakes are exact copies of one another,
the region shrinks to these and almost nothing real is in it.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.log_likelihood import FOR_BANDWIDTH, best_bandwidth, log_densities
from ganline.metrics.record import Case, Measure, Number, spread_of
from ganline.metrics.shares import standard_error

MASS = 0.95
"""The model's mass inside its region."""


class MassCoverage(NamedTuple):
    """The share and its standard error: of the choice of real images, and of the fakes that fix the region's edge."""

    share: float
    standard_error: float


def mass_coverage(fake: np.ndarray, real: np.ndarray, seed: int) -> MassCoverage:
    """Return the share of real features (N, d) in the region that holds 95 % of the mass of the fakes (M, d).

    `seed` fixes which fakes choose the bandwidth.

    Raises:
        ValueError: not two finite matrices of as many dimensions, fewer than 20 fakes, or real features all equal.
    """
    fake, real = checks.pair(fake, real, "mass coverage")
    if len(fake) < 20:  # the outer 5 % must be one fake or more
        raise ValueError(f"mass coverage: needs at least 20 fakes, got {len(fake)}")
    unit = float(np.sqrt(real.var(axis=0).mean()))
    if unit == 0.0:
        raise ValueError("mass coverage: real features are all equal, so there is no scale to measure them by")
    fake, real = generator(seed, "mass_coverage").permutation(fake) / unit, real / unit
    bandwidth = best_bandwidth(fake[:FOR_BANDWIDTH], fake, own=True)
    edge = np.quantile(log_densities(fake, fake, [bandwidth], own=True)[0], 1.0 - MASS)
    share = float(np.mean(log_densities(real, fake, [bandwidth])[0] > edge))
    # The edge is a quantile of the fakes, so it holds MASS give or take what binomial chance does to as many.
    error = np.hypot(standard_error(share, len(real)), standard_error(MASS, len(fake)))
    return MassCoverage(share, float(error))


def _mass_coverage(case: Case) -> dict[str, float]:
    found = mass_coverage(case.sample.features, case.real.features, case.seed)
    return {"mass_coverage": found.share, "mass_coverage_stderr": found.standard_error}


MEASURE = Measure(
    "mass_coverage",
    {
        "mass_coverage": Number(
            "Mass coverage",
            "diversity",
            "higher",
            f"0 to 1: share of real images where the model has {MASS:.0%} of its mass; {MASS:g} for equal "
            "distributions, less where kinds of images are missing.",
        ),
        "mass_coverage_stderr": spread_of("mass coverage"),
    },
    _mass_coverage,
    answers="How much of what is real does the model take for likely?",
    misleads="Images that spread too widely cover everything, a slight shift of all images looks like missing "
    "ones, and many exact copies among the fakes bring it to 0.",
    source="Tolstikhin et al. 2017, AdaGAN: Boosting Generative Models",
    cost="3 s",
    protocol=lambda case: {
        "density": "Gaussian kernels at the features of the fakes, each fake judged by the others",
        "mass": MASS,
    },
)
