"""The generator as an MLflow model. This file is the model's code: MLflow runs it when the model is loaded."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

CODE = Path(__file__).with_name("code")
"""Where MLflow lays the code that was logged with the model; absent while it is being logged."""


class GeneratorModel(PythonModel):
    """Turns latent vectors, float32 (N, latent_dim), into images, uint8 (N, H, W, C); a translator images into others.

    The images that a translator is given, uint8 (N, h, w, C), may have any size and be grey, RGB or RGBA: they go
    through it in tiles, as with `ganline translate`. One of two domains takes `params={"back": True}` for the way back;
    one that draws in the style of a picture takes both by name: {"images": ..., "style": uint8 (h, w, 3)}.
    A conditional generator makes images of the class in `params={"label": 3}`, or of all classes in turn without it.
    """

    def load_context(self, context: Any) -> None:
        """Load the weights that were logged with the model, by the code that was logged with it."""
        with own_code() as self.modules:
            from ganline import models
            from ganline.models import makers
            from ganline.models.tiles import translated

            model = models.load(Path(context.artifacts["generator"]))
            self.input_shape = model.input_shape
            self.generator = cast(Any, makers.of(model))  # a Sampler or a Translator
            self.translated = translated
            # All that making images takes is imported and traced now, while `ganline` means this model's code.
            example = np.zeros((1, *(self.input_shape or (self.generator.latent_dim,))), np.uint8)
            if self.input_shape:
                example[:, 1:, :, -1] = 255  # whoever fills holes finds one that is one pixel high
                example[:, :, 1:, -1] = 255
            styled: Any = {"images": example, "style": example[0]} if "style" in self.generator.abilities else example
            self.predict(context, styled)
            if model.back:
                self.predict(context, example, {"back": True})

    def predict(self, context: Any, model_input: np.ndarray, params: dict[str, Any] | None = None) -> np.ndarray:
        """Return one image for each latent vector, or for each image."""
        given: Any = model_input  # MLflow reads the hint, and warns of what it does not know
        if isinstance(given, dict):
            translator = self.generator.in_style(np.asarray(given["style"], np.uint8))
            return self._translated(translator, given["images"])
        if self.input_shape:
            translator = self.generator.turned if (params or {}).get("back") else self.generator
            return self._translated(translator, model_input)
        latents, label = np.asarray(model_input, np.float32), (params or {}).get("label", -1)
        in_turn = np.arange(len(latents)) % max(1, self.generator.conditions)
        return self.generator.images(latents, in_turn if label < 0 else np.full(len(latents), label))

    def _translated(self, translator: Any, images: np.ndarray) -> np.ndarray:
        return np.stack([self.translated(translator, image) for image in np.asarray(images, np.uint8)])


@contextmanager
def own_code() -> Iterator[dict[str, ModuleType]]:
    """Let `ganline` mean this model's code inside, whatever the process and its other models have imported so far.

    MLflow (3.17.2) puts the code in front of sys.path, but Python imports a name once: without this the second model
    of a process would run the first one's code. Yields what is filled, on leaving, with the modules imported inside.
    """
    others, path = _take_out(), sys.path
    sys.path = [str(CODE), *path]
    own: dict[str, ModuleType] = {}
    try:
        yield own
    finally:
        own |= _take_out()
        sys.modules |= others
        sys.path = path


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == "ganline"]
    return {name: sys.modules.pop(name) for name in names}


set_model(GeneratorModel())
