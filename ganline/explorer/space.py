"""What the page of `ganline explore` is about: a generator, directions to push, and latents that have a name."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganline.core.figures import png_bytes
from ganline.core.maker import LatentMaker
from ganline.latent import named
from ganline.latent.paths import from_normal, interpolation, to_normal

STEPS = 100
"""Of a walk between two named latents."""
COORDINATES = 8
"""Shown as directions where the study stage has found none."""


class Directions(NamedTuple):
    """Directions that belong together."""

    values: np.ndarray
    """float32 (K, L), unit vectors in the coordinates of N(0, I)."""
    names: Sequence[str]
    """What each of the K changes."""


@dataclass
class Explorable:
    """A trained generator and what a person may do with it."""

    generator: LatentMaker
    directions: Mapping[str, Directions]
    """By what found them; at least one."""
    conditions: Sequence[str]
    """Names of the classes or codes that can be asked for, in the order of their labels; may be empty."""
    file: Path
    """Where named latents are kept."""
    title: str
    """Names the model."""
    notes: Sequence[str] = field(default_factory=list)
    """Sentences for the person at the page."""

    def seeded(self, seed: int) -> np.ndarray:
        """Return the latent of a random seed, float32 (L,)."""
        return self.generator.latents(1, seed, "explore")[0]

    def between(self, start: np.ndarray, end: np.ndarray, position: float) -> np.ndarray:
        """Return the latent at `position`, 0 to 1, on the path from one latent to another, float32 (L,)."""
        return interpolation(start, end, STEPS + 1, self.generator.prior)[round(position * STEPS)]

    def moved(self, latent: np.ndarray, psi: float, group: str, amounts: Sequence[float]) -> np.ndarray:
        """Return a latent, truncated to psi (`LatentMaker.truncate`) and then pushed along directions, float32 (L,).

        Args:
            latent: float32 (L,).
            psi: 0 to 1.
            group: a key of `directions`.
            amounts: standard deviations of the prior, one a direction of the group.
        """
        prior, values = self.generator.prior, self.directions[group].values
        cut = self.generator.truncate(latent[None], psi)
        if not any(amounts):
            return cut[0]
        return from_normal(to_normal(cut, prior) + np.asarray(amounts) @ values[: len(amounts)], prior)[0]

    def picture(self, latents: np.ndarray, label: int) -> list[str]:
        """Return the images of latents (N, L) under one label, each as a data: address of a PNG."""
        images = self.generator.images(latents, np.full(len(latents), label, np.int32))
        return [address(image) for image in images]

    def points(self) -> tuple[dict[str, named.Named], int]:
        """Return the named latents that suit this generator, and how many others the file holds.

        Raises:
            UserError: the file holds something else.
        """
        every = named.read(self.file) if self.file.exists() else {}
        suited = {
            name: point
            for name, point in every.items()
            if len(point.latent) == self.generator.latent_dim and point.label < max(1, self.generator.conditions)
        }
        return suited, len(every) - len(suited)

    def save(self, name: str, latent: np.ndarray, label: int) -> None:
        """Add a named latent to the file.

        Raises:
            UserError: no name, or one that is taken; or the file holds something else.
        """
        named.add(self.file, name, named.Named(latent.astype(np.float32), label))


def address(image: np.ndarray) -> str:
    """Return an image, uint8 (H, W, C), as the data: address of a PNG: all images alike, whatever they are of."""
    return f"data:image/png;base64,{base64.b64encode(png_bytes(image)).decode()}"


def coordinates(latent_dim: int) -> Directions:
    """Return the first numbers of the latent itself as directions."""
    count = min(latent_dim, COORDINATES)
    return Directions(np.eye(count, latent_dim, dtype=np.float32), [f"z{i}" for i in range(count)])
