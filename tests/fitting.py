"""Models, batches and overrides for tests that run every experiment."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganline.catalogue.presets import names
from ganline.core import yaml_files
from ganline.datasets import inputs
from ganline.models.facts import model_facts, recipe_of
from ganline.settings.recipes import ClassGAN, Deception, Growing, Inpainting, ResidualGAN, Styled, Translation
from ganline.settings.schema import Params

CONF = Path(__file__).parents[1] / "conf"
FULL_SIZE = ("biggan-128", "pggan-1024", "stylegan-1024")
"""Presets that differ from another one of their model in size alone, which such tests make small."""
EXPERIMENTS = [name for name in names("experiment", CONF) if name not in FULL_SIZE]
NARROW: dict[Any, list[str]] = {
    ClassGAN: ["prepare.size=32", "train.width=2", "train.latent_dim=8", "train.attention=16"],
    Deception: ["train.victim_steps=40"],
    Growing: [
        *("prepare.size=8", "train.phases=[{size: 8, first_step: 0}]", "train.features=64"),
        *("train.most_features=8", "train.latent_dim=8"),
    ],
    ResidualGAN: ["train.widths=[8, 8]", "train.blocks=1"],
    Styled: [
        *("prepare.size=8", "train.features=32", "train.most_features=4", "train.latent_dim=4"),
        "train.mapping_layers=1",
    ],
}
"""How the networks of these recipes are made small."""
LONG = (
    *("biggan-", "dcgan-stacked-", "pggan-", "r3gan-", "stylegan-"),
    *("adversarial-fashion-", "cartoongan-selfie2anime", "cartoongan-selfie2bitmoji", "cyclegan-horse2zebra"),
)
"""How the names begin of experiments whose networks take long to build and to compile, however narrow they are, or are
those of another one, so narrow.
"""


def each(experiments: Iterable[str]) -> list[Any]:
    """Return experiments to test, those of LONG as slow ones: what CI must know of these is tested with their model."""
    return [pytest.param(name, marks=pytest.mark.slow) if name.startswith(LONG) else name for name in experiments]


def fitting(experiment: str, overrides: Iterable[str]) -> list[str]:
    """Return the overrides without those of keys of train that the experiment's model does not know."""
    model = yaml_files.read(CONF / "experiment" / f"{experiment}.yaml")["train"]["model"]
    recipe = recipe_of(model)
    known = recipe.model_fields
    # Translators are made for pictures of 256 pixels, which take minutes; a later override has the last word.
    side = max(16, model_facts()[model].get("size_multiple", 1))
    small = [f"prepare.size={side}", f"train.hole_size={side // 4}"]
    overrides = [*(small if issubclass(recipe, Translation) else []), *overrides]
    for kind, narrow in NARROW.items():
        overrides = [*(narrow if issubclass(recipe, kind) else []), *overrides]
    if issubclass(recipe, Inpainting | ResidualGAN):  # both networks learn of as many images
        sizes = [given.partition("=")[2] for given in overrides if given.startswith("train.batch_size=")]
        own = [given for given in overrides if not given.startswith("train.generator_batch_size=")]
        overrides = [*own, *(f"train.generator_batch_size={size}" for size in sizes[-1:])]
    keys = {given: given.partition("=")[0].split(".") for given in overrides}
    return [given for given, key in keys.items() if key[0] != "train" or key[1] in known]


def built(params: Params, seed: int, shape: tuple[int, int, int] | None = None):
    """Return the model of a run on data of ten classes, of images of `shape` where that is not the run's."""
    from ganline import models  # TensorFlow

    own = (params.prepare.size, params.prepare.size, params.prepare.channels)
    model = models.build(params.train, shape or own, seed, 10, inputs.shape(params))
    model.perception = perception(model.perceives) if model.perceives else None
    return model


@cache
def perception(layer: str):
    """Return VGG16 up to a layer, but for its last convolution with few maps, with weights from a fixed stream."""
    from ganline.extractors.vgg_network import CONVOLUTIONS, Vgg

    draw, block = np.random.default_rng(5), int(layer[len("block")])
    widths = [3, *[4] * (sum(CONVOLUTIONS["VGG16"][:block]) - 1), (64, 128, 256, 512, 512)[block - 1]]
    shapes = [(3, 3, before, after) for before, after in zip(widths, widths[1:], strict=False)]
    kernels = [draw.normal(0, (2 / 9 / shape[2]) ** 0.5, shape).astype(np.float32) for shape in shapes]
    return Vgg("VGG16", layer, [(kernel, np.zeros(kernel.shape[3], np.float32)) for kernel in kernels])


def given(model, count: int) -> dict[str, Any]:
    """Return of translators "input", random uint8 (count, H, W, C) with a hole for who fills one.

    And of those that draw in styles drawings "smoothed", too.
    """
    if not (shape := model.input_shape):
        return {}
    images = np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)
    if side := model.hole_size:
        images[..., 3] = 255
        images[:, 2 : 2 + side, 5 : 5 + side, 3] = 0
    return {"input": images} | ({"smoothed": images[::-1]} if "style" in model.abilities else {})
