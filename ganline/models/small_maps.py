"""Convolutions of maps of a few pixels, as one matrix product: in them the time goes to the kernel, not the pixels.

TensorFlow's kernels lay a convolution's kernel out anew each time it is used, which for 4 x 4 pixels and fewer takes
longer than all else. Processor milliseconds of a layer of 512 to 512 channels with both gradients (AMD EPYC, AVX-512
BF16; one image, then eight), by the longer side of its maps:

    side                        2          4          8          16
    float32, TensorFlow's       20, 25     23, 39     24, 69     34, 166
    float32, as a product       9, 12      11, 34     25, 84     46, 299
    bfloat16, TensorFlow's      17, 31     19, 37     22, 53     33, 105
    bfloat16, as a product      11, 13     11, 23     15, 63     37, 223
"""

import tensorflow as tf

SIDE = 4
"""Of the larger of a layer's maps, up to which these layers are faster."""


class SmallConv2D(tf.keras.layers.Conv2D):
    """Keras's layer with a kernel of 4 x 4, stride 2 and padding "same": float (N, 2H, 2W, C) to (N, H, W, filters)."""

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2D."""
        height, width, channels = (inputs.shape[1] // 2, inputs.shape[2] // 2, inputs.shape[3])
        kernel = tf.convert_to_tensor(kernel)
        # Each output sees rows 2i to 2i + 3 of the padded image: pairs i and i + 1 of them. So with columns.
        x = tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = tf.reshape(x, (-1, height + 1, 2, width + 1, 2, channels))
        x = tf.concat([x[:, :-1], x[:, 1:]], 2)
        x = tf.concat([x[:, :, :, :-1], x[:, :, :, 1:]], 4)
        seen = tf.reshape(tf.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, 16 * channels))
        return tf.reshape(tf.matmul(seen, tf.reshape(kernel, (-1, self.filters))), (-1, height, width, self.filters))


class SmallConv2DTranspose(tf.keras.layers.Conv2DTranspose):
    """Keras's layer with a kernel of 4 x 4, stride 2 and padding "same": float (N, H, W, C) to (N, 2H, 2W, filters)."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Convolve; see tf.keras.layers.Conv2DTranspose."""
        height, width, channels = inputs.shape[1:]
        kernel = tf.reshape(tf.convert_to_tensor(self.kernel), (-1, channels))
        parts = tf.matmul(tf.reshape(inputs, (-1, channels)), kernel, transpose_b=True)
        parts = tf.transpose(tf.reshape(parts, (-1, height, width, 4, 4, self.filters)), (0, 1, 3, 2, 4, 5))
        # The first two of the four rows that a pixel spreads to are a pair of rows of the output, the others the next.
        before, after = [1, 0], [0, 1]
        rows = _padded(parts[:, :, :2], 1, after) + _padded(parts[:, :, 2:], 1, before)
        both = _padded(rows[:, :, :, :, :2], 3, after) + _padded(rows[:, :, :, :, 2:], 3, before)
        outputs = tf.reshape(both, (-1, 2 * height + 2, 2 * width + 2, self.filters))[:, 1:-1, 1:-1]
        return self.activation(tf.nn.bias_add(outputs, self.bias) if self.use_bias else outputs)


def _padded(values: tf.Tensor, axis: int, by: list[int]) -> tf.Tensor:
    return tf.pad(values, [by if i == axis else [0, 0] for i in range(len(values.shape))])
