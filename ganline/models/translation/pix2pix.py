"""Pix2Pix (Isola et al. 2017): images into their partners, by a U-Net that a judge of patches and an L1 term teach."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.base import Batch, Metrics
from ganline.models.image_gan import ImageGAN
from ganline.models.layers import InstanceNormalization
from ganline.models.translation.networks import patches, unet
from ganline.settings.recipes import PairedTranslation


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
        made = unet(inputs, self.encoder, self.bottleneck, self.decoder, self.image_shape[2], self.normalized)
        return tf.keras.Model(inputs, made, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Inputs (N, H, W, Ci) and images (N, H, W, C) -> a logit for each patch (N, H / 16, W / 16, 1)."""
        inputs, images = layers.Input(self.input_shape), layers.Input(self.image_shape)
        said = patches(layers.Concatenate()([inputs, images]), self.judge_widths, self.normalized)
        return tf.keras.Model([inputs, images], said, name="discriminator")

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
