"""Memorisation: are the fakes copies of training images?

`memorisation` compares how near fakes come to the training images with how near held-out real images come, which no one
has seen. Let t(x) be the distance of x to its nearest training image (`ganline.core.repeats` says which held-out
images are training images again; they were seen, and are left out of all that is usual here):

    copied share            = share of fakes with t no larger than the first percentile of t of the held-out images
    nearest distance ratio  = median t of the fakes / median t of the held-out images

How to read them: about 0.01 and 1 where fakes behave like new images of the same kind. A generator that copies has a
large share and a ratio below 1; one that does not draw well is farther from all real images, with a ratio above 1.
A few copies among many good fakes show in the share, not in the ratio.

Weakness: features decide what counts as near; a copy that is mirrored or recoloured may pass for new.
"""

from typing import Any, NamedTuple

import numpy as np

from ganline.core.repeats import SAME, repeats
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import BINOMIAL, standard_error

PERCENTILE = 1.0
"""Of the held-out images' distances to the training images, up to which a fake counts as copied."""


class Memorisation(NamedTuple):
    """How near fakes come to training images, against held-out images."""

    copied_share: float
    """0 to 1."""
    nearest_distance_ratio: float
    """0 or more."""
    left_out: int
    """Held-out images that repeat a training image."""


def memorisation(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Memorisation:
    """Return how near fake features (M, d) and held-out ones (N, d) come to those of training images (T, d).

    Raises:
        ValueError: not three finite matrices of as many dimensions, or every held-out image repeats a training image.
    """
    fake, held_out, train = three(fake, held_out, train)
    t_fake, t_held_out = (distances.closest(images, train).distances[:, 0] for images in (fake, held_out))
    usual = unseen(t_held_out)
    return Memorisation(
        float(np.mean(t_fake <= np.percentile(usual, PERCENTILE))),
        float(np.median(t_fake) / np.median(usual)),
        len(t_held_out) - len(usual),
    )


def unseen(nearest: np.ndarray) -> np.ndarray:
    """Return the distances of the held-out images that repeat no training image."""
    usual = nearest[~repeats(nearest)]
    if not len(usual):
        raise ValueError("memorisation: every held-out image repeats a training image, so none is new to the generator")
    return usual


def three(
    fake: np.ndarray, held_out: np.ndarray, train: np.ndarray, rows: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three as finite float64 matrices of as many dimensions; ValueError where they are not."""
    fake, held_out = checks.pair(fake, held_out, "memorisation", rows)
    fake, train = checks.pair(fake, train, "memorisation")
    return fake, held_out, train


def of_training_images(case: Case) -> dict[str, Any]:
    """Return what the protocol says of a measure that looks at training images, too."""
    return {"reference": "training and test split", "n_train": len(case.train)}


def _memorisation(case: Case) -> dict[str, float]:
    found = memorisation(case.sample.features, case.real.features, case.train.features)
    return {
        "copied_share": found.copied_share,
        "nearest_distance_ratio": found.nearest_distance_ratio,
        "copied_share_stderr": standard_error(found.copied_share, len(case.sample)),
        "held_out_repeats": found.left_out,
    }


MEASURE = Measure(
    name="memorisation",
    numbers={
        "copied_share": Number(
            "Copied share",
            "novelty",
            "lower",
            f"0 to 1: share of fakes nearer to a training image than all but {PERCENTILE:g} % of the "
            "held-out images are. About 0.01 where nothing is copied.",
        ),
        "nearest_distance_ratio": Number(
            "Nearest-distance ratio",
            "novelty",
            "",
            "From 0: how far a fake is from its nearest training image, against a held-out image (medians). 1: "
            "like new real images; below: copies; above: far from all real images.",
        ),
        "copied_share_stderr": error_of("Copied share", "copied_share", BINOMIAL, "novelty"),
        "held_out_repeats": Number(
            "Held-out images that repeat a training image",
            "novelty",
            "",
            f"How many held-out images are training images again (nearer than {100 * SAME:g} % of the mean "
            "distance). The generator was shown them, so no threshold for copies rests on them.",
            ranks=False,
        ),
    },
    compute=_memorisation,
    answers="Are the fakes copies of training images?",
    misleads="A copy that is mirrored or recoloured may pass for new, and plain images that lie close to "
    "everything may count as copies.",
    source="Ganline's own, in the spirit of Alaa et al. 2022, How Faithful is Your Synthetic Data?",
    usual=frozenset({"latents"}),
    cost="2.5 s with 60,000 training images",
    floor="held_out",
    protocol=lambda case: of_training_images(case) | {"copied_below_percentile": PERCENTILE},
)
