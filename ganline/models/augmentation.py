"""Augmentation of what a discriminator sees, real and generated alike, so that few pictures are not learned by heart.

All of it is differentiable, also twice, and drawn from the keys of ganline.core.random.layer_keys: a pure function of
seed and step. It works on images of [-1, 1]; others are brought there and back.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from ganline.core import replicas
from ganline.core.random import next_layer_key, normal, uniform

Metrics = dict[str, tf.Tensor]
TARGET = 0.6
"""Of E sign D(x) on training images (Karras et al. 2020, section 3.1)."""
IMAGES = 500_000
"""Real images in which the chance rises from 0 to 1 at the fastest (their appendix C)."""
EVERY = 4
"""Updates of the discriminator from one change of the chance to the next."""
SHIFT = 0.125
"""Of an image's side: the most that it is moved by whole pixels, and the deviation of what it is moved by parts."""
HOLE = 0.5
"""Of an image's side: that of the square which DiffAugment cuts out."""


class Augmentation:
    """What is done to images before a discriminator sees them, and what that keeps from step to step: here nothing."""

    metric_names: tuple[str, ...] = ()

    def on(self, images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
        """Return images float32 (N, H, W, C) in image_range, each changed by draws of its own; inside layer_keys."""
        return images

    def after_update(self, told: Metrics, images: int) -> Metrics:
        """Change what is kept after an update of the discriminator; return what to tell of it.

        Args:
            told: what was told of the update; of several replicas each calls this.
            images: real images in it, over all replicas.
        """
        return self.told()

    def told(self) -> Metrics:
        """Return what is told of a discriminator that is not updated."""
        return {}

    def state(self) -> dict[str, tf.Variable]:
        """Return what is kept, by name; a checkpoint holds it."""
        return {}


class DiffAugment(Augmentation):
    """Zhao et al. 2020: colour, translation and cutout, on every image."""

    def on(self, images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
        """See Augmentation.on."""
        return _in_range(lambda given: cut_out(moved(recoloured(given))), images, image_range)


class TranslationCutout(Augmentation):
    """DiffAugment's policy of that name: without colour."""

    def on(self, images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
        """See Augmentation.on."""
        return _in_range(lambda given: cut_out(moved(given)), images, image_range)


class Adaptive(Augmentation):
    """Karras et al. 2020 (ADA): pixel blits, geometry and colours, each with a chance that follows the discriminator.

    The chance p rises while it tells more than TARGET of the augmented real images for what they are, counted as
    E sign D(x), and falls while less. Deviations: pixels between pixels are bilinear, where the paper enlarges and
    filters them first; p stays at most 1.
    """

    metric_names = ("augmentation_chance",)

    def __init__(self) -> None:
        """Begin without any."""
        self.chance = tf.Variable(0.0, trainable=False)
        self.signs = tf.Variable([0.0, 0.0], trainable=False)
        """Their sum since the last change, and of how many updates."""

    def on(self, images: tf.Tensor, image_range: tuple[float, float]) -> tf.Tensor:
        """See Augmentation.on."""
        chance = tf.convert_to_tensor(self.chance)
        return _in_range(lambda given: tinted(warped(given, chance), chance), images, image_range)

    def after_update(self, told: Metrics, images: int) -> Metrics:
        """See Augmentation.after_update."""
        sign = 2 * replicas.mean(told["d_accuracy_real"]) - 1
        signs = self.signs + tf.stack([sign, 1.0])
        full = signs[1] >= EVERY
        step = tf.sign(signs[0] / signs[1] - TARGET) * (EVERY * images / IMAGES)
        chance = tf.clip_by_value(self.chance + tf.where(full, step, 0.0), 0.0, 1.0)
        self.signs.assign(tf.where(full, tf.zeros(2), signs))
        return {"augmentation_chance": self.chance.assign(chance)}

    def told(self) -> Metrics:
        """See Augmentation.told."""
        return {"augmentation_chance": tf.convert_to_tensor(self.chance)}

    def state(self) -> dict[str, tf.Variable]:
        """See Augmentation.state."""
        return {"augmentation/chance": self.chance, "augmentation/signs": self.signs}


KINDS: dict[str | None, type[Augmentation]] = {
    None: Augmentation,
    "adaptive": Adaptive,
    "diffaugment": DiffAugment,
    "translation_cutout": TranslationCutout,
}
"""By the value of train.augmentation."""


# DiffAugment


def recoloured(images: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C), brightness moved by up to 0.5, saturation 0 to 2, contrast 0.5 to 1.5."""
    count = images.shape[0]
    images += _uniform((count, 1, 1, 1)) - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - grey) * (2 * _uniform((count, 1, 1, 1))) + grey
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * (_uniform((count, 1, 1, 1)) + 0.5) + mean


def moved(images: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C) moved by up to an eighth of their sides, whole pixels; 0 comes in."""
    count, height, width, channels = images.shape
    most = [int(side * SHIFT + 0.5) for side in (height, width)]
    rows, columns = (
        tf.one_hot(tf.range(side) - _whole((count, 1), -far, far + 1), side)  # a row that begins outside is all 0
        for side, far in zip((height, width), most, strict=True)
    )
    images = tf.reshape(rows @ tf.reshape(images, (-1, height, width * channels)), (-1, height, width, channels))
    return columns[:, None] @ images


def cut_out(images: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C) with 0 in a square of half their side, which may reach over the edges."""
    count, *sides, _ = images.shape
    inside = []
    for side in sides:
        size = int(side * HOLE + 0.5)
        first = _whole((count, 1), 0, side + 1 - size % 2) - size // 2
        at = tf.range(side)
        inside.append(tf.cast((at >= first) & (at < first + size), tf.float32))
    rows, columns = inside
    return images * (1 - rows[:, :, None, None] * columns[:, None, :, None])


# ADA


def warped(images: tf.Tensor, chance: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C), H = W, flipped, turned, moved and scaled, each with this chance.

    Appendix B: what is drawn as there, all of it one affine map; what lies outside is the image mirrored.
    """
    count, side = images.shape[0], float(images.shape[1])
    turn = 1 - tf.sqrt(1 - chance)  # of two turns at least one happens with the chance that is meant
    steps: list[tf.Tensor] = [
        _scaled(1 - 2 * _if(chance, _whole((count,), 0, 2)), tf.ones(count)),
        _turned(_if(chance, _whole((count,), 0, 4)) * (math.pi / 2)),
        _shifted(_if(chance, tf.round(side * SHIFT * _uniform((count, 2), -1)))),
        _scaled(*[_if(chance, 2 ** (-0.2 * _normal((count,))), 1.0)] * 2),
        _turned(_if(turn, _uniform((count,), -math.pi, math.pi))),
        _stretched(_if(chance, 2 ** (0.2 * _normal((count,))), 1.0)),
        _turned(_if(turn, _uniform((count,), -math.pi, math.pi))),
        _shifted(_if(chance, side * SHIFT * _normal((count, 2)))),
    ]
    return sampled(images, product(steps))


def sampled(images: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C) drawn anew, bilinearly: what is at x there is at maps x here.

    `maps`, float32 (N, 2, 3), take (x, y, 1), in pixels from the middle. What lies outside is the image mirrored,
    without repeating its edge.
    """
    count, height, width, channels = images.shape
    y, x = tf.meshgrid(tf.range(float(height)), tf.range(float(width)), indexing="ij")
    middle = tf.constant([(width - 1) / 2, (height - 1) / 2])
    points = tf.stack([tf.reshape(x, [-1]) - middle[0], tf.reshape(y, [-1]) - middle[1], tf.ones(height * width)])
    at = maps @ points + middle[:, None]  # (N, 2, H W)
    low = tf.floor(at)
    part = at - low
    first = tf.range(count)[:, None] * (height * width)
    flat, total = tf.reshape(images, (-1, channels)), tf.zeros(())
    for right in (0, 1):
        for below in (0, 1):
            column, row = _mirrored(low[:, 0] + right, width), _mirrored(low[:, 1] + below, height)
            weight = tf.abs(1 - right - part[:, 0]) * tf.abs(1 - below - part[:, 1])
            total += tf.gather(flat, first + row * width + column) * weight[..., None]
    return tf.reshape(total, (-1, height, width, channels))


def tinted(images: tf.Tensor, chance: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, C), C 1 or 3, with other colours, each kind of change with this chance.

    Appendix B: brightness, contrast, luma flip, hue and saturation; grey images have the first three.
    """
    count, channels = images.shape[0], images.shape[3]
    brightness = _if(chance, 0.2 * _normal((count,)), 0.0)[:, None, None]
    contrast = _if(chance, 2 ** (0.5 * _normal((count,))), 1.0)[:, None, None]
    flip = _if(chance, _whole((count,), 0, 2))[:, None, None]
    grey = tf.fill((channels, channels), 1 / channels)
    colours = tf.eye(channels) - 2 * flip * grey
    if channels == 3:
        angle = _if(chance, _uniform((count,), -math.pi, math.pi))[:, None, None]
        saturation = _if(chance, 2 ** _normal((count,)), 1.0)[:, None, None]
        # Around the axis of greys (Rodrigues): what lies across it is turned, then lengthened.
        across = tf.constant([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
        hue = tf.cos(angle) * (tf.eye(3) - grey) + tf.sin(angle) * across
        colours = (grey + saturation * hue) @ colours
    shift = tf.reduce_sum(colours, axis=2)[:, None, None] * brightness[..., None] * contrast[..., None]
    turned = tf.reshape(images, (count, -1, channels)) @ tf.transpose(colours * contrast, (0, 2, 1))
    return tf.reshape(turned, tf.shape(images)) + shift


def _if(chance: tf.Tensor, drawn: tf.Tensor, otherwise: float = 0.0) -> tf.Tensor:
    """Return what was drawn, float32 (N, ...), with this chance for each image, else nothing's value."""
    shape = (drawn.shape[0], *[1] * (len(drawn.shape) - 1))
    return tf.where(_uniform(shape) < chance, tf.cast(drawn, tf.float32), otherwise)


def _scaled(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    zero = tf.zeros_like(x)
    return _rows([x, zero, zero], [zero, y, zero])


def _stretched(by: tf.Tensor) -> tf.Tensor:
    return _scaled(1 / by, by)


def _turned(angle: tf.Tensor) -> tf.Tensor:
    cos, sin, zero = tf.cos(angle), tf.sin(angle), tf.zeros_like(angle)
    return _rows([cos, -sin, zero], [sin, cos, zero])


def _shifted(by: tf.Tensor) -> tf.Tensor:
    one, zero = tf.ones_like(by[:, 0]), tf.zeros_like(by[:, 0])
    return _rows([one, zero, by[:, 0]], [zero, one, by[:, 1]])


def _rows(*rows: list[tf.Tensor]) -> tf.Tensor:
    """Return maps float32 (N, 3, 3) of their first two rows, whose elements are (N,)."""
    zero, one = tf.zeros_like(rows[0][0]), tf.ones_like(rows[0][0])
    return tf.stack([tf.stack(row, 1) for row in (*rows, [zero, zero, one])], 1)


def product(maps: list[tf.Tensor]) -> tf.Tensor:
    """Return the first two rows (N, 2, 3) of the product of maps (N, 3, 3), from left to right."""
    total = maps[0]
    for each in maps[1:]:
        total @= each
    return total[:, :2]


def _mirrored(at: tf.Tensor, side: int) -> tf.Tensor:
    """Return int32 places 0 to side - 1 for float32 places anywhere, as if the image were mirrored at its edges."""
    span = 2 * (side - 1)
    inside = tf.math.floormod(tf.cast(at, tf.int32), span)
    return tf.minimum(inside, span - inside)


def _uniform(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> tf.Tensor:
    return uniform(shape, next_layer_key(), low, high)


def _whole(shape: tuple[int, ...], low: int, beyond: int) -> tf.Tensor:
    return uniform(shape, next_layer_key(), low, beyond, tf.int32)


def _normal(shape: tuple[int, ...]) -> tf.Tensor:
    return normal(shape, next_layer_key())


def _in_range(
    change: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor, image_range: tuple[float, float]
) -> tf.Tensor:
    """Return images in image_range after a change that works on [-1, 1]."""
    low, high = image_range
    if (low, high) == (-1.0, 1.0):
        return change(images)
    half = (high - low) / 2
    return change((images - low) / half - 1) * half + (low + half)
