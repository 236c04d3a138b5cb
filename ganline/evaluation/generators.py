"""The measures that draw from the generator: how evenly its latent space lies, and what images it can reach."""

import numpy as np

from ganline.core.random import generator
from ganline.core.repeats import repeats
from ganline.latent.inversion import invert
from ganline.latent.paths import from_normal
from ganline.metrics import distances
from ganline.metrics.perceptual_path_length import arc, perceptual_path_length
from ganline.metrics.reconstruction_error import reconstruction_error
from ganline.metrics.record import Case, Measure, Number

EPSILON = 1e-2
"""The share of a path between the two points. The length is 3 to 4 % below that of points nearer and nearer together.
The paper's 1e-4 is as good in float32 (1 % off), but with TensorFloat-32, which newer GPUs multiply in, rounding would
outweigh what moves from 1e-3 on."""
PAIRS = 5000
IMAGES = 64
"""Reconstructed of held-out and of training images."""
STARTS = 2
STEPS = 200
LEARNING_RATE = 0.1


def _perceptual_path_length(case: Case) -> dict[str, float]:
    import tensorflow as tf

    assert case.extractor is not None
    count = min(case.settings.samples, PAIRS)
    random = generator(case.seed, "perceptual_path_length")
    starts, ends = random.standard_normal((2, count, case.latent_maker.latent_dim))
    positions = random.uniform(0.0, 1.0 - EPSILON, count)
    here, there = (from_normal(arc(starts, ends, positions + step), case.latent_maker.prior) for step in (0.0, EPSILON))
    unrounded = case.latent_maker.unrounded
    first = tf.constant(here[:1], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(first)
        image = unrounded(first, tf.zeros(1, tf.int32))
    if tape.gradient(image, first) is None:
        raise ValueError("perceptual path length: the generator has no gradient: its images jump and do not move")
    compiled = tf.function(unrounded, autograph=False, reduce_retracing=True)

    def generate(latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return compiled(tf.constant(latents), tf.constant(labels, tf.int32)).numpy()

    labels = case.latent_maker.labels(count, case.seed, "perceptual_path_length")
    found = perceptual_path_length(generate, case.extractor.features, here, there, labels, EPSILON)
    return {"perceptual_path_length": found.mean, "perceptual_path_length_stderr": found.standard_error}


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
    seen = repeats(distances.nearest(held_out, case.train.features, 1).distances[:, 0])
    found = reconstruction_error(errors[:count][~seen], errors[count:])
    return {
        "reconstruction_error": found.error,
        "reconstruction_ratio": found.ratio,
        "reconstruction_error_stderr": found.standard_error,
        "reconstruction_ratio_stderr": found.ratio_standard_error,
    }


MEASURES: tuple[Measure, ...] = (
    Measure(
        name="perceptual_path_length",
        numbers={
            "perceptual_path_length": Number(
                "Perceptual path length",
                "quality",
                "lower",
                "From 0: how fast images change to the extractor's eye as latents move evenly. Low is smooth; jumps "
                "between kinds of images raise it. Of equal diversity the smoother generator is better.",
            ),
            "perceptual_path_length_stderr": Number(
                "Perceptual path length, standard error",
                "quality",
                "",
                "Standard error of perceptual_path_length, over the paths.",
                ranks=False,
            ),
        },
        compute=_perceptual_path_length,
        answers="Do images change smoothly as one walks through the latent space?",
        misleads="A generator that has collapsed moves least of all and scores best: 0 where it makes one image.",
        source="Karras et al. 2019, A Style-Based Generator Architecture for Generative Adversarial Networks",
        cost="10 s (of a DCGAN)",
        needs=frozenset({"latents"}),
        floor="",
        protocol=lambda case: {
            "epsilon": EPSILON,
            "paths": min(case.settings.samples, PAIRS),
            "quantisation": "none",
            "distance": "squared, of the extractor's features",
        },
    ),
    Measure(
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
    ),
)
