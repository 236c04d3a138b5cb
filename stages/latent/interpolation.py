"""From one latent to another: rows and a plane."""

import numpy as np

from ganline.latent.paths import interpolation, walk
from ganline.report.figures import image_grid
from stages.latent.base import Figure, Finding, Space

TITLE = "Between the samples"


def find(space: Space) -> Finding:
    """Return paths between random latents as rows, and the plane between four as a square."""
    rows = Figure(
        rows_figure(space),
        "From one sample to another",
        "Each row leads from a random latent on the left to another on the right. Smooth changes show that the "
        "generator learned a space of images; sudden jumps hint at memorised ones. Where a class can be asked for, "
        "a row keeps one.",
    )
    plane = Figure(
        plane_figure(space),
        "A plane through the latent space",
        "Four random latents at the corners, everything between them blended. Neighbours should look alike.",
    )
    return Finding({"rows": rows, "plane": plane})


def rows_figure(space: Space) -> np.ndarray:
    """Return `rows` paths between two random latents each, as one grid, uint8 (h, w, C).

    A path keeps one label; from row to row they take turns.
    """
    generator, settings = space.generator, space.settings
    ends = generator.latents(2 * settings.rows, space.seed, "latent/interpolation")
    rows = [
        interpolation(start, end, settings.columns, generator.prior)
        for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]
    labels = np.repeat(np.arange(settings.rows) % max(1, generator.conditions), settings.columns)
    return image_grid(generator.images(np.concatenate(rows), labels), settings.columns)


def plane_figure(space: Space) -> np.ndarray:
    """Return the plane between four random latents as a square grid, uint8 (h, w, C), all with label 0."""
    generator, columns = space.generator, space.settings.columns
    corners = generator.latents(4, space.seed, "latent/walk")
    return image_grid(generator.images(walk(corners, columns, generator.prior)), columns)
