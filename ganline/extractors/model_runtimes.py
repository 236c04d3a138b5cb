"""What runs a network file of the user's: TensorFlow, or for ONNX its Runtime, where that is installed."""

import importlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core.addresses import masked
from ganline.core.errors import UserError

SAVED_MODEL = "saved_model.pb"
SIGNATURE = "serving_default"
ONNX_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Runtime:
    """A file that is open: one input, and that one of its outputs that was chosen."""

    takes: Sequence[int | None]
    """Sizes of what goes in, None for any."""
    gives: Sequence[str]
    """The names of what comes out."""
    chosen: str

    def choose(self, output: str | None) -> None:
        """Take one of the outputs; None is the only one.

        Raises:
            UserError: there is none of this name, or it is one of several that goes unnamed.
        """
        wanted = self.gives[0] if output is None and len(self.gives) == 1 else output
        if wanted not in self.gives:
            raise UserError(
                f"extractor.preprocessing.output = {output or 'null'}: the file of extractor.weights gives "
                f"{', '.join(self.gives)}; name one of these"
            )
        self.chosen = str(wanted)

    def run(self, images: tf.Tensor) -> tf.Tensor:
        """Return what comes out for images that are prepared, float32."""
        raise NotImplementedError


class Onnx(Runtime):
    """Of ONNX Runtime."""

    def __init__(self, content: bytes) -> None:
        try:
            runtime = importlib.import_module("onnxruntime")
        except ImportError:
            raise UserError(
                "extractor.weights is an ONNX file, and what runs those is not installed: `pip install -e '.[onnx]'` "
                "(in a clone: `.venv/bin/pip install onnxruntime`), or export the network as a SavedModel"
            ) from None
        try:
            self._session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base of their own
            raise UserError(
                f"the file of extractor.weights is no ONNX network that can be run, or needs files beside it (give one "
                f"with its weights inside): {reason(error)}"
            ) from None
        given = self._session.get_inputs()
        _require_one([each.name for each in given])
        if given[0].type not in ONNX_TYPES:
            raise UserError(f"the file of extractor.weights takes {given[0].type}; allowed is {', '.join(ONNX_TYPES)}")
        self._name, self._type = given[0].name, ONNX_TYPES[given[0].type]
        self.takes = [size if isinstance(size, int) else None for size in given[0].shape]
        self.gives = [each.name for each in self._session.get_outputs()]

    def run(self, images: tf.Tensor) -> tf.Tensor:
        """See Runtime."""
        return tf.numpy_function(self._run, [images], tf.float32)

    def _run(self, images: np.ndarray) -> np.ndarray:
        (found,) = self._session.run([self.chosen], {self._name: images.astype(self._type)})
        return np.asarray(found, np.float32)


class Saved(Runtime):
    """Of TensorFlow: the signature serving_default."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        # Kept as long as this is: a SavedModel may read what lies beside it whenever it is called.
        self._folder = tempfile.TemporaryDirectory(prefix="ganline-saved-model-")
        for name, content in files.items():
            path = Path(self._folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            self._model: Any = tf.saved_model.load(self._folder.name)
        except Exception as error:  # protobuf's, TensorFlow's and Python's own
            raise UserError(f"extractor.weights is no SavedModel that can be read: {reason(error)}") from None
        if SIGNATURE not in self._model.signatures:
            known = ", ".join(self._model.signatures) or "none"
            raise UserError(f"the SavedModel of extractor.weights has no signature {SIGNATURE} (it has {known})")
        self._call = self._model.signatures[SIGNATURE]
        given = self._call.structured_input_signature[1]
        _require_one(given)
        ((self._name, spec),) = given.items()
        if not spec.dtype.is_floating:
            raise UserError(f"the file of extractor.weights takes {spec.dtype.name}; allowed is a floating type")
        self._type = spec.dtype
        self.takes = spec.shape.as_list() if spec.shape.rank is not None else [None] * 4
        self.gives = sorted(self._call.structured_outputs)

    def run(self, images: tf.Tensor) -> tf.Tensor:
        """See Runtime."""
        return tf.cast(self._call(**{self._name: tf.cast(images, self._type)})[self.chosen], tf.float32)


def opened(files: Mapping[str, bytes]) -> Runtime:
    """Return what runs these files, by their names: those of a SavedModel, or one .onnx.

    Raises:
        UserError: they cannot be run here.
    """
    return Saved(files) if SAVED_MODEL in files else Onnx(next(iter(files.values())))


def _require_one(inputs: Iterable[str]) -> None:
    if len(names := list(inputs)) != 1:
        raise UserError(f"the file of extractor.weights takes {', '.join(names) or 'nothing'}; allowed is one input")


def reason(error: Exception) -> str:
    """Return the line that says why: of TensorFlow's graphs the one before that of the place, of others the first."""
    lines = str(error).splitlines()
    told = [line for line, following in pairwise(lines) if following.lstrip().startswith("[[")]
    return masked((told or lines or [type(error).__name__])[0])
