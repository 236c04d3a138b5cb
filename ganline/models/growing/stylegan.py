"""StyleGAN (Karras et al. 2019) and StyleGAN2 (Karras et al. 2020): generators told in each layer what to draw.

A mapping network makes w of the latents z; an affine layer of each convolution makes of w the style of what it draws; a
picture of noise in each layer draws what is left to chance.

As the paper of StyleGAN2 found better, both train at full size from the first step (its section 4.1); the first paper
lets the networks grow.
"""

import math

import tensorflow as tf
from tensorflow.keras import layers

from ganline.core.random import key, normal, uniform
from ganline.models.activations import LeakyReLU
from ganline.models.base import Batch, Metrics
from ganline.models.growing.layers import Enlarge, EqualisedConv2D, EqualisedDense, GroupDeviation, PixelNorm
from ganline.models.growing.regularisers import PathLength, lazily, slope
from ganline.models.growing.styling import (
    LEAK,
    AdaptiveNorm,
    Constant,
    EnlargingConv2D,
    MeanStyle,
    ModulatedConv2D,
    ShrinkingConv2D,
)
from ganline.models.latent_gan import LatentGAN
from ganline.models.with_w import WithW
from ganline.settings.recipes import Styled

FIRST = 4
"""Side of the learned picture, pixels."""
MEAN_DECAY = 0.995
"""Of the mean of w, an update of the generator; as the code that Karras et al. 2019 published."""


class StyleGAN(WithW, LatentGAN):
    """StyleGAN: the generator of the paper's figure 1b, with AdaIN, and PGGAN's discriminator, filtered.

    Its loss is any; train.r1_weight adds R1 (Mescheder et al. 2018) every train.r1_every steps, weighed up for the
    steps between, in one update with the loss, where the paper's code makes an update of its own.
    """

    recipe = "Styled"
    abilities = ("latents", "discriminator", "fast to draw", "w")
    image_range = (-1.0, 1.0)
    sizes = (8, 16, 32, 64, 128, 256, 512, 1024)
    practices = (
        "discriminator_steps", "generator_steps", "label_smoothing", "label_flipping", "instance_noise", "packing",
        "discriminator_batches", "feature_matching", "generator_average", "augmentation",
    )  # fmt: skip
    refuses = ("autoencoder",)
    adam_epsilon = 1e-8
    settings: Styled

    def __init__(self, settings: Styled, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> None:
        """See ganline.models.base.Model."""
        super().__init__(settings, image_shape, seed, classes)
        self.path_length = PathLength()

    # The generator

    @property
    def style_sides(self) -> list[int]:
        """Pixels a side of the maps that each w styles, first to last: 4, 4, 8, 8, ... ."""
        return [FIRST * 2**i for i in range(int(math.log2(self.image_shape[0] // FIRST)) + 1) for _ in range(2)]

    @property
    def noise_sides(self) -> list[int]:
        """Pixels a side of each layer's noise, first to last."""
        return self.style_sides

    def width(self, side: int) -> int:
        """Return the features of layers whose maps have so many pixels a side."""
        return max(1, min(self.settings.most_features, self.settings.features // side))

    def build_generator(self) -> tf.keras.Model:
        """Latents (N, latent_dim) and a list of noise (N or 1, H, W, 1) -> images (N, H, W, C), about -1 to 1."""
        latents, noises = layers.Input((self.settings.latent_dim,)), self._noise_inputs()
        mapping, synthesis = self.build_mapping(), self.build_synthesis()
        w = mapping(latents)
        return tf.keras.Model([latents, *noises], synthesis([w] * len(self.style_sides) + noises), name="generator")

    def _noise_inputs(self) -> list[tf.Tensor]:
        return [layers.Input((side, side, 1)) for side in self.noise_sides]

    def build_mapping(self) -> tf.keras.Model:
        """Latents (N, latent_dim) -> w (N, latent_dim)."""
        recipe, latents = self.settings, layers.Input((self.settings.latent_dim,))
        w = PixelNorm()(latents)
        for _ in range(recipe.mapping_layers):
            w = LeakyReLU(LEAK)(EqualisedDense(recipe.latent_dim, rate=recipe.mapping_rate)(w))
        return tf.keras.Model(latents, MeanStyle(name="mean")(w), name="mapping")

    def build_synthesis(self) -> tf.keras.Model:
        """A w (N, latent_dim) for each of `style_sides` and noise for each of `noise_sides` -> images (N, H, W, C)."""
        styles, noises = self._style_inputs(), self._noise_inputs()
        x = Constant(FIRST, self.width(FIRST), "ones")(styles[0])
        for i, (side, w, noise) in enumerate(zip(self.style_sides, styles, noises, strict=True)):
            if i:
                convolution = EqualisedConv2D if i % 2 else EnlargingConv2D
                x = convolution(self.width(side), 3, use_bias=False)(x)
            x = AdaptiveNorm(name=f"layer{i}")([x, noise, w])
        colours = EqualisedConv2D(self.image_shape[2], 1, gain=1.0)(x)
        return tf.keras.Model([*styles, *noises], picture(colours), name="synthesis")

    def _style_inputs(self) -> list[tf.Tensor]:
        return [layers.Input((self.settings.latent_dim,)) for _ in self.style_sides]

    # The discriminator

    def build_discriminator(self) -> tf.keras.Model:
        """Images of `seen_shape` in [-1, 1] -> logits (N, 1)."""
        images, side = layers.Input(self.seen_shape), self.image_shape[0]
        x = bent(EqualisedConv2D(self.width(side), 1)(images))
        while side > FIRST:
            x = bent(EqualisedConv2D(self.width(side), 3)(x))
            side //= 2
            x = bent(ShrinkingConv2D(self.width(side), 3)(x))
        return tf.keras.Model(images, verdict(x, self.width(FIRST)), name="discriminator")

    @property
    def judges_batches(self) -> bool:
        """See ganline.models.adversarial.Adversarial.judges_batches."""
        return True

    # A step

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """See Adversarial.make; some images are made of two latents, and noise is drawn anew."""
        return {"image": self.drawn(self.drawn_styles(count, who, draw, training), who, draw)}

    def drawn_styles(self, count: int, who: str, draw: tf.Tensor, training: bool) -> list[tf.Tensor]:
        """Return a w (count, D) for each layer, of latents drawn anew, and mixed; in `training` they move the mean."""
        latents = [self.noise(count, f"noise/{who}{of}", draw) for of in ("", "/other")]
        w = self.mapping(tf.concat(latents, 0), training=training)
        if training:
            self.mapping.get_layer("mean").move(w, MEAN_DECAY)
        first, second = tf.split(w, 2)
        return self.mixed(first, second, who, draw)

    def mixed(self, w: tf.Tensor, other: tf.Tensor, who: str, draw: tf.Tensor) -> list[tf.Tensor]:
        """Return a w (N, D) for each layer: from some layer on, drawn for each image, a share of images has another w.

        Mixing regularisation (Karras et al. 2019, section 3.1), train.mixing being the share.
        """
        count = len(self.style_sides)
        where, chosen = (key(self.seed, f"{what}/{who}", draw) for what in ("crossing", "mixing"))
        crossing = uniform((w.shape[0], 1), where, 1, count, tf.int32)
        crossing = tf.where(uniform((w.shape[0], 1), chosen) < self.settings.mixing, crossing, count)
        return [tf.where(i < crossing, w, other) for i in range(count)]

    def drawn(self, styles: list[tf.Tensor], who: str, draw: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) of a w (N, D) for each layer, with noise that is drawn anew."""
        count = styles[0].shape[0]
        noises = [
            normal((count, side, side, 1), key(self.seed, f"noise maps/{who}/{i}", draw))
            for i, side in enumerate(self.noise_sides)
        ]
        return self.synthesis([*styles, *noises], training=True)

    def discriminator_loss(
        self, real: Batch, fake: Batch, step: tf.Tensor, apart: bool = False
    ) -> tuple[tf.Tensor, Metrics]:
        """See Adversarial.discriminator_loss; for R1 see `metric_names`."""
        loss, told = super().discriminator_loss(real, fake, step, apart)
        recipe = self.settings
        if recipe.r1_weight:
            score = lambda images: self.look(self.shown(images, step), real)[0]  # noqa: E731
            told["r1"] = lazily(step, recipe.r1_every, lambda: slope(score, real["image"]))
            loss += self.loss.share * recipe.r1_weight / 2 * told["r1"]
        return loss, told

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """See Adversarial.generator_loss; for the path length see `metric_names`."""
        loss, told = super().generator_loss(real, fake, step)
        recipe = self.settings
        if recipe.path_length_weight:
            told["path_length"] = lazily(step, recipe.path_length_every, lambda: self._path_length(real, step))
            loss += recipe.path_length_weight * told["path_length"]
        return loss, told

    def _path_length(self, real: Batch, step: tf.Tensor) -> tf.Tensor:
        """Return the penalty on half a batch of images of its own, as the code of Karras et al. 2020 takes it.

        Their styles are mixed, as in training.
        """
        count = max(1, self.generator_count(real) // 2)
        styles = self.drawn_styles(count, "path length", step, training=False)
        upstream = normal((count, *self.image_shape), key(self.seed, "path length", step))
        draw = lambda styles: self.drawn(styles, "path length", step)  # noqa: E731
        return self.path_length.penalty(draw, styles, upstream)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names.

        r1 and path_length are told times the number of steps from one to the next, and 0 in the steps between: their
        mean over these is what was measured.
        """
        recipe = self.settings
        return (
            *super().metric_names,
            *(("r1",) if recipe.r1_weight else ()),
            *(("path_length",) if recipe.path_length_weight else ()),
        )

    def extra_variables(self) -> dict[str, tf.Variable]:
        """See ganline.models.base.Model.extra_variables."""
        lengths = {"path_length": self.path_length.mean} if self.settings.path_length_weight else {}
        return super().extra_variables() | lengths

    # In use

    @property
    def mapping(self) -> tf.keras.Model:
        """The trained generator's part that makes w of latents."""
        return self.generator.get_layer("mapping")

    @property
    def synthesis(self) -> tf.keras.Model:
        """The trained generator's part that makes images of w and noise."""
        return self.generator.get_layer("synthesis")

    def request(self, latents: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
        """See ganline.models.base.Model.request: latents, and noise that is the same for all images."""
        return [latents, *self.fixed_noise(tf.constant(0))]

    def fixed_noise(self, draw: tf.Tensor) -> list[tf.Tensor]:
        """Return noise float32 (1, H, W, 1) for each layer, by the training's seed; 0 is what images in use have."""
        return [
            normal((1, side, side, 1), key(self.seed, f"noise maps/in use/{i}", draw))
            for i, side in enumerate(self.noise_sides)
        ]

    def styles(self, latents: tf.Tensor) -> tf.Tensor:
        """See WithW.styles."""
        return tf.cast(self.drawing.get_layer("mapping")(latents, training=False), tf.float32)

    def mean_style(self) -> tf.Tensor:
        """See WithW.mean_style."""
        return self.drawing.get_layer("mapping").get_layer("mean").mean.read_value()

    def style_kernels(self) -> list[tf.Tensor]:
        """See WithW.style_kernels; what makes colours is told by the w of the next layer."""
        known = {
            layer.name: layer.style for layer in self.drawing.get_layer("synthesis").layers if hasattr(layer, "style")
        }
        found = [
            [known[name] for name in (f"layer{i}", f"colours{i}") if name in known]
            for i in range(len(self.style_sides))
        ]
        return [tf.concat([affine.kernel * affine.scale for affine in told], 1) for told in found]

    def draw_styles(self, styles: tf.Tensor, strengths: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        """See WithW.draw_styles."""
        noises = [noise * strengths[i] for i, noise in enumerate(self.fixed_noise(draw))]
        given = [*tf.unstack(styles, len(self.style_sides), axis=1), *noises]
        return self.drawing.get_layer("synthesis")(given, training=False)


class StyleGAN2(StyleGAN):
    """StyleGAN2, configuration F without its larger widths: modulated convolutions, and two ways around the blocks.

    The generator adds up the colours of all sizes, the discriminator's blocks are residual (Karras et al. 2020, figure
    7); each w styles what makes the colours of a size together with the next convolution.
    """

    @property
    def noise_sides(self) -> list[int]:
        """See StyleGAN.noise_sides; the first size has one layer."""
        return self.style_sides[1:]

    def build_synthesis(self) -> tf.keras.Model:
        """See StyleGAN.build_synthesis."""
        styles, noises = self._style_inputs(), self._noise_inputs()
        x, colours = Constant(FIRST, self.width(FIRST), "random_normal")(styles[0]), None
        for i, (side, noise) in enumerate(zip(self.noise_sides, noises, strict=True)):
            layer = ModulatedConv2D(self.width(side), 3, enlarging=i % 2 == 1, name=f"layer{i}")
            x = layer([x, styles[i], noise])
            if i % 2 == 0:
                colouring = ModulatedConv2D(self.image_shape[2], 1, plain=True, name=f"colours{i + 1}")
                own = colouring([x, styles[i + 1]])
                colours = own if colours is None else layers.Add()([Enlarge(filtered=True)(colours), own])
        return tf.keras.Model([*styles, *noises], picture(colours), name="synthesis")

    def build_discriminator(self) -> tf.keras.Model:
        """See StyleGAN.build_discriminator."""
        images, side = layers.Input(self.seen_shape), self.image_shape[0]
        x = bent(EqualisedConv2D(self.width(side), 1)(images))
        while side > FIRST:
            inside = bent(EqualisedConv2D(self.width(side), 3)(x))
            side //= 2
            inside = bent(ShrinkingConv2D(self.width(side), 3)(inside))
            around = ShrinkingConv2D(self.width(side), 1, gain=1.0, use_bias=False)(x)
            x = layers.Rescaling(0.5**0.5)(layers.Add()([inside, around]))
        return tf.keras.Model(images, verdict(x, self.width(FIRST)), name="discriminator")


def bent(features: tf.Tensor) -> tf.Tensor:
    """Return features after LeakyReLU."""
    return LeakyReLU(LEAK)(features)


def picture(colours: tf.Tensor) -> tf.Tensor:
    """Return colours (N, H, W, C) as float32, whatever the precision: nothing limits them, as in the papers."""
    return layers.Activation("linear", dtype="float32")(colours)


def verdict(features: tf.Tensor, width: int) -> tf.Tensor:
    """Return logits (N, 1) of features (N, 4, 4, width), as both papers have them of Karras et al. 2018."""
    x = bent(EqualisedConv2D(width, 3)(GroupDeviation()(features)))
    x = bent(EqualisedDense(width)(layers.Flatten()(x)))
    return EqualisedDense(1, gain=1.0)(x)
