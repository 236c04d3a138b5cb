"""The networks whose features feed the metrics: a classifier trained on the dataset itself, or InceptionV3.

On small grey images a classifier of the dataset's own classes sees what matters and Inception does not (Binkowski et
al. 2018 use LeNet features on MNIST). Where there are no classes, the classifier learns by which right angle an image
was turned, for which it must see what is in it (Gidaris et al. 2018). Either way numbers compare only within one
extractor: protocol.json names its weights.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.determinism import be_deterministic
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, sha256, write_arrays, write_json
from ganline.core.progress import Bar
from ganline.core.random import generator
from ganline.settings.schema import Extractor as Settings

CHOICES = (
    "Either sort the pictures into one subfolder a class (two classes or more), prepare them again and keep "
    "extractor.kind=classifier; or set extractor.kind=rotation, which needs no labels and no download; "
    "or extractor.kind=inception, which needs no labels"
)
INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
INCEPTION_ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{INCEPTION_FILE}"

ROTATIONS = ("0 degrees", "90 degrees", "180 degrees", "270 degrees")
"""The classes of kind rotation, counterclockwise."""
FEATURES = 64
"""Classifier features an image: fewer than the test images of even small datasets, so that their covariance has full
rank, and several times the classes, so that more than the class of an image is kept."""
MINIMUM_STEPS = 400
"""On small datasets the classifier trains more epochs than asked for, until it has taken this many steps."""
MOMENTUM = 0.95
"""Of batch norm's moving averages: with Keras's 0.99 they still remember the wild start after MINIMUM_STEPS."""
LARGEST_SIDE = 128
"""The classifier first shrinks larger images to at most this many pixels a side."""
INCEPTION_SIDE = 299
SPATIAL_FEATURES = 490
"""Numbers of the classifier's last feature maps that are taken, at most: ten maps of 7x7."""
INCEPTION_MAPS = 7
"""Of the 17x17 maps of mixed6, as Nash et al. 2021 take them: 2,023 numbers."""
BATCH_PIXELS = 2**20
"""Pixels pushed through a network at once when extracting: some hundred MB of activations."""


Batch = tuple[np.ndarray, np.ndarray]
"""Images, uint8 (N, H, W, C), and the numbers of their classes, int32 (N,)."""


class Features(NamedTuple):
    """What is said of N images: features float32 (N, d), class probabilities float32 (N, K) whose rows sum to 1."""

    features: np.ndarray
    probabilities: np.ndarray


class Extractor:
    """A network that maps images, float32 0 to 255 (N, H, W, C), to features (N, d), class logits (N, K) and maps.

    The maps (N, h, w, c) are the last ones that still know where in the image something is.

    `facts` holds what is needed to rebuild it and what a protocol should say: kind, classes (names; none for
    inception), feature_dim, image_shape, resize, and once saved weights_sha256.
    """

    def __init__(self, network: tf.keras.Model, facts: dict[str, Any]) -> None:
        self.network, self.facts = network, facts
        self.abilities = frozenset({"classes"} if facts["kind"] == "classifier" else ())
        height, width, _ = facts["image_shape"]
        pixels = INCEPTION_SIDE**2 if facts["kind"] == "inception" else height * width
        self.batch_size = max(1, min(512, BATCH_PIXELS // pixels))
        self._infer = tf.function(self._forward, reduce_retracing=True)
        self._infer_maps = tf.function(self._maps, reduce_retracing=True)

    def extract(self, images: np.ndarray) -> Features:
        """Return the Features of uint8 images (N, H, W, C), with progress.

        Raises:
            ValueError: not uint8, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.uint8)
        parts = []
        with Bar("features", len(images), unit="images") as bar:
            for batch in self._batches(images):
                parts.append([part.numpy() for part in self._infer(batch)])
                bar.advance(len(batch))
        return Features(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def describe(self, images: np.ndarray) -> Features:
        """Return the Features of a few uint8 images (N, H, W, C) in one batch, silently.

        Raises:
            ValueError: as `extract`.
        """
        self._check(images, np.uint8)
        return Features(*(part.numpy() for part in self._infer(images)))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features, float32 (N, d), of images that were never rounded: float32 (N, H, W, C), 0 to 255.

        Raises:
            ValueError: not float32, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.float32)
        return np.concatenate([self._infer(batch)[0].numpy() for batch in self._batches(images)])

    def spatial(self, images: np.ndarray) -> np.ndarray:
        """Return the first maps of uint8 images (N, H, W, C), flattened: float32 (N, s).

        Raises:
            ValueError: not uint8, no images, or not of the shape the extractor was made for.
        """
        self._check(images, np.uint8)
        return np.concatenate([self._infer_maps(batch).numpy() for batch in self._batches(images)])

    def save(self, folder: Path, **more_facts: Any) -> None:
        """Write weights.npz and extractor.json (the facts and `more_facts`) into `folder`."""
        weights = {f"weight_{i:03d}": array for i, array in enumerate(self.network.get_weights())}
        write_arrays(folder / "weights.npz", weights)
        self.facts = {**self.facts, **more_facts, "weights_sha256": sha256(folder / "weights.npz")}
        write_json(folder / "extractor.json", self.facts)

    def _check(self, images: np.ndarray, dtype: type[np.generic]) -> None:
        if images.dtype != dtype or images.shape[1:] != tuple(self.facts["image_shape"]) or not len(images):
            raise ValueError(
                f"expected {dtype.__name__} images (N, {', '.join(map(str, self.facts['image_shape']))}), "
                f"got {images.dtype} {images.shape}"
            )

    def _batches(self, images: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(images), self.batch_size):
            yield np.ascontiguousarray(images[start : start + self.batch_size])

    def _forward(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, logits, _ = self.network(tf.cast(images, tf.float32), training=False)
        return features, tf.nn.softmax(logits)

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        _, _, maps = self.network(tf.cast(images, tf.float32), training=False)
        positions = maps.shape[1] * maps.shape[2]
        count = INCEPTION_MAPS if self.facts["kind"] == "inception" else max(1, SPATIAL_FEATURES // positions)
        return tf.reshape(maps[..., :count], (-1, positions * min(count, maps.shape[3])))


def load(folder: Path) -> Extractor:
    """Return the extractor saved in `folder`.

    Raises:
        UserError: there is none.
    """
    if not (folder / "extractor.json").exists():
        raise UserError(f"{folder} holds no extractor: make it with `dvc repro extractor`")
    facts = json.loads((folder / "extractor.json").read_text())
    shape = tuple(facts["image_shape"])
    network = _inception_network(shape, None) if facts["kind"] == "inception" else _classifier(shape, facts["classes"])
    arrays = read_arrays(folder / "weights.npz")
    network.set_weights([arrays[name] for name in sorted(arrays)])
    return Extractor(network, facts)


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

    return _trained("classifier", classes, images, batch, settings.batch_size, settings, seed)


def train_rotation(images: np.ndarray, settings: Settings, seed: int) -> Extractor:
    """Return a classifier of the four rotations of uint8 images (N, H, H, C) by right angles (Gidaris et al. 2018).

    An epoch shows every image in all four rotations, side by side in one batch. Pure and deterministic like
    `train_classifier`.

    Raises:
        UserError: nothing learned.
    """

    def batch(chosen: np.ndarray) -> Batch:
        upright = images[chosen]  # turned here, not all beforehand: memory for one batch is enough
        turned = [np.rot90(upright, quarters, axes=(1, 2)) for quarters in range(len(ROTATIONS))]
        return np.concatenate(turned), np.repeat(np.arange(len(ROTATIONS), dtype=np.int32), len(chosen))

    images_a_batch = max(1, settings.batch_size // len(ROTATIONS))
    return _trained("rotation", ROTATIONS, images, batch, images_a_batch, settings, seed)


def rotation_accuracy(extractor: Extractor, images: np.ndarray) -> float:
    """Return the share of all four rotations of uint8 images (N, H, H, C) that a rotation extractor tells apart."""
    found = [
        extractor.extract(np.rot90(images, quarters, axes=(1, 2))).probabilities.argmax(axis=1) == quarters
        for quarters in range(len(ROTATIONS))
    ]
    return float(np.mean(found))


def inception(image_shape: Sequence[int], weights: str | None) -> Extractor:
    """Return InceptionV3 (Szegedy et al. 2016) with ImageNet weights: 2,048 pooled features and 1,000 class logits.

    These are Keras's weights, not those of the FID paper's network: do not compare with published FIDs.

    Args:
        image_shape: (H, W, C) of the images it will see; grey is tiled to RGB, any size resized to 299 x 299 bilinear.
        weights: a local weights file of Keras's InceptionV3 with its top, or None to let Keras download it.

    Raises:
        UserError: the weights cannot be had; says what to do.
    """
    try:
        network = _inception_network(tuple(image_shape), weights or "imagenet")
    except Exception as error:  # Keras raises a bare Exception when the download fails
        wrong = f"extractor.weights={weights} cannot be used" if weights else "InceptionV3's weights cannot be had"
        raise UserError(
            f"{wrong}: {str(error).strip()}\nGet {INCEPTION_ADDRESS} on a machine that can reach it and set "
            f"extractor.weights=/path/to/{INCEPTION_FILE}, or set extractor.kind=classifier (needs labelled images) "
            "or extractor.kind=rotation (needs no labels)"
        ) from None
    resize = f"tiled to RGB, {INCEPTION_SIDE}x{INCEPTION_SIDE} bilinear without antialiasing"
    return Extractor(network, _facts("inception", [], network, image_shape, resize))


def _facts(
    kind: str, classes: Sequence[str], network: tf.keras.Model, image_shape: Sequence[int], resize: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "classes": list(classes),
        "feature_dim": int(network.outputs[0].shape[-1]),
        "image_shape": [int(size) for size in image_shape],
        "resize": resize,
    }


def _classifier(image_shape: Sequence[int], classes: Sequence[str]) -> tf.keras.Model:
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


def _block(images: tf.Tensor, channels: int) -> tf.Tensor:
    layers = tf.keras.layers
    images = layers.Conv2D(channels, 3, padding="same", use_bias=False)(images)
    # Pooling before normalising does nearly the same as after it, at a quarter of the cost.
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(layers.MaxPool2D()(images)))


def _inception_network(image_shape: Sequence[int], weights: str | None) -> tf.keras.Model:
    """Return InceptionV3 behind its preprocessing; `weights` as Keras takes them, None for random ones."""
    whole = tf.keras.applications.InceptionV3(weights=weights, classifier_activation=None)
    maps = whole.get_layer("mixed6").output
    inner = tf.keras.Model(whole.input, [whole.get_layer("avg_pool").output, whole.output, maps])
    inputs = tf.keras.Input(tuple(image_shape))
    images = tf.image.grayscale_to_rgb(inputs) if image_shape[-1] == 1 else inputs
    images = tf.image.resize(images, (INCEPTION_SIDE, INCEPTION_SIDE), method="bilinear")
    return tf.keras.Model(inputs, inner(tf.keras.applications.inception_v3.preprocess_input(images)))


def _trained(
    kind: str,
    classes: Sequence[str],
    images: np.ndarray,
    batch: Callable[[np.ndarray], Batch],
    images_a_batch: int,
    settings: Settings,
    seed: int,
) -> Extractor:
    tf.keras.utils.set_random_seed(seed)
    be_deterministic()
    network = _classifier(images.shape[1:], classes)
    _fit(network, len(images), batch, images_a_batch, settings, seed)
    return Extractor(network, _facts(kind, classes, network, images.shape[1:], "none"))


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
