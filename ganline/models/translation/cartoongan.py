"""CartoonGAN (Chen et al. 2018) as The GAN Book has it: photographs drawn in the style of a picture that comes with."""

from collections.abc import Mapping
from math import gcd
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.keras import layers

from ganline.core import replicas
from ganline.core.files import read_arrays, write_arrays
from ganline.extractors.vgg_network import Vgg, restored
from ganline.models.adversarial import Adversarial, Outputs
from ganline.models.base import Batch, Metrics, from_uint8, to_uint8
from ganline.models.layers import InstanceNormalization
from ganline.models.terms import in_order
from ganline.models.translation.networks import patches, unet
from ganline.settings.recipes import Cartoon

Shape = tuple[int, int, int]
STYLE_SCALE, STYLE_WIDTH = 8, 512
"""The maps of a style are an eighth of the images' side, and so many."""
TAPS = (14, 62, 104, 62, 14)
"""The Gaussian of deviation 1 over five pixels in 1/256, as OpenCV 4.11 counts it for images of 8 bits."""
PERCEPTION = "perception.npz"
"""The file of a saved model that holds the network through which styles are seen."""


class CartoonGAN(Adversarial):
    """CartoonGAN of The GAN Book (Chaudhary 2024, Skill 9), selfies into sketches.

    The generator is a U-Net that lays the style on its way up: what a layer of VGG19 sees in a drawing. The
    discriminator judges patches, and is shown drawings as real, drawings with smoothed edges as false, so that edges
    count, and what the generator made. The generator's loss is

        adversarial_weight deceiving + content_weight |V(G(x, V(y))) - V(x')| + style_weight |V(G(x, V(y))) - V(y)|

    with photographs x, sharpened ones x', drawings y, V the layer of VGG19, absolute differences being means.

    A batch holds photographs "input" (N, H, W, Ci), drawings "image" (N, H, W, C) and the same drawings with smoothed
    edges "smoothed" (N, H, W, C), in image_range; the i-th photograph has nothing to do with the i-th drawing. What is
    shown as real, and gives the style, is the drawing sharpened. Both networks learn from the same pictures.

    Images are squares whose side is a multiple of 16. The U-Net halves them as often as they can be halved, 7 times at
    most: for 128 pixels that is the document's.
    """

    settings: Cartoon
    recipe = "Cartoon"
    abilities = ("inputs", "style", "discriminator", "fast to draw")
    image_range = (-1.0, 1.0)
    size_multiple = 16
    losses = ("least_squares", "non_saturating", "hinge")
    refuses = (
        "discriminator_steps", "generator_steps", "minibatch_stddev", "packing", "unrolled_steps", "weight_clip",
    )  # fmt: skip
    perceives = "block4_conv4"
    encoder = (64, 128, 256, 512, 512, 512)
    bottleneck = 512
    decoder = (512, 512, 512, 256, 128, 64)
    judge_widths = (64, 128, 256, 512)

    def __init__(
        self, settings: Cartoon, image_shape: Shape, seed: int, classes: int = 0, input_shape: Shape | None = None
    ) -> None:
        """See ganline.models.base.Model; `input_shape` (H, W, Ci) is that of the images where it is not given."""
        self.input_shape: Shape = input_shape or image_shape
        super().__init__(settings, image_shape, seed, classes)

    # The networks

    def build_generator(self) -> tf.keras.Model:
        """Photographs (N, H, W, Ci) and styles (N, H / 8, W / 8, 512) -> drawings (N, H, W, C) in [-1, 1]."""
        side = self.input_shape[0] // STYLE_SCALE
        inputs, style = layers.Input(self.input_shape), layers.Input((side, side, STYLE_WIDTH))
        widths = self.encoder, self.bottleneck, self.decoder
        made = unet(inputs, *widths, self.image_shape[2], _normalized, style)
        return tf.keras.Model([inputs, style], made, name="generator")

    def build_discriminator(self) -> tf.keras.Model:
        """Images (N, H, W, C) -> a logit for each patch (N, H / 16, W / 16, 1)."""
        images = layers.Input(self.image_shape)
        return tf.keras.Model(images, patches(images, self.judge_widths, _normalized), name="discriminator")

    # What the networks are given

    def make(self, real: Batch, count: int, who: str, draw: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Return "image" (N, H, W, C), real["input"] drawn in real["style"]; see Adversarial.make."""
        return {"image": self.generator([real["input"], real["style"]], training=training)}

    def sides(self, real: Batch, fake: Batch) -> list[tuple[Batch, bool]]:
        """See Adversarial.sides; in the document's order."""
        return [(real, True), ({"image": real["smoothed"]}, False), (fake, False)]

    def sharpened(self, images: tf.Tensor) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range with sharper edges; see `sharpened` below."""
        levels = tf.cast(to_uint8(images, self.image_range), tf.float32)
        return from_uint8(sharpened(levels, self.settings.sharpening), self.image_range)

    def translate_in_style(self, images: tf.Tensor, styles: tf.Tensor) -> tf.Tensor:
        """Return photographs (N, H, W, Ci) drawn in the styles of pictures (N, H, W, C): (N, H, W, C), in image_range.

        In inference mode, and by the averaged generator where there is one.
        """
        return self.drawing([images, self.perceived(self.sharpened(styles))], training=False)

    def save_beside(self, folder: Path) -> None:
        """See ganline.models.base.Model.save_beside: a style is what that very network sees, wherever it is used."""
        if isinstance(self.perception, Vgg):  # none, where nothing was trained
            write_arrays(folder / PERCEPTION, self.perception.arrays())

    def load_beside(self, folder: Path) -> None:
        """See ganline.models.base.Model.load_beside."""
        if (folder / PERCEPTION).exists():
            self.perception = restored(read_arrays(folder / PERCEPTION))

    # The training step

    def fed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """See ganline.models.base.Model.fed."""
        from ganline.datasets.edges import all_smoothed  # here: using a model does without OpenCV

        return {**data, "smoothed": all_smoothed(data["image"])}

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator, then the generator; see ganline.models.base.Model.train_step.

        In the first initialization_steps the discriminator only judges.
        """
        batch = self.with_style(batch)
        count = replicas.share(self.settings.batch_size)
        judged = {name: values[:count] for name, values in batch.items()}
        if not self.settings.initialization_steps:
            return self.discriminator_step(judged, step, step) | self.generator_step(batch, step, step)
        told = tf.cond(
            self.begun(step) > 0,
            lambda: self.discriminator_step(judged, step, step),
            lambda: self.judgement(judged, step, step),
        )
        return told | self.generator_step(batch, step, step)

    def with_style(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Return a batch with sharpened drawings, their "style", and the "content" of its photographs."""
        drawings = self.sharpened(batch["image"])
        content = self.perceived(self.sharpened(batch["input"]))
        return {**batch, "image": drawings, "style": self.perceived(drawings), "content": content}

    def begun(self, step: tf.Tensor) -> tf.Tensor:
        """Return 0 in the initialisation phase of the paper, when content alone is learned, and 1 after, float32."""
        return tf.cast(step >= self.settings.initialization_steps, tf.float32)

    def generator_loss(self, real: Batch, fake: Batch, step: tf.Tensor) -> tuple[tf.Tensor, Metrics]:
        """Return the weighed sum of the three terms, and each of them."""
        recipe, seen, begun = self.settings, self.perceived(fake["image"]), self.begun(step)
        terms = {
            "g_adversarial": self.deceive(self.judge(fake, step), real, fake, step),
            "g_content": _apart(seen, real["content"]),
            "g_style": _apart(seen, real["style"]),
        }
        weights = (recipe.adversarial_weight * begun, recipe.content_weight, recipe.style_weight * begun)
        return in_order([weight * term for weight, term in zip(weights, terms.values(), strict=True)]), terms

    def signs(self, said: list[Outputs], real: Batch, fake: Batch) -> Metrics:
        """See Adversarial.signs; of drawings with smoothed edges, too."""
        (on_real, *_), (on_smoothed, *_), _ = said
        smoothed = self.loss.signs(on_real, on_smoothed)
        return super().signs(said, real, fake) | {new: smoothed[old] for old, new in self._smoothed.items()}

    @property
    def _smoothed(self) -> dict[str, str]:
        """What is told of drawings with smoothed edges, by what is told of fakes."""
        return {name: name.replace("fake", "smoothed") for name in self.loss.metric_names if "fake" in name}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return (*super().metric_names, *self._smoothed.values(), "g_adversarial", "g_content", "g_style")

    # What the loop asks

    @property
    def batch_size(self) -> int:
        """Photographs, and drawings, of a step: all for the generator, the first ones for the discriminator."""
        return self.settings.generator_batch_size

    @property
    def batch_parts(self) -> int:
        """See ganline.models.base.Model.batch_parts."""
        return self.batch_size // gcd(self.settings.batch_size, self.batch_size)

    def updates(self, name: str) -> int:
        """See ganline.models.base.Model.updates."""
        return 3 if name == self.adversary and self.settings.discriminator_batches == "sequential" else 1


def sharpened(images: tf.Tensor, amount: float) -> tf.Tensor:
    """Return images with their details laid on once more: (amount + 1) image - amount blurred, an unsharp mask.

    To the grey level what OpenCV's GaussianBlur of 5x5 pixels and deviation 1 and NumPy give, on any device.

    Args:
        images: float32 (N, H, W, C), whole numbers 0 to 255; sides of 3 pixels at least.
        amount: 0 or more; the document has 3.

    Returns:
        float32 (N, H, W, C), whole numbers 0 to 255.
    """
    height, width = images.shape[1:3]
    reach = len(TAPS) // 2
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach], [0, 0]], "REFLECT")
    # Sums of whole numbers below 2^24: exact in float32, in whatever order.
    rows = tf.add_n([tap * padded[:, i : i + height] for i, tap in enumerate(TAPS)])
    blurred = tf.add_n([tap * rows[:, :, i : i + width] for i, tap in enumerate(TAPS)])
    blurred = tf.floor(blurred / 2**16 + 0.5)
    return tf.clip_by_value(tf.round((amount + 1) * images - amount * blurred), 0, 255)


def _normalized(x: tf.Tensor) -> tf.Tensor:
    return InstanceNormalization()(x) if x.shape[1] > 1 else x  # of one pixel it would leave nothing


def _apart(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute difference, float32 scalar."""
    return tf.reduce_mean(tf.abs(first - second))
