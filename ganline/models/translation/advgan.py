"""AdvGAN (Xiao et al. 2018): images into images that a classifier tells wrong, by a change that one pass makes.

    x' = clip(x + epsilon G(x), 0, 1), where G ends in tanh
    G minimises  L_GAN + deceit_weight E max(0, lack + 1) + distance_weight E max(0, |x' - x| - free_distance)

L_GAN is that of a discriminator which tells originals from changed images. `lack` is by how much the victim's logit of
the right class exceeds the others, or towards a target the others the target's (Carlini and Wagner 2017), and |.| the
L2 norm of an image's change. The attack `advgan` of the study of robustness trains this model, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.core.errors import UserError
from ganline.core.files import read_arrays, write_arrays
from ganline.models import makers, victims
from ganline.models.activations import LeakyReLU
from ganline.models.base import Batch, Metrics
from ganline.models.image_gan import ImageGAN, Shape
from ganline.models.layers import Conv2D, Conv2DTranspose, InstanceNormalization
from ganline.models.outcome import outcome
from ganline.models.terms import in_order, share_of
from ganline.settings.recipes import Deception

KIND = "pooled"
"""Of the victim, as in the study of robustness."""
VICTIM = "victim.npz"
"""The victim's weights beside the model's."""
SURELY = 1.0
"""By how much a wrong logit is to exceed the right one in training: what has just deceived is pushed on."""


class AdvGAN(ImageGAN):
    """AdvGAN for images of any size, with the networks that implementations of it have: small, as digits ask for.

    "input" (N, H, W, C) is "image" itself; channels behind these only tell the generator more. The victim is a
    classifier of the same data that learns before the generator does, from the same images and a seed of its own; then
    it is no network of the model, and stays as it is. Whoever has one to deceive gives it in its place (`victim`).
    """

    settings: Deception
    recipe = "Deception"
    needs = ("classes",)
    image_range = (0.0, 1.0)
    widths: tuple[int, ...] = (8, 16, 32)
    blocks = 4
    readings = {
        "victim_accuracy": "0 to 1: share of the held-out images that the classifier tells right before any change.",
        "attack_success": "0 to 1: share of these that it tells wrong once they are changed and saved; with "
        "train.target, share of those of other classes that it tells to be of that one.",
        "attack_l2": "Mean length (L2) of the changes that succeed, where pixels reach from 0 to 1. Less is fainter.",
    }

    def __init__(
        self, settings: Deception, image_shape: Shape, seed: int, classes: int = 0, input_shape: Shape | None = None
    ) -> None:
        """See ganline.models.image_gan.ImageGAN.

        Raises:
            UserError: there are not two classes, or the target is none of them.
        """
        if settings.target is not None and settings.target >= classes > 1:
            raise UserError(
                f"train.target = {settings.target}: the data has {classes} classes; allowed is 0 to {classes - 1}, or "
                "null for any but an image's own"
            )
        self._classifier = victims.build(KIND, image_shape, classes, settings.victim_seed)
        self.victim = victims.victim_of(self._classifier)
        super().__init__(settings, image_shape, seed, classes, input_shape)

    # The victim

    def fed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Teach the victim; see ganline.models.base.Model.fed. A training that goes on teaches an equal one anew."""
        recipe = self.settings
        plan = victims.Plan(steps=recipe.victim_steps)
        taught = victims.taught(KIND, data["image"], data["label"], self.classes, recipe.victim_seed, plan)
        self._classifier.set_weights(taught.get_weights())
        return data

    def save_beside(self, folder: Path) -> None:
        """See ganline.models.base.Model.save_beside."""
        write_arrays(folder / VICTIM, {str(i): each for i, each in enumerate(self._classifier.get_weights())})

    def load_beside(self, folder: Path) -> None:
        """See ganline.models.base.Model.load_beside."""
        weights = read_arrays(folder / VICTIM)
        self._classifier.set_weights([weights[str(i)] for i in range(len(weights))])

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """See ganline.models.base.Model.measure; without a success there is no mean distance of them."""
        assert labels is not None
        target = self.settings.target
        seen, changed = map(victims.as_floats, (images, makers.Translator(self).translate(images)))
        targets = None if target is None else np.full(len(labels), target)
        found = outcome(self.victim, seen, changed, labels, targets)
        accuracy = float(np.mean(self.victim.predict(seen) == labels))
        numbers = {"victim_accuracy": accuracy, "attack_success": found.success_rate, "attack_l2": found.mean("l2")}
        return {name: value for name, value in numbers.items() if np.isfinite(value)}

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Inputs (N, H, W, Ci) in [0, 1] -> changes (N, H, W, C) in [-1, 1].

        It shrinks twice, goes through residual blocks and enlarges twice.
        """
        height, width, channels = self.image_shape
        inputs = layers.Input(self.input_shape)
        first, *deeper = self.widths
        x = _active(_conv(inputs, first))
        for filters in deeper:
            x = _active(_conv(x, filters, strides=2))
        for _ in range(self.blocks):
            inner = _active(_conv(x, x.shape[3]))
            x = layers.Add()([x, _normed(_conv(inner, x.shape[3]))])
        for filters in self.widths[-2::-1]:
            x = _active(Conv2DTranspose(filters, 3, strides=2, padding="same", use_bias=False)(x))
        x = Conv2D(channels, 3, padding="same")(x)[:, :height, :width]
        return tf.keras.Model(inputs, layers.Activation("tanh", dtype="float32")(x), name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) in [0, 1] -> logits (N, 1)."""
        inputs = x = layers.Input(self.image_shape)
        for filters in self.widths:
            first = x is inputs
            x = Conv2D(filters, 4, strides=2, padding="same", use_bias=first)(x)
            x = LeakyReLU(0.2)(x if first else _normed(x))
        return tf.keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)), name="discriminator")

    # What the generator makes

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return the changed "image" (N, H, W, C) of real["input"], and that "input"; see Adversarial.make."""
        return {"image": self._changed(real["input"], self.generator, training), "input": real["input"]}

    def translate(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return inputs float32 (N, H, W, Ci) changed, float32 (N, H, W, C), both in image_range.

        In inference mode, and by the averaged generator where there is one.
        """
        return self._changed(inputs, self.drawing, training=False)

    def _changed(self, inputs: tf.Tensor, generator: tf.keras.Model, training: bool) -> tf.Tensor:
        images, change = inputs[..., : self.image_shape[2]], generator(inputs, training=training)
        return tf.clip_by_value(images + self.settings.epsilon * change, 0.0, 1.0)

    # The training step

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the three terms, weighed.

        "g_deceit" is the second one and "g_change" the mean L2 norm of the changes, both not weighed, and "g_success"
        the share of images that deceive.
        """
        recipe = self.settings
        lack = victims.margin(self.victim.logits(fake["image"]), *self._aim(real))
        length = tf.sqrt(tf.reduce_sum(tf.math.squared_difference(fake["image"], real["image"]), (1, 2, 3)) + 1e-8)
        deceit = tf.reduce_mean(tf.nn.relu(lack + SURELY))
        excess = tf.reduce_mean(tf.nn.relu(length - recipe.free_distance))
        deceiving = self.deceive(self.judge(fake, step), real, fake, step)
        loss = in_order([deceiving, recipe.deceit_weight * deceit, recipe.distance_weight * excess])
        return loss, {"g_deceit": deceit, "g_change": tf.reduce_mean(length), "g_success": share_of(lack < 0)}

    def _aim(self, real: Batch) -> tuple[tf.Tensor, bool]:
        """Return classes, int32 (N,), and whether they are to be reached: else they are the true ones.

        A batch may bring a "target" for each image.
        """
        if "target" in real:
            return real["target"], True
        if self.settings.target is None:
            return real["label"], False
        return tf.fill(tf.shape(real["image"])[:1], self.settings.target), True

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return (*super().metric_names, "g_deceit", "g_change", "g_success")


def _conv(x: tf.Tensor, filters: int, strides: int = 1) -> tf.Tensor:
    return Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)


def _active(x: tf.Tensor) -> tf.Tensor:
    return layers.ReLU()(_normed(x))


def _normed(x: tf.Tensor) -> tf.Tensor:
    """Return x (N, H, W, C) normalised; of one pixel nothing would be left."""
    return InstanceNormalization()(x) if x.shape[1] > 1 else x
