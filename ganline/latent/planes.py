"""A latent space that was given an encoder, drawn flat: where real images lie in it, and what it draws there."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class Plane(NamedTuple):
    """A plane through a latent space."""

    centre: np.ndarray
    """float64 (L,)."""
    axes: np.ndarray
    """float64 (2, L): at right angles, each as long as one standard deviation of the latents along it."""
    explained: float
    """Share of the latents' variance that lies in the plane, 0 to 1."""

    def coordinates(self, latents: np.ndarray) -> np.ndarray:
        """Return where latents (N, L) lie in the plane, float64 (N, 2), in standard deviations."""
        return (latents - self.centre) @ (self.axes / np.sum(self.axes**2, axis=1, keepdims=True)).T


def prior_plane() -> Plane:
    """Return the whole of a normal prior of two numbers."""
    return Plane(np.zeros(2), np.eye(2), 1.0)


def principal_plane(latents: np.ndarray) -> Plane:
    """Return the plane in which latents (N, L) vary most, by their two first principal directions.

    Raises:
        ValueError: fewer than three latents, or of fewer than two numbers, or all on one line.
    """
    if latents.ndim != 2 or latents.shape[0] < 3 or latents.shape[1] < 2:
        raise ValueError(f"a plane needs latents (N >= 3, L >= 2), found {latents.shape}")
    centre = latents.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(latents - centre, full_matrices=False)
    if not sizes[1] > 1e-9 * sizes[0]:
        raise ValueError("a plane needs latents that do not all lie on one line")
    directions = directions[:2]
    # A direction and its opposite are equally good: the one whose largest number is positive.
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    deviations = sizes[:2, None] / np.sqrt(len(latents) - 1)
    return Plane(centre, directions * np.sign(largest) * deviations, float(np.sum(sizes[:2] ** 2) / np.sum(sizes**2)))


def manifold(plane: Plane, side: int) -> np.ndarray:
    """Return a square of latents in the plane, spread as N(0, I) is: each stands for as many draws as any other.

    Kingma and Welling 2014 (figure 4) take the normal quantiles of evenly spaced probabilities.

    Returns:
        float32 (side * side, L), row by row; the first coordinate grows to the right, the second upwards.
    """
    places = ndtri((np.arange(side) + 0.5) / side)
    x, y = np.meshgrid(places, places[::-1])
    return (plane.centre + np.stack([x.ravel(), y.ravel()], axis=1) @ plane.axes).astype(np.float32)
