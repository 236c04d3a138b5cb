"""A training of random pixels in memory: for whoever asks what a step takes, which pixels do not change."""

from typing import Any

import numpy as np

from ganline import models
from ganline.datasets import inputs
from ganline.extractors.vgg_network import CONVOLUTIONS, Vgg
from ganline.models.base import Model
from ganline.models.facts import model_facts, needs_pairs
from ganline.settings.schema import Params
from ganline.training.batches import Apart, Feed

ROWS = 32
WIDTHS = (64, 128, 256, 512, 512)
"""Channels of VGG's five blocks."""


def model_of(params: Params, classes: int = 0) -> Model:
    """Return the run's model with new weights; a network through which it compares images has random ones."""
    model = models.build(params.train, _shape(params), params.seed, classes, inputs.shape(params))
    model.perception = _vgg19(model.perceives) if model.perceives else None
    return model


def feed_of(params: Params, model: Model, rows: int = ROWS) -> Feed:
    """Return what feeds the training of such a model with so many images."""
    return Feed(
        model.fed(data_of(params, model.classes, rows)), model.batch_size, params.train.sampling, params.seed,
        batch_parts=model.batch_parts,
    )  # fmt: skip


def data_of(params: Params, classes: int, rows: int = ROWS) -> dict[str, Any]:
    """Return what ganline.training.material.training_data reads, of random pixels."""
    draw = np.random.default_rng(0)
    data: dict[str, Any] = {}
    data["image"] = draw.integers(0, 256, (rows, *_shape(params)), np.uint8)
    if made := inputs.derived(params):
        data["input"] = made
    elif shape := inputs.shape(params):
        given = draw.integers(0, 256, (rows, *shape), np.uint8)
        data["input"] = given if needs_pairs(params.train.model) else Apart(given)
    if "classes" in model_facts()[params.train.model]["needs"]:
        data["label"] = np.arange(rows, dtype=np.int32) % classes
    return data


def vgg_blocks(layer: str) -> list[list[tuple[int, int]]]:
    """Return the channels into and out of each convolution of VGG19's blocks up to a layer, such as block3_conv4."""
    block, number = int(layer[len("block")]), int(layer[-1])
    counts, widths = [*CONVOLUTIONS["VGG19"][: block - 1], number], (3, *WIDTHS)
    return [[(widths[i + (at > 0)], widths[i + 1]) for at in range(count)] for i, count in enumerate(counts)]


def _vgg19(layer: str) -> Vgg:
    draw = np.random.default_rng(0)
    kernels = [
        draw.normal(0, (2 / (9 * before)) ** 0.5, (3, 3, before, width)).astype(np.float32)
        for block in vgg_blocks(layer)
        for before, width in block
    ]
    return Vgg("VGG19", layer, [(kernel, np.zeros(kernel.shape[3], np.float32)) for kernel in kernels])


def _shape(params: Params) -> tuple[int, int, int]:
    return params.prepare.size, params.prepare.size, params.prepare.channels
