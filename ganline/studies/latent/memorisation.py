"""Does it copy? The training images nearest to samples, and to what lies between samples."""

import numpy as np

from ganline.core.figures import beside, image_grid
from ganline.latent.neighbours import Neighbours, copying, nearest
from ganline.latent.paths import interpolation
from ganline.report.plots import histograms
from ganline.studies.finding import Figure, Finding, LeftOut, Number
from ganline.studies.latent.base import Drawn, Space

TITLE = "Is it memorising?"
SHOWN = 6
MOST = 1000
"""Samples, midpoints and held-out images compared, at most."""


def find(space: Space) -> Finding:
    """Return samples and midpoints beside their nearest training images, and how near they come."""
    space.must_draw_fast()
    count, train = space.settings.neighbours, space.train
    if count > len(train):
        raise LeftOut(f"latent.neighbours = {count}: allowed is at most {len(train)}, the training images")
    samples, midpoints = space.samples, _midpoints(space)
    features = {
        "samples": samples.features[:MOST],
        "midpoints": midpoints.features,
        "held-out images": space.test.features[
            np.linspace(0, len(space.test) - 1, min(MOST, len(space.test))).astype(int)
        ],
    }
    found = {
        name: nearest(
            rows, train.features, count if name != "held-out images" else 1, f"Training images nearest to {name}"
        )
        for name, rows in features.items()
    }
    distances = {name: neighbours.distances[:, 0] for name, neighbours in found.items()}
    held_out = distances.pop("held-out images")
    try:
        samples_are, midpoints_are = (copying(values, held_out) for values in distances.values())
    except ValueError as reason:
        raise LeftOut(str(reason)) from None
    share, between = (each["share_of_samples_nearer"] for each in (samples_are, midpoints_are))
    figures = {
        "nearest": _beside(
            space, samples.images, found["samples"], "The nearest training images",
            "the first samples, not picked",
        ),
        "midpoints": _beside(
            space, midpoints.images, found["midpoints"], "Half-way between two samples",
            "images half-way between the latents of two samples, the first of them, not picked",
        ),
        "distances": _chart(distances | {"held-out images": held_out}, samples_are["first_percentile_held_out"]),
    }  # fmt: skip
    left_out = int(samples_are["held_out_left_out"])
    words = [_sentence(share, between, len(train), len(held_out) - left_out)]
    if left_out:
        words.append(
            f"{left_out:,} of {len(held_out):,} held-out images are training images again, so the generator was shown "
            "them: they are left out of what held-out images do."
        )
    return Finding(figures, _numbers(share, between), words)


def _midpoints(space: Space) -> Drawn:
    """Return the images half-way between each sample and the next, under the first one's label."""
    latents, labels = space.samples.latents[:MOST], space.samples.labels[:MOST]
    middle = np.stack(
        [
            interpolation(a, b, 3, space.generator.prior)[1]
            for a, b in zip(latents, np.roll(latents, -1, 0), strict=True)
        ]
    )
    return space.look(middle, labels)


def _beside(space: Space, images: np.ndarray, found: Neighbours, title: str, what: str) -> Figure:
    neighbours = space.train.images[found.indices[:SHOWN].ravel()]
    return Figure(
        beside([image_grid(images[:SHOWN], 1), image_grid(neighbours, found.indices.shape[1])]),
        title,
        f"Left: {what}. Right: the training images nearest to each in the extractor's feature space. Related but not "
        "equal is what you want to see.",
    )


def _chart(distances: dict[str, np.ndarray], threshold: float) -> Figure:
    return Figure(
        histograms(
            distances, "distance to the nearest training image, in features", (threshold, "1 % of held-out images")
        ),
        "How near they come",
        "The distance to the nearest training image. Held-out images, which nobody copied, are the measure: samples "
        "that lie about where they do are new images of the same kind; a heap at the left end, near 0, is copies; "
        "all further right are images that do not look real yet.",
    )


def _numbers(share: float, between: float) -> dict[str, Number]:
    reading = "0 to 1; about 0.01 is what images of the same kind, not copied, show; much more hints at copying."
    nearer = "nearer to training images than 99 % of held-out images"
    return {
        "share_nearer": Number(share, f"Samples {nearer}", "", reading),
        "midpoints_share_nearer": Number(between, f"Midpoints {nearer}", "", reading),
    }


def _sentence(share: float, between: float, train: int, held_out: int) -> str:
    return (
        f"Of the samples {100 * share:.1f} %, and of the images half-way between two {100 * between:.1f} %, lie "
        f"nearer to one of {train:,} training images than 99 % of {held_out:,} held-out images do; 1 % is what "
        "images that are no copies show."
    )
