"""The auxiliary classifier GAN (Odena et al. 2017): the generator is asked for a class that the discriminator names."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.base import Batch, Metrics
from ganline.models.generation import blocks
from ganline.models.generation.sgan import SGAN, class_loss


class ACGAN(SGAN):
    """ACGAN of The GAN Book (Chaudhary 2024, Skill 6): an SGAN whose generated images belong to the class asked for.

    The discriminator sees images alone and minimises half the adversarial loss and half the cross-entropy of the class;
    the generator minimises the sum of its adversarial loss and the same cross-entropy.
    """

    abilities = ("latents", "labels", "discriminator", "fast to draw")

    @property
    def conditions(self) -> int:
        """See ganline.models.base.Model.conditions."""
        return self.classes

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) and classes one-hot (N, classes) -> images (N, 28, 28, C) in [-1, 1]."""
        latents, classes = layers.Input((self.settings.latent_dim,)), layers.Input((self.classes,))
        both = layers.Concatenate()([layers.Dense(128)(latents), layers.Dense(32)(classes)])
        images = blocks.pictures(both, self.image_shape[2], norm_first=True, norm_last=False)
        return tf.keras.Model([latents, classes], images, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, 28, 28, C) in [-1, 1] -> logits (N, 1) and class logits (N, classes)."""
        images = layers.Input(self.image_shape)
        features = blocks.trunk(images, 128, norm_first=False)
        heads = [layers.Dense(1)(features), layers.Dense(self.classes)(features)]
        return tf.keras.Model(images, heads, name="discriminator")

    def true_classes(self, batch: Batch, real: bool) -> tf.Tensor:
        """See SGAN.true_classes; generated images have the class they were asked for."""
        return batch["label"]

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """See Adversarial.generator_loss."""
        outputs = self.judge(fake, step)
        classes = class_loss(outputs[1], fake["label"])
        return self.deceive(outputs, real, fake, step) + classes, {"g_class_loss": classes}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See SGAN.metric_names; g_loss includes g_class_loss, as in the document's log."""
        return (*super().metric_names, "g_class_loss")
