"""What single units of a generator do: levels to set them to, the sets that matter, and whether they stand out.

Bau et al. 2019, "GAN Dissection: Visualizing and Understanding Generative Adversarial Networks": a unit causes
something to be seen where images with the unit inserted have more of it than the same images with the unit ablated. The
average causal effect is the mean of that difference over images, each held against itself.
"""

from typing import NamedTuple

import numpy as np

EXTREME = 0.01
"""Share of what a unit gives, over images and places, below and above the levels that it knows well."""
SURE, TIMES = 1.96, 1.5
"""Standard errors by which an effect must exceed so many times that of every random set."""


class Effect(NamedTuple):
    """A mean change of an attribute's score, in its standard deviations, and the standard error of the mean."""

    mean: float
    error: float

    def __str__(self) -> str:
        return f"{self.mean:+.2f} ± {SURE * self.error:.2f}"


def effect(changes: np.ndarray) -> Effect:
    """Return the effect that changes of images (N,) show, N >= 2."""
    return Effect(float(changes.mean()), float(changes.std(ddof=1) / np.sqrt(len(changes))))


def levels(passing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what ablates and what inserts each unit: float64 (h, w, units), or (units,), each.

    Ablated is 0, which behind a ReLU is silence and behind a batch norm the mean; where a unit never comes near 0, the
    nearest level that it knows. Inserted is what it gives for the image for which it gives most: a map as it makes
    them, since one level everywhere is nothing that the layers behind it were trained on.

    Args:
        passing: float (N, h, w, units) or (N, units).
    """
    flat = passing.reshape(len(passing), -1, passing.shape[-1]).astype(np.float64)
    low, high = np.quantile(flat, (EXTREME, 1 - EXTREME), axis=(0, 1))
    most = flat.mean(axis=1).argmax(axis=0)
    inserted = np.take_along_axis(flat, most[None, None], axis=0)[0].reshape(passing.shape[1:])
    return np.broadcast_to(np.clip(0.0, low, high), passing.shape[1:]), inserted


def strongest(effects: np.ndarray, count: int) -> np.ndarray:
    """Return the units that together raise a score most, or together lower it: those of one sign that weigh most.

    Args:
        effects: float (U,), of each unit by itself.
        count: how many, 1 to U.
    """
    order = np.argsort(-effects, kind="stable")
    raising, lowering = order[:count], order[::-1][:count]
    return raising if effects[raising].sum() >= -effects[lowering].sum() else lowering


def stands_out(found: Effect, chance: np.ndarray) -> bool:
    """Return whether an effect is half as large again as any of random sets (R,), either way, and not just so."""
    return len(chance) > 0 and abs(found.mean) - SURE * found.error > TIMES * float(np.abs(chance).max())


def by_chance(sets: list[Effect]) -> float:
    """Return which share of random sets, two or more, stands out from the others: what chance gives."""
    means = np.array([found.mean for found in sets])
    return float(np.mean([stands_out(found, np.delete(means, place)) for place, found in enumerate(sets)]))
