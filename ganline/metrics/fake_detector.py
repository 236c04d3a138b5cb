"""A detector of fakes: trained on one generator's, how well does it know those of others?

Wang et al. 2020, "CNN-generated images are surprisingly easy to spot... for now", train one classifier on the images of
one generator and test it on others'. Here each generator has its turn: a small network learns to tell its fakes from
real training images, and is tested on held-out real images, which it never saw, and on fresh fakes of every generator.

How to read it: a number is an area under the ROC curve (AUC), the chance that the detector takes a fake for likelier
fake than a real image. 0.5 is guessing, 1 is always. On the diagonal stands how easily a generator's own fakes are
known once one has seen some of them. Beside it: a row that is high all along is a detector of what all these generators
have in common; a row that is high on the diagonal alone has learned the fault of one.

Intervals are Wilson's (1927), of as many trials as there are fakes or real images, whichever are fewer: the variance of
an AUC is at most that of such a share (Birnbaum and Klose 1957). They say how far the choice of images goes; another
training of the detector is another matter.

Its weakness: one small network, on pixels as they are. A generator that it does not see through can be seen through
by a larger one, and fakes that were shrunk or compressed are others.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from ganline.core.random import generator
from ganline.latent.groups import wilson
from ganline.metrics import checks
from ganline.metrics.normalised_discriminator_score import small_network

if TYPE_CHECKING:
    import tensorflow as tf

MEASURE = "fake detector"
UPDATES = 400
BATCH = 32
"""Real images in an update, and as many fakes."""
LEARNING_RATE = 1e-3
AT_ONCE = 500
LEAST = 20
"""Images of a kind without which nothing can be trained or tested."""
SURE = 1.96


class Detection(NamedTuple):
    """What detectors trained on each of G generators say of all of them."""

    areas: np.ndarray
    """float64 (G, G), 0 to 1: AUC of the detector trained on one generator (row), on the fakes of another (column)."""
    intervals: np.ndarray
    """float64 (G, G, 2): the 95 % interval of each."""


def detection(
    train: np.ndarray, test: np.ndarray, fakes: Sequence[np.ndarray], fresh: Sequence[np.ndarray], seed: int
) -> Detection:
    """Return how detectors do, a pure function of the arguments on one kind of machine.

    Args:
        train: real images to train on, uint8 (N, H, W, C).
        test: other real images, to test on, uint8 (M, H, W, C).
        fakes: of each generator images to train on, uint8 (K, H, W, C).
        fresh: of each generator other images, to test on.
        seed: of the first weights and of the order of the images.

    Raises:
        ValueError: no such images, no generator, or fewer than 20 images of a kind.
    """
    if not fakes or len(fakes) != len(fresh):
        raise ValueError(f"{MEASURE}: needs fakes of one or more generators, to train on and to test on")
    for images in (test, *fakes, *fresh):
        checks.image_pair(train, images, MEASURE, LEAST)
    detectors = [trained(train, images, seed) for images in fakes]
    said = [[detector(images) for images in (test, *fresh)] for detector in detectors]
    areas = np.array([[area(real, on) for on in others] for real, *others in said])
    counts = [min(len(test), len(images)) for images in fresh]
    intervals = [[wilson(found, count, SURE) for found, count in zip(row, counts, strict=True)] for row in areas]
    return Detection(areas, np.array(intervals))


def area(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the area under the ROC curve of scores (N,) and (M,) that are higher for fakes; ties count half."""
    ranks = rankdata(np.concatenate([fake, real]))[: len(fake)]
    return float((ranks.sum() - len(fake) * (len(fake) + 1) / 2) / (len(fake) * len(real)))


def trained(real: np.ndarray, fakes: np.ndarray, seed: int) -> "Detector":
    """Return what tells fakes from real images, uint8 (N, H, W, C) and (M, H, W, C)."""
    import tensorflow as tf

    network = small_network(real.shape[1:], seed, "detector/weights")
    optimizer = tf.keras.optimizers.legacy.Adam(LEARNING_RATE)

    @tf.function(reduce_retracing=True)
    def update(real_images: tf.Tensor, fake_images: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            on_real, on_fake = network(real_images), network(fake_images)
            loss = tf.reduce_mean(tf.nn.softplus(on_real)) + tf.reduce_mean(tf.nn.softplus(-on_fake))
        variables = network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    shown, met = (_orders(seed, name, len(images)) for name, images in (("real", real), ("fakes", fakes)))
    for rows, others in zip(shown, met, strict=True):
        update(real[rows], fakes[others])
    return Detector(network)


def _orders(seed: int, name: str, count: int) -> np.ndarray:
    """Return the images of each update, int (updates, BATCH): all in one order, then all in another."""
    rounds = -(-UPDATES * BATCH // count)
    every = [generator(seed, f"detector/{name}", i).permutation(count) for i in range(rounds)]
    return np.concatenate(every)[: UPDATES * BATCH].reshape(UPDATES, BATCH)


class Detector:
    """Says how fake images look: uint8 (N, H, W, C) -> float64 (N,)."""

    def __init__(self, network: "tf.keras.Model") -> None:
        """Wrap a trained network."""
        import tensorflow as tf

        self._look = tf.function(network, reduce_retracing=True)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the scores, higher for fakes."""
        parts = [self._look(images[i : i + AT_ONCE]).numpy()[:, 0] for i in range(0, len(images), AT_ONCE)]
        return np.concatenate(parts).astype(np.float64)
