"""From one latent to another: rows, straight lines beside them, a plane, and loops that move."""

import numpy as np

from ganline.core.figures import image_grid
from ganline.latent.paths import interpolation, line, loop, walk
from ganline.studies.finding import Figure, Finding
from ganline.studies.latent.base import Space

TITLE = "Between the samples"
LINES = 3
LOOPS, STOPS, BETWEEN = 16, 4, 12
"""Loops side by side, latents that each passes, and frames from one to the next."""


def find(space: Space) -> Finding:
    """Return paths between random latents as rows and as loops, and the plane between four as a square."""
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
    straight = Figure(
        lines_figure(space),
        "The path that keeps to the prior, and the straight line",
        "In pairs with the same ends: above the path of the other figures, which at every point is as likely as a "
        "random latent; below the straight line (lerp), which passes nearer to the centre than any latent of the "
        "training. Where the lower row is duller in the middle, the generator does not know that place.",
    )
    figures = {"rows": rows, "lines": straight, "plane": plane}
    if not space.lacks("fast to draw"):
        figures["loops"] = Figure(
            loops_frames(space),
            "Loops through the latent space",
            f"Each image passes {STOPS} random latents and comes back to where it began; a class is kept. What "
            "flickers or snaps is a jump; what freezes is a place where the latent changes nothing.",
        )
    return Finding(figures)


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
    labels = np.repeat(_turns(space, settings.rows), settings.columns)
    return image_grid(generator.images(np.concatenate(rows), labels), settings.columns)


def lines_figure(space: Space) -> np.ndarray:
    """Return pairs of rows with the same ends, the path of the prior above the straight line, uint8 (h, w, C)."""
    generator, columns = space.generator, space.settings.columns
    ends = generator.latents(2 * LINES, space.seed, "latent/interpolation")
    rows = [
        row
        for start, end in zip(ends[::2], ends[1::2], strict=True)
        for row in (interpolation(start, end, columns, generator.prior), line(start, end, columns))
    ]
    labels = np.repeat(_turns(space, LINES), 2 * columns)
    return image_grid(generator.images(np.concatenate(rows), labels), columns)


def plane_figure(space: Space) -> np.ndarray:
    """Return the plane between four random latents as a square grid, uint8 (h, w, C), all with label 0."""
    generator, columns = space.generator, space.settings.columns
    corners = generator.latents(4, space.seed, "latent/walk")
    return image_grid(generator.images(walk(corners, columns, generator.prior)), columns)


def loops_frames(space: Space) -> np.ndarray:
    """Return the frames of loops side by side, uint8 (frames, h, w, C)."""
    generator = space.generator
    stops = generator.latents(LOOPS * STOPS, space.seed, "latent/loops").reshape(LOOPS, STOPS, -1)
    paths = np.stack([loop(points, BETWEEN, generator.prior) for points in stops], axis=1)  # (frames, loops, L)
    labels = np.tile(_turns(space, LOOPS), len(paths))
    images = generator.images(paths.reshape(len(labels), -1), labels)
    side = int(np.sqrt(LOOPS))
    return np.stack([image_grid(frame, side) for frame in images.reshape(len(paths), LOOPS, *images.shape[1:])])


def _turns(space: Space, count: int) -> np.ndarray:
    """Return labels for `count` paths: the conditions, one after the other."""
    return np.arange(count) % max(1, space.generator.conditions)
