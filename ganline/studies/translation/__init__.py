"""What does a translator make of held-out images: is it near to what it should be, and does it come back?"""

from typing import cast

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.maker import ImageMaker
from ganline.datasets.prepared import read_split
from ganline.evaluation.baselines import baselines
from ganline.metrics.l1 import l1
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.studies.translation.base import Translations

PARTS = ("examples", "cycle")
MOST = 1000
"""Held-out inputs that are looked at, at most."""
OTHERS = 64
"""Held-out images of the target domain that are sent the other way round, at most."""


def load(params: Params) -> Translations:
    """Return held-out inputs, what the translator in models/gan makes of them, and how far that is from the targets.

    Raises:
        UserError: a stage before this one has left nothing here.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.models import makers

    maker = cast(ImageMaker, makers.of_run(params, models.load(paths.GAN)))
    made = maker.draw(MOST, params.seed, "translation")
    given, styles = made.given["inputs"], made.given.get("styles")
    found = Translations(given, made.images, made.partners, styles=styles, seed=params.seed, there=maker.translate)
    if not lacking(("way back",), maker.abilities):
        test = read_split(paths.prepared(params), "test")[0]
        found.back, found.others = maker.translate_back, evenly(test, OTHERS)
    if made.partners is not None:
        measure(found, made.partners, read_split(paths.prepared(params), "train")[0])
    return found


def measure(made: Translations, targets: np.ndarray, train: np.ndarray) -> None:
    """Add how far outputs, and what who has learned nothing would make, are from their targets.

    Who makes all targets by learning nothing, as copying does where images are to be changed, is no baseline.
    """
    from ganline.extractors import lpips

    network = lpips.ready(paths.LPIPS, paths.MANUAL / "lpips", targets.shape[1:])
    compare = l1 if isinstance(network, str) else network.distances
    others = baselines(made.inputs, targets, train)
    made.measure = "L1" if compare is l1 else "LPIPS"
    made.distances = compare(made.outputs, targets)
    found = {_name(prefix): compare(images, targets) for prefix, images in others.items()}
    made.baselines = {name: distances for name, distances in found.items() if distances.any()}


def evenly(images: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` of the images, evenly spaced."""
    return np.asarray(images[np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)])


def _name(prefix: str) -> str:
    return prefix.removeprefix("baseline_").removesuffix("_")
