"""PixelCNN (van den Oord et al. 2016): an image is drawn pixel by pixel, each given the pixels before it."""

import math

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.models.base import Batch, Metrics, Model, from_uint8
from ganline.models.layers import MaskedConv2D

FILTERS = 128
BLOCKS = 5
THRESHOLD = 0.33 * 256 / 255  # the book's, for pixels in [0, 1]: uint8 values from 85 on are ink
BATCH = 100  # images measured at once

Features = tuple[tf.Tensor, ...]
"""For each masked layer in turn what it reads at some pixels."""


class PixelCNN(Model):
    """PixelCNN of The GAN Book (Chaudhary 2024, Skill 1), for images of ink (1) and paper (0).

    The one network gives each pixel's logit of being ink from the pixels before it in raster order. The loss is the
    mean binary cross-entropy: minus the log-likelihood of an image, for each of its pixels. An image is drawn as its
    latents u, uniform in (0, 1), say: pixel i is ink where u_i is less than its probability.
    """

    network_names = ("model",)
    image_range = (0.0, 1.0)
    sizes = (28,)
    channels = (1,)
    abilities = ("latents",)
    latent_dim = 784
    noise = "unit_uniform"
    losses = ("likelihood",)
    metric_names = ("loss", "bits_per_dim")
    readings = {
        "test_bits_per_dim": "Bits this model needs to store a pixel of a held-out image, binarised at 0.33; lower is "
        "better, 1 is a coin's.",
        "test_loss": "Mean binary cross-entropy of a pixel of held-out binarised images, in nats; lower is better.",
    }

    def build_network(self, name: str) -> tf.keras.Model:
        """Images (N, H, W, 1) of 0 and 1 -> logits (N, H, W, 1)."""
        self.first = MaskedConv2D(FILTERS, 7, "A", activation="relu")
        self.blocks = [
            tuple(_masked(*of) for of in ((FILTERS, 1), (FILTERS // 2, 3), (FILTERS, 1))) for _ in range(BLOCKS)
        ]
        self.last = [_masked(FILTERS, 1), _masked(FILTERS, 1), MaskedConv2D(1, 1, "B", dtype="float32")]
        images = layers.Input(self.image_shape)
        x = self.first(images)
        for narrow, masked, widen in self.blocks:
            x = layers.add([x, widen(masked(narrow(x)))])
        for layer in self.last:
            x = layer(x)
        return tf.keras.Model(images, x, name=name)

    def loss(self, images: tf.Tensor) -> tf.Tensor:
        """Return the mean binary cross-entropy, float32 scalar, of images (N, H, W, 1) in [0, 1], binarised here."""
        ink = binarise(images)
        logits = self.networks["model"](ink, training=True)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(ink, logits))

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """See ganline.models.base.Model.train_step."""
        with tf.GradientTape() as tape:
            loss = self.loss(batch["image"])
        self.update(tape, loss, "model")
        return {"loss": loss, "bits_per_dim": loss / math.log(2)}

    def measure(self, images: np.ndarray, labels: np.ndarray | None) -> dict[str, float]:
        """See ganline.models.base.Model.measure."""
        loss = tf.function(lambda part: self.loss(from_uint8(part, self.image_range)))
        parts = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
        mean = np.average([loss(tf.constant(part)).numpy() for part in parts], weights=[len(part) for part in parts])
        return {"test_bits_per_dim": float(mean) / math.log(2), "test_loss": float(mean)}

    # Sampling runs the network on one pixel's features at a time. What the masked layers read of earlier pixels is
    # kept, and what they make of the rows above is worked out a row at a time: in all the work of one pass over the
    # image, where running the whole network for each pixel takes 784.

    def generate(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """See ganline.models.base.Model.generate: latents (N, H * W) in (0, 1) -> images of 0 and 1."""
        height, width, _ = self.image_shape
        count = tf.shape(latents)[0]
        uniform = tf.reshape(tf.transpose(latents), (height, width, count))
        above = tuple(tf.zeros((m.reach, width, count, m.depth), m.compute_dtype) for m in self.masked)
        image = tf.TensorArray(tf.float32, height, element_shape=(width, None))

        def next_row(y: tf.Tensor, image: tf.TensorArray, above: Features) -> tuple:
            row = self._draw_row(uniform[y], above)
            above = tuple(tf.concat([old[1:], new[None]], 0) for old, new in zip(above, row, strict=True))
            return y + 1, image.write(y, tf.cast(row[0][:, :, 0], tf.float32)), above

        _, image, _ = tf.while_loop(lambda y, *_: y < height, next_row, (0, image, above))
        return tf.transpose(image.stack(), (2, 0, 1))[..., None]

    @property
    def masked(self) -> list[MaskedConv2D]:
        """The layers that read other pixels."""
        return [self.first, *(block[1] for block in self.blocks)]

    def _draw_row(self, uniform: tf.Tensor, above: Features) -> Features:
        """Return what the masked layers read in a new row: (W, N, C) each, the first being the pixels themselves.

        Args:
            uniform: the row's latents (W, N).
            above: what they read in the rows above it: (reach, W, N, C) each.
        """
        width, count = uniform.shape[0], tf.shape(uniform)[1]
        sums = [m.above(rows) for m, rows in zip(self.masked, above, strict=True)]
        left = tuple(tf.zeros((count, m.reach * m.depth), m.compute_dtype) for m in self.masked)
        read = tuple(tf.TensorArray(m.compute_dtype, width, element_shape=(None, m.depth)) for m in self.masked)

        def next_pixel(x: tf.Tensor, read: tuple[tf.TensorArray, ...], left: Features) -> tuple:
            pixel = self._draw_pixel(uniform[x], [total[x] for total in sums], left)
            left = tuple(tf.concat([a, b], 1)[:, m.depth :] for m, a, b in zip(self.masked, left, pixel, strict=True))
            return x + 1, tuple(array.write(x, new) for array, new in zip(read, pixel, strict=True)), left

        _, read, _ = tf.while_loop(lambda x, *_: x < width, next_pixel, (0, read, left))
        return tuple(tf.ensure_shape(array.stack(), (width, None, None)) for array in read)

    def _draw_pixel(self, uniform: tf.Tensor, sums: list[tf.Tensor], left: Features) -> list[tf.Tensor]:
        """Return what the masked layers read at a new pixel: (N, C) each.

        Args:
            uniform: the pixel's latents (N,).
            sums: what each layer makes of the rows above (N, filters).
            left: what they read at the `reach` pixels to the left: (N, reach * C) each.
        """
        x, read = self.first.pixel(left[0], sums[0]), []
        for (narrow, masked, widen), total, before in zip(self.blocks, sums[1:], left[1:], strict=True):
            read.append(narrow.pixel(x))
            x = x + widen.pixel(masked.pixel(tf.concat([before, read[-1]], 1), total))
        for layer in self.last:
            x = layer.pixel(x)
        return [tf.cast(uniform[:, None] < tf.sigmoid(x), self.first.compute_dtype), *read]


def _masked(filters: int, size: int) -> MaskedConv2D:
    return MaskedConv2D(filters, size, "B", activation="relu")


def binarise(images: tf.Tensor) -> tf.Tensor:
    """Return 1 where images (float32, in [0, 1]) have ink and 0 elsewhere."""
    return tf.cast(images >= THRESHOLD, tf.float32)
