"""Holes of a latent space: the places on paths where the image jumps.

A generator is a continuous function, but it may change so fast at a place that between two neighbouring latents one
image becomes another. Such a place shows as one step of a path that is much faster than the others: it covers more of
the extractor's feature space for the distance its latents cover (as normal numbers). Cutting that step into smaller
ones tells a tear from a place where the image merely changes fast: of n equal parts of a smooth step none covers much
more than 1 / n of it, and of a tear one part covers all.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganline.latent.paths import interpolation, to_normal

TINY = float(np.finfo(np.float64).tiny)


class Jump(NamedTuple):
    """The fastest step of one path."""

    path: int
    """Position of the path among those given."""
    step: int
    """It leads from this point of the path to the next."""
    ratio: float
    """How fast the image changes along it, over the median of all steps of all paths; infinite where that is 0."""
    abruptness: float
    """The longest of the equal parts into which it was cut, as a share of all of them together: 1 / (parts) where the
    image changes evenly, 1 where it changes all at once."""
    latents: np.ndarray
    """float32 (parts + 1, L): the step, cut."""


def lengths(points: np.ndarray) -> np.ndarray:
    """Return the steps' lengths, float64 (P, T - 1), of P paths of T points (P, T, d)."""
    steps = np.diff(points.astype(np.float64), axis=1)
    return np.sqrt(np.einsum("ptd,ptd->pt", steps, steps))


def largest(
    see: Callable[[np.ndarray, np.ndarray], np.ndarray],
    latents: np.ndarray,
    labels: np.ndarray,
    count: int,
    parts: int,
    prior: str,
) -> tuple[list[Jump], np.ndarray]:
    """Return the largest jumps, at most one a path, and the speeds of all steps.

    Args:
        see: takes latents float32 (n, L) and labels (n,) to features (n, d) of their images.
        latents: float32 (P, T, L): P paths of T >= 3 points, as `paths.interpolation` makes them.
        labels: integers (P,): what a conditional generator is asked for along each path.
        count: jumps wanted.
        parts: into which each is cut, >= 2.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).

    Returns:
        The jumps, largest first, and float64 (P, T - 1): feature distance over distance of latents. No jumps where the
        image never changes.

    Raises:
        ValueError: shapes that do not match, or numbers below those above.
    """
    if latents.ndim != 3 or latents.shape[1] < 3 or labels.shape != latents.shape[:1] or count < 1 or parts < 2:
        raise ValueError(
            f"jumps: expected latents (P, T >= 3, L), labels (P,), count >= 1 and parts >= 2, "
            f"found {latents.shape}, {labels.shape}, {count} and {parts}"
        )
    paths, points, dimension = latents.shape
    features = see(latents.reshape(-1, dimension), np.repeat(labels, points)).reshape(paths, points, -1)
    moved = lengths(to_normal(latents, prior))
    speeds = lengths(features) / np.maximum(moved, TINY)
    usual, fastest, top = float(np.median(speeds)), speeds.argmax(axis=1), speeds.max(axis=1)
    chosen = [path for path in np.argsort(-top, kind="stable")[:count] if top[path] > 0]
    if not chosen:
        return [], speeds
    cut = np.stack(
        [interpolation(latents[p, fastest[p]], latents[p, fastest[p] + 1], parts + 1, prior) for p in chosen]
    )
    seen = see(cut.reshape(-1, dimension), np.repeat(labels[chosen], parts + 1)).reshape(len(chosen), parts + 1, -1)
    pieces = lengths(seen)
    shares = pieces.max(axis=1) / np.maximum(pieces.sum(axis=1), TINY)
    ratios = top[chosen] / usual if usual > 0 else np.full(len(chosen), np.inf)
    return [
        Jump(int(path), int(fastest[path]), float(ratio), float(share), part)
        for path, ratio, share, part in zip(chosen, ratios, shares, cut, strict=True)
    ], speeds
