"""The samples by number, so that params.yaml can name them, and the latents that have a name."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.studies.finding import Figure, Finding
from ganline.studies.latent.base import Space

TITLE = "Its samples, by number"
SHOWN, COLUMNS = 100, 10


def find(space: Space) -> Finding:
    """Return the first samples with their numbers, and the images of the named latents."""
    latents = space.generator.latents(SHOWN, space.seed, "latent/samples")
    labels = space.generator.labels(SHOWN, space.seed, "latent/samples")
    numbered = Figure(
        labelled_grid(
            space.generator.images(latents, labels),
            [str(first) for first in range(0, SHOWN, COLUMNS)],
            [f"+{place}" for place in range(COLUMNS)],
        ),
        "The first samples",
        "Not picked. A sample's number is its row's plus its column's. Say what some have in common, as in "
        "latent.labels: {boots: [3, 14, 15]}, and it becomes an attribute like those that are measured.",
    )
    finding = Finding({"numbered": numbered}, words=space.bad_points)
    if space.points:
        latents = np.stack([point.latent for point in space.points.values()])
        labels = np.array([point.label for point in space.points.values()], np.int32)
        finding.figures["named"] = Figure(
            labelled_grid(space.generator.images(latents, labels), list(space.points)),
            "Named latents",
            "What latent.points holds. Their names can stand in latent.arithmetic.",
        )
    return finding
