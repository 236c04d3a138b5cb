"""Reconstruction error: how near a generator can come to given images, when latents are searched for each.

Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Webster et al. 2019, "Detecting Overfitting of Deep
Generative Networks via Latent Recovery". For each image x, by gradient descent (Adam) from several starts,

    error(x) = min_z |G(z) - x|^2 / pixels,    root-mean-square error = sqrt(mean of error(x)).

How to read it: for held-out images, 0 is best and less is better: a generator that misses a part of the data cannot
draw the images of that part. Held-out error over training error says whether it knows its training images better: 1
where not, more where it remembers them. The search may end in a poor minimum, in whole sets alike, so the error is an
upper bound and the ratio the firmer of the two; for a normal prior it may leave the latents that are ever drawn.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks


class ReconstructionError(NamedTuple):
    """Of held-out images, and against training images."""

    error: float
    """Root-mean-square error a pixel, 0 to 1: a share of the whole range of 255."""
    standard_error: float
    ratio: float
    """Root-mean-square error of held-out images over that of training images."""
    ratio_standard_error: float


def reconstruction_error(held_out: np.ndarray, train: np.ndarray) -> ReconstructionError:
    """Return what the errors of held-out and of training images, (N,) and (M,) as `ganline.latent.inversion`
    finds them, come to.

    Raises:
        ValueError: not one-dimensional, fewer than two images in one, a value that is not finite, or training images
            that are all met exactly.
    """
    measure = "reconstruction error"
    held_out, train = (checks.matrix(values[:, None], measure, "errors", rows=2) for values in (held_out, train))
    if not train.mean() > 0:
        raise ValueError(f"{measure}: the training images are met exactly, and nothing can be divided by 0")
    roots = [float(np.sqrt(errors.mean())) for errors in (held_out, train)]
    # Of the root of a mean, relative: half that of the mean.
    spreads = [float(e.std(ddof=1) / np.sqrt(len(e)) / e.mean() / 2) if e.mean() else 0.0 for e in (held_out, train)]
    ratio = roots[0] / roots[1]
    return ReconstructionError(roots[0], roots[0] * spreads[0], ratio, ratio * float(np.hypot(spreads[0], spreads[1])))
