"""R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern GAN Baseline"), configuration E."""

import math
from typing import Any

import tensorflow as tf
from tensorflow.keras import layers
from tensorflow.keras.initializers import VarianceScaling

from ganline.models.activations import LeakyReLU
from ganline.models.grouped import GroupedConv2D
from ganline.models.growing.layers import Enlarge, Shrink
from ganline.models.latent_gan import LatentGAN
from ganline.settings.recipes import Optimizer, ResidualGAN

GAIN = math.sqrt(2 / 1.04)
"""Of a LeakyReLU 0.2: it keeps the mean square of what is drawn evenly around 0."""
EXPANSION = 2
"""Times that a block widens before its 3 x 3 convolution, and narrows after it (inverted bottleneck)."""
GROUP = 16
"""Channels of a group of that convolution: 96 groups of 1,536 in the paper's widest blocks, 12 of 192 in its
narrowest."""


class R3GAN(LatentGAN):
    """Two residual networks that mirror each other, without normalisation.

    At each size are `blocks` blocks x + [1x1, bias, LReLU 0.2; 3x3 in groups, bias, LReLU 0.2; 1x1]; sizes are doubled
    and halved bilinearly, with a 1x1 convolution where the width changes. The generator begins with a learned picture
    of the smallest size, each channel scaled by a linear function of the latent, and ends in a 1x1 convolution without
    a tanh; the discriminator ends in a learned picture that each channel is multiplied with and summed over. For
    CIFAR-10 the paper has four sizes from 4 pixels, 768 wide, of two blocks; for FFHQ 256 pixels 768 up to 32 pixels,
    then 384, 192 and 96. Both are for the loss `relativistic`.

    Kernels are drawn from N(0, gain^2 / inputs), with a gain of 1 outside of blocks and in the n blocks of a network
    root(2 / 1.04) n^(-1/4), so that as many blocks add as much at any depth (Fixup, Zhang et al. 2019); a block's last
    kernel is 0.
    """

    settings: ResidualGAN
    recipe = "ResidualGAN"
    image_range = (-1.0, 1.0)
    refuses = ("autoencoder", "spectral_normalization", "unrolled_steps")
    adam_epsilon = 1e-8

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> images (N, H, W, C), around [-1, 1]."""
        widths = self.settings.widths
        latents = layers.Input((self.settings.latent_dim,))
        x = drawn(layers.Dense, widths[0])(latents)
        x = LearnedBasis(self.smallest)(x)
        for i, width in enumerate(widths):
            if i:
                x = Enlarge(filtered=True)(_widened(x, width))
            x = self._blocks(x)
        images = drawn(layers.Conv2D, self.image_shape[2], kernel_size=1)(x)
        return tf.keras.Model(latents, layers.Activation("linear", dtype="float32")(images), name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> scores (N, 1)."""
        widths = self.settings.widths[::-1]
        images = layers.Input(self.seen_shape)
        x = drawn(layers.Conv2D, widths[0], kernel_size=1)(images)
        for i, width in enumerate(widths):
            if i:
                x = _widened(Shrink(filtered=True)(x), width)
            x = self._blocks(x)
        return tf.keras.Model(images, drawn(layers.Dense, 1)(Gather()(x)), name="discriminator")

    @property
    def smallest(self) -> int:
        """Side of the smallest size, pixels: 4 in the paper."""
        return self.image_shape[0] >> (len(self.settings.widths) - 1)

    def _blocks(self, x: tf.Tensor) -> tf.Tensor:
        """Return x (N, H, W, C), a Keras tensor, after the blocks of one size."""
        gain = GAIN * (self.settings.blocks * len(self.settings.widths)) ** -0.25
        wide = EXPANSION * x.shape[-1]
        for _ in range(self.settings.blocks):
            inner = drawn(layers.Conv2D, wide, gain, use_bias=True, kernel_size=1)(x)
            inner = LeakyReLU(0.2)(inner)
            inner = drawn(GroupedConv2D, wide, gain, use_bias=True, kernel_size=3, groups=wide // GROUP)(inner)
            inner = LeakyReLU(0.2)(inner)
            last = layers.Conv2D(x.shape[-1], 1, use_bias=False, kernel_initializer="zeros")
            x = layers.Add()([x, last(inner)])
        return x

    # The recipe

    def make_optimizer(self, rule: Optimizer, updates: int) -> tf.keras.optimizers.Optimizer:
        """See ganline.models.base.Model.make_optimizer; rate and beta_2 move as annealed."""
        recipe, made = self.settings, super().make_optimizer(rule, updates)
        made.learning_rate = Annealed(rule.learning_rate, recipe.final_learning_rate, recipe.annealing_steps * updates)
        decay = {"adam": "beta_2", "rmsprop": "rho"}.get(rule.name)
        if decay:
            move = Annealed(rule.beta_2, recipe.final_beta_2, recipe.annealing_steps * updates)
            setattr(made, decay, lambda: move(made.iterations))
        return made

    def average_decay(self, step: tf.Tensor) -> tf.Tensor:
        """See Adversarial.average_decay: generator_average^(1 / share) has that share of its half-life."""
        share = Annealed(0.0, 1.0, self.settings.annealing_steps)(step)
        return tf.pow(self.settings.generator_average, 1 / tf.maximum(share, 1e-6))

    def penalty_weight(self, step: tf.Tensor) -> tf.Tensor:
        """See Adversarial.penalty_weight."""
        recipe = self.settings
        return Annealed(recipe.penalty_weight, recipe.final_penalty_weight, recipe.annealing_steps)(step)


class Annealed(tf.keras.optimizers.schedules.LearningRateSchedule):
    """A value that moves along half a cosine and stays: called with a step, it returns a float32 scalar."""

    def __init__(self, first: float, last: float, steps: int) -> None:
        """Move from `first` at step 0 to `last` at step `steps`."""
        self._first, self._last, self._steps = first, last, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the value at a step."""
        share = tf.minimum(tf.cast(step, tf.float32) / self._steps, 1.0)
        return self._last + (self._first - self._last) * 0.5 * (1 + tf.cos(math.pi * share))


class LearnedBasis(layers.Layer):
    """A learned picture, each of whose channels is scaled: float (N, C) becomes (N, size, size, C)."""

    def __init__(self, size: int, **kwargs: Any) -> None:
        """Set up with the picture's side, pixels; it is drawn from N(0, 1)."""
        super().__init__(**kwargs)
        self.size = size

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the picture."""
        shape = (self.size, self.size, input_shape[-1])
        self.basis = self.add_weight("basis", shape, initializer=tf.keras.initializers.RandomNormal(stddev=1.0))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Scale the picture."""
        return inputs[:, None, None] * tf.convert_to_tensor(self.basis)

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer."""
        return {**super().get_config(), "size": self.size}


class Gather(layers.Layer):
    """Multiply each channel with a learned picture and add up its pixels: float (N, H, W, C) becomes (N, C)."""

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make the picture, drawn from N(0, 1 / (H W))."""
        _, height, width, channels = input_shape
        start = tf.keras.initializers.RandomNormal(stddev=(height * width) ** -0.5)
        self.basis = self.add_weight("basis", (height, width, channels), initializer=start)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Add up; see the class."""
        return tf.reduce_sum(inputs * tf.convert_to_tensor(self.basis), axis=[1, 2])


def drawn(kind: type[layers.Layer], units: int, gain: float = 1.0, use_bias: bool = False, **kwargs: Any) -> Any:
    """Return a layer of `units` outputs whose kernel is drawn from N(0, gain^2 / inputs)."""
    start = VarianceScaling(gain**2, "fan_in", "untruncated_normal")
    return kind(units, use_bias=use_bias, kernel_initializer=start, **kwargs)


def _widened(x: tf.Tensor, width: int) -> tf.Tensor:
    """Return x (N, H, W, C), a Keras tensor, with `width` channels: as it is where it has them."""
    return x if x.shape[-1] == width else drawn(layers.Conv2D, width, kernel_size=1)(x)
