"""Reconstruction error: how near a generator can come to given images, when latents are searched for each.

Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Webster et al. 2019, "Detecting Overfitting of Deep
Generative Networks via Latent Recovery". For each image x, by gradient descent (Adam) from several starts,

    error(x) = min_z |G(z) - x|^2 / pixels,    root-mean-square error = sqrt(mean of error(x)).

How to read it: for held-out images, 0 is best and less is better: a generator that misses a part of the data cannot
draw the images of that part. Held-out error over training error says whether it knows its training images better: 1
where not, more where it remembers them. The search may end in a poor minimum, in whole sets alike, so the error is an
upper bound and the ratio the firmer of the two; for a normal prior it may leave the latents that are ever drawn.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.random import generator
from ganline.core.repeats import repeats
from ganline.latent.inversion import invert
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number

IMAGES = 64
"""Reconstructed of held-out and of training images."""
STARTS = 2
STEPS = 200
LEARNING_RATE = 0.1


class ReconstructionError(NamedTuple):
    """Of held-out images, and against training images."""

    error: float
    """Root-mean-square error a pixel, 0 to 1: a share of the whole range of 255."""
    standard_error: float
    ratio: float
    """Root-mean-square error of held-out images over that of training images."""
    ratio_standard_error: float


def reconstruction_error(held_out: np.ndarray, train: np.ndarray) -> ReconstructionError:
    """Return what the errors of held-out and of training images, (N,) and (M,) as `ganline.latent.inversion`
    finds them, come to.

    Raises:
        ValueError: not one-dimensional, fewer than two images in one, a value that is not finite, or training images
            that are all met exactly.
    """
    measure = "reconstruction error"
    held_out, train = (checks.matrix(values[:, None], measure, "errors", rows=2) for values in (held_out, train))
    if not train.mean() > 0:
        raise ValueError(f"{measure}: the training images are met exactly, and nothing can be divided by 0")
    roots = [float(np.sqrt(errors.mean())) for errors in (held_out, train)]
    # Of the root of a mean, relative: half that of the mean.
    spreads = [float(e.std(ddof=1) / np.sqrt(len(e)) / e.mean() / 2) if e.mean() else 0.0 for e in (held_out, train)]
    ratio = roots[0] / roots[1]
    return ReconstructionError(roots[0], roots[0] * spreads[0], ratio, ratio * float(np.hypot(spreads[0], spreads[1])))


def _reconstruction_error(case: Case) -> dict[str, float]:
    maker, random = case.latent_maker, generator(case.seed, "reconstruction_error")
    count = min(IMAGES, len(case.real), len(case.train))
    rows = [random.permutation(len(part))[:count] for part in (case.real, case.train)]
    images = np.concatenate([part.images[chosen] for part, chosen in zip((case.real, case.train), rows, strict=True)])
    labels = np.zeros((STARTS, 2 * count), np.int32)
    if case.sample.labels is not None and case.real.labels is not None and case.train.labels is not None:
        labels += np.concatenate([case.real.labels[rows[0]], case.train.labels[rows[1]]])
    elif maker.conditions:  # codes that mean no class: each is tried
        labels = np.repeat(np.arange(maker.conditions, dtype=np.int32)[:, None], 2 * count, axis=1)
    starts = random.standard_normal((*labels.shape, maker.latent_dim)).astype(np.float32)
    errors = invert(maker.unrounded, images, labels, starts, STEPS, LEARNING_RATE, maker.prior).errors
    held_out = case.real.features[rows[0]]
    seen = repeats(distances.closest(held_out, case.train.features).distances[:, 0])
    found = reconstruction_error(errors[:count][~seen], errors[count:])
    return {
        "reconstruction_error": found.error,
        "reconstruction_ratio": found.ratio,
        "reconstruction_error_stderr": found.standard_error,
        "reconstruction_ratio_stderr": found.ratio_standard_error,
    }


MEASURE = Measure(
    name="reconstruction_error",
    numbers={
        "reconstruction_error": Number(
            "Reconstruction error",
            "diversity",
            "lower",
            "0 to 1: root-mean-square error a pixel, as a share of 255, of the nearest image to a held-out one "
            "that a search of the latents finds. High means that what is real cannot be drawn.",
        ),
        "reconstruction_ratio": Number(
            "Reconstruction error, held-out over training images",
            "novelty",
            "lower",
            "About 1 where training images are met no better than held-out ones. Well above 1: it remembers them.",
        ),
        "reconstruction_error_stderr": Number(
            "Reconstruction error, standard error",
            "diversity",
            "",
            "Standard error of reconstruction_error, over the images.",
            ranks=False,
        ),
        "reconstruction_ratio_stderr": Number(
            "Reconstruction error, held-out over training images, standard error",
            "novelty",
            "",
            "Standard error of reconstruction_ratio, over the images.",
            ranks=False,
        ),
    },
    compute=_reconstruction_error,
    answers="Can the generator draw images it never saw, and does it know those it saw better?",
    misleads="A search may end far from the best latents, the more so the deeper the generator; and a blurred "
    "image is nearer, pixel by pixel, than a sharp one a little off.",
    source="Metz et al. 2017, Unrolled Generative Adversarial Networks; Webster et al. 2019, Detecting Overfitting "
    "of Deep Generative Networks via Latent Recovery",
    cost="15 s (of a DCGAN)",
    needs=frozenset({"latents"}),
    floor="",
    protocol=lambda case: {
        "images": min(IMAGES, len(case.real), len(case.train)),
        "starts": STARTS,
        "steps": STEPS,
        "learning_rate": LEARNING_RATE,
        "quantisation": "none",
    },
)
