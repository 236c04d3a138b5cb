"""Edits of latents by hand: means of samples that share something, arithmetic on them, windows that are overwritten.

The GAN Book (Chaudhary 2024, Skill 4) does all three, with samples picked by eye and nothing to compare with. Two
things belong beside them. A mean of n latents from N(0, I) is shorter by the square root of n than any latent the
generator was trained on, so it lies near the centre, whatever was picked: hence vectors rescaled to the prior's norm.
And the mean of samples picked at random shows something as well: hence the same with random samples.
"""

import re
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi

from ganline.latent.paths import BOUNDS, from_normal, to_normal

FILLS = ("noise", "hanning", "zeros", "ones", "image")
"""What a window of a latent is overwritten with; "image" is with the values it has already."""


def combined(groups: Sequence[np.ndarray], weights: Sequence[float], prior: str, rescale: bool) -> np.ndarray:
    """Return weighted sums of the means of groups of latents, such as a - b + c.

    Args:
        groups: float32, (T, n, latent_dim) each: T sums are made at once; n may differ from group to group.
        weights: one a group.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).
        rescale: whether to add in normal coordinates and stretch each sum to the mean length of N(0, I), so that it is
            a latent as the prior draws them. Else sums are left as they are, outside the cube too.

    Returns:
        float32, (T, latent_dim).

    Raises:
        ValueError: unknown prior.
    """
    at_home = [to_normal(group, prior) if rescale else group.astype(np.float64) for group in groups]
    total = sum(weight * group.mean(axis=1) for weight, group in zip(weights, at_home, strict=True))
    return rescaled(np.asarray(total), prior) if rescale else np.asarray(total, np.float32)


def rescaled(normal: np.ndarray, prior: str) -> np.ndarray:
    """Return vectors in normal coordinates, float64 (N, latent_dim), stretched to N(0, I)'s mean length, as latents.

    A zero vector stays zero.
    """
    length = chi(normal.shape[1]).mean()
    norms = np.linalg.norm(normal, axis=1, keepdims=True)
    return from_normal(normal * length / np.where(norms > 0, norms, 1), prior)


def windows(dim: int) -> list[slice]:
    """Return windows of a fifth of a latent's coordinates, each a tenth further on, that cover them all.

    For 100 coordinates these are the nine of The GAN Book: 0 to 20, 10 to 30, ..., 80 to 100.
    """
    width, stride = max(1, dim // 5), max(1, dim // 10)
    starts = range(0, dim - width + 1, stride)
    last = starts[-1]
    found = [slice(start, start + width) for start in starts]
    return found if last + width == dim else [*found, slice(dim - width, dim)]


def overwrite(
    latents: np.ndarray, chosen: slice | np.ndarray, fill: str, prior: str, random: np.random.Generator
) -> np.ndarray:
    """Return copies of latents with some coordinates overwritten.

    Args:
        latents: float32, (N, latent_dim).
        chosen: the coordinates.
        fill: one of FILLS: draws from the prior, a Hanning window, zeros, ones, or what is there.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).
        random: draws the noise.

    Returns:
        float32, (N, latent_dim).

    Raises:
        ValueError: another fill.
    """
    if fill not in FILLS:
        raise ValueError(f"fill = {fill!r}: allowed is one of {', '.join(FILLS)}")
    changed = latents.astype(np.float32, copy=True)
    shape = changed[:, chosen].shape
    if fill == "noise":
        changed[:, chosen] = (
            random.standard_normal(shape) if prior == "normal" else random.uniform(*BOUNDS[prior], shape)
        )
    elif fill == "hanning":
        changed[:, chosen] = np.hanning(shape[1])
    elif fill != "image":
        changed[:, chosen] = 0 if fill == "zeros" else 1
    return changed


def parse(formula: str) -> tuple[list[tuple[int, str]], int]:
    """Return the terms of a sum, each a sign and a name, and what the sum is divided by.

    Operators stand between spaces, so that names may hold what looks like one: "T-shirt/top - little area + Sneaker",
    "(red + yellow) / 2".

    Raises:
        ValueError: not such a sum.
    """
    text, divisor = formula.strip(), 1
    if halved := re.fullmatch(r"\((.*)\) / ([1-9]\d*)", text):
        text, divisor = halved[1], int(halved[2])
    first, *rest = re.split(r" ([+-]) ", text)
    terms = [(1, first), *((1 if sign == "+" else -1, name) for sign, name in zip(rest[::2], rest[1::2], strict=True))]
    terms = [(sign, name.strip()) for sign, name in terms]
    if not all(name for _, name in terms):
        raise ValueError(f"{formula!r} is no sum such as 'a - b + c' or '(a + b) / 2'")
    return terms, divisor
