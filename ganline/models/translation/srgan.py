"""SRGAN (Ledig et al. 2017): small images into large ones, by what a network that knows photographs sees in both."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.base import Batch, Metrics
from ganline.models.doubling import DoublingConv2D
from ganline.models.image_gan import ImageGAN
from ganline.models.layers import Conv2D, InstanceNormalization
from ganline.models.optimizers import begin_anew
from ganline.settings.recipes import SuperResolution


class SRGAN(ImageGAN):
    """SRGAN of The GAN Book (Chaudhary 2024, Skill 9), for images whose side is a multiple of 16.

    "input" is "image" with sides `scale` times shorter. One step doubles them, two make four, three eight: the document
    has two. The discriminator is trained by mean squared error of probabilities and the generator by cross-entropy, as
    printed (the loss brier). An instance norm of one pixel would leave nothing of it; there is none.
    """

    settings: SuperResolution
    recipe = "SuperResolution"
    abilities = ("inputs", "discriminator", "fast to draw", "enlarges")
    losses = ("brier", "non_saturating", "least_squares", "hinge")
    size_multiple = 16
    perceives = "block3_conv4"
    residual_blocks = 16
    width = 64
    judge_widths: tuple[int, ...] = (64, 128, 256, 512)

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Inputs (N, H, W, C) -> images (N, scale H, scale W, C), all in [-1, 1]."""
        inputs = layers.Input(self.input_shape)
        start = x = layers.ReLU()(_conv(inputs, self.width, 9))
        for _ in range(self.residual_blocks):
            inner = layers.BatchNormalization(momentum=0.8)(layers.ReLU()(_conv(x, self.width)))
            x = layers.Add()([_normed(_conv(inner, self.width)), x])
        x = layers.Add()([layers.BatchNormalization(momentum=0.8)(_conv(x, self.width)), start])
        for _ in range(self.settings.scale.bit_length() - 1):
            x = layers.ReLU()(DoublingConv2D(4 * self.width)(x))  # upsampling first, as printed
        x = layers.Activation("tanh", dtype="float32")(_conv(x, self.image_shape[2], 9))
        return tf.keras.Model(inputs, x, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) -> a logit for each patch (N, H / 16, W / 16, 1)."""
        inputs = layers.Input(self.image_shape)
        x = inputs
        for width in self.judge_widths:
            for strides in (1, 2):
                first = x is inputs
                x = LeakyReLU(0.2)(Conv2D(width, 3, strides=strides, padding="same")(x))
                x = x if first else _normed(x)
        x = LeakyReLU(0.2)(layers.Dense(2 * self.judge_widths[-1])(x))
        return tf.keras.Model(inputs, layers.Dense(1)(x), name="discriminator")

    # The training step

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """See ganline.models.base.Model.train_step; what follows pretraining is a training of its own."""
        if alone := self.settings.pretraining_steps:
            tf.cond(tf.equal(step, alone), self._begin_anew, lambda: tf.constant(False))
        return super().train_step(batch, step)

    def _begin_anew(self) -> tf.Tensor:
        """Let the optimizers forget: by the small gradients of pixels Adam would take steps that wreck the generator.

        What VGG sees differs hundreds of times as much, and the second moment follows within a thousand updates only.
        """
        begin_anew(self.optimizers)
        return tf.constant(True)

    def discriminator_step(self, real: Batch, step: tf.Tensor, draw: tf.Tensor) -> Metrics:
        """See Adversarial.discriminator_step; while the generator learns alone it only judges one pair."""
        update = super().discriminator_step
        if not self.settings.pretraining_steps:
            return update(real, step, draw)

        one = {name: values[:1] for name, values in real.items()}
        return tf.cond(
            step < self.settings.pretraining_steps,
            lambda: self.judgement(one, step, draw, apart=True),
            lambda: update(real, step, draw),
        )

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the mean squared difference of what VGG sees and the adversarial term, weighed.

        "g_content" is that difference; in pretraining it is that of pixels, which is then all of the loss.
        """
        recipe = self.settings

        def perceived() -> tuple[tf.Tensor, tf.Tensor]:
            content = _squared(self.perceived(real["image"]), self.perceived(fake["image"]))
            deceiving = self.deceive(self.judge(fake, step), real, fake, step)
            return recipe.content_weight * content + recipe.adversarial_weight * deceiving, content

        def pixels() -> tuple[tf.Tensor, tf.Tensor]:
            content = _squared(real["image"], fake["image"])
            return content, content

        alone = recipe.pretraining_steps
        loss, content = tf.cond(step < alone, pixels, perceived) if alone else perceived()
        return loss, {"g_content": content, "g_l1": tf.reduce_mean(tf.abs(real["image"] - fake["image"]))}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return (*super().metric_names, "g_content", "g_l1")


def _conv(x: tf.Tensor, width: int, kernel: int = 3) -> tf.Tensor:
    return Conv2D(width, kernel, padding="same")(x)


def _normed(x: tf.Tensor) -> tf.Tensor:
    return InstanceNormalization()(x) if x.shape[1] > 1 else x


def _squared(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.math.squared_difference(first, second))
