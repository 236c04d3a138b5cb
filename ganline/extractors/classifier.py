"""A classifier trained on the dataset itself, whose penultimate layer gives the features."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from ganline.core.determinism import be_deterministic, begin_network
from ganline.core.errors import UserError
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.extractors.network import CHOICES, About, Extractor, facts_of
from ganline.settings.schema import Extractor as Settings

ABOUT = About(frozenset({"classes", "probabilities", "places", "fast to look"}))
FEATURES = 64
"""Classifier features an image: fewer than the test images of even small datasets, so that their covariance has full
rank, and several times the classes, so that more than the class of an image is kept."""
MINIMUM_STEPS = 400
"""On small datasets the classifier trains more epochs than asked for, until it has taken this many steps."""
MOMENTUM = 0.95
"""Of batch norm's moving averages: with Keras's 0.99 they still remember the wild start after MINIMUM_STEPS."""
LARGEST_SIDE = 128
"""The classifier first shrinks larger images to at most this many pixels a side."""

Batch = tuple[np.ndarray, np.ndarray]
"""Images, uint8 (N, H, W, C), and the numbers of their classes, int32 (N,)."""


def train_classifier(
    images: np.ndarray, labels: np.ndarray | None, classes: Sequence[str], settings: Settings, seed: int
) -> Extractor:
    """Return a classifier trained on uint8 images (N, H, W, C) and int32 labels (N,), numbers into `classes`.

    A pure function of its arguments on one kind of machine. It switches TensorFlow's determinism on for the process.

    Raises:
        UserError: no labels, images of fewer than two classes, or nothing learned.
    """
    if labels is None:
        raise UserError(f"extractor.kind=classifier needs labels, and the prepared data has none. {CHOICES}")
    present = np.unique(labels)
    if len(present) < 2:
        only = classes[int(present[0])]
        raise UserError(f"extractor.kind=classifier needs two classes, and all images are of class {only!r}. {CHOICES}")

    def batch(chosen: np.ndarray) -> Batch:
        return images[chosen], labels[chosen]

    return trained("classifier", classes, images, batch, settings.batch_size, settings, seed)


def train_stacked(
    images: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    stacked: Sequence[str],
    settings: Settings,
    seed: int,
) -> Extractor:
    """Return what `train_classifier` does where each image is a stack: a classifier of single channels, for all three.

    An epoch shows one channel of every image.

    Args:
        images: uint8 (N, H, W, C), three images as one (ganline.datasets.prepare_stacked).
        labels: int32 (N,), numbers into `classes`.
        classes: of the stacks, K^C of them.
        stacked: the K classes of a channel.
        settings: the section `extractor`.
        seed: of all that is random.

    Raises:
        UserError: nothing learned.
    """
    channels = images.shape[3]
    of_channels = np.stack(np.unravel_index(labels, (len(stacked),) * channels), axis=1).astype(np.int32)

    def batch(chosen: np.ndarray) -> Batch:
        channel = chosen % channels
        return images[chosen, :, :, channel][..., None], of_channels[chosen, channel]

    single = trained("classifier", stacked, images[..., :1], batch, settings.batch_size, settings, seed)
    network = joined(single.network, channels)
    facts = facts_of("classifier", classes, network, images.shape[1:], "none")
    return Extractor(network, facts | {"given": {"stacked": list(stacked)}})


def trained(
    kind: str,
    classes: Sequence[str],
    images: np.ndarray,
    batch: Callable[[np.ndarray], Batch],
    images_a_batch: int,
    settings: Settings,
    seed: int,
) -> Extractor:
    """Return a network that was trained to tell `classes` apart; `batch` makes batches of the numbers of images."""
    be_deterministic()
    begin_network(seed)
    network = classifier(images.shape[1:], classes)
    _fit(network, len(images), batch, images_a_batch, settings, seed)
    return Extractor(network, facts_of(kind, classes, network, images.shape[1:], "none"))


def classifier(image_shape: Sequence[int], classes: Sequence[str]) -> tf.keras.Model:
    """Return [convolution 3x3, pooling, batch norm, ReLU] down to 7 pixels or fewer (twice at least), then dense.

    The features are the penultimate layer before its ReLU, batch-normalised without scale and offset: each has mean 0
    and variance 1 over the training images, so none dominates by its scale, a Gaussian suits them, and KID's kernel,
    which depends on scale, works where it was made to.
    """
    layers = tf.keras.layers
    inputs = tf.keras.Input(tuple(image_shape))
    images = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    while max(images.shape[1:3]) > LARGEST_SIDE:
        images = layers.AveragePooling2D()(images)
    hidden = _block(images, 32)
    hidden = _block(hidden, 64)
    while max(hidden.shape[1:3]) > 7:
        hidden = _block(hidden, 64)
    joined = layers.Dense(FEATURES, use_bias=False)(layers.Flatten()(hidden))
    features = layers.BatchNormalization(momentum=MOMENTUM, center=False, scale=False)(joined)
    logits = layers.Dense(len(classes))(layers.ReLU()(features))
    return tf.keras.Model(inputs, [features, logits, hidden])


def network(
    image_shape: Sequence[int], file: None, classes: Sequence[str], stacked: Sequence[str] = ()
) -> tf.keras.Model:
    """Return the network before any training, as every kind of network is made (ganline.extractors.networks)."""
    return (
        joined(classifier((*image_shape[:2], 1), stacked), image_shape[2])
        if stacked
        else classifier(image_shape, classes)
    )


def joined(single: tf.keras.Model, channels: int) -> tf.keras.Model:
    """Return a network that has `single`, which takes (N, H, W, 1), look at each of so many channels.

    The features of all channels stand side by side. A class is one of each channel, numbered with that of the first
    channel as the highest digit, and as likely as they are together: the softmax of its logits, which are their sums,
    is the product of theirs.
    """
    inputs = tf.keras.Input((*single.input_shape[1:3], channels))
    parts = [single(inputs[..., channel : channel + 1]) for channel in range(channels)]
    features, logits, hidden = zip(*parts, strict=True)
    sums = logits[0]
    for more in logits[1:]:
        sums = tf.reshape(sums[:, :, None] + more[:, None, :], (-1, sums.shape[1] * more.shape[1]))
    # Taken in turns, so that the first few maps are of all channels.
    maps = tf.reshape(tf.stack(hidden, axis=-1), (-1, *hidden[0].shape[1:3], hidden[0].shape[3] * channels))
    return tf.keras.Model(inputs, [tf.concat(features, axis=1), sums, maps])


def _block(images: tf.Tensor, channels: int) -> tf.Tensor:
    layers = tf.keras.layers
    images = layers.Conv2D(channels, 3, padding="same", use_bias=False)(images)
    # Pooling before normalising does nearly the same as after it, at a quarter of the cost.
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(layers.MaxPool2D()(images)))


def _fit(
    network: tf.keras.Model,
    count: int,
    batch: Callable[[np.ndarray], Batch],
    images_a_batch: int,
    settings: Settings,
    seed: int,
) -> None:
    """Train with Adam on what `batch` makes of the numbers of images, the learning rate falling to 0 along a cosine."""
    size = min(images_a_batch, count)
    per_epoch = count // size  # the rest sits one epoch out; each epoch has its own order
    epochs = max(settings.epochs, -(-MINIMUM_STEPS // per_epoch))
    schedule = tf.keras.optimizers.schedules.CosineDecay(settings.learning_rate, per_epoch * epochs)
    step = _training_step(network, tf.keras.optimizers.Adam(schedule))
    with Bar("extractor", per_epoch * epochs, unit="steps") as bar:
        for epoch in range(epochs):
            order = generator(seed, "extractor/order", epoch).permutation(count)
            for chosen in np.split(order[: per_epoch * size], per_epoch):
                loss = float(step(*batch(chosen)))
                bar.advance(text=f"epoch {epoch + 1}/{epochs}, loss {loss:.3f}")
    guessing = float(np.log(network.outputs[1].shape[-1]))
    if not loss < guessing:
        raise UserError(
            f"the extractor learned nothing: its loss is {loss:.3g}, and guessing gives {guessing:.3g}. "
            f"extractor.learning_rate={settings.learning_rate} may be too large (1.0e-3 is usual), or the images are "
            "alike in all classes (for extractor.kind=rotation: whichever way they are turned)"
        )


def _training_step(network: tf.keras.Model, optimizer: tf.keras.optimizers.Optimizer) -> Callable[..., tf.Tensor]:
    variables = network.trainable_variables
    optimizer.build(variables)

    @tf.function
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            _, logits, _ = network(tf.cast(images, tf.float32), training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step
