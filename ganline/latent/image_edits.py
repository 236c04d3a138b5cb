"""Edits of images that can be asked of a generator: moved, zoomed, turned, brightened, coloured; and measured again.

What steerability asks for (Jahanian et al. 2020, "On the 'steerability' of generative adversarial networks"). An edit
knows which pixels of its result it cannot know, because they were outside the image before: those are masked out of
every comparison.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

WHOLE = 0.999
"""A pixel is known where at least this share of it comes from inside the image."""
SIDE = 32
"""Larger images are shrunk to about this side before an edit is measured."""
STEP = 0.125
"""Between the strengths that are tried to measure an edit."""
NOISE = 1.0
"""Squared grey levels that mean nothing."""
EXPLAINS = 0.1
"""An image counts as edited where the edit explains at least this share of what changed: else it became another."""


class Edit(NamedTuple):
    """Something that can be done to an image, to either side."""

    name: str
    reach: float
    """The amount at strength 1: a share of the side, doublings, or degrees."""
    kind: str
    """"x", "y", "zoom", "turn" or "gain"."""
    unit: str
    """What `reach` is, for people; {} stands for it."""
    channel: int | None = None
    """Of a gain: the one that it changes; None for all."""

    @property
    def amount(self) -> str:
        """What strength 1 does."""
        scale = {"x": 100 * self.reach, "y": 100 * self.reach, "turn": self.reach}
        return self.unit.format(f"{scale.get(self.kind, 2**self.reach):.3g}")


EDITS = (
    Edit("shift x", 0.12, "x", "{} % of the side"),
    Edit("shift y", 0.12, "y", "{} % of the side"),
    Edit("zoom", 0.3, "zoom", "{} times as large"),
    Edit("rotation", 20.0, "turn", "{} degrees"),
    Edit("brightness", 0.5, "gain", "{} times as bright"),
)
COLOURS = tuple(Edit(name, 0.5, "gain", "{} times as much of it", i) for i, name in enumerate(("red", "green", "blue")))


def edits_of(channels: int) -> tuple[Edit, ...]:
    """Return the edits of images with 1 or 3 channels."""
    return EDITS if channels == 1 else EDITS + COLOURS


def edited(edit: Edit, images: "tf.Tensor", strengths: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
    """Return edited images and where they are known.

    Args:
        edit: what is done.
        images: float32 (N, H, W, C), 0 to 255.
        strengths: float32 (N,), multiples of the edit's reach, below 0 the other way: right, down, larger,
            anticlockwise and brighter are above 0.

    Returns:
        float32 (N, H, W, C), 0 to 255; and float32 (N, H, W, 1), 1 where what is shown was inside the image, else 0.
    """
    import tensorflow as tf

    amounts = strengths * edit.reach
    if edit.kind == "gain":
        factors = tf.pow(2.0, amounts)[:, None, None, None]
        chosen = tf.one_hot(edit.channel, images.shape[-1]) if edit.channel is not None else tf.ones(images.shape[-1])
        return tf.clip_by_value(images * (1.0 + (factors - 1.0) * chosen), 0.0, 255.0), tf.ones_like(images[..., :1])
    places = _places(edit.kind, amounts, tf.cast(tf.shape(images)[1:3], tf.float32))
    whole = _sampled(tf.ones_like(images[..., :1]), places)
    return _sampled(images, places), tf.cast(whole >= WHOLE, tf.float32)


def _places(kind: str, amounts: "tf.Tensor", size: "tf.Tensor") -> "tf.Tensor":
    """Return where the pixels of results come from, float32 (N, 8), as TensorFlow's projective transforms take it."""
    import tensorflow as tf

    zero, one = tf.zeros_like(amounts), tf.ones_like(amounts)
    middle_y, middle_x = (size[0] - 1.0) / 2.0, (size[1] - 1.0) / 2.0
    if kind in ("x", "y"):
        right, down = (-amounts * size[1], zero) if kind == "x" else (zero, -amounts * size[0])
        return tf.stack([one, zero, right, zero, one, down, zero, zero], axis=1)
    angle = amounts * (np.pi / 180.0) if kind == "turn" else zero
    scale = tf.pow(2.0, -amounts) if kind == "zoom" else one
    across, along = scale * tf.cos(angle), scale * tf.sin(angle)
    right = middle_x - across * middle_x + along * middle_y
    down = middle_y - along * middle_x - across * middle_y
    return tf.stack([across, -along, right, along, across, down, zero, zero], axis=1)


def _sampled(images: "tf.Tensor", places: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images, transforms=places, output_shape=tf.shape(images)[1:3], fill_value=0.0,
        interpolation="BILINEAR", fill_mode="CONSTANT",
    )  # fmt: skip


def far_between(wanted: "tf.Tensor", known: "tf.Tensor", images: "tf.Tensor") -> "tf.Tensor":
    """Return the mean squared difference of images (N, H, W, C) where `known`, (N, H, W, 1), is 1: (N,)."""
    import tensorflow as tf

    squares = tf.reduce_mean(known * tf.square(wanted - images), axis=(1, 2, 3))
    return squares / tf.maximum(tf.reduce_mean(known, axis=(1, 2, 3)), 1e-6)


def measurer(edit: Edit, most: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function that measures how strongly images were edited.

    It takes images as they were and as they became, uint8 (N, H, W, C), and returns float64 (N,): the strength, of
    those up to `most` either way, at which the edit explains most of what changed where it knows the pixels; 0 where it
    hardly explains anything.
    """
    import tensorflow as tf

    count = round(most / STEP)
    tried = STEP * np.array(sorted(range(-count, count + 1), key=lambda step: (abs(step), step)), np.float32)

    @tf.function(reduce_retracing=True)
    def left_over(before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
        def share(strength: tf.Tensor) -> tf.Tensor:
            wanted, known = edited(edit, before, tf.fill(tf.shape(before)[:1], strength))
            far, unedited = (far_between(image, known, after) for image in (wanted, before))
            return (far + NOISE) / (unedited + NOISE)  # over the same pixels: else whoever hides most explains most

        return tf.map_fn(share, tf.constant(tried))

    def measure(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        found = left_over(_small(before), _small(after)).numpy()
        return np.where(found.min(axis=0) < 1 - EXPLAINS, tried[found.argmin(axis=0)].astype(np.float64), 0.0)

    return measure


def _small(images: np.ndarray) -> np.ndarray:
    """Return images as float32 (N, h, w, C), blocks of pixels averaged."""
    block = max(1, max(images.shape[1:3]) // SIDE)
    height, width = (side // block for side in images.shape[1:3])
    cut = images[:, : height * block, : width * block].astype(np.float32)
    return cut.reshape(len(images), height, block, width, block, -1).mean(axis=(2, 4))
