"""Memorisation-informed Frechet distance: how good are the fakes, if copies of training images do not count?

Bai et al. 2021, "On Training Sample Memorization: Lessons from Benchmarking Generative Modeling with a
Large-scale Competition". The memorisation distance s is the mean over the fakes of the smallest cosine distance to any
training image, and

    informed = distance / s  if s is below a threshold, else the distance

The competition fixed its threshold for its own images and features. How large cosine distances are depends
on the extractor, so here it is ours: half the memorisation distance of the held-out images. The number jumps at
the threshold, and below it is not on the distance's scale: read it to rank, and s to understand. It is MiFID in the
features of FID's network.

Weakness: features decide what counts as near; a copy that is mirrored or recoloured may pass for new.
"""

from typing import NamedTuple

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.frechet import frechet_distance
from ganline.metrics.memorisation import of_training_images, three, unseen
from ganline.metrics.record import Case, Measure, Number

PART = 0.5
"""Of the held-out images' memorisation distance, below which copying is punished."""
SMALLEST = 1e-6
"""What the distance is divided by at the least, so that the number of nothing but copies is finite."""


class Mifrechet(NamedTuple):
    """The distance with its penalty, and what the penalty came from."""

    informed: float
    memorisation_distance: float
    """0 to 2."""
    threshold: float
    """The memorisation distance below which the distance was divided."""


def mifrechet(fake: np.ndarray, held_out: np.ndarray, train: np.ndarray) -> Mifrechet:
    """Return the Frechet distance of fakes to held-out images, punished for nearness to training images.

    Args:
        fake: features (M, d) of fakes.
        held_out: (N, d) of held-out images.
        train: (T, d) of training images.

    Raises:
        ValueError: not three finite matrices of as many dimensions, fewer than two fakes or held-out images, every
            held-out image repeats a training image, or an image whose features are all 0 and so have no direction.
    """
    fake, held_out, train = three(fake, held_out, train, rows=2)
    unit = [checks.unit(images, "memorisation-informed Frechet distance") for images in (fake, held_out, train)]
    t_fake, t_held_out = (distances.closest(images, unit[2]).distances[:, 0] for images in unit[:2])
    # Of unit vectors the cosine distance is half the squared Euclidean one.
    found, usual = (float(np.mean(distance**2) / 2) for distance in (t_fake, unseen(t_held_out)))
    distance, threshold = frechet_distance(fake, held_out).distance, PART * usual
    return Mifrechet(distance / max(found, SMALLEST) if found < threshold else distance, found, threshold)


def _mifrechet(case: Case) -> dict[str, float]:
    found = mifrechet(case.sample.features, case.real.features, case.train.features)
    return {
        "mi{frechet}": found.informed,
        "memorisation_distance": found.memorisation_distance,
        "memorisation_threshold": found.threshold,
    }


MEASURE = Measure(
    name="mifrechet",
    numbers={
        "mi{frechet}": Number(
            "Memorisation-informed {Frechet}",
            "novelty",
            "lower",
            "0 is best: {frechet}, divided by memorisation_distance where that is below memorisation_threshold. Far "
            "above {frechet} it says that fakes are copies.",
        ),
        "memorisation_distance": Number(
            "Memorisation distance",
            "novelty",
            "",
            "0 to 2: mean cosine distance of a fake to its nearest training image. Held-out images have twice "
            "memorisation_threshold.",
            ranks=False,
        ),
        "memorisation_threshold": Number(
            "Memorisation threshold",
            "novelty",
            "",
            "Half the memorisation distance of the held-out images.",
            ranks=False,
        ),
    },
    compute=_mifrechet,
    answers="How good are the fakes, if copies of training images do not count?",
    misleads="It jumps at the threshold, and a generator that copies half of the time may stay above it.",
    source="Bai et al. 2021, On Training Sample Memorization: Lessons from Benchmarking Generative Modeling with a "
    "Large-scale Competition",
    cost="2.5 s with 60,000 training images",
    floor="",  # training images are copies of themselves, and held-out images have no distance from themselves
    protocol=lambda case: (
        of_training_images(case)
        | {
            "threshold": f"Ganline's own: {PART:g} of the held-out images' memorisation distance, since how "
            "large cosine distances are depends on the extractor",
        }
    ),
)
