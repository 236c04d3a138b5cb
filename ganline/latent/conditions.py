"""What a conditional generator's condition decides, and what its latent does."""

from typing import NamedTuple

import numpy as np


class Shares(NamedTuple):
    """Shares of the variance of a table of images, latents by conditions; together they are 1."""

    condition: float
    """What all latents have in common under one condition."""
    latent: float
    """What all conditions have in common with one latent."""
    both: float
    """The rest: what a latent does under one condition and not under another."""


def shares(features: np.ndarray) -> Shares:
    """Return how much of the variance of features (Z, K, d), Z latents under K conditions, which of the two explains.

    A two-way analysis of variance with one image a cell, its sums of squares added over the features. Where conditions
    and latents mean nothing, the shares are about 1 / Z, 1 / K and the rest, since a mean of noise is noise.

    Raises:
        ValueError: fewer than two latents or conditions, or features that are all equal.
    """
    if features.ndim != 3 or min(features.shape[:2]) < 2:
        raise ValueError(f"shares: expected features (latents >= 2, conditions >= 2, d), found {features.shape}")
    centred = features - features.mean(axis=(0, 1), dtype=np.float64)
    total = float(np.mean(centred**2))
    if not total > 0:
        raise ValueError("shares: all images are the same to the extractor")
    condition, latent = (float(np.mean(centred.mean(axis=axis) ** 2)) / total for axis in (0, 1))
    return Shares(condition, latent, max(0.0, 1.0 - condition - latent))
