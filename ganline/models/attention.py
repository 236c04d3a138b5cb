"""Self-attention for images: every place of a map looks at all others (Zhang et al. 2019, SAGAN, section 3)."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.keras import layers

LOOKED_AT, SHOWN = 8, 2
"""By which the channels are divided of what places are compared by, and of what they are shown of each other."""


def self_attention(x: tf.Tensor, layer: Callable[[layers.Layer], layers.Layer]) -> tf.Tensor:
    """Return x + gamma v(sum_i softmax_i(f(x_i) . g(x_j)) h(x_i)), gamma 0 at first; x is a Keras tensor (N, H, W, C).

    f, g, h and v are convolutions of one pixel without bias. The paper divides the channels of f, g and h by 8; its
    authors' code, and BigGAN, divide those of h by 2 and look at the largest of each 2 x 2 places, which the parameters
    that Brock et al. 2019 print confirm. H and W are even.

    Args:
        x: a map.
        layer: is given each of the four convolutions and returns what stands in its place, such as its
            spectral normalisation.
    """
    channels = x.shape[-1]

    def pixels(values: tf.Tensor, filters: int) -> tf.Tensor:
        return layer(layers.Conv2D(max(1, filters), 1, use_bias=False))(values)

    asking = pixels(x, channels // LOOKED_AT)
    asked = layers.MaxPooling2D()(pixels(x, channels // LOOKED_AT))
    shown = layers.MaxPooling2D()(pixels(x, channels // SHOWN))
    return Gated()([x, pixels(Attend()([asking, asked, shown]), channels)])


class Attend(layers.Layer):
    """For each place the mean of what all others show, weighed by how well they answer it.

    [asking (N, H, W, F), asked (N, h, w, F), shown (N, h, w, G)] becomes (N, H, W, G); shares are taken in float32.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Attend; see the class."""
        asking, asked, shown = (tf.reshape(part, (-1, part.shape[1] * part.shape[2], part.shape[3])) for part in inputs)
        shares = tf.nn.softmax(tf.cast(tf.matmul(asking, asked, transpose_b=True), tf.float32))
        seen = tf.matmul(tf.cast(shares, shown.dtype), shown)
        return tf.reshape(seen, (-1, *inputs[0].shape[1:3], seen.shape[-1]))


class Gated(layers.Layer):
    """[x, more], both (N, H, W, C), become x + gamma more, gamma learned from 0 on."""

    def build(self, input_shape: Any) -> None:
        """Add gamma."""
        self.gamma = self.add_weight("gamma", (), initializer="zeros")

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Add; see the class."""
        x, more = inputs
        return x + self.gamma * more
