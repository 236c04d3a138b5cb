"""Pix2Pix (Isola et al. 2017): images into their partners, by a U-Net that a judge of patches and an L1 term teach."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.base import Batch, Metrics
from ganline.models.image_gan import ImageGAN
from ganline.models.layers import Conv2D, Conv2DTranspose, InstanceNormalization
from ganline.settings.recipes import PairedTranslation

MOST_HALVINGS = 8
"""With them 256 pixels become one. Smaller images get fewer: their U-Net lacks the deepest levels, nothing else."""


class Pix2Pix(ImageGAN):
    """Pix2Pix of The GAN Book (Chaudhary 2024, Skill 8), black and white to colour: batch norm and narrow layers.

    There is no noise and no dropout, as printed: equal inputs give equal images.

    Images are squares whose side is a multiple of 16. The U-Net halves them as often as they can be halved, 8 times at
    most: for 256 pixels that is the document's, for 64 it has 6 levels and for 16 it has 4, the outer ones.
    """

    settings: PairedTranslation
    recipe = "PairedTranslation"
    needs = ("pairs",)
    size_multiple = 16
    batch_norm = True
    encoder: tuple[int, ...] = (64, 64, 64, 128, 128, 128, 128)
    bottleneck = 128
    decoder: tuple[int, ...] = (128, 128, 128, 128, 64, 64, 64)
    judge_widths: tuple[int, ...] = (64, 64, 128, 256)

    # The networks

    def normalized(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the document normalises x (N, H, W, C) to."""
        return layers.BatchNormalization(momentum=0.8)(x)

    def build_generator(self) -> tf.keras.Model:
        """Inputs (N, H, W, Ci) -> images (N, H, W, C), all in [-1, 1]: a U-Net."""
        inputs = layers.Input(self.input_shape)
        levels = halvings(self.input_shape[0]) - 1
        x, skips = inputs, []
        for i, width in enumerate(self.encoder[:levels]):
            x = layers.LeakyReLU(0.2)(_halved(x, width))
            x = self.normalized(x) if i else x
            skips.append(x)
        x = layers.ReLU()(_halved(x, self.bottleneck))
        for width, skip in zip(self.decoder[-levels:], reversed(skips), strict=True):
            x = self.normalized(layers.ReLU()(_doubled(x, width)))
            x = layers.Concatenate()([x, skip])
        x = layers.Activation("tanh", dtype="float32")(_doubled(x, self.image_shape[2]))
        return tf.keras.Model(inputs, x, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Inputs (N, H, W, Ci) and images (N, H, W, C) -> a logit for each patch (N, H / 16, W / 16, 1)."""
        inputs, images = layers.Input(self.input_shape), layers.Input(self.image_shape)
        x = layers.Concatenate()([inputs, images])
        for i, width in enumerate(self.judge_widths):
            x = layers.LeakyReLU(0.2)(_halved(x, width))
            x = self.normalized(x) if i else x
        return tf.keras.Model([inputs, images], Conv2D(1, 4, padding="same")(x), name="discriminator")

    # What the networks are given

    def evidence(self, shown: tf.Tensor, batch: Batch) -> list[tf.Tensor]:
        """See Adversarial.evidence."""
        return [batch["input"], shown]

    # The training step

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the adversarial term and the mean absolute difference to the partners, weighed."""
        l1 = tf.reduce_mean(tf.abs(real["image"] - fake["image"]))
        deceiving = self.deceive(self.judge(fake, step), real, fake, step)
        return deceiving + self.settings.l1_weight * l1, {"g_l1": l1}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return (*super().metric_names, "g_l1")


class Maps(Pix2Pix):
    """Pix2Pix of The GAN Book (Chaudhary 2024, Skill 8), aerial photographs to maps: instance norm, the paper's widths.

    A level that leaves one pixel has no norm, as the document's bottleneck: instance norm would leave nothing of it.
    """

    batch_norm = False
    encoder = (64, 128, 256, 512, 512, 512, 512)
    bottleneck = 512
    decoder = (512, 512, 512, 512, 256, 128, 64)
    judge_widths = (64, 128, 256, 512)

    def normalized(self, x: tf.Tensor) -> tf.Tensor:
        """Return x (N, H, W, C) with each channel of each image normalised over its pixels."""
        return InstanceNormalization()(x) if x.shape[1] > 1 else x


def halvings(size: int) -> int:
    """Return how often the U-Net halves images of this side."""
    return next(n for n in range(MOST_HALVINGS, 0, -1) if size % 2**n == 0)


def _halved(x: tf.Tensor, width: int) -> tf.Tensor:
    return Conv2D(width, 4, strides=2, padding="same")(x)


def _doubled(x: tf.Tensor, width: int) -> tf.Tensor:
    return Conv2DTranspose(width, 4, strides=2, padding="same")(x)
