"""Memorisation: are the fakes copies of training images?

`memorisation` compares how near fakes come to the training images with how near held-out real images come, which no one
has seen. Let t(x) be the distance of x to its nearest training image (`ganline.core.repeats` says which held-out
images are training images again; they were seen, and are left out of all that is usual here):

    copied share            = share of fakes with t no larger than the first percentile of t of the held-out images
    nearest distance ratio  = median t of the fakes / median t of the held-out images

How to read them: about 0.01 and 1 where fakes behave like new images of the same kind. A generator that copies has a
large share and a ratio below 1; one that does not draw well is farther from all real images, with a ratio above 1.
A few copies among many good fakes show in the share, not in the ratio.

`mifid` is Bai et al. 2021, "On Training Sample Memorization: Lessons from Benchmarking Generative Modeling with a
Large-scale Competition". The memorisation distance s is the mean over the fakes of the smallest cosine distance to any
training image, and

    MiFID = FID / s  if s is below a threshold, else FID

The competition fixed its threshold for its own images and features. How large cosine distances are depends
on the extractor, so here it is ours: half the memorisation distance of the held-out images. MiFID jumps at the
threshold, and below it is not on FID's scale: read it to rank, and s to understand.

Weakness of both: features decide what counts as near; a copy that is mirrored or recoloured may pass for new.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.repeats import repeats
from ganline.metrics import checks, distances
from ganline.metrics.frechet import frechet_distance

PERCENTILE = 1.0
"""Of the held-out images' distances to the training images, up to which a fake counts as copied."""
PART = 0.5
"""Of the held-out images' memorisation distance, below which MiFID punishes."""
SMALLEST = 1e-6
"""What FID is divided by at the least, so that MiFID of nothing but copies is finite."""


class Memorisation(NamedTuple):
    """How near fakes come to training images, against held-out images."""

    copied_share: float
    """0 to 1."""
    nearest_distance_ratio: float
    """0 or more."""
    left_out: int
    """Held-out images that repeat a training image."""


class Mifid(NamedTuple):
    """FID with its penalty, and what the penalty came from."""

    mifid: float
    memorisation_distance: float
    """0 to 2."""
    threshold: float
    """The memorisation distance below which FID was divided."""


def memorisation(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Memorisation:
    """Return how near fake features (M, d) and held-out ones (N, d) come to those of training images (T, d).

    Raises:
        ValueError: not three finite matrices of as many dimensions, or every held-out image repeats a training image.
    """
    fake, held_out, train = _three(fake, held_out, train)
    t_fake, t_held_out = (distances.nearest(images, train, 1).distances[:, 0] for images in (fake, held_out))
    usual = _unseen(t_held_out)
    return Memorisation(
        float(np.mean(t_fake <= np.percentile(usual, PERCENTILE))),
        float(np.median(t_fake) / np.median(usual)),
        len(t_held_out) - len(usual),
    )


def mifid(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Mifid:
    """Return FID of fake features (M, d) against held-out ones (N, d), punished for nearness to training ones (T, d).

    Raises:
        ValueError: not three finite matrices of as many dimensions, fewer than two fakes or held-out images, every
            held-out image repeats a training image, or an image whose features are all 0 and so have no direction.
    """
    fake, held_out, train = _three(fake, held_out, train, rows=2)
    unit = [_unit(images) for images in (fake, held_out, train)]
    t_fake, t_held_out = (distances.nearest(images, unit[2], 1).distances[:, 0] for images in unit[:2])
    # Of unit vectors the cosine distance is half the squared Euclidean one.
    found, usual = (float(np.mean(distance**2) / 2) for distance in (t_fake, _unseen(t_held_out)))
    fid, threshold = frechet_distance(fake, held_out).distance, PART * usual
    return Mifid(fid / max(found, SMALLEST) if found < threshold else fid, found, threshold)


def _unseen(nearest: np.ndarray) -> np.ndarray:
    """Return the distances of the held-out images that repeat no training image."""
    usual = nearest[~repeats(nearest)]
    if not len(usual):
        raise ValueError("memorisation: every held-out image repeats a training image, so none is new to the generator")
    return usual


def _three(
    fake: np.ndarray, held_out: np.ndarray, train: np.ndarray, rows: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    fake, held_out = checks.pair(fake, held_out, "memorisation", rows)
    fake, train = checks.pair(fake, train, "memorisation")
    return fake, held_out, train


def _unit(features: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError("MiFID: cosine distances need a direction, and there are images whose features are all 0")
    return features / norms
