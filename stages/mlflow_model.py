"""The generator as an MLflow model. This file is the model's code: MLflow runs it when the model is loaded."""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class GeneratorModel(PythonModel):
    """Turns latent vectors, float32 (N, latent_dim), into images, uint8 (N, H, W, C).

    A conditional generator makes images of the class in `params={"label": 3}`, or of all classes in turn without it.
    """

    def load_context(self, context: Any) -> None:
        """Load the weights that were logged with the model."""
        from ganline.models import load_generator

        self.generator = load_generator(Path(context.artifacts["generator"]))

    def predict(self, context: Any, model_input: np.ndarray, params: dict[str, Any] | None = None) -> np.ndarray:
        """Return one image for each latent vector."""
        latents, label = np.asarray(model_input, np.float32), (params or {}).get("label", -1)
        in_turn = np.arange(len(latents)) % max(1, self.generator.conditions)
        return self.generator.images(latents, in_turn if label < 0 else np.full(len(latents), label))


set_model(GeneratorModel())
