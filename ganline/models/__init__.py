"""The catalogue of models: one file a GAN family, and how a trained one is kept and used."""

import importlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.core.errors import UserError
from ganline.core.files import read_arrays, undamaged, write_arrays, write_json
from ganline.core.random import generator
from ganline.models.facts import latents_of, model_facts, recipe_of
from ganline.settings.recipes import Train

if TYPE_CHECKING:
    import tensorflow as tf

    from ganline.models.base import Model

SINCE = {"frozen_batch_norm": "moving"}
"""Keys of train that models saved before there were any do not have, and what these models did."""
BATCH = 500  # images made at once: large enough to keep the processor busy, small enough for any memory


def build(settings: Train, image_shape: tuple[int, int, int], seed: int, classes: int = 0) -> "Model":
    """Return the model that `settings.model` (FILE.CLASS) names, with new weights; see ganline.models.base.Model."""
    module = importlib.import_module(model_facts()[settings.model]["module"])
    return getattr(module, settings.model.partition(".")[2])(settings, image_shape, seed, classes)


def save(model: "Model", folder: Path) -> None:
    """Write the trained networks and what rebuilds them into `folder`."""
    write_arrays(folder / "weights.npz", {name: variable.numpy() for name, variable in model.weights().items()})
    facts = {
        "settings": model.settings.model_dump(),
        "image_shape": list(model.image_shape),
        "seed": model.seed,
        "classes": model.classes,
    }
    write_json(folder / "model.json", facts)


def load(folder: Path) -> "Model":
    """Return the model that `save` wrote into `folder`.

    Raises:
        UserError: `folder` holds no model, or one that is damaged.
    """
    try:
        with undamaged(folder, "`dvc checkout --force` brings it back, `dvc repro` makes it anew"):
            return _load(folder)
    except FileNotFoundError as error:
        raise UserError(f"{folder} holds no trained model ({Path(error.filename).name} is missing)") from None


def _load(folder: Path) -> "Model":
    facts: dict[str, Any] = json.loads((folder / "model.json").read_text())
    weights = read_arrays(folder / "weights.npz")
    from ganline.models.base import assign  # TensorFlow: not before there is something to load

    given = SINCE | facts["settings"]
    recipe = recipe_of(given["model"])  # models saved before there were kinds have keys that mean nothing to theirs
    settings = recipe.model_validate({key: value for key, value in given.items() if key in recipe.model_fields})
    model = build(settings, tuple(facts["image_shape"]), facts["seed"], facts["classes"])
    assign(model.weights(), weights)
    return model


def load_generator(folder: Path) -> "Generator":
    """Return the generator of the model that `save` wrote into `folder`.

    Raises:
        UserError: `folder` holds no model.
    """
    return Generator(load(folder))


class Generator:
    """A trained generator for use: latents in, pictures out.

    Attributes:
        latent_dim: numbers in a latent vector.
        prior: "normal" for N(0, 1), "uniform" for U(-1, 1), "unit_uniform" for U(0, 1).
        image_shape: (H, W, C).
        conditions: classes or codes that can be asked for, 0 where there are none.
    """

    def __init__(self, model: "Model") -> None:
        """Wrap a model whose weights are set."""
        import tensorflow as tf

        from ganline.models.base import to_uint8

        self.latent_dim, self.prior = latents_of(model.settings)
        self.image_shape = model.image_shape
        self.conditions = model.conditions
        self._model = model
        self._make = tf.function(
            lambda latents, labels: to_uint8(model.generate(latents, labels), model.image_range),
            input_signature=[tf.TensorSpec((None, self.latent_dim), tf.float32), tf.TensorSpec((None,), tf.int32)],
            autograph=False,
        )

    def latents(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return float32 (count, latent_dim) from the prior, a function of (seed, purpose) alone."""
        draw, shape = generator(seed, f"latents/{purpose}"), (count, self.latent_dim)
        if self.prior == "normal":
            return draw.standard_normal(shape).astype(np.float32)
        return draw.uniform(-1 if self.prior == "uniform" else 0, 1, shape).astype(np.float32)

    def labels(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return int32 (count,) drawn uniformly from the conditions (0 for all where there are none)."""
        draw = generator(seed, f"labels/{purpose}")
        return draw.integers(0, max(1, self.conditions), count).astype(np.int32)

    def grid(self, count: int, seed: int, purpose: str) -> tuple[np.ndarray, np.ndarray, int]:
        """Return latents and labels for a grid of samples, and its columns.

        With conditions one row a condition, and the same latents in every row; else as near a square as `count` allows.
        """
        if not self.conditions:
            return self.latents(count, seed, purpose), np.zeros(count, np.int32), math.isqrt(count - 1) + 1
        columns = max(1, count // self.conditions)
        latents = np.tile(self.latents(columns, seed, purpose), (self.conditions, 1))
        return latents, np.repeat(np.arange(self.conditions, dtype=np.int32), columns), columns

    def unrounded(self, latents: "tf.Tensor", labels: "tf.Tensor") -> "tf.Tensor":
        """Return images float32 (N, H, W, C), 0 to 255 where the model keeps its range, never rounded or cut off.

        Not compiled here: call it inside a tf.function. Where the model has gradients, they reach the latents.

        Args:
            latents: float32 (N, latent_dim).
            labels: int32 (N,).
        """
        import tensorflow as tf

        low, high = self._model.image_range
        return (tf.cast(self._model.generate(latents, labels), tf.float32) - low) * (255 / (high - low))

    def images(self, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Return uint8 (N, H, W, C) for float32 latents (N, latent_dim) and int32 labels (N,), all 0 where not given.

        Raises:
            UserError: the latents have another shape, or a label is none of the conditions.
        """
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim:
            raise UserError(f"latents of shape {latents.shape}: this generator takes (N, {self.latent_dim})")
        labels = np.zeros(len(latents), np.int32) if labels is None else labels.astype(np.int32)
        if len(labels) != len(latents) or (
            len(labels) and not 0 <= labels.min() <= labels.max() < max(1, self.conditions)
        ):
            raise UserError(f"labels: this generator takes one of 0 to {max(0, self.conditions - 1)} for each latent")
        parts = [
            self._make(latents[i : i + BATCH].astype(np.float32), labels[i : i + BATCH]).numpy()
            for i in range(0, len(latents), BATCH)
        ]
        return np.concatenate(parts) if parts else np.empty((0, *self.image_shape), np.uint8)
