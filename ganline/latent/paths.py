"""Paths and planes through a latent space, made of points the generator's prior could have drawn.

Latents of many dimensions lie near a sphere, so a straight line between two of them passes through a middle that the
generator never saw in training; White 2016 ("Sampling generative networks") follows the arc instead (slerp). That is
right for N(0, I). For U(-1, 1) and U(0, 1) neither works as it stands: a straight line shrinks towards the centre, and
an arc leaves the cube (half-way between two draws from U(-1, 1), in 9 % of the coordinates). So uniform latents are
carried to N(0, I) by their distribution function, follow the arc there, and are carried back: every point stays in the
cube and every coordinate stays uniform (the idea of Agustsson et al. 2019, "Optimal transport maps for distribution
preserving operations on latent spaces of generative models").
"""

import numpy as np
from scipy.special import ndtr, ndtri

NEARLY_PARALLEL = 1e-4
EDGE = 1e-9  # keeps U = 0 and U = 1, where the normal quantile is infinite, at six standard deviations
BOUNDS = {"uniform": (-1.0, 1.0), "unit_uniform": (0.0, 1.0)}
"""Where the coordinates of latents lie that are drawn uniformly."""


def slerp(start: np.ndarray, end: np.ndarray, position: float) -> np.ndarray:
    """Return the point at `position` on the arc from `start` to `end` (White 2016).

    Where the two are nearly parallel, opposite or zero, and the arc is not defined, it is the straight line.

    Args:
        start: float, (latent_dim,).
        end: float, (latent_dim,).
        position: 0 gives `start`, 1 gives `end`, both exactly.

    Returns:
        float64, (latent_dim,).
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if position in (0, 1):
        return end.copy() if position else start.copy()
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / norms, -1, 1)) if norms else 0.0
    if np.sin(angle) < NEARLY_PARALLEL:
        return (1 - position) * start + position * end
    return (np.sin((1 - position) * angle) * start + np.sin(position * angle) * end) / np.sin(angle)


def interpolation(start: np.ndarray, end: np.ndarray, count: int, prior: str) -> np.ndarray:
    """Return `count` evenly spaced latents from `start` to `end`, which are the first and the last exactly.

    Args:
        start: float32, (latent_dim,), drawn from the prior.
        end: float32, (latent_dim,), drawn from the prior.
        count: points on the path, >= 2.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        float32, (count, latent_dim).

    Raises:
        ValueError: unknown prior, or fewer than two points.
    """
    if count < 2:
        raise ValueError(f"count = {count}: a path needs at least 2 points")
    first, last = _to_normal(start, prior), _to_normal(end, prior)
    path = _from_normal(np.stack([slerp(first, last, position) for position in np.linspace(0, 1, count)]), prior)
    path[0], path[-1] = start, end
    return path


def walk(corners: np.ndarray, side: int, prior: str) -> np.ndarray:
    """Return a plane of latents between four corners: arcs down the left and right edge, and arcs across.

    Args:
        corners: float32, (4, latent_dim): top left, top right, bottom left, bottom right, drawn from the prior.
        side: points along each edge, >= 2.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        float32, (side * side, latent_dim), row by row; its four corners are `corners` exactly.

    Raises:
        ValueError: unknown prior, or fewer than two points.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    left = interpolation(top_left, bottom_left, side, prior)
    right = interpolation(top_right, bottom_right, side, prior)
    return np.concatenate([interpolation(start, end, side, prior) for start, end in zip(left, right, strict=True)])


def _to_normal(latents: np.ndarray, prior: str) -> np.ndarray:
    if prior == "normal":
        return latents.astype(np.float64)
    if prior not in BOUNDS:
        raise ValueError(f"prior = {prior!r}: allowed is one of normal, {', '.join(BOUNDS)}")
    low, high = BOUNDS[prior]
    return ndtri(np.clip((latents.astype(np.float64) - low) / (high - low), EDGE, 1 - EDGE))


def _from_normal(latents: np.ndarray, prior: str) -> np.ndarray:
    if prior != "normal":
        low, high = BOUNDS[prior]
        latents = low + (high - low) * ndtr(latents)
    return latents.astype(np.float32)
