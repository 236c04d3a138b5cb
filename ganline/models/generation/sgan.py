"""The semi-supervised GAN (Odena 2016; Salimans et al. 2016): the discriminator also learns to classify."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.core import replicas
from ganline.models import BATCH
from ganline.models.adversarial import Outputs
from ganline.models.base import Batch, Metrics, from_uint8
from ganline.models.generation import blocks
from ganline.models.latent_gan import LatentGAN
from ganline.settings.recipes import GAN


class SGAN(LatentGAN):
    """SGAN of The GAN Book (Chaudhary 2024, Skill 6): the classes of the data, and one more for generated images.

    The discriminator minimises half the adversarial loss and half the cross-entropy of the class; images labelled -1
    take no part in the latter. The generator uses the adversarial loss alone.
    """

    image_range = (-1.0, 1.0)
    sizes = (28,)
    needs = ("classes",)
    batch_norm = True
    refuses = ("packing", "autoencoder")
    semi_supervised = True
    readings = {
        "test_accuracy": "Share of held-out images that the discriminator puts into their true class; higher is better."
    }

    def __init__(self, settings: GAN, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """See ganline.models.base.Model."""
        super().__init__(settings, image_shape, seed, classes)
        self.accuracy = tf.Variable(0.0, trainable=False)  # of the last batch that had labels

    def extra_variables(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.extra_variables."""
        return super().extra_variables() | {"accuracy": self.accuracy}

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, 28, 28, C) in [-1, 1]."""
        latents = layers.Input((self.settings.latent_dim,))
        images = blocks.pictures(latents, self.image_shape[2], norm_first=True, norm_last=False)
        return tf.keras.Model(latents, images, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, 28, 28, C) in [-1, 1] -> logits (N, 1) and class logits (N, classes + 1), the last: generated."""
        images = layers.Input(self.image_shape)
        features = blocks.trunk(images, 128, norm_first=True)
        heads = [layers.Dense(1)(features), layers.Dense(self.classes + 1)(features)]
        return tf.keras.Model(images, heads, name="discriminator")

    def true_classes(self, batch: Batch, real: bool) -> tf.Tensor:
        """Return the classes int32 (N,) that the discriminator should name, -1 where that is not known."""
        return batch["label"] if real else tf.fill((batch["image"].shape[0],), self.classes)

    def side(self, outputs: Outputs, batch: Batch, real: bool) -> tf.Tensor:
        """See Adversarial.side."""
        classes = class_loss(outputs[1], self.true_classes(batch, real), known_labels(batch) if real else None)
        return 0.5 * super().side(outputs, batch, real) + 0.5 * classes

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names.

        d_class_loss is over real and generated images, d_class_accuracy over real ones alone, where the document counts
        the generated ones in.
        """
        return (*super().metric_names, "d_class_loss", "d_class_accuracy")

    def signs(self, said: list[Outputs], real: Batch, fake: Batch) -> Metrics:
        """See Adversarial.signs."""
        known = known_labels(real)
        terms = [
            class_loss(on[1], self.true_classes(batch, is_real), known if is_real else None)
            for on, (batch, is_real) in zip(said, self.sides(real, fake), strict=True)
        ]
        accuracy = class_accuracy(said[0][1][:, : self.classes], real["label"], known)
        return super().signs(said, real, fake) | {
            "d_class_loss": 0.5 * (terms[0] + terms[1]),
            "d_class_accuracy": accuracy,
        }

    def discriminator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """See Adversarial.discriminator_step; where no image has a label, the accuracy before is told."""
        told = super().discriminator_step(real, step, draw)
        any_known = replicas.mean(tf.cast(tf.reduce_any(real["label"] >= 0), tf.float32)) > 0
        known = tf.where(any_known, told["d_class_accuracy"], self.accuracy)
        self.accuracy.assign(known)
        return told | {"d_class_accuracy": known}

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """See ganline.models.base.Model.measure; the class of generated images is ignored."""
        if labels is None:
            return {}
        parts = [from_uint8(images[i : i + BATCH], self.image_range) for i in range(0, len(images), BATCH)]
        logits = np.concatenate([self.discriminator(part, training=False)[1] for part in parts])
        named = logits[:, : self.classes].argmax(1)
        return {"test_accuracy": float((named == labels).mean())}


def class_loss(logits: tf.Tensor, labels: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """Return the mean cross-entropy of class logits (N, classes) over the examples whose label is not -1, or 0.

    `known`, float32 scalar, is how many these are for the mean's purposes, where it is not just the number of them.
    """
    # Not TensorFlow's own cross-entropy, whose gradient is wrong where the one-hot row is 0, as it is at label -1.
    losses = -tf.one_hot(labels, logits.shape[1]) * tf.nn.log_softmax(logits)
    return tf.reduce_sum(losses) / (_count(labels) if known is None else known)


def class_accuracy(logits: tf.Tensor, labels: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
    """Return the share of the examples whose label is not -1 where the largest logit is the label's, or 0.

    `known`: see class_loss.
    """
    right = tf.argmax(logits, 1, output_type=tf.int32) == labels
    return tf.reduce_sum(tf.cast(right, tf.float32)) / (_count(labels) if known is None else known)


def known_labels(batch: Batch) -> tf.Tensor:
    """Return how many labels of the batch are known, float32 scalar; of several replicas the mean, 1 in all at least.

    So that an example weighs the same whichever replica has it, and however many have labels there.
    """
    return tf.maximum(replicas.mean(_count(batch["label"], 0.0)), 1.0 / replicas.count())


def _count(labels: tf.Tensor, least: float = 1.0) -> tf.Tensor:
    return tf.maximum(tf.reduce_sum(tf.cast(labels >= 0, tf.float32)), least)
