"""MagNet: autoencoders that know unharmed images, as detectors and as a reformer.

Meng & Chen 2017, "MagNet: a Two-Pronged Defense against Adversarial Examples": what an autoencoder of unharmed images
cannot reproduce is none, and is rejected; so is an image that the classifier, at a temperature, tells otherwise before
and after. What passes is classified as the autoencoder has it. Several are trained, one of which is drawn for each
image, so that nobody knows which one to deceive. An attacker who knows all of them takes their mean (Carlini & Wagner
2017, "MagNet and 'Efficient Defenses Against Adversarial Attacks' are Not Robust to Adversarial Examples").
"""

import numpy as np
import tensorflow as tf

from ganline.core.determinism import begin_network
from ganline.core.random import generator, purpose_number
from ganline.models.victims import Plan, Victim, as_floats, fit
from ganline.robustness.defences.base import Defence, Defended, Lesson, evading, loudness, threshold
from ganline.settings.defences import Magnet

TEMPERATURES = (10.0, 40.0)
"""Of the softmaxes that are compared before and after."""
RATE = 1e-2
"""Of Adam: the autoencoders are small and their images nearly black."""
DETECTORS = 1 + len(TEMPERATURES)


def defend(lesson: Lesson, settings: Magnet) -> Defended:
    """Return the victim behind detectors and reformer."""
    networks = [_autoencoder(lesson, settings, number) for number in range(settings.autoencoders)]
    weights = generator(lesson.seed, "magnet/choice").uniform(1, 2, lesson.image_shape).astype(np.float32)

    def choice(images: tf.Tensor) -> tf.Tensor:
        """Return which autoencoder is drawn for each image: a number of the image, which no small change foretells."""
        drawn = 1e3 * tf.reduce_sum(images * weights, axis=(1, 2, 3))
        return tf.cast(tf.floor((drawn - tf.floor(drawn)) * len(networks)), tf.int32) % len(networks)

    def reformed(images: tf.Tensor) -> tf.Tensor:
        every = tf.stack([network(images, training=False) for network in networks], axis=1)
        return tf.gather(every, choice(images), batch_dims=1)

    limits = tf.constant([_limits(lesson, network, settings.false_alarms) for network in networks])

    def alarm(images: tf.Tensor) -> tf.Tensor:
        return tf.reduce_max(
            _scores(lesson.victim, images, reformed(images)) / tf.gather(limits, choice(images)) - 1.0, axis=1
        )

    return Defended(
        lambda images: lesson.victim.logits(reformed(images)),
        lesson.image_shape,
        lesson.classes,
        lambda: _known(lesson, networks, limits),
        sees=reformed,
        alarm=alarm,
    )


def _known(lesson: Lesson, networks: list[tf.keras.Model], limits: tf.Tensor) -> Victim:
    """Return the mean of what the victim says behind each autoencoder, and of how loud the detectors of each are."""

    def logits(images: tf.Tensor) -> tf.Tensor:
        views = [network(images, training=False) for network in networks]
        said = tf.add_n([lesson.victim.logits(view) for view in views]) / len(views)
        scores = tf.stack([_scores(lesson.victim, images, view) / limits[i] for i, view in enumerate(views)])
        return evading(said, loudness(said, tf.reduce_max(scores, axis=(0, 2))))

    return Victim(logits, lesson.image_shape, lesson.classes)


def _autoencoder(lesson: Lesson, settings: Magnet, number: int) -> tf.keras.Model:
    """Return an autoencoder that learned to reproduce training images from noisy ones."""
    seed, purpose = lesson.seed, f"magnet {number + 1}"
    begin_network(seed + purpose_number(f"{purpose}/weights"))
    network = autoencoder(lesson.image_shape, settings.channels, pooled=number % 2 == 0)

    def examples(chosen: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        images = as_floats(lesson.images[chosen])
        noise = generator(seed, f"{purpose}/noise", step).standard_normal(images.shape, np.float32)
        return np.clip(images + np.float32(settings.noise) * noise, 0, 1), images

    def squared(wanted: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.square(wanted - found))

    fit(network, examples, len(lesson.images), seed, purpose, squared, Plan(settings.steps, learning_rate=RATE))
    return network


def autoencoder(image_shape: tuple[int, int, int], channels: int, pooled: bool) -> tf.keras.Model:
    """Return one of the paper's two for MNIST, but for its 3 channels: with images halved inside, or not.

    Images (N, H, W, C) in 0 to 1 -> the same. Where a side is odd nothing is halved.
    """
    layers = tf.keras.layers
    halved = pooled and not (image_shape[0] % 2 or image_shape[1] % 2)
    inputs = tf.keras.Input(image_shape)
    hidden = layers.Conv2D(channels, 3, padding="same", activation="elu")(inputs)
    hidden = layers.AveragePooling2D()(hidden) if halved else hidden
    hidden = layers.Conv2D(channels, 3, padding="same", activation="elu")(hidden)
    hidden = layers.UpSampling2D()(hidden) if halved else hidden
    return tf.keras.Model(inputs, layers.Conv2D(image_shape[2], 3, padding="same", activation="sigmoid")(hidden))


def _scores(victim: Victim, images: tf.Tensor, views: tf.Tensor) -> tf.Tensor:
    """Return how far images are from what an autoencoder made of them, float32 (N, DETECTORS)."""
    error = tf.reduce_mean(tf.abs(images - views), axis=(1, 2, 3))
    before, after = victim.logits(images), victim.logits(views)
    return tf.stack([error, *(_divergence(before / t, after / t) for t in TEMPERATURES)], axis=1)


def _divergence(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Return the Jensen-Shannon divergence, float32 (N,), in nats, of the softmaxes of logits (N, K)."""
    first, second = tf.nn.softmax(one), tf.nn.softmax(other)
    middle = tf.math.log((first + second) / 2)
    sides = ((first, tf.nn.log_softmax(one)), (second, tf.nn.log_softmax(other)))
    return tf.add_n([tf.reduce_sum(p * (log - middle), axis=1) for p, log in sides]) / 2


def _limits(lesson: Lesson, network: tf.keras.Model, false_alarms: float) -> list[float]:
    """Return a threshold for each detector, so that together they reject that share of unharmed images, at most."""
    scored = tf.function(lambda images: _scores(lesson.victim, images, network(images, training=False)))
    scores = scored(tf.constant(lesson.kept_back)).numpy()
    return [threshold(column, false_alarms, DETECTORS) for column in scores.T]


DEFENCE = Defence(
    "magnet",
    "MagNet",
    "Meng & Chen 2017, MagNet: a Two-Pronged Defense against Adversarial Examples",
    "attacks the mean over all autoencoders and keeps every detector's score low",
    hides=True,
    defend=defend,
    settings=Magnet,
)
