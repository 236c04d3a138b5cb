"""Paths and planes through a latent space, made of points the generator's prior could have drawn.

Latents of many dimensions lie near a sphere, so a straight line between two of them passes through a middle that the
generator never saw in training; White 2016 ("Sampling generative networks") follows the arc instead (slerp). That is
right for N(0, I). For U(-1, 1) and U(0, 1) neither works as it stands: a straight line shrinks towards the centre, and
an arc leaves the cube (half-way between two draws from U(-1, 1), in 9 % of the coordinates). So uniform latents are
carried to N(0, I) by their distribution function, follow the arc there, and are carried back: every point stays in the
cube and every coordinate stays uniform (the idea of Agustsson et al. 2019, "Optimal transport maps for distribution
preserving operations on latent spaces of generative models").
"""

import zlib

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import chi2

from ganline.core.random import generator

DRAWS = 32
"""Drawn at once for each number of a latent that is to be drawn anew."""
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
    first, last = to_normal(start, prior), to_normal(end, prior)
    path = from_normal(np.stack([slerp(first, last, position) for position in np.linspace(0, 1, count)]), prior)
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


def line(start: np.ndarray, end: np.ndarray, count: int) -> np.ndarray:
    """Return `count` evenly spaced latents on the straight line (lerp): what `interpolation` is there to avoid.

    Args:
        start: float32, (latent_dim,).
        end: float32, (latent_dim,).
        count: points on the line, >= 2.

    Returns:
        float32, (count, latent_dim).

    Raises:
        ValueError: fewer than two points.
    """
    if count < 2:
        raise ValueError(f"count = {count}: a line needs at least 2 points")
    return np.linspace(start.astype(np.float64), end, count).astype(np.float32)


def loop(points: np.ndarray, count: int, prior: str) -> np.ndarray:
    """Return a closed path through latents: from each to the next, and from the last to the first.

    Args:
        points: float32, (N, latent_dim), N >= 2, drawn from the prior.
        count: points from one to the next, the next not counted, >= 1.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        float32, (N * count, latent_dim): every `count`-th is one of `points` exactly, and the last lies as far from the
        first as from the one before it.

    Raises:
        ValueError: unknown prior, or fewer than two latents.
    """
    if len(points) < 2:
        raise ValueError(f"{len(points)} latents: a loop needs at least 2")
    following = np.roll(points, -1, axis=0)
    return np.concatenate(
        [interpolation(start, end, count + 1, prior)[:-1] for start, end in zip(points, following, strict=True)]
    )


def truncate(latents: np.ndarray, psi: float, prior: str) -> np.ndarray:
    """Return latents of the prior cut off to the middle `psi` of each coordinate's probability.

    For N(0, 1) this is BigGAN's truncation trick (Brock et al. 2019, "Large Scale GAN Training for High Fidelity
    Natural Image Synthesis"): a normal distribution cut off where |z| has the probability `psi`. A uniform one becomes
    a smaller cube about the same centre. Where theirs draws anew what lies outside (see `redrawn`), here every latent
    keeps its place among the others, so that one latent can be followed from one psi to the next.

    Args:
        latents: float32, (N, latent_dim), drawn from the prior.
        psi: 0 to 1. 1 changes nothing, 0 makes every latent the centre of the prior.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        float32, (N, latent_dim).

    Raises:
        ValueError: unknown prior, or psi not in 0 to 1.
    """
    _check_psi(psi)
    if psi == 1:
        return latents.astype(np.float32)
    normal = to_normal(latents, prior)
    return from_normal(ndtri(0.5 + psi * (ndtr(normal) - 0.5)), prior)


def redrawn(latents: np.ndarray, psi: float, prior: str) -> np.ndarray:
    """Return latents of the prior, what lies outside the middle `psi` of its probability drawn anew until it does not.

    BigGAN's truncation trick (Brock et al. 2019, section 3.1): the same distribution as that of `truncate`, but what
    lies inside stays as it is. Each latent has draws of its own, a function of its values, from which every psi takes
    the first that lies inside: so from one psi to the next only what falls outside changes.

    Args:
        latents: as in `truncate`.
        psi: 0 to 1. 1 changes nothing, 0 makes every latent the centre of the prior. The paper's threshold for |z| is
            ndtri((1 + psi) / 2): 0.67 for 0.5.
        prior: as in `truncate`.

    Returns:
        float32, (N, latent_dim).

    Raises:
        ValueError: unknown prior, or psi not in 0 to 1.
    """
    _check_psi(psi)
    if psi in (0, 1):
        return truncate(latents, psi, prior)
    limit = float(ndtri(0.5 + psi / 2))
    rows = [_first_inside(row, limit) for row in to_normal(latents, prior)]
    return from_normal(np.array(rows).reshape(latents.shape), prior)


def _first_inside(latent: np.ndarray, limit: float) -> np.ndarray:
    """Return a latent of N(0, I), (L,), each number replaced by the first of its own draws of at most `limit`."""
    draw, found = generator(zlib.crc32(latent.astype(np.float32).tobytes()) >> 1, "truncation"), latent.copy()
    while (outside := np.abs(found) > limit).any():
        draws = draw.standard_normal((DRAWS, len(found)))
        inside = np.abs(draws) <= limit
        # Where none of them is, the first stands for it: it lies outside, and the next draws are looked at.
        found[outside] = np.take_along_axis(draws, inside.argmax(0)[None], 0)[0][outside]
    return found


def _check_psi(psi: float) -> None:
    if not 0 <= psi <= 1:
        raise ValueError(f"psi = {psi}: allowed is 0 to 1")


def move(latents: np.ndarray, direction: np.ndarray, amount: float, prior: str) -> np.ndarray:
    """Return latents pushed along a direction, in the coordinates of N(0, I), so that uniform ones stay in their cube.

    Args:
        latents: float32, (N, latent_dim), of the prior.
        direction: (latent_dim,), of length 1 in the coordinates of N(0, I).
        amount: how far, in standard deviations of the prior.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        float32, (N, latent_dim).

    Raises:
        ValueError: unknown prior.
    """
    return from_normal(to_normal(latents, prior) + amount * direction, prior)


def shell(latent_dim: int, outside: float = 1e-3) -> tuple[float, float]:
    """Return the distances from the origin between which draws from N(0, I) lie, but for `outside` of them either way.

    In many dimensions they are close together: of 100 numbers 99.8 % of the draws lie between 7.87 and 12.2.
    """
    low, high = np.sqrt(chi2.ppf([outside, 1 - outside], latent_dim))
    return float(low), float(high)


def to_normal(latents: np.ndarray, prior: str) -> np.ndarray:
    """Return float64 (N, latent_dim), distributed as N(0, I), for latents (N, latent_dim) of the prior.

    Raises:
        ValueError: unknown prior.
    """
    if prior == "normal":
        return latents.astype(np.float64)
    if prior not in BOUNDS:
        raise ValueError(f"prior = {prior!r}: allowed is one of normal, {', '.join(BOUNDS)}")
    low, high = BOUNDS[prior]
    return ndtri(np.clip((latents.astype(np.float64) - low) / (high - low), EDGE, 1 - EDGE))


def from_normal(latents: np.ndarray, prior: str) -> np.ndarray:
    """Return latents of the prior, float32 (N, latent_dim), for such of N(0, I): the way back from `to_normal`."""
    if prior != "normal":
        low, high = BOUNDS[prior]
        latents = low + (high - low) * ndtr(latents)
    return latents.astype(np.float32)
