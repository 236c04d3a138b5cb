"""Pix2Pix (Isola et al. 2017): images into their partners, by a U-Net that a judge of patches and an L1 term teach."""

from math import gcd

import tensorflow as tf
from tensorflow.keras import layers

from ganline.core import replicas
from ganline.models.adversarial import Adversarial
from ganline.models.base import Batch, Metrics
from ganline.models.layers import InstanceNormalization
from ganline.models.translation.networks import patches, unet
from ganline.settings.recipes import PairedTranslation

Shape = tuple[int, int, int]


class Pix2Pix(Adversarial):
    """Pix2Pix of The GAN Book (Chaudhary 2024, Skill 8), black and white to colour: batch norm and narrow layers.

    A batch holds "input" (N, H, W, Ci) and its partner "image" (N, H, W, C), both in image_range: first those for the
    discriminator's updates, then fresh ones for the generator's. There is no noise and no dropout, as printed: equal
    inputs give equal images.

    Images are squares whose side is a multiple of 16. The U-Net halves them as often as they can be halved, 8 times at
    most: for 256 pixels that is the document's, for 64 it has 6 levels and for 16 it has 4, the outer ones.
    """

    settings: PairedTranslation
    recipe = "PairedTranslation"
    abilities = ("inputs", "discriminator", "fast to draw")
    needs = ("pairs",)
    image_range = (-1.0, 1.0)
    size_multiple = 16
    batch_norm = True
    losses = ("least_squares", "non_saturating", "hinge")
    refuses = ("minibatch_stddev", "packing", "unrolled_steps", "weight_clip")
    encoder: tuple[int, ...] = (64, 64, 64, 128, 128, 128, 128)
    bottleneck = 128
    decoder: tuple[int, ...] = (128, 128, 128, 128, 64, 64, 64)
    judge_widths: tuple[int, ...] = (64, 64, 128, 256)

    def __init__(
        self, settings: PairedTranslation, image_shape: Shape, seed: int, classes: int = 0,
        input_shape: Shape | None = None,
    ) -> None:  # fmt: skip
        """See ganline.models.base.Model; `input_shape` (H, W, Ci) is that of the images where it is not given."""
        self.input_shape: Shape = input_shape or image_shape
        super().__init__(settings, image_shape, seed, classes)

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

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return the translation "image" (N, H, W, C) of real["input"], and that "input"; see Adversarial.make."""
        return {"image": self.generator(real["input"], training=training), "input": real["input"]}

    def evidence(self, shown: tf.Tensor, batch: Batch) -> list[tf.Tensor]:
        """See Adversarial.evidence."""
        return [batch["input"], shown]

    def translate(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the images float32 (N, H, W, C) that inputs float32 (N, H, W, Ci) become, both in image_range.

        In inference mode, and by the averaged generator where there is one.
        """
        return self.drawing(inputs, training=False)

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

    @property
    def batch_size(self) -> int:
        """Pairs that a step takes: fresh ones for each update of either network."""
        recipe = self.settings
        judged = recipe.batch_size * recipe.discriminator_steps
        return judged + recipe.generator_batch_size * recipe.generator_steps

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts."""
        return self.batch_size // gcd(self.settings.batch_size, self.settings.generator_batch_size)

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step."""
        recipe, start = self.settings, 0
        metrics: Metrics = {}
        for size, count, update in (
            (recipe.batch_size, recipe.discriminator_steps, self.discriminator_step),
            (recipe.generator_batch_size, recipe.generator_steps, self.generator_step),
        ):
            size = replicas.share(size)
            for i in range(count):
                pairs = {name: values[start : start + size] for name, values in batch.items()}
                metrics |= update(pairs, step, step * count + i)
                start += size
        return metrics


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
