"""Context encoder (Pathak et al. 2016): what is missing of an image, made of its surroundings."""

import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.activations import LeakyReLU
from ganline.models.adversarial import Adversarial
from ganline.models.base import Batch, Metrics
from ganline.models.image_gan import ImageGAN
from ganline.models.layers import Conv2D, Conv2DTranspose, Dropout
from ganline.settings.recipes import Inpainting


class ContextEncoder(ImageGAN):
    """Context encoder of The GAN Book (Chaudhary 2024, Skill 9), for colour images whose side is a multiple of 16.

    "input" (N, H, W, 4) is "image" (N, H, W, 3) with a square hole: alpha is 1 where it is seen and -1 in the hole. The
    generator is given the colours, 0 in the hole, and makes the square; the discriminator judges squares alone, as in
    the document. What comes out is the whole image, the hole filled. Both networks learn of the same batch.
    """

    settings: Inpainting
    recipe = "Inpainting"
    abilities = ("inputs", "discriminator", "fast to draw", "holes")
    losses = ("non_saturating", "least_squares", "hinge")
    size_multiple = 16
    batch_norm = True
    encoder: tuple[int, ...] = (32, 64, 128)
    bottleneck = 512
    decoder: tuple[int, ...] = (128, 64, 32)
    judge_widths: tuple[int, ...] = (64, 128, 256)
    train_step = Adversarial.train_step
    batch_size = Adversarial.batch_size
    batch_parts = Adversarial.batch_parts

    @property
    def hole_size(self) -> int:
        """See ganline.models.base.Model.hole_size."""
        return self.settings.hole_size

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Images (N, H, W, 3) with a hole of zeros -> what belongs there (N, side, side, 3), all in [-1, 1].

        A sixteenth is doubled until it is as large as the hole: twice in the document.
        """
        inputs = layers.Input(self.image_shape)
        x = inputs
        for width in self.encoder:
            x = _normed(LeakyReLU(0.2)(Conv2D(width, 3, strides=2, padding="same")(x)))
        x = Dropout(0.5)(LeakyReLU(0.2)(Conv2D(self.bottleneck, 1, strides=2, padding="same")(x)))
        for width in self.decoder[: (self.hole_size // x.shape[1]).bit_length() - 1]:
            x = _normed(layers.ReLU()(Conv2DTranspose(width, 3, strides=2, padding="same")(x)))
        x = layers.Activation("tanh", dtype="float32")(Conv2D(self.image_shape[2], 3, padding="same")(x))
        return tf.keras.Model(inputs, x, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Squares (N, side, side, 3) -> logits (N, 1)."""
        inputs = layers.Input((self.hole_size, self.hole_size, self.image_shape[2]))
        x = inputs
        for width, strides in zip(self.judge_widths, (2, 2, 1), strict=True):
            x = _normed(LeakyReLU(0.2)(Conv2D(width, 3, strides=strides, padding="same")(x)))
        return tf.keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)), name="discriminator")

    # What the networks are given

    def fill(self, inputs: tf.Tensor, generator: tf.keras.Model, training: bool) -> tf.Tensor:
        """Return inputs (N, H, W, 4) with their holes filled (N, H, W, 3)."""
        side, (height, width) = self.hole_size, self.image_shape[:2]
        corner = _corner(inputs, side)
        inside = _inside(corner[0], side, height)[:, :, None, None] & _inside(corner[1], side, width)[:, None, :, None]
        made = generator(tf.where(inside, 0.0, inputs[..., :3]), training=training)
        rows, columns = (
            tf.clip_by_value(tf.range(length) - start[:, None], 0, side - 1)
            for length, start in zip((height, width), corner, strict=True)
        )
        return tf.where(inputs[..., 3:] > 0, inputs[..., :3], _taken(made, rows, columns))

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return the filled "image" (N, H, W, 3) of real["input"], and that "input"; see Adversarial.make."""
        return {"image": self.fill(real["input"], self.generator, training), "input": real["input"]}

    def translate(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return inputs float32 (N, H, W, 4) with their holes filled, float32 (N, H, W, 3), both in image_range.

        In inference mode, and by the averaged generator where there is one.
        """
        return self.fill(inputs, self.networks.get("generator_average", self.generator), training=False)

    def evidence(self, shown: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the squares (N, side, side, 3) of images as shown where their holes are; see Adversarial.evidence."""
        side = self.hole_size
        rows, columns = (start[:, None] + tf.range(side) for start in _corner(batch["input"], side))
        return _taken(shown, rows, columns)

    # The training step

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the mean squared difference in the hole and the adversarial term, weighed."""
        apart = self.evidence(real["image"], real) - self.evidence(fake["image"], fake)
        squares = tf.reduce_mean(tf.square(apart))
        deceiving = self.deceive(self.judge(fake, step), real, fake, step)
        loss = self.settings.reconstruction_weight * squares + self.settings.adversarial_weight * deceiving
        return loss, {"g_l2": squares, "g_l1": tf.reduce_mean(tf.abs(apart))}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return (*super().metric_names, "g_l2", "g_l1")


def _normed(x: tf.Tensor) -> tf.Tensor:
    return layers.BatchNormalization(momentum=0.8)(x)


def _corner(inputs: tf.Tensor, side: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return row and column, int32 (N,), where the square of `side` pixels begins that covers the hole of (N, H, W, 4).

    Of a smaller hole its first row and column, as far as the square lies in the image; 0 where there is none.
    """
    hidden = tf.cast(inputs[..., 3] <= 0, tf.int32)
    sides = zip((2, 1), inputs.shape[1:3], strict=True)
    starts = [
        tf.minimum(tf.argmax(tf.reduce_max(hidden, axis=axis), axis=1, output_type=tf.int32), length - side)
        for axis, length in sides
    ]
    return starts[0], starts[1]


def _inside(start: tf.Tensor, side: int, length: int) -> tf.Tensor:
    """Return which of `length` places, bool (N, length), are the `side` ones from `start`, int32 (N,), on."""
    place = tf.range(length) - start[:, None]
    return (place >= 0) & (place < side)


def _taken(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Return of images (N, H, W, C) the rows int32 (N, h) and columns int32 (N, w), of each its own: (N, h, w, C)."""
    return tf.gather(tf.gather(images, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
