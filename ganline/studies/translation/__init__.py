"""How near are the outputs of a translator to what they should be?"""

from ganline.datasets.prepared import read_split
from ganline.evaluation.baselines import baselines
from ganline.metrics.l1 import l1
from ganline.settings import paths
from ganline.settings.schema import Params
from ganline.studies.translation.base import Translations

PARTS = ("examples",)
MOST = 1000
"""Held-out pairs that are looked at, at most."""


def load(params: Params) -> Translations:
    """Return held-out inputs, what the translator in models/gan makes of them, and how far that is from the targets.

    Raises:
        UserError: a stage before this one has left nothing here.
    """
    from ganline import models  # TensorFlow loads here, not when the stage is imported
    from ganline.extractors import lpips
    from ganline.models import makers

    made = makers.of_run(params, models.load(paths.GAN)).draw(MOST, params.seed, "translation")
    assert made.partners is not None
    network = lpips.ready(paths.LPIPS, paths.MANUAL / "lpips")
    small = min(made.partners.shape[1:3]) < lpips.SMALLEST_SIDE
    compare = l1 if small or isinstance(network, str) else network.distances
    others = baselines(made.given["inputs"], made.partners, read_split(paths.prepared(params), "train")[0])
    return Translations(
        made.given["inputs"],
        made.images,
        made.partners,
        "L1" if compare is l1 else "LPIPS",
        compare(made.images, made.partners),
        {_name(prefix): compare(images, made.partners) for prefix, images in others.items()},
        params.seed,
    )


def _name(prefix: str) -> str:
    return prefix.removeprefix("baseline_").removesuffix("_")
