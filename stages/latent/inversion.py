"""Real images in the latent space."""

import numpy as np

from ganline.report.figures import image_grid
from stages.latent.base import Figure, Finding, LeftOut, Space

TITLE = "Real images in its space"
SHOWN, COLUMNS = 24, 4


def find(space: Space) -> Finding:
    """Return held-out images, each with its reconstruction to its right."""
    from ganline.models.base import from_uint8, to_uint8

    images, model = space.test.images, space.model
    shown = images[np.linspace(0, len(images) - 1, min(SHOWN, len(images))).astype(int)]
    redrawn = model.reconstruct(from_uint8(shown, model.image_range))
    if redrawn is None:
        raise LeftOut(f"{model.settings.model} has no encoder")
    pairs = np.stack([shown, to_uint8(redrawn, model.image_range).numpy()], axis=1)
    figure = Figure(
        image_grid(pairs.reshape(-1, *shown.shape[1:]), 2 * COLUMNS),
        "Held-out images and what became of them",
        "In each pair a held-out image stands on the left, and on the right what the model makes of it again after "
        "squeezing it into a latent.",
    )
    return Finding({"reconstructions": figure})
