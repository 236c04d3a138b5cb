"""Victims: the classifiers that are attacked and defended, and that AdvGAN learns to deceive.

A victim is never the extractor: who judges images must not be who is deceived by them. Two kinds of convolutional
network differ in shape, so that what deceives one can be tried on the other (transfer). They compute in float32,
whatever precision Keras's policy asks of others.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.core.determinism import be_deterministic, begin_network
from ganline.core.errors import UserError
from ganline.core.progress import Bar
from ganline.core.random import generator, purpose_number

KINDS = ("pooled", "strided")
"""pooled: 3x3 convolutions, max pooling and a hidden layer; ReLU. strided: 5x5 convolutions with stride 2; ELU."""
CHUNK = 500
"""Images that a victim looks at in one call."""

Logits = Callable[[tf.Tensor], tf.Tensor]
"""Images, float32 (N, H, W, C) in 0 to 1 -> float32 (N, classes)."""


class Victim:
    """A classifier as attacks and defences see it."""

    def __init__(self, logits: Logits, image_shape: Sequence[int], classes: int, gradients: bool = True) -> None:
        """Set up.

        Args:
            logits: may be called inside compiled functions; what is not written in TensorFlow goes in a
                tf.numpy_function whose shape is set. That runs no TensorFlow: with one thread it would wait for itself.
            image_shape: (H, W, C).
            classes: number of classes, the columns of the logits; defences may add classes of their own behind those
                of the data.
            gradients: whether the logits say how they change with the images.
        """
        self.logits, self.classes, self.gradients = logits, classes, gradients
        height, width, channels = image_shape
        self.image_shape = (height, width, channels)
        self._compiled = tf.function(self.logits, input_signature=[tf.TensorSpec((None, *self.image_shape))])

    def logits_of(self, images: np.ndarray) -> np.ndarray:
        """Return the logits, float32 (N, classes), of any number of images, float32 (N, H, W, C) in 0 to 1."""
        chunks = [self._compiled(tf.constant(images[at : at + CHUNK])) for at in range(0, len(images), CHUNK)]
        return np.concatenate([np.zeros((0, self.classes), np.float32), *chunks])

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the likeliest classes, int64 (N,), of images, float32 (N, H, W, C) in 0 to 1."""
        return self.logits_of(images).argmax(axis=1)


class Plan(NamedTuple):
    """How long a network learns."""

    steps: int = 1200
    batch_size: int = 128
    learning_rate: float = 2e-3
    """Of Adam; it falls to 0 along a cosine."""


PLAN = Plan()
Examples = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]
"""The numbers of a batch's images, int64 (B,), and the step -> images, float32 (B', H, W, C) in 0 to 1, and targets,
float32 (B', ...)."""
Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Targets and what the network says -> the loss, float32 scalar."""


def train_victim(
    kind: str, images: np.ndarray, labels: np.ndarray, classes: int, seed: int, plan: Plan = PLAN
) -> Victim:
    """Return a classifier that was trained to tell the classes apart; see `taught`."""
    return victim_of(taught(kind, images, labels, classes, seed, plan))


def taught(
    kind: str, images: np.ndarray, labels: np.ndarray, classes: int, seed: int, plan: Plan = PLAN
) -> tf.keras.Model:
    """Return a victim's network that was trained to tell the classes apart; it shows its progress.

    Args:
        kind: of KINDS.
        images: uint8 (N, H, W, C).
        labels: integers (N,), numbers of classes.
        classes: number of classes, at least 2.
        seed: of all that is random; the kinds draw from streams of their own.
        plan: how long it learns.

    Raises:
        UserError: there are not two classes, or nothing was learned.
    """
    network = build(kind, images.shape[1:], classes, seed)
    targets = one_hot(labels, classes)
    loss = fit(
        network, lambda chosen, step: (as_floats(images[chosen]), targets[chosen]), len(images), seed, kind, plan=plan
    )
    if not loss < np.log(classes):
        raise UserError(
            f"the {kind} classifier learned nothing: its loss is {loss:.3g}, and guessing gives {np.log(classes):.3g}"
        )
    return network


def victim_of(network: tf.keras.Model) -> Victim:
    """Return a network of one output, logits (N, classes), as a victim."""
    return Victim(lambda images: network(images, training=False), network.input_shape[1:], network.output_shape[-1])


def build(kind: str, image_shape: Sequence[int], classes: int, seed: int, width: int = 1) -> tf.keras.Model:
    """Return a victim's network before any training: images (N, H, W, C) in 0 to 1 -> logits (N, classes).

    Args:
        kind: of KINDS.
        image_shape: (H, W, C).
        classes: number of classes, at least 2.
        seed: of the weights.
        width: how many times the channels and units of the kind it has.

    Raises:
        UserError: there are not two classes.
        ValueError: there is no such kind.
    """
    if classes < 2:
        raise UserError(f"a classifier to attack needs labels of at least two classes, and the data has {classes}")
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of victim; there are {', '.join(KINDS)}")
    begin_network(seed + purpose_number(f"victim/{kind}/weights"))
    inputs = tf.keras.Input(tuple(image_shape))
    return tf.keras.Model(inputs, (_pooled if kind == "pooled" else _strided)(inputs, classes, width), name=kind)


def _pooled(images: tf.Tensor, classes: int, width: int) -> tf.Tensor:
    channels = 16 * width
    while min(images.shape[1:3]) > 8:
        images = layers.Conv2D(channels, 3, padding="same", activation="relu", dtype="float32")(images)
        images, channels = layers.MaxPool2D(dtype="float32")(images), min(2 * channels, 64 * width)
    hidden = _dense(64 * width, "relu")(_flat(images))
    return _dense(classes)(hidden)


def _strided(images: tf.Tensor, classes: int, width: int) -> tf.Tensor:
    channels = 16 * width
    while min(images.shape[1:3]) > 8:
        images = layers.Conv2D(channels, 5, 2, padding="same", activation="elu", dtype="float32")(images)
        channels = min(2 * channels, 64 * width)
    return _dense(classes)(_flat(images))


def _flat(images: tf.Tensor) -> tf.Tensor:
    return layers.Flatten(dtype="float32")(images)


def _dense(units: int, activation: str | None = None) -> tf.keras.layers.Layer:
    return layers.Dense(units, activation, dtype="float32")


def margin(logits: tf.Tensor, classes: tf.Tensor, targeted: bool) -> tf.Tensor:
    """Return by how much images, float32 (N,), fail to deceive: negative where they do.

    Args:
        logits: float32 (N, classes).
        classes: integers (N,): the true classes, or the targets.
        targeted: whether they are targets.
    """
    one = tf.one_hot(classes, logits.shape[1])
    own, other = tf.reduce_sum(one * logits, 1), tf.reduce_max(logits - 1e9 * one, 1)
    return other - own if targeted else own - other


def cross_entropy(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the mean cross-entropy, float32 scalar, of logits and the probabilities aimed at, both (N, classes)."""
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))


def fit(
    network: tf.keras.Model,
    examples: Examples,
    count: int,
    seed: int,
    purpose: str,
    loss: Loss = cross_entropy,
    plan: Plan = PLAN,
) -> float:
    """Train a network in place with Adam, show the progress, and return the mean loss of the last tenth of the steps.

    It switches TensorFlow's determinism on for the process: a pure function of its arguments on one kind of machine.

    Args:
        network: any of Keras whose training draws nothing at random.
        examples: makes a batch; images may be attacked in it and targets be of any kind.
        count: of images that `examples` takes the numbers of.
        seed: of the order, which is new each epoch.
        purpose: whose training it is: the label of the progress, and the stream of random numbers.
        loss: of what `examples` made.
        plan: how long.
    """
    be_deterministic()
    step = _step(network, loss, tf.keras.optimizers.schedules.CosineDecay(plan.learning_rate, plan.steps))
    size = min(plan.batch_size, count)
    losses = []
    with Bar(f"classifier: {purpose}", plan.steps, unit="steps") as bar:
        for number in range(plan.steps):
            epoch, batch = divmod(number, count // size)  # the rest sits one epoch out
            if batch == 0:
                order = generator(seed, f"victim/{purpose}/order", epoch).permutation(count)
            losses.append(float(step(*examples(order[batch * size : (batch + 1) * size], number))))
            bar.advance(text=f"loss {losses[-1]:.3f}")
    return float(np.mean(losses[-max(plan.steps // 10, 1) :]))


def _step(network: tf.keras.Model, loss: Loss, rate: tf.keras.optimizers.schedules.LearningRateSchedule) -> Loss:
    variables, optimizer = network.trainable_variables, tf.keras.optimizers.Adam(rate)
    optimizer.build(variables)

    @tf.function(reduce_retracing=True)
    def step(images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(targets, network(images, training=True))
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    return step


def as_floats(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float32 in 0 to 1."""
    return images.astype(np.float32) / 255


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return float32 (N, classes): 1 at each label, integers (N,), else 0."""
    return np.eye(classes, dtype=np.float32)[labels]
