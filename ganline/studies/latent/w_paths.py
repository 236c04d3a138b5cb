"""Is w smoother than z? Perceptual path lengths in both (Karras et al. 2019, section 4.1)."""

from collections.abc import Callable

import numpy as np

from ganline.core.random import generator
from ganline.extractors import lpips
from ganline.latent.paths import from_normal
from ganline.metrics.perceptual_path_length import arc
from ganline.settings import paths
from ganline.studies.finding import Finding, Number
from ganline.studies.latent.base import Space
from ganline.studies.latent.w_space import Styles

TITLE = "Smoother in w than in z?"
NEEDS = ("w",)
PAIRS, EPSILON, TRIMMED = 500, 1e-2, 1.0
"""Pairs of points, the share of a path between the two, and per cent of the lengths left out at either end."""

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of images float32 (n, H, W, C), 0 to 255: float64 (n,), in squares."""


def find(space: Space) -> Finding:
    """Return the path lengths in z and in w over the same ends of paths."""
    styles, (eye, distance) = Styles(space), _eye(space)
    random = generator(space.seed, "latent/w_paths")
    starts, ends = random.standard_normal((2, PAIRS, space.generator.latent_dim))
    positions = random.uniform(0.0, 1.0 - EPSILON, PAIRS)
    prior = space.generator.prior
    first, last = (styles.of(from_normal(side, prior)).astype(np.float64) for side in (starts, ends))
    steps = (positions, positions + EPSILON)
    in_z = [styles.of(from_normal(arc(starts, ends, at), prior)) for at in steps]
    in_w = [first + at[:, None] * (last - first) for at in steps]
    z, w = (_length(styles, distance, *pair) for pair in (in_z, in_w))
    reading = (
        f"From 0, {eye}: how fast images change along paths in {{}}, over a whole path. Compare it with the other "
        "space's; a generator that makes one image has 0."
    )
    numbers = {
        "path_length_z": Number(z, "Path length in z", "lower", reading.format("z (arcs)")),
        "path_length_w": Number(w, "Path length in w", "lower", reading.format("w (straight lines)")),
    }
    smoother = "w is smoother than z" if w < z else "w is no smoother than z"
    return Finding({}, numbers, [f"Paths are {w:.4g} long in w and {z:.4g} in z, {eye}: {smoother}."])


def _eye(space: Space) -> tuple[str, Distance]:
    """Return what sees the distances, in words, and how: LPIPS where it can be had, else the extractor."""
    found = lpips.ready(paths.LPIPS, paths.MANUAL / "lpips", space.model.image_shape)
    if not isinstance(found, str):
        return "in LPIPS", found.unrounded
    print(f"study: path lengths are the extractor's, not LPIPS: {found}", flush=True)
    see = space.extractor.features
    return "in squares of the extractor's feature distance", lambda a, b: ((see(a) - see(b)) ** 2).sum(axis=1)


def _length(styles: Styles, distance: Distance, here: np.ndarray, there: np.ndarray) -> float:
    """Return the mean over pairs of w (N, D), without those that are nearest together and furthest apart."""
    parts = [slice(i, i + 100) for i in range(0, len(here), 100)]
    apart = [distance(styles.unrounded(here[part]), styles.unrounded(there[part])) for part in parts]
    lengths = np.concatenate(apart).astype(np.float64) / EPSILON**2
    low, high = np.percentile(lengths, [TRIMMED, 100.0 - TRIMMED])
    return float(lengths[(low <= lengths) & (lengths <= high)].mean())
