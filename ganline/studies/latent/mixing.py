"""Two samples in one: which layers of the generator decide what (Karras et al. 2019, figure 3)."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.studies.finding import Figure, Finding, Number
from ganline.studies.latent.base import Space
from ganline.studies.latent.w_space import Band, Styles

TITLE = "Two samples in one"
NEEDS = ("w",)
ROWS, COLUMNS = 4, 5
PAIRS = 200
"""Pairs of samples that the numbers are of."""


def find(space: Space) -> Finding:
    """Return samples whose coarse, middle or fine layers are another sample's, and how far that changes them."""
    styles = Styles(space)
    w = styles.of(space.generator.latents(2 * PAIRS, space.seed, "latent/mixing"))
    figures = {band.name: _grid(styles, band, w[:ROWS], w[PAIRS : PAIRS + COLUMNS]) for band in styles.bands}
    shares = _shares(space, styles, w[:PAIRS], w[PAIRS:])
    if not shares:
        return Finding(figures, words=["All samples look alike, so nothing can be said of what comes from where."])
    numbers = {
        f"{band.name}_share": Number(
            share,
            f"What the {band.name} layers decide",
            "",
            f"From 0: how far an image moves, to the extractor's eye, when its layers of {band.sizes} pixels are "
            "another's, over the distance to that other image. 1: they decide all; 0: nothing.",
        )
        for band, share in zip(styles.bands, shares, strict=True)
    }
    return Finding(figures, numbers, [_sentence(styles.bands, shares)])


def mixed(first: np.ndarray, second: np.ndarray, layers: np.ndarray) -> np.ndarray:
    """Return w for each layer, float (N, L, D): of `second` (N, D) where `layers` (L,) is true, else of `first`."""
    return np.where(layers[None, :, None], second[:, None], first[:, None])


def _grid(styles: Styles, band: Band, rows: np.ndarray, columns: np.ndarray) -> Figure:
    blank = np.full((1, *styles.images(rows[:1]).shape[1:]), 255, np.uint8)
    cells = [blank, styles.images(columns)]
    for row, own in zip(rows, styles.images(rows), strict=True):
        cells += [own[None], styles.images(mixed(np.repeat(row[None], len(columns), 0), columns, band.layers))]
    return Figure(
        labelled_grid(
            np.concatenate(cells), ["", *(f"A{i}" for i in range(1, len(rows) + 1))],
            ["", *(f"B{i}" for i in range(1, len(columns) + 1))],
        ),
        f"{band.name.capitalize()} layers of B in A",
        f"Each image is the sample at the left, A, but its layers of {band.sizes} pixels are told what to draw by the "
        "sample above, B. What is B's was decided there, what stayed A's elsewhere.",
    )  # fmt: skip


def _shares(space: Space, styles: Styles, first: np.ndarray, second: np.ndarray) -> list[float]:
    """Return for each band how far images move, over the distance of the two; nothing where all look alike."""

    def seen(w: np.ndarray) -> np.ndarray:
        return space.extractor.features(styles.images(w).astype(np.float32))

    here, there = seen(first), seen(second)
    whole = float(np.linalg.norm(here - there, axis=1).mean())
    if whole <= 0:
        return []
    moved = [seen(mixed(first, second, band.layers)) for band in styles.bands]
    return [float(np.linalg.norm(features - here, axis=1).mean()) / whole for features in moved]


def _sentence(bands: list[Band], shares: list[float]) -> str:
    told = ", ".join(
        f"{100 * share:.0f} % by its {band.name} layers ({band.sizes} pixels)"
        for band, share in zip(bands, shares, strict=True)
    )
    return f"Of the way from one sample to another an image goes, to the extractor's eye, {told}."
