"""The catalogue of models: one file a GAN family, and how a trained one is kept and used."""

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.errors import UserError
from ganline.files import read_arrays, write_arrays, write_json
from ganline.params import Train

if TYPE_CHECKING:
    from ganline.models.base import Model

BATCH = 500  # images made at once: large enough to keep the processor busy, small enough for any memory


def build(settings: Train, image_shape: tuple[int, int, int], seed: int) -> "Model":
    """Return the model that `settings.model` (FILE.CLASS) names, with new weights."""
    file, name = settings.model.split(".")
    return getattr(importlib.import_module(f"ganline.models.{file}"), name)(settings, image_shape, seed)


def save(model: "Model", folder: Path) -> None:
    """Write the trained networks and what rebuilds them into `folder`."""
    write_arrays(folder / "weights.npz", {name: variable.numpy() for name, variable in model.weights().items()})
    facts = {"settings": model.settings.model_dump(), "image_shape": list(model.image_shape), "seed": model.seed}
    write_json(folder / "model.json", facts)


class Generator:
    """A trained generator for use: latents in, pictures out.

    Attributes:
        latent_dim: numbers in a latent vector.
        prior: "uniform" for U(-1, 1), "normal" for N(0, 1).
        image_shape: (H, W, C).
    """

    def __init__(self, model: "Model") -> None:
        """Wrap a model whose weights are set."""
        import tensorflow as tf

        from ganline.models.base import to_uint8

        self.latent_dim: int = model.settings.latent_dim
        self.prior: str = model.settings.noise
        self.image_shape = model.image_shape
        self._make = tf.function(
            lambda latents: to_uint8(model.generate(latents), model.image_range),
            input_signature=[tf.TensorSpec((None, self.latent_dim), tf.float32)],
        )

    def latents(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return float32 (count, latent_dim) from the prior, a function of (seed, purpose) alone."""
        from ganline.random import generator

        draw = generator(seed, f"latents/{purpose}")
        shape = (count, self.latent_dim)
        values = draw.uniform(-1, 1, shape) if self.prior == "uniform" else draw.standard_normal(shape)
        return values.astype(np.float32)

    def images(self, latents: np.ndarray) -> np.ndarray:
        """Return uint8 (N, H, W, C) for float32 latents (N, latent_dim).

        Raises:
            UserError: the latents have another shape.
        """
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise UserError(f"latents of shape {latents.shape}: this generator takes (N, {self.latent_dim})")
        parts = [self._make(latents[i : i + BATCH].astype(np.float32)).numpy() for i in range(0, len(latents), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), np.uint8)


def load_generator(folder: Path) -> Generator:
    """Return the generator that `save` wrote into `folder`.

    Raises:
        UserError: `folder` holds no model.
    """
    from ganline.models.base import assign

    try:
        facts: dict[str, Any] = json.loads((folder / "model.json").read_text())
        weights = read_arrays(folder / "weights.npz")
    except FileNotFoundError as error:
        raise UserError(f"{folder} holds no trained model ({Path(error.filename).name} is missing)") from None
    model = build(Train.model_validate(facts["settings"]), tuple(facts["image_shape"]), facts["seed"])
    assign(model.weights(), weights)
    return Generator(model)
