"""SAGAN (Zhang et al. 2019) and BigGAN (Brock et al. 2019): residual networks that know the class, made for scale."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

from ganline.core.random import key, layer_keys, uniform
from ganline.models import stabilisers as practices
from ganline.models.attention import self_attention
from ganline.models.base import Batch, Metrics
from ganline.models.latent_gan import LatentGAN
from ganline.models.layers import Conv2D, SpectralNormalization, UpSampling2D, batch_norm
from ganline.settings.recipes import ClassGAN

GENERATOR = {
    32: (4, 4, 4, 4),
    64: (16, 16, 8, 4, 2),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
    512: (16, 16, 8, 8, 4, 2, 1, 1),
}
"""Channels, in train.width, at 4 x 4 pixels and after each doubling (Brock et al. 2019, appendix B).

The paper has no tables for less than 128 pixels; these are of the code that its first author published for PyTorch.
"""
DISCRIMINATOR = {
    32: (4, 4, 4, 4),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
    512: (1, 1, 2, 4, 8, 8, 16, 16),
}
"""Channels, in train.width, after each block; all but the last halve the image, of 32 pixels the first two."""
EMBEDDED = 128
"""Numbers that BigGAN knows a class by."""
STANDING, AT_ONCE = 100, 100
"""Batches that standing statistics are of, and images in one at most: one device takes what several learned from."""


class SAGAN(LatentGAN):
    """SAGAN: self-attention in both networks, spectral normalisation in both, and both are told the class.

    The generator by batch norms whose scale and shift are the class's own, the discriminator by adding the product of
    its features with a vector of the class (projection, Miyato and Koyama 2018). Networks are those that Brock et al.
    2019 take for their baseline, of 81.5 million parameters at 128 pixels, 64 channels and 1,000 classes.

    Batch norms normalise by the batch whenever anything is learned, in both networks' updates. What is drawn goes by
    standing statistics (Brock et al. 2019): the means over many batches of the very weights that draw, so that an image
    depends on no other.
    """

    recipe = "ClassGAN"
    image_range = (-1.0, 1.0)
    sizes = (32, 64, 128, 256, 512)
    abilities = ("latents", "labels", "discriminator", "fast to draw")
    needs = ("classes",)
    refuses = ("packing", "minibatch_stddev", "feature_matching", "autoencoder")
    adam_epsilon = 1e-8
    shares_latents = False
    """Whether its layers share out the latents, rather than the first one having all."""
    settings: ClassGAN

    @property
    def conditions(self) -> int:
        """See ganline.models.base.Model.conditions."""
        return self.classes

    # The networks

    def build_network(self, name: str) -> tf.keras.Model:
        """See Adversarial.build_network; layers are normalised as they are made, so that none is made twice."""
        return self.build_generator() if name == "generator" else self.build_discriminator()

    def normalised(self, layer: layers.Layer) -> layers.Layer:
        """Return the layer, its kernel divided by its largest singular value where train.spectral_normalization."""
        return SpectralNormalization(layer) if self.settings.spectral_normalization else layer

    def convolution(self, x: tf.Tensor, filters: int, size: int = 3) -> tf.Tensor:
        """Return x (N, H, W, C), convolved without changing its size, (N, H, W, filters)."""
        return self.normalised(Conv2D(filters, size, padding="same"))(x)

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) and classes one-hot (N, classes) -> images (N, H, W, C) in [-1, 1]."""
        recipe, (size, _, channels) = self.settings, self.image_shape
        first, *widths = (recipe.width * times for times in GENERATOR[size])
        latents, classes = layers.Input((recipe.latent_dim,)), layers.Input((self.classes,))
        start, *told = self.told(latents, classes, len(widths))
        x = layers.Reshape((4, 4, first))(self.normalised(layers.Dense(16 * first))(start))
        for width, condition in zip(widths, told, strict=True):
            x = self.doubled(x, width, condition)
            if x.shape[1] == recipe.attention:
                x = self_attention(x, self.normalised)
        x = layers.ReLU()(batch_norm(x.shape[-1], epsilon=1e-5)(x))
        images = layers.Activation("tanh", dtype="float32")(self.convolution(x, channels))
        return tf.keras.Model([latents, classes], images, name="generator")

    def told(self, latents: tf.Tensor, classes: tf.Tensor, blocks: int) -> list[tf.Tensor]:
        """Return what the first layer is given, and what the batch norms of each block are told, (N, F) each."""
        return [latents, *[classes] * blocks]

    def modulation(self, condition: tf.Tensor, filters: int) -> tf.Tensor:
        """Return numbers (N, filters) for what a batch norm is told: here a table with a row a class."""
        return layers.Dense(filters, use_bias=False)(condition)

    def norm(self, x: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """Return x (N, H, W, C) normalised, then scaled and shifted as the condition says."""
        normal = batch_norm(x.shape[-1], epsilon=1e-5, center=False, scale=False)(x)
        return Modulate()([normal, *(self.modulation(condition, x.shape[-1]) for _ in ("gain", "bias"))])

    def doubled(self, x: tf.Tensor, filters: int, condition: tf.Tensor) -> tf.Tensor:
        """Return a residual block of x (N, H, W, C) with twice the pixels, (N, 2H, 2W, filters).

        The shortcut's pixels are convolved before they are repeated, which is the same and a quarter of the work.
        """
        inner = self.convolution(UpSampling2D()(layers.ReLU()(self.norm(x, condition))), filters)
        inner = self.convolution(layers.ReLU()(self.norm(inner, condition)), filters)
        return layers.Add()([inner, UpSampling2D()(self.convolution(x, filters, 1))])

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) in [-1, 1] and classes one-hot (N, classes) -> scores (N, 1)."""
        size, attention = self.image_shape[0], self.settings.attention
        multiples = DISCRIMINATOR[size]
        halved = 2 if size == 32 else len(multiples) - 1
        images, classes = layers.Input(self.image_shape), layers.Input((self.classes,))
        x = images
        for i, times in enumerate(multiples):
            before = x.shape[1]
            x = self.block(x, times * self.settings.width, first=i == 0, halves=i < halved)
            if before > x.shape[1] == attention:
                x = self_attention(x, self.normalised)
        features = Sum()(layers.ReLU()(x))
        vector = self.normalised(layers.Dense(x.shape[-1], use_bias=False))(classes)
        score = self.normalised(layers.Dense(1))(features)
        projected = layers.Dot(axes=1)([vector, features])
        return tf.keras.Model([images, classes], layers.Add()([score, projected]), name="discriminator")

    def block(self, x: tf.Tensor, filters: int, first: bool, halves: bool) -> tf.Tensor:
        """Return a residual block of x (N, H, W, C): (N, H, W, filters), or half the pixels each way.

        The `first` one begins with a convolution, as pixels are no features. Its shortcut is convolved where size or
        channels change, after the mean of 2 x 2 pixels is taken, which is the same and a quarter of the work.
        """
        inner = self.convolution(x if first else layers.ReLU()(x), filters)
        inner = self.convolution(layers.ReLU()(inner), filters)
        shortcut = x
        if halves:
            inner, shortcut = layers.AveragePooling2D()(inner), layers.AveragePooling2D()(shortcut)
        if halves or x.shape[-1] != filters:
            shortcut = self.convolution(shortcut, filters, 1)
        return layers.Add()([inner, shortcut])

    # A step

    def begin(self) -> None:
        """See Adversarial.begin."""
        super().begin()
        self._statistics = tf.function(self.statistics, autograph=False)

    def evidence(self, shown: tf.Tensor, batch: Batch) -> list[tf.Tensor]:
        """See Adversarial.evidence."""
        return [shown, tf.one_hot(batch["label"], self.classes)]

    def fakes(self, real: Batch, draw: tf.Tensor) -> Batch:
        """See Adversarial.fakes; the frozen generator normalises by the batch, as the one that learns does."""
        with layer_keys(key(self.seed, "dropout/fakes", draw)), practices.frozen(self.generator, "batch"):
            return self.make(real, real["image"].shape[0], "discriminator", draw, training=True)

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """See Adversarial.generator_loss; with the penalty for kernels that are not orthogonal."""
        loss, told = super().generator_loss(real, fake, step)
        if not self.settings.orthogonal_weight:
            return loss, told
        overlap = tf.reduce_sum(tf.stack([overlapping(kernel) for kernel in self.penalised_kernels()]))
        return loss + self.settings.orthogonal_weight * overlap, told | {"g_overlap": overlap}

    def penalised_kernels(self) -> list[tf.Variable]:
        """Return the generator's kernels, each once, but for the classes' embedding, where equal rows are no waste."""
        kernels = {part.kernel.ref(): part for part in self.generator.submodules if hasattr(part, "kernel")}
        return [part.kernel for part in kernels.values() if part.name != "embedding"]

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names; g_loss includes the weighed overlap of kernels."""
        return (*super().metric_names, *(("g_overlap",) if self.settings.orthogonal_weight else ()))

    # Drawing

    def settle(self) -> None:
        """See ganline.models.base.Model.settle: give the network that draws its standing statistics.

        The latents and classes of their batches are the same each time, so they are a function of the weights alone.
        """
        batches = [self._statistics(tf.constant(i)) for i in range(STANDING)]
        for name, values in ((name, [batch[name] for batch in batches]) for name in batches[0]):
            mean, variance = np.mean(np.array(values, np.float64), axis=0)
            norm = self.drawing.get_layer(name)
            norm.moving_mean.assign(mean.astype(np.float32))
            norm.moving_variance.assign(variance.astype(np.float32))

    def statistics(self, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return mean and variance, float32 (2, C), of what each batch norm that draws is given of a batch, by name."""
        network, count = self.drawing, min(self.settings.generator_batch_size, AT_ONCE)
        norms = [part for part in network.layers if isinstance(part, layers.BatchNormalization)]
        labels = uniform((count,), key(self.seed, "labels/standing", number), 0, self.classes, tf.int32)
        given = self.request(self.noise(count, "noise/standing", number), labels)
        with practices.frozen(network, "batch"):
            seen = tf.keras.Model(network.inputs, [norm.input for norm in norms])(given, training=True)
        axes = [0, 1, 2]
        moments = (tf.nn.moments(tf.cast(values, tf.float32), axes) for values in seen)
        return {norm.name: tf.stack(found) for norm, found in zip(norms, moments, strict=True)}


class BigGAN(SAGAN):
    """BigGAN: one embedding of the classes for all layers, and a part of the latents for each block (skip-z).

    As Brock et al. 2019 describe it in section 3 and appendix B: 158.3 million parameters at 128 pixels, 96 channels
    and 1,000 classes. Kernels are drawn orthogonal (train.initializer) and kept near it (train.orthogonal_weight). Its
    latents are truncated by drawing anew what lies outside. Adam's epsilon is that of the code that its first author
    published (BigGAN-PyTorch, scripts/launch_BigGAN_bs256x8.sh); the paper prints none.
    """

    redraws = True
    adam_epsilon = 1e-6
    shares_latents = True

    def told(self, latents: tf.Tensor, classes: tf.Tensor, blocks: int) -> list[tf.Tensor]:
        """See SAGAN.told: as many latents for each; blocks are told the class, too."""
        size = self.settings.latent_dim // (blocks + 1)
        first, *parts = (Part(i * size, size)(latents) for i in range(blocks + 1))
        embedded = layers.Dense(EMBEDDED, use_bias=False, name="embedding")(classes)
        return [first, *(layers.Concatenate()([part, embedded]) for part in parts)]

    def modulation(self, condition: tf.Tensor, filters: int) -> tf.Tensor:
        """See SAGAN.modulation: a linear map of the latents and the embedded class."""
        return self.normalised(layers.Dense(filters, use_bias=False))(condition)


class Modulate(layers.Layer):
    """[x (N, H, W, C), gain (N, C), bias (N, C)] become (1 + gain) x + bias."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Scale and shift; see the class."""
        x, gain, bias = inputs
        return x * (1 + gain[:, None, None]) + bias[:, None, None]


class Part(layers.Layer):
    """Columns of (N, F), (N, size)."""

    def __init__(self, start: int, size: int) -> None:
        """Take `size` columns from `start` on."""
        super().__init__()
        self.start, self.size = start, size

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Take them."""
        return inputs[:, self.start : self.start + self.size]


class Sum(layers.Layer):
    """The sum over all places: (N, H, W, C) becomes (N, C)."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Add up."""
        return tf.reduce_sum(inputs, axis=[1, 2])


def overlapping(kernel: tf.Tensor) -> tf.Tensor:
    """Return the sum of the squared products of different filters, 0 where all are orthogonal, float32 scalar.

    The orthogonal regularisation of Brock et al. 2019, equation 3: |W^T W (1 - I)|^2 (Frobenius), which leaves the
    filters' lengths free.

    Args:
        kernel: float32 (..., filters).
    """
    flat = tf.reshape(tf.convert_to_tensor(kernel), (-1, kernel.shape[-1]))
    products = tf.matmul(flat, flat, transpose_a=True)
    return tf.reduce_sum(tf.square(tf.linalg.set_diag(products, tf.zeros(kernel.shape[-1]))))
