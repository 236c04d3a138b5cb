"""The latent space drawn flat: where real images lie in it, and what it draws there."""

import numpy as np

from ganline.core.figures import image_grid
from ganline.latent.planes import Plane, manifold, principal_plane, prior_plane
from ganline.report.plots import scatter
from ganline.studies.finding import Figure, Finding, Kept, LeftOut
from ganline.studies.latent.base import Space

TITLE = "The latent space, flat"
SIDE = 30
MOST = 5000
"""Points drawn, at most."""


def find(space: Space) -> Finding:
    """Return held-out images as points where there is an encoder, and the images of the plane they lie in."""
    space.must_draw_fast()
    no_encoder, dimension = space.lacks("encoder"), space.generator.latent_dim
    flat = dimension == 2 and space.generator.prior == "normal"
    if no_encoder and not flat:
        raise LeftOut(f"{no_encoder} that would say where real images lie, and its {dimension} numbers are no plane")
    if no_encoder:
        return Finding({"manifold": _manifold(space, prior_plane())})
    latents = space.generator.encode(space.test.images[_spread(space)])
    plane = prior_plane() if flat else principal_plane(latents)
    figures = {"manifold": _manifold(space, plane)}
    figures = {"scatter": _scatter(space, latents, plane)} | figures
    return Finding(figures, words=_words(plane, latents), latents={"plane": _kept(plane)} if dimension > 2 else {})


def _spread(space: Space) -> np.ndarray:
    return np.linspace(0, len(space.test) - 1, min(MOST, len(space.test))).astype(int)


def _scatter(space: Space, latents: np.ndarray, plane: Plane) -> Figure:
    flat = len(plane.centre) == 2
    labels = None if space.test.labels is None else space.test.labels[_spread(space)]
    axes = ("z0", "z1") if flat else ("first principal direction", "second")
    coloured = " Clusters of one colour are classes that the encoder tells apart without having been told of them."
    return Figure(
        scatter(latents if flat else plane.coordinates(latents), labels, space.classes, axes),
        "Where held-out images lie",
        "Each point is the mean of the latents that the encoder gives for one held-out image"
        + ("." if flat else ", seen on the plane in which these means vary most, in standard deviations.")
        + (coloured if labels is not None else ""),
    )


def _manifold(space: Space, plane: Plane) -> Figure:
    images = space.generator.images(manifold(plane, SIDE))
    where = "of the prior" if plane.explained == 1 else "of the plane of the points above"
    return Figure(
        image_grid(images, SIDE),
        "What is drawn there",
        f"{SIDE} x {SIDE} latents {where}, spread as a normal distribution is: each image stands for as many random "
        "draws as any other. Regions of one kind, and what lies between them, are seen at a glance.",
    )


def _words(plane: Plane, latents: np.ndarray) -> list[str]:
    if len(plane.centre) == 2:
        far = float(np.mean(np.linalg.norm(latents, axis=1) > 3.0))
        return [
            f"Of the held-out images {100 * far:.1f} % lie further than 3 standard deviations from the centre, where "
            "the prior draws 1.1 %."
        ]
    return [
        f"The latents have {latents.shape[1]} numbers; the plane shown holds {100 * plane.explained:.0f} % of their "
        "variance, and the images are those of the plane itself, all else being at its mean."
    ]


def _kept(plane: Plane) -> Kept:
    directions = plane.axes / np.linalg.norm(plane.axes, axis=1, keepdims=True)
    return Kept(directions.astype(np.float32), ["first principal direction", "second principal direction"], "direction")
