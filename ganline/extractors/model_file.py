"""A network of the user's: an ONNX or SavedModel file, and what images must become before they go into it.

The files themselves are what is kept as its weights, so that whoever judges later needs no path to them. A SavedModel
is a program: take one only from whom you would take a program.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.extractors.entrance import no_classes
from ganline.extractors.model_runtimes import SAVED_MODEL, Runtime, opened, reason
from ganline.extractors.network import About

ABOUT = About(frozenset({"own file"}), licence="that of your file")
FIRST = "channels_first"
TRIED = 2
"""Black images that a file must describe before it is taken: of one alone nobody sees whether it gives each a row."""


def network(image_shape: Sequence[int], file: Path | None, preprocessing: Mapping[str, Any]) -> "ModelFile":
    """Return the network of an .onnx file or of the folder of a SavedModel, or one that waits for `set_weights`.

    Args:
        image_shape: (H, W, C) of the images it will see.
        file: where it lies.
        preprocessing: the section extractor.preprocessing.

    Raises:
        UserError: the file cannot be read, or does not take or give what is said.
    """
    made = ModelFile(preprocessing)
    if file:
        made.set_weights(_packed(file))
    return made


class ModelFile:
    """What can be called like a Keras model of images float 0 to 255 (N, H, W, 1 or 3)."""

    def __init__(self, preprocessing: Mapping[str, Any]) -> None:
        self._told = preprocessing
        self._weights: list[np.ndarray] = []
        self._runtime: Runtime | None = None
        self._rank: int | None = None
        self.outputs: list[tf.Tensor] = []
        """Of black images, as of the networks of Keras."""

    @property
    def resize(self) -> str:
        """What a protocol says of what is done to images."""
        told = self._told
        scaled = f"0 to 255 become {told['range'][0]:g} to {told['range'][1]:g}"
        scaled += f", less {told['mean']}" if told["mean"] else ""
        scaled += f", through {told['std']}" if told["std"] else ""
        side = f"{told['size']}x{told['size']} {told['interpolation']}, antialiased where it shrinks"
        return f"tiled to RGB, {side}, {scaled}, {told['order']}, {told['layout']}"

    def get_weights(self) -> list[np.ndarray]:
        """Return the names of the files, one a line, and the bytes of each: uint8 arrays."""
        return self._weights

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Open the files that `get_weights` returned.

        Raises:
            UserError: they cannot be read, or do not take or give what is said.
        """
        self._weights = list(weights)
        names = self._weights[0].tobytes().decode().splitlines()
        self._runtime = opened({name: each.tobytes() for name, each in zip(names, self._weights[1:], strict=True)})
        self._runtime.choose(self._told["output"])
        self._require_taken(self._runtime.takes)
        found = self._tried()
        self._require_given(found.numpy())
        self.outputs = [found]

    def __call__(self, images: tf.Tensor, training: bool = False) -> list[tf.Tensor]:
        """Return [features (N, d), logits (N, 1), features as maps (N, 1, 1, d)]."""
        found = self._in_parts(self._prepared(images))
        found = tf.ensure_shape(found, (None, self.outputs[0].shape[1]))
        return [found, no_classes(found), found[:, None, None]]

    def _tried(self) -> tf.Tensor:
        try:
            return self._in_parts(self._prepared(tf.zeros((TRIED, self._told["size"], self._told["size"], 3))))
        except UserError:
            raise
        except Exception as error:  # TensorFlow's, and those of ONNX Runtime, which share no base of their own
            raise UserError(
                f"the file of extractor.weights was read, but does not run on {TRIED} black images as "
                f"extractor.preprocessing makes them: {reason(error)}"
            ) from None

    def _prepared(self, images: tf.Tensor) -> tf.Tensor:
        told, (low, high) = self._told, self._told["range"]
        images = tf.image.grayscale_to_rgb(images) if images.shape[3] == 1 else images
        if tuple(images.shape[1:3]) != (told["size"], told["size"]):
            images = tf.image.resize(images, (told["size"],) * 2, method=told["interpolation"], antialias=True)
        images = images / 255.0 * (high - low) + low
        images = images - told["mean"] if told["mean"] else images
        images = images / told["std"] if told["std"] else images
        images = images if told["order"] == "rgb" else images[..., ::-1]
        return tf.transpose(images, (0, 3, 1, 2)) if told["layout"] == FIRST else images

    def _in_parts(self, images: tf.Tensor) -> tf.Tensor:
        """Return the features of prepared images; a file that takes so many at once gets so many, the rest blank."""
        assert self._runtime
        if (count := self._runtime.takes[0]) is None:
            return self._pooled(self._runtime.run(images))
        rows = tf.shape(images)[0]
        blank = tf.pad(images, ((0, -rows % count), (0, 0), (0, 0), (0, 0)))
        parts = tf.reshape(blank, (-1, count, *images.shape[1:]))
        found = tf.map_fn(lambda part: self._pooled(self._runtime.run(part)), parts, fn_output_signature=tf.float32)
        return tf.reshape(found, (-1, tf.shape(found)[-1]))[:rows]

    def _pooled(self, found: tf.Tensor) -> tf.Tensor:
        """Return features (N, d): as they come, the mean over places of maps, of tokens (N, t, d) the first."""
        # What comes out is known when it was run once; a graph may know less.
        self._rank = self._rank if found.shape.rank is None else found.shape.rank
        if self._rank not in (2, 3, 4):
            raise self._not_given((None, *found.shape[1:]) if found.shape.rank else ())
        if self._rank == 4:
            return tf.reduce_mean(found, axis=(2, 3) if self._told["layout"] == FIRST else (1, 2))
        return found[:, 0] if self._rank == 3 else found

    def _require_taken(self, takes: Sequence[int | None]) -> None:
        size = self._told["size"]
        meant = (3, size, size) if self._told["layout"] == FIRST else (size, size, 3)
        if len(takes) != 4 or any(fixed not in (None, said) for fixed, said in zip(takes[1:], meant, strict=True)):
            raise UserError(
                f"the file of extractor.weights takes {_shape(takes)}, and extractor.preprocessing (size, layout) "
                f"makes {_shape((None, *meant))} of images"
            )

    def _require_given(self, features: np.ndarray) -> None:
        count, width = features.shape
        if count != TRIED or not width or self._told["features"] not in (None, width):
            raise self._not_given((None if count == TRIED else count, width))
        if not np.isfinite(features).all():
            raise UserError("the file of extractor.weights gives NaN or infinity for a black image")

    def _not_given(self, shape: Sequence[int | None]) -> UserError:
        return UserError(
            f"the file of extractor.weights gives {_shape(shape)} for images, and what is wanted is one row of "
            f"{self._told['features'] or 'some'} features an image: extractor.preprocessing.output says which of its "
            "outputs that is, extractor.preprocessing.features how many"
        )


def _packed(file: Path) -> list[np.ndarray]:
    """Return what `ModelFile.get_weights` says.

    Raises:
        UserError: it is a folder, and no SavedModel's; or a graph alone.
    """
    if file.is_file() and file.suffix == ".pb":
        raise UserError(
            f"extractor.weights={file} is a graph alone: allowed is an .onnx file or the whole folder of a SavedModel "
            f"({SAVED_MODEL}, variables); a frozen graph becomes one of these by tf2onnx or TensorFlow"
        )
    if file.is_dir() and not (file / SAVED_MODEL).is_file():
        raise UserError(f"extractor.weights={file} holds no {SAVED_MODEL}: give an .onnx file or a SavedModel's folder")
    paths = sorted(path for path in file.rglob("*") if path.is_file()) if file.is_dir() else [file]
    names = [path.relative_to(file).as_posix() if file.is_dir() else "model.onnx" for path in paths]
    contents = ["\n".join(names).encode(), *(path.read_bytes() for path in paths)]
    return [np.frombuffer(content, np.uint8) for content in contents]


def _shape(sizes: Sequence[int | None]) -> str:
    return f"({', '.join('N' if size is None else str(size) for size in sizes)})"
