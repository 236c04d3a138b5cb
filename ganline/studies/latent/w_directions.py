"""Directions in w that the network itself prefers: SeFa and GANSpace, where their papers look for them."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.latent.directions import factorised, principal
from ganline.studies.finding import Figure, Finding, Kept
from ganline.studies.latent.base import Space
from ganline.studies.latent.directions import AMOUNTS, NOTABLE, PROBED, REACH, mean_changes, start_sample
from ganline.studies.latent.w_space import Styles

TITLE = "Directions in w"
NEEDS = ("w",)


def find(space: Space) -> Finding:
    """Return what the layers' styles stretch most, and the principal components of w, as strips of one sample."""
    styles, finding = Styles(space), Finding()
    w = styles.of(space.samples.latents).astype(np.float64)
    count = min(space.settings.directions, w.shape[1])
    start = styles.of(start_sample(space)[0][None])[0].astype(np.float64)
    kernel = np.concatenate(styles.kernels, axis=1)
    kernel = kernel / np.maximum(
        np.linalg.norm(kernel, axis=0), 1e-12
    )  # each style counts alike, as SeFa's code has it
    methods = (
        ("sefa", "What the styles of all layers stretch most", "SeFa", "what they pass on", factorised(kernel, count)),
        ("ganspace", "Principal directions of w", "GANSpace", "the variance of w", _principal(w, count, space.seed)),
    )
    for name, what, title, of, (found, shares) in methods:
        amounts = (w @ found.T).std(axis=0)[:, None] * found  # one standard deviation of the samples along each
        names = [f"{place}: {_name(space, styles, w, way)}".rstrip(": ") for place, way in enumerate(amounts, 1)]
        finding.figures[name] = Figure(
            _strips(styles, start, amounts, names),
            f"{what} ({title})",
            "One sample in the middle, moved in w to both sides, in standard deviations of w along the direction. Each "
            f"is named by the attributes it changes most. Together they hold {100 * shares.sum():.0f} % of {of}.",
        )
        finding.latents[name] = Kept(found, names, "direction of w")
    return finding


def _principal(w: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return principal(w, w.astype(np.float32), count, seed)


def _strips(styles: Styles, start: np.ndarray, amounts: np.ndarray, names: list[str]) -> np.ndarray:
    """Return one w (D,) moved by multiples of each row of `amounts` (n, D), a labelled row each, uint8 (h, w, C)."""
    moved = start + np.array(AMOUNTS)[None, :, None] * amounts[:, None]
    images = styles.images(moved.reshape(-1, len(start)))
    return labelled_grid(images, names, [f"{amount:+d}" if amount else "0" for amount in AMOUNTS])


def _name(space: Space, styles: Styles, w: np.ndarray, amount: np.ndarray) -> str:
    """Return a direction's name by the attributes that moving along it changes most, such as "area +, slant -"."""
    labels = space.samples.labels[:PROBED]
    ends = []
    for sign in (-REACH, REACH):
        images = styles.images(w[:PROBED] + sign * amount)
        ends.append(space.told(space.samples.latents[:PROBED], labels, images))
    changes = mean_changes(space.attributes, ends[0], np.arange(len(labels)), ends[1])
    strongest = [place for place in np.argsort(-np.abs(changes))[:2] if abs(changes[place]) >= NOTABLE]
    return ", ".join(f"{space.attributes[place].name} {'+' if changes[place] > 0 else '-'}" for place in strongest)
