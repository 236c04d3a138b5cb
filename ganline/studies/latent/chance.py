"""What is left to chance: the noise of each layer, on and off (Karras et al. 2019, figures 4 and 5)."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.latent.base import Space
from ganline.studies.latent.w_space import MIDDLE, Styles

TITLE = "What is left to chance"
NEEDS = ("w",)
SHOWN, DRAWS, PROBED = 6, 6, 32
"""Samples shown; noises drawn for each; samples that the numbers are of."""


def find(space: Space) -> Finding:
    """Return samples with the noise of all, some and no layers, and how many grey levels it decides."""
    styles = Styles(space)
    w = styles.of(space.generator.latents(PROBED, space.seed, "latent/chance"))
    every = np.ones(len(styles.sides), bool)
    whole, between = _levels(styles, w, every), float(styles.images(w).std(axis=0).mean())
    numbers = {
        "noise_levels": Number(
            whole,
            "Grey levels that noise decides",
            "",
            "From 0: by how much a pixel of one w differs from noise to noise, as a standard deviation. Compare it "
            f"with that from sample to sample, {between:.1f}.",
        )
    }
    figures = {"layers": _by_layers(styles, w[:SHOWN], every), "draws": _draws(styles, w[:SHOWN], every)}
    rows = [[f"{side} px", f"{_levels(styles, w, styles.sides == side):.2f}"] for side in np.unique(styles.sides)]
    table = Table("Grey levels that the noise of one size decides", ["layers of", "deviation of a pixel"], rows)
    words = (
        f"With w the same, a pixel differs by {whole:.1f} grey levels from noise to noise; from sample to sample, by "
    )
    return Finding(figures, numbers, [f"{words}{between:.1f}."], tables=[table])


def _levels(styles: Styles, w: np.ndarray, layers: np.ndarray) -> float:
    """Return the mean standard deviation of a pixel over noises of these layers (L,), the others having none."""
    made = np.stack([styles.images(w, layers.astype(np.float32), draw) for draw in range(DRAWS)])
    return float(np.mean([made[:, i].std(axis=0).mean() for i in range(len(w))]))  # one by one: images may be large


def _by_layers(styles: Styles, w: np.ndarray, every: np.ndarray) -> Figure:
    """Return samples with noise in all layers, in none, in the fine and in the coarse ones."""
    # Where all images are small, the larger half of the maps stands for the fine ones.
    fine = styles.sides > min(MIDDLE, styles.sides.max() // 2)
    largest = styles.sides[~fine].max()
    kinds = {"all layers": every, "none": ~every, f"above {largest} px": fine, f"up to {largest} px": ~fine}
    rows = [styles.images(w, layers.astype(np.float32)) for layers in kinds.values()]
    return Figure(
        labelled_grid(np.concatenate(rows), list(kinds)),
        "Noise, on and off",
        "Columns are samples; the rows say which layers have noise: all, none, the fine or the coarse ones. What "
        "differs down a column is what noise draws.",
    )


def _draws(styles: Styles, w: np.ndarray, every: np.ndarray) -> Figure:
    """Return samples under several noises, and where they differ."""
    made = np.stack([styles.images(w, every.astype(np.float32), draw) for draw in range(DRAWS)])
    deviation = made.std(axis=0).mean(axis=-1, keepdims=True)
    where = np.rint(255 * deviation / max(float(deviation.max()), 1e-9)).astype(np.uint8)
    cells = np.concatenate([made[:3], np.repeat(where, made.shape[-1], axis=-1)[None]]).swapaxes(0, 1)
    return Figure(
        labelled_grid(
            cells.reshape(-1, *made.shape[2:]),
            [str(i) for i in range(len(w))],
            ["one noise", "another", "a third", "deviation"],
        ),
        "The same w under other noise",
        f"One row a sample. At the right the deviation of each pixel over {DRAWS} noises; white is the largest, "
        f"{deviation.max():.1f} grey levels. Noise should move details, not what is shown.",
    )
