"""Trained models as makers of images: one draws latents, another takes held-out images (see ganline.core.maker)."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.errors import UserError
from ganline.core.maker import Given, Made, Maker, silent
from ganline.core.random import generator
from ganline.datasets import inputs as inputs_of
from ganline.datasets.prepared import read_split
from ganline.models import BATCH, load
from ganline.models.facts import latents_of, learns_unpaired
from ganline.settings import paths
from ganline.settings.recipes import Translation
from ganline.settings.schema import Params

if TYPE_CHECKING:
    import tensorflow as tf

    from ganline.models.base import Model

PIXELS = 2**20
"""Pixels of inputs translated at once, at most: some GB of activations."""
DRAWN = 2**21
"""Pixels of images drawn of latents at once, at most."""


def of(
    model: "Model", inputs: inputs_of.Inputs | None = None, partners: np.ndarray | None = None,
    styles: np.ndarray | None = None,
) -> Maker:  # fmt: skip
    """Return the maker that suits a model whose weights are set; all but the model is for a Translator."""
    latents = not lacking(("latents",), model.abilities)
    return Sampler(model) if latents else Translator(model, inputs, partners, styles)


def of_run(params: Params, model: "Model") -> Maker:
    """Return the maker of a run's model; a translator's draws from the run's held-out inputs.

    Their partners are the held-out images where the data is in pairs, however the model was trained; else unknown.
    Styles are those of held-out images.

    Raises:
        UserError: the prepared data is not there, or has no inputs.
    """
    if not isinstance(params.train, Translation):
        return of(model)
    folder, name = paths.prepared(params), params.train.input
    images = read_split(folder, "test")[0]
    return of(
        model,
        inputs_of.read(params, "test"),
        images if inputs_of.paired(folder, name) else None,
        None if lacking(("style",), model.abilities) else images,
    )


def load_sampler(folder: Path) -> "Sampler":
    """Return the sampler of the model that `ganline.models.save` wrote into `folder`.

    Raises:
        UserError: `folder` holds no model, or one that makes images of something else.
    """
    model = load(folder)
    if reason := lacking(("latents",), model.abilities, model.settings.model):
        raise UserError(f"{folder}: {reason}")
    return Sampler(model)


class Sampler:
    """A generator for use: latents in, pictures out.

    Attributes: see ganline.core.maker.LatentMaker.
    """

    def __init__(self, model: "Model") -> None:
        """Wrap a model whose weights are set."""
        import tensorflow as tf

        from ganline.models.base import to_uint8

        self.name, self.abilities = model.settings.model, frozenset(model.abilities)
        self.latent_dim, self.prior = latents_of(model.settings)
        self.image_shape = model.image_shape
        self.conditions = model.conditions
        self.redraws = model.redraws
        self._model = model
        self._make = tf.function(
            lambda latents, labels: to_uint8(model.generate(latents, labels), model.image_range),
            input_signature=[tf.TensorSpec((None, self.latent_dim), tf.float32), tf.TensorSpec((None,), tf.int32)],
            autograph=False,
        )

    def draw(self, count: int, seed: int, purpose: str, progress: Callable[[int], Any] = silent) -> Made:
        """See ganline.core.maker.Maker.draw."""
        given = self.given(count, seed, purpose)
        return Made(self.make(given, progress), given)

    def given(self, count: int, seed: int, purpose: str) -> Given:
        """Return "latents", and where there are conditions "labels", drawn uniformly."""
        labels = {"labels": self.labels(count, seed, purpose)} if self.conditions else {}
        return {"latents": self.latents(count, seed, purpose), **labels}

    def make(self, given: Given, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """See `images`, to which `given` names the arguments."""
        return self.images(**given, progress=progress)

    def sheet(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return the pictures of `grid`, uint8 (h, w, C)."""
        latents, labels, columns = self.grid(count, seed, purpose)
        from ganline.core.figures import image_grid  # here: a logged model draws without OpenCV

        return image_grid(self.images(latents, labels), columns)

    def latents(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return float32 (count, latent_dim) from the prior, a function of (seed, purpose) alone."""
        draw, shape = generator(seed, f"latents/{purpose}"), (count, self.latent_dim)
        if self.prior == "normal":
            return draw.standard_normal(shape).astype(np.float32)
        return draw.uniform(-1 if self.prior == "uniform" else 0, 1, shape).astype(np.float32)

    def truncate(self, latents: np.ndarray, psi: float) -> np.ndarray:
        """Return latents cut off to the middle `psi`, 0 to 1, of the prior, as the model is made for: see latent.paths.

        float32 (N, latent_dim) in and out.
        """
        from ganline.latent import paths  # here: a logged model draws without SciPy

        return (paths.redrawn if self.redraws else paths.truncate)(latents, psi, self.prior)

    def labels(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return int32 (count,) drawn uniformly from the conditions (0 for all where there are none)."""
        draw = generator(seed, f"labels/{purpose}")
        return draw.integers(0, max(1, self.conditions), count).astype(np.int32)

    def grid(self, count: int, seed: int, purpose: str) -> tuple[np.ndarray, np.ndarray, int]:
        """Return latents and labels for a grid of samples, and its columns.

        With conditions one row a condition, and the same latents in every row; one latent and some conditions where
        there are more of these than `count`. Else as near a square as `count` allows.
        """
        if not self.conditions:
            return self.latents(count, seed, purpose), np.zeros(count, np.int32), math.isqrt(count - 1) + 1
        if count < self.conditions:
            some = np.linspace(0, self.conditions - 1, count).astype(np.int32)
            return np.tile(self.latents(1, seed, purpose), (count, 1)), some, math.isqrt(count - 1) + 1
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

    def images(
        self, latents: np.ndarray, labels: np.ndarray | None = None, progress: Callable[[int], Any] = silent
    ) -> np.ndarray:
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
        parts = [np.empty((0, *self.image_shape), np.uint8)]
        for rows in _batches(len(latents), max(1, min(BATCH, DRAWN // math.prod(self.image_shape[:2])))):
            parts.append(self._make(latents[rows].astype(np.float32), labels[rows]).numpy())
            progress(len(parts[-1]))
        return np.concatenate(parts)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Return the likeliest latents, float32 (N, latent_dim), of uint8 images (N, H, W, C); needs an encoder."""
        from ganline.models.base import from_uint8

        image_range = self._model.image_range
        parts = [
            self._model.encode(from_uint8(images[rows], image_range)).numpy() for rows in _batches(len(images), BATCH)
        ]
        return np.concatenate(parts)

    def redraw(self, images: np.ndarray) -> np.ndarray:
        """Return uint8 images (N, H, W, C) as the model redraws them; needs an encoder."""
        from ganline.models.base import from_uint8, to_uint8

        image_range = self._model.image_range
        parts = [
            to_uint8(self._model.reconstruct(from_uint8(images[rows], image_range)), image_range).numpy()
            for rows in _batches(len(images), BATCH)
        ]
        return np.concatenate(parts)

    def condition_names(self, classes: Sequence[str]) -> list[str]:
        """Return the names of what can be asked for: the data's `classes`, or numbered codes that are none of them."""
        by_class = not lacking(("labels",), self.abilities) and self.conditions == len(classes)
        return list(classes) if by_class else [f"code {i}" for i in range(self.conditions)]


class Translator:
    """A translator for use: an image in, another out.

    Attributes: see ganline.core.maker.ImageMaker.
    """

    conditions = 0

    def __init__(
        self, model: "Model", inputs: inputs_of.Inputs | None = None, partners: np.ndarray | None = None,
        styles: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """Wrap a model whose weights are set.

        Args:
            model: has `translate`, or `translate_in_style`; see ganline.models.base.Model.
            inputs: held-out images that `draw` takes, uint8 (N, H, W, C); None where only `translate` is used.
            partners: what each should become, uint8 (N, H', W', C'); None where nobody knows.
            styles: pictures in whose style it draws, uint8 (M, H', W', C'), of models that have the ability "style".
        """
        import tensorflow as tf

        from ganline.models.base import from_uint8, to_uint8

        known = {"pairs": partners is not None, "inputs": True, "unpaired": learns_unpaired(model.settings)}
        has = {ability for ability in model.abilities if known.get(ability, True)}
        self.name, self.abilities = model.settings.model, frozenset(has | {name for name in known if known[name]})
        self.image_shape = model.image_shape
        assert model.input_shape
        self.input_shape = model.input_shape
        self._model, self._inputs, self._partners, self._styles = model, inputs, partners, styles
        scale, styled = model.image_range, "style" in self.abilities
        translate = model.translate_in_style if styled else model.translate
        self._make = tf.function(
            lambda *given: to_uint8(translate(*(from_uint8(images, scale) for images in given)), scale),
            autograph=False, reduce_retracing=True,
        )  # fmt: skip

    def draw(self, count: int, seed: int, purpose: str, progress: Callable[[int], Any] = silent) -> Made:
        """See ganline.core.maker.Maker.draw: translations of as many held-out images, each taken once at most."""
        rows = self._rows(count, seed, purpose)
        given = self._given(rows, seed, purpose)
        partners = None if self._partners is None else np.asarray(self._partners[rows])
        return Made(self.make(given, progress), given, partners)

    def given(self, count: int, seed: int, purpose: str) -> Given:
        """Return "inputs", uint8 (N, H, W, C), and with the ability "style" "styles", uint8 (N, H', W', C')."""
        return self._given(self._rows(count, seed, purpose), seed, purpose)

    def make(self, given: Given, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """See `translate`."""
        return self.translate(given["inputs"], progress, given.get("styles"))

    def translate(
        self, images: np.ndarray, progress: Callable[[int], Any] = silent, styles: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what uint8 images (N, H, W, C) become, uint8 (N, H', W', C').

        With the ability "style" each is drawn in that of one of `styles`, uint8 (N, H', W', C'); without any, in those
        that this translator has, in turn.
        """
        parts = [np.empty((0, *self.image_shape), np.uint8)]
        given = [images, *self._in_turn(len(images), styles)]
        size = max(1, min(BATCH, PIXELS // math.prod(images.shape[1:3])))
        for rows in _batches(len(images), size):
            parts.append(self._make(*(np.ascontiguousarray(each[rows]) for each in given)).numpy())
            progress(len(parts[-1]))
        return np.concatenate(parts)

    @property
    def hole_size(self) -> int:
        """See ganline.models.base.Model.hole_size."""
        return self._model.hole_size

    def translate_back(self, images: np.ndarray, progress: Callable[[int], Any] = silent) -> np.ndarray:
        """Return what uint8 images (N, H', W', C') become, uint8 (N, H, W, C); takes the ability "way back"."""
        return self.turned.translate(images, progress)

    @cached_property
    def turned(self) -> "Translator":
        """The translator the other way round, which draws from nothing; takes the ability "way back"."""
        if self._model.back is None:
            raise ValueError(lacking(("way back",), self.abilities, self.name))
        return Translator(self._model.back)

    def in_style(self, picture: np.ndarray) -> "Translator":
        """Return this translator with one style: that of a picture uint8 (h, w), (h, w, 1), (h, w, 3) or (h, w, 4).

        Of another size it is cut to its middle square and resized; alpha is laid over white.

        Raises:
            UserError: it draws in no style.
        """
        from ganline.datasets.resize import fit  # here: a logged model without styles does without OpenCV

        if reason := lacking(("style",), self.abilities, self.name):
            raise UserError(reason)
        flat = picture[..., 0] if picture.shape[2:] == (1,) else picture
        found = copy.copy(self)
        found._styles = fit(flat, self.image_shape[0], self.image_shape[2], "crop")[None]
        return found

    def sheet(self, count: int, seed: int, purpose: str) -> np.ndarray:
        """Return input, style if there is one, translation and, where it is known, true partner beside each other.

        uint8 (h, w, C).
        """
        from ganline.core.figures import image_grid  # here: a logged model draws without OpenCV
        from ganline.datasets.resize import colours

        made = self.draw(count, seed, purpose)
        parts = [*map(colours, made.given.values()), made.images, *([] if made.partners is None else [made.partners])]
        cells = np.stack(_alike(parts), axis=1).reshape(-1, *_alike(parts)[0].shape[1:])
        across = max(1, round(math.sqrt(len(made.images) / len(parts))))
        return image_grid(cells, across * len(parts))

    def _rows(self, count: int, seed: int, purpose: str) -> np.ndarray:
        if self._inputs is None:
            raise ValueError("this translator was given no held-out images to draw from")
        # In no order: who takes the first few takes some of all, though data may be ordered by name, time or class.
        return generator(seed, f"inputs/{purpose}").permutation(len(self._inputs))[:count]

    def _given(self, rows: np.ndarray, seed: int, purpose: str) -> Given:
        assert self._inputs is not None
        given = {"inputs": np.asarray(self._inputs[rows])}
        if lacking(("style",), self.abilities):
            return given
        assert self._styles is not None
        drawn = generator(seed, f"styles/{purpose}").integers(0, len(self._styles), len(rows))
        return given | {"styles": np.asarray(self._styles[drawn])}

    def _in_turn(self, count: int, styles: np.ndarray | None) -> list[np.ndarray]:
        """Return a style for each of so many images; nothing without that ability."""
        if lacking(("style",), self.abilities):
            return []
        if styles is not None:
            return [styles]
        if self._styles is None:
            raise UserError(f"{self.name} draws in the style of a picture, and none is given")
        return [np.asarray(self._styles[np.arange(count) % len(self._styles)])]


def _batches(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))


def _alike(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return sets of images, uint8 (N, H, W, C), in the size and channels of the largest, by repeating pixels."""
    height, width, channels = (max(part.shape[axis] for part in parts) for axis in (1, 2, 3))
    found = []
    for part in parts:
        rows, columns = np.arange(height) * part.shape[1] // height, np.arange(width) * part.shape[2] // width
        large = part[:, rows][:, :, columns]
        found.append(large if large.shape[3] == channels else np.repeat(large[..., :1], channels, axis=3))
    return found
