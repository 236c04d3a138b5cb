"""The network of published FIDs: Inception of December 2015 (Szegedy et al. 2016), as Heusel et al. 2017 used it.

It is not Keras's InceptionV3, whose weights were trained anew. Its graph averages without counting the padding, takes
the maximum in its last block where Szegedy et al. average, and enlarges by TensorFlow 1's rule, by which pixels have no
centres. Features are the 2,048 pooled ones; logits are those of its 1,008 classes without their bias, of which Salimans
et al. 2016 and all after them make Inception Scores; maps are those that Nash et al. 2021 take.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganline.core.files import sha256
from ganline.extractors.network import About
from ganline.extractors.torch_file import tensors

SIDE, CLASSES = 299, 1008
ABOUT = About(
    frozenset({"probabilities", "places"}),
    sides=(SIDE, SIDE),
    maps=7,
    resize="bilinear as TensorFlow 1 (pixels without centres, no antialiasing)",
    licence="Apache-2.0 (TensorFlow's models)",
)
FILE_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""Of torch-fidelity's weights-inception-2015-12-05-6726825d.pth, the only file that makes this the network of FIDs."""
EPSILON = 1e-3
"""Of all batch normalisations."""


class Conv(NamedTuple):
    """A convolution without bias, its batch normalisation and ReLU."""

    name: str
    filters: int
    height: int
    width: int
    stride: int = 1
    """With 1, maps keep their size; with 2 nothing is padded."""


Branch = Sequence[str | Conv | tuple[Conv, Conv]]
"""One step after the other: a pooling, a convolution, or two side by side. Branches lie side by side, too."""


def _a(pooled: int) -> list[Branch]:
    return [
        [Conv("branch1x1", 64, 1, 1)],
        [Conv("branch5x5_1", 48, 1, 1), Conv("branch5x5_2", 64, 5, 5)],
        [Conv("branch3x3dbl_1", 64, 1, 1), Conv("branch3x3dbl_2", 96, 3, 3), Conv("branch3x3dbl_3", 96, 3, 3)],
        ["average", Conv("branch_pool", pooled, 1, 1)],
    ]


def _b() -> list[Branch]:
    return [
        [Conv("branch3x3", 384, 3, 3, 2)],
        [Conv("branch3x3dbl_1", 64, 1, 1), Conv("branch3x3dbl_2", 96, 3, 3), Conv("branch3x3dbl_3", 96, 3, 3, 2)],
        ["halve"],
    ]


def _c(inside: int) -> list[Branch]:
    wide, high = (1, 7), (7, 1)
    return [
        [Conv("branch1x1", 192, 1, 1)],
        [Conv("branch7x7_1", inside, 1, 1), Conv("branch7x7_2", inside, *wide), Conv("branch7x7_3", 192, *high)],
        [
            Conv("branch7x7dbl_1", inside, 1, 1),
            Conv("branch7x7dbl_2", inside, *high),
            Conv("branch7x7dbl_3", inside, *wide),
            Conv("branch7x7dbl_4", inside, *high),
            Conv("branch7x7dbl_5", 192, *wide),
        ],
        ["average", Conv("branch_pool", 192, 1, 1)],
    ]


def _d() -> list[Branch]:
    return [
        [Conv("branch3x3_1", 192, 1, 1), Conv("branch3x3_2", 320, 3, 3, 2)],
        [
            Conv("branch7x7x3_1", 192, 1, 1),
            Conv("branch7x7x3_2", 192, 1, 7),
            Conv("branch7x7x3_3", 192, 7, 1),
            Conv("branch7x7x3_4", 192, 3, 3, 2),
        ],
        ["halve"],
    ]


def _e(pooling: str) -> list[Branch]:
    return [
        [Conv("branch1x1", 320, 1, 1)],
        [Conv("branch3x3_1", 384, 1, 1), (Conv("branch3x3_2a", 384, 1, 3), Conv("branch3x3_2b", 384, 3, 1))],
        [
            Conv("branch3x3dbl_1", 448, 1, 1),
            Conv("branch3x3dbl_2", 384, 3, 3),
            (Conv("branch3x3dbl_3a", 384, 1, 3), Conv("branch3x3dbl_3b", 384, 3, 1)),
        ],
        [pooling, Conv("branch_pool", 192, 1, 1)],
    ]


BLOCKS = {
    "Mixed_5b": _a(32), "Mixed_5c": _a(64), "Mixed_5d": _a(64), "Mixed_6a": _b(),
    "Mixed_6b": _c(128), "Mixed_6c": _c(160), "Mixed_6d": _c(160), "Mixed_6e": _c(192), "Mixed_7a": _d(),
    "Mixed_7b": _e("average"), "Mixed_7c": _e("maximum"),
}  # fmt: skip
MAPS = "Mixed_6d"
"""The block of whose maps, 17x17, the first 7 make the spatial distance."""


def network(image_shape: Sequence[int], file: Path | None) -> tf.keras.Model:
    """Return the network with torch-fidelity's (which is pytorch-fid's) weights, or with random ones.

    Raises:
        ValueError, LookupError: the file is another.
    """
    made = _network(image_shape)
    if file:
        if (found := sha256(file)) != FILE_SHA256:
            raise ValueError(f"its sha256 is {found}, and that of the weights of published FIDs {FILE_SHA256}")
        fill(made, tensors(file))
    return made


def _network(image_shape: Sequence[int]) -> tf.keras.Model:
    inputs = tf.keras.Input(tuple(image_shape))
    maps = (_Resized()(inputs) - 128.0) / 128.0
    maps = _conv(maps, "", Conv("Conv2d_1a_3x3", 32, 3, 3, 2))
    maps = _conv(maps, "", Conv("Conv2d_2a_3x3", 32, 3, 3), "valid")
    maps = _POOLINGS["halve"](_conv(maps, "", Conv("Conv2d_2b_3x3", 64, 3, 3)))
    maps = _conv(maps, "", Conv("Conv2d_3b_1x1", 80, 1, 1))
    maps = _POOLINGS["halve"](_conv(maps, "", Conv("Conv2d_4a_3x3", 192, 3, 3), "valid"))
    spatial = None
    for name, branches in BLOCKS.items():
        maps = block(maps, name, branches)
        spatial = maps if name == MAPS else spatial
    features = tf.reduce_mean(maps, axis=(1, 2))
    logits = tf.keras.layers.Dense(CLASSES, use_bias=False, name="fc")(features)
    return tf.keras.Model(inputs, [features, logits, spatial])


def resized(images: tf.Tensor) -> tf.Tensor:
    """Return images float32 (N, H, W, 1 or 3) as RGB (N, 299, 299, 3), bilinear as TensorFlow 1 had it."""
    colour = tf.image.grayscale_to_rgb(images) if images.shape[-1] == 1 else images
    return tf.raw_ops.ResizeBilinear(images=colour, size=(SIDE, SIDE), align_corners=False, half_pixel_centers=False)


class _Resized(tf.keras.layers.Layer):
    def call(self, images: tf.Tensor) -> tf.Tensor:
        return resized(images)


def block(maps: tf.Tensor, name: str, branches: Sequence[Branch]) -> tf.Tensor:
    """Return what the branches make of maps (N, h, w, c), side by side in the last dimension."""
    return tf.concat([_branch(maps, name, branch) for branch in branches], axis=3)


def fill(made: tf.keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Set all weights of a model made of `block`s from arrays by PyTorch's names.

    Raises:
        ValueError: one is missing or of another shape.
    """
    for layer in made.layers:
        if layer.weights:
            layer.set_weights([_taken(weights, name, variable.shape) for name, variable in _names(layer)])


def _names(layer: tf.keras.layers.Layer) -> list[tuple[str, tf.Variable]]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return [(f"{layer.name}.{part}", variable) for part, variable in zip(parts, layer.weights, strict=False)]


def _taken(weights: Mapping[str, np.ndarray], name: str, shape: tf.TensorShape) -> np.ndarray:
    """Return an array as Keras has it: convolutions (h, w, in, out), matrices (in, out)."""
    if name not in weights:
        raise ValueError(f"it has no {name}")
    array = np.asarray(weights[name], np.float32)
    turned = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
    if turned.shape != tuple(shape):
        raise ValueError(f"its {name} is {array.shape}, and {tuple(shape)}, turned, is wanted")
    return turned


def _branch(maps: tf.Tensor, name: str, steps: Branch) -> tf.Tensor:
    for step in steps:
        if isinstance(step, str):
            maps = _POOLINGS[step](maps)
        elif isinstance(step, Conv):
            maps = _conv(maps, f"{name}.", step)
        else:
            maps = tf.concat([_conv(maps, f"{name}.", each) for each in step], axis=3)
    return maps


def _conv(maps: tf.Tensor, prefix: str, conv: Conv, padding: str = "") -> tf.Tensor:
    padding = padding or ("same" if conv.stride == 1 else "valid")
    name, kernel = prefix + conv.name, (conv.height, conv.width)
    maps = tf.keras.layers.Conv2D(
        conv.filters, kernel, conv.stride, padding, use_bias=False, name=f"{name}.conv"
    )(maps)  # fmt: skip
    return tf.nn.relu(tf.keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}.bn")(maps))


_POOLINGS = {
    # TensorFlow's average leaves the padding out of its count.
    "average": lambda maps: tf.nn.avg_pool2d(maps, 3, 1, "SAME"),
    "maximum": lambda maps: tf.nn.max_pool2d(maps, 3, 1, "SAME"),
    "halve": lambda maps: tf.nn.max_pool2d(maps, 3, 2, "VALID"),
}
