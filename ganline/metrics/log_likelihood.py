"""Parzen window estimate of the log-likelihood of held-out images.

Breuleux et al. 2011, "Quickly Generating Representative Samples from an RBM-Derived Process"; made a habit by
Goodfellow et al. 2014, "Generative Adversarial Nets". The fakes y_1 ... y_M become a density, and held-out images x,
all as d pixels in [0, 1], are judged by it:

    log p(x) = log( 1/M  sum_j exp(-|x - y_j|^2 / 2 s^2) )  -  d/2 log(2 pi s^2)      in nats

averaged over x. The bandwidth s is the one of a fixed grid that suits some held-out images best; those are not judged.

How to read it: more is better, beside the figure of real images; a density in [0, 1]^d can be above 0, and only equal
sizes of images compare. Its weakness is great (Theis et al. 2016, "A Note on the Evaluation of Generative Models"): it
is far from the true likelihood, says little about how single images look, and is beaten: of MNIST, 10,000 training
images score 244 nats, 3,000 k-means centres of others 284. A little blur raises it. It is here to be compared with old
papers, not to choose a model by.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.datasets.resize import resize
from ganline.metrics import checks
from ganline.metrics.distances import in_blocks
from ganline.metrics.record import Case, Measure, Number, spread_of

SIDE = 28
"""Larger images are shrunk to this many pixels a side by averaging areas."""
BANDWIDTHS = np.geomspace(0.02, 2.0, 48)
"""A step of 10 %: the best of them is at most 0.0024 d nats below the best there is."""
FOR_BANDWIDTH = 250
"""Held-out images that choose the bandwidth; a tenth of them where that is less."""
_NEGLIGIBLE = -50.0
"""Logarithm of the smallest part of the nearest kernel that is told from this one: exp is slow near 0."""


class LogLikelihood(NamedTuple):
    """In nats an image."""

    mean: float
    standard_error: float
    """As far as the choice of held-out images goes."""
    bandwidth: float


def parzen_log_likelihood(fakes: np.ndarray, real: np.ndarray, seed: int) -> LogLikelihood:
    """Return the mean log-likelihood of held-out images uint8 (N, H, W, C) under fakes uint8 (M, H, W, C).

    `seed` fixes which held-out images choose the bandwidth.

    Raises:
        ValueError: not two such sets of one size, or fewer than three held-out images.
    """
    fakes, real = checks.image_pair(fakes, real, "log-likelihood")
    if len(real) < 3:
        raise ValueError(f"log-likelihood: needs at least 3 held-out images, got {len(real)}")
    chosen = generator(seed, "log_likelihood").permutation(len(real))
    count = max(1, min(FOR_BANDWIDTH, len(real) // 10))
    sample, points = pixels(fakes), pixels(real)
    bandwidth = best_bandwidth(points[chosen[:count]], sample)
    values = log_densities(points[chosen[count:]], sample, [bandwidth])[0]
    return LogLikelihood(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), bandwidth)


def pixels(images: np.ndarray) -> np.ndarray:
    """Return images uint8 (N, H, W, C) as points float64 (N, d) in [0, 1], sides shrunk to at most 28 pixels."""
    height, width = (min(side, SIDE) for side in images.shape[1:3])
    if (height, width) != images.shape[1:3]:
        images = np.stack([resize(image, height, width) for image in images])
    return images.reshape(len(images), -1) / 255.0


def best_bandwidth(points: np.ndarray, sample: np.ndarray, own: bool = False) -> float:
    """Return that of BANDWIDTHS which gives `points` the highest mean log density; see `log_densities`."""
    return float(BANDWIDTHS[log_densities(points, sample, BANDWIDTHS, own).mean(axis=1).argmax()])


def log_densities(
    points: np.ndarray, sample: np.ndarray, bandwidths: Sequence[float] | np.ndarray, own: bool = False
) -> np.ndarray:
    """Return the log density of `points` (N, d) under Gaussian kernels at `sample` (M, d), (bandwidths, N).

    Distances are made once for all bandwidths, in blocks of bounded size. With `own` the points are the first rows of
    the sample, and each is left out of the density that it is judged by.
    """
    scales = [-0.5 / bandwidth**2 for bandwidth in bandwidths]

    def log_sums(start: int, squares: np.ndarray) -> np.ndarray:
        np.maximum(squares, 0.0, out=squares)  # rounding can leave less
        if own:
            rows = np.arange(len(squares))
            squares[rows, start + rows] = np.inf
        nearest = squares.min(axis=1)
        squares -= nearest[:, None]
        sums = np.empty((len(scales), len(squares)))
        kernels = np.empty_like(squares)
        for i, scale in enumerate(scales):
            np.multiply(squares, scale, out=kernels)
            np.maximum(kernels, _NEGLIGIBLE, out=kernels)
            sums[i] = np.log(np.exp(kernels, out=kernels).sum(axis=1)) + scale * nearest
        return sums

    sums = np.concatenate(in_blocks(points, sample, log_sums), axis=1)
    constants = np.log(len(sample) - own) + sample.shape[1] / 2 * np.log(2.0 * np.pi * np.square(bandwidths))
    return sums - constants[:, None]


def _log_likelihood(case: Case) -> dict[str, float]:
    found = parzen_log_likelihood(case.sample.images, case.real.images, case.seed)
    return {
        "log_likelihood": found.mean,
        "log_likelihood_stderr": found.standard_error,
        "log_likelihood_bandwidth": found.bandwidth,
    }


MEASURE = Measure(
    "log_likelihood",
    {
        "log_likelihood": Number(
            "Log-likelihood (Parzen)",
            "diversity",
            "higher",
            "In nats an image, any number: high where every held-out image has a fake near it.",
        ),
        "log_likelihood_stderr": spread_of("log-likelihood"),
        "log_likelihood_bandwidth": Number(
            "Log-likelihood, bandwidth", "diversity", "", "The width of the kernels, for pixels of 0 to 1.", False
        ),
    },
    _log_likelihood,
    answers="How likely are held-out images under a density made of the fakes (for comparison with old papers)?",
    misleads="Almost always: averages of images beat real ones, a little blur raises it, and it says little about "
    "how images look (Theis et al. 2016).",
    source="Breuleux et al. 2011, Quickly Generating Representative Samples from an RBM-Derived Process; "
    "Goodfellow et al. 2014, Generative Adversarial Nets",
    cost="6 s",
    protocol=lambda case: {
        "pixels": f"0 to 1, sides shrunk to at most {SIDE}",
        "bandwidths": f"{len(BANDWIDTHS)} from {BANDWIDTHS[0]:g} to {BANDWIDTHS[-1]:g}, evenly in logarithm",
        "bandwidth_chosen_on": f"at most {FOR_BANDWIDTH} held-out images, which are not judged",
    },
)
