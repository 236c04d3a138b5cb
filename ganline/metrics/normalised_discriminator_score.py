"""Normalised relative discriminative score (NRDS): how long one new discriminator takes to see through each generator.

Zhang et al. 2018, "Decoupled learning for conditional adversarial networks". One network learns to tell held-out real
images from the fakes of all generators together. The mean probability of being real that it gives a generator's fakes
falls from 1/2 as it learns. With A_i the area under that curve over the epochs:

    NRDS_i = A_i / sum_j A_j

How to read it: the scores of all generators sum to 1, and more is better: such fakes are harder to tell from real
images. Equally good generators have 1 / n each. Only scores made together compare.

Here the curve starts before the first update, where the last layer is 0 and everybody has exactly 1/2, and an epoch
shows each real image once and as many fakes, in equal parts of each generator.

Its weakness: it depends on the network and its learning rate, a fault common to all (such as a checkerboard) gives all
away at once and leaves little to tell them apart, and missing variety goes unseen. One training is one draw: small
differences mean nothing.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.integrate import trapezoid

from ganline.core.random import generator, key
from ganline.metrics import checks

if TYPE_CHECKING:
    import tensorflow as tf

MEASURE = "normalised discriminator score"
EPOCHS = 10
MINIMUM_UPDATES = 200
"""With few real images there are more epochs, until there have been this many updates."""
BATCH = 50
"""Real images in an update, and as many fakes."""
LEARNING_RATE = 2e-4
FILTERS = (32, 64)
AT_ONCE = 500


class NormalisedDiscriminatorScore(NamedTuple):
    """What one discriminator's training says of G generators."""

    scores: np.ndarray
    """float64 (G,), 0 to 1, of sum 1."""
    curves: np.ndarray
    """float64 (G, epochs + 1): mean probability of being real before the first epoch and after each."""


def normalised_discriminator_score(
    real: np.ndarray, fakes: Sequence[np.ndarray], seed: int
) -> NormalisedDiscriminatorScore:
    """Return the scores of G generators, a pure function of the arguments on one kind of machine.

    Args:
        real: uint8 (N, H, W, C).
        fakes: of each generator uint8 (M, H, W, C), G arrays of one M.
        seed: of the first weights and of the order of the images.

    Raises:
        ValueError: no such images, no generator, or sizes or numbers that differ.
    """
    if not fakes or len({len(images) for images in fakes}) > 1:
        raise ValueError(
            f"{MEASURE}: needs as many fakes of each of one or more generators, got {[len(images) for images in fakes]}"
        )
    for images in fakes:
        checks.image_pair(real, images, MEASURE)
    curves = _curves(real, np.stack(fakes), seed)
    areas = trapezoid(curves, axis=1)
    return NormalisedDiscriminatorScore(areas / areas.sum(), curves)


def _curves(real: np.ndarray, fakes: np.ndarray, seed: int) -> np.ndarray:
    """Train on real images (N, H, W, C) and fakes (G, M, H, W, C); return what `curves` holds."""
    import tensorflow as tf

    network = small_network(real.shape[1:], seed, "nrds/weights")
    optimizer = tf.keras.optimizers.legacy.Adam(LEARNING_RATE, beta_1=0.5)
    everyone = fakes.reshape(-1, *real.shape[1:])

    @tf.function(reduce_retracing=True)
    def update(real_images: tf.Tensor, fake_images: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            on_real, on_fake = network(real_images), network(fake_images)
            loss = tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))
        variables = network.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    @tf.function(reduce_retracing=True)
    def believe(images: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(network(images))

    def beliefs() -> np.ndarray:
        parts = [believe(everyone[i : i + AT_ONCE]).numpy() for i in range(0, len(everyone), AT_ONCE)]
        return np.concatenate(parts).astype(np.float64).reshape(fakes.shape[:2]).mean(axis=1)

    curve = [beliefs()]
    for epoch in range(max(EPOCHS, math.ceil(MINIMUM_UPDATES / math.ceil(len(real) / BATCH)))):
        shown = generator(seed, "nrds/real", epoch).permutation(len(real))
        # One generator after the other: each batch, and so each epoch, has equal parts of all.
        order = generator(seed, "nrds/fakes", epoch).permuted(np.arange(len(everyone)).reshape(fakes.shape[:2]), axis=1)
        met = np.resize(order.T.ravel(), len(real))
        for i in range(0, len(real), BATCH):
            update(real[shown[i : i + BATCH]], everyone[met[i : i + BATCH]])
        curve.append(beliefs())
    return np.stack(curve, axis=1)


def small_network(image_shape: tuple[int, ...], seed: int, purpose: str) -> "tf.keras.Model":
    """Return two strided convolutions and one logit, images uint8 (N, H, W, C) -> (N, 1); the logit starts at 0.

    The weights are a function of (seed, purpose). What is compiled from now on is deterministic.
    """
    import tensorflow as tf

    from ganline.core.determinism import be_deterministic

    be_deterministic()
    layers = tf.keras.layers
    hidden = [
        layer
        for filters in FILTERS
        for layer in (layers.Conv2D(filters, 3, strides=2, padding="same"), layers.LeakyReLU(0.2))
    ]
    network = tf.keras.Sequential(
        [layers.Input(image_shape), layers.Rescaling(1 / 127.5, offset=-1.0), *hidden, layers.Flatten(),
         layers.Dense(1, kernel_initializer="zeros")]
    )  # fmt: skip
    for i, layer in enumerate(layer for layer in hidden if hasattr(layer, "kernel")):
        # He et al. 2015; Keras's own initialisers draw from hidden state.
        deviation = np.sqrt(2.0 / np.prod(layer.kernel.shape[:-1]))
        layer.kernel.assign(deviation * tf.random.stateless_normal(layer.kernel.shape, key(seed, purpose, i)))
    return network
