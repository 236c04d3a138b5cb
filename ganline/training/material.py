"""What a training is given, and what of it decides its bits."""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganline.core.errors import UserError
from ganline.datasets import inputs
from ganline.datasets.prepared import images_file, partners_file, read_partners, read_split
from ganline.datasets.split import stratified
from ganline.models.facts import model_facts, needs_pairs
from ganline.settings import paths
from ganline.settings.recipes import PARTNER, Adversaries, Translation
from ganline.settings.schema import Params
from ganline.training.batches import Apart
from ganline.training.monitor import cadence

if TYPE_CHECKING:
    from ganline.extractors.vgg import Vgg


def picture_files(params: Params) -> list[Path]:
    """Return the files of the training images, and of the partners where the model is given those."""
    folder = paths.prepared(params)
    given = isinstance(params.train, Translation) and params.train.input == PARTNER
    return [images_file(folder, "train"), *([partners_file(folder, "train")] if given else [])]


def training_data(params: Params, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return "image", uint8 (N, H, W, C), and what else the model learns from.

    That is "label", int32 (N,), -1 for those held back; and a translator's "input", uint8 (N, H, W, Ci), or its recipe;
    drawn `Apart` from the images, (M, H, W, Ci), where the model needs no pairs, even where they belong together.

    Args:
        params: of the run.
        facts: dataset.json of the prepared data.

    Raises:
        UserError: the prepared data is not what the parameters or the model want.
    """
    _refuse_other_shape(params, facts)
    images, labels = read_split(paths.prepared(params), "train")
    data: dict[str, Any] = {"image": images}
    if isinstance(params.train, Translation):
        data["input"] = _given(params, facts)
    if "classes" not in model_facts()[params.train.model]["needs"]:
        return data
    if labels is None or len(facts["classes"]) < 2:
        raise UserError(
            f"train.model = {params.train.model} learns from labels, and the prepared data ({facts['dataset']}) has "
            f"{'none' if labels is None else 'one class'}. What fits: a dataset with two classes or more (mnist, "
            "fashion_mnist, digits, emoji), or your own pictures in one subfolder a class (dataset=image_folder)"
        )
    fraction = params.train.labelled_fraction if isinstance(params.train, Adversaries) else 1.0
    return data | {"label": used_labels(np.asarray(labels), fraction, params.seed)}


def _refuse_other_shape(params: Params, facts: Mapping[str, Any]) -> None:
    size, channels = params.prepare.size, params.prepare.channels
    if facts["image_shape"] != [size, size, channels]:
        raise UserError(
            f"{paths.prepared(params)} holds images of shape {facts['image_shape']}, and prepare.size = {size} with "
            f"prepare.channels = {channels} wants [{size}, {size}, {channels}]: run `dvc repro prepare`"
        )


def _given(params: Params, facts: Mapping[str, Any]) -> np.ndarray | inputs.Derived | Apart:
    """Return what a translator is given for the training images, or how it is made of them."""
    assert isinstance(params.train, Translation)
    if made := inputs.derived(params):
        return made
    folder, wanted, found = paths.prepared(params), inputs.shape(params), facts.get("partner_shape")
    if found is None or tuple(found) != wanted:
        raise UserError(
            f"{folder} holds {f'partners of shape {found}' if found else 'no partners'}, and prepare.pairs with "
            f"train.input = partner wants some of shape {list(wanted or ())}: run `dvc repro prepare`"
        )
    given = read_partners(folder, "train")
    if not needs_pairs(params.train.model):
        return Apart(given)
    if not inputs.paired(folder, params.train.input):
        raise UserError(f"{folder} holds no pairs, and {params.train.model} learns from pairs: run `dvc repro prepare`")
    return given


def perception(params: Params) -> "Vgg | None":
    """Return the network through which the model's loss compares images; None where it needs none.

    Raises:
        UserError: its weights cannot be had.
    """
    if not (layer := model_facts()[params.train.model].get("perceives")):
        return None
    vgg = importlib.import_module("ganline.extractors.vgg")  # by name: code of those runs alone that need it
    found: Vgg = vgg.ready(layer, paths.VGG, paths.MANUAL)
    return found


def used_labels(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Return labels int32 (N,) with `fraction` of each class left, the same for one seed, and -1 for the others.

    Raises:
        UserError: a class is left without labels.
    """
    if fraction == 1:
        return labels
    kept = stratified(labels, fraction, seed)
    print(f"train: the labels of {kept.sum()} of {len(labels)} images are used", flush=True)
    if len(np.unique(labels[kept])) < len(np.unique(labels)):
        smallest = np.unique(labels, return_counts=True)[1].min()
        raise UserError(
            f"train.labelled_fraction = {fraction} leaves a class without labels: allowed is 1/{smallest} or more, "
            "one image of the smallest class"
        )
    return np.where(kept, labels, -1).astype(np.int32)


def decisive(params: Params, facts: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides a training's bits beside images, code and versions; diagnosis.every as it is in effect."""
    used = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in data.items() if name == "label"}
    sections = params.model_dump(include={"seed", "train", "diagnosis", "compute"})
    sections["diagnosis"]["every"] = cadence(params.diagnosis.every, params.train.steps)
    if inputs.derived(params):  # of these the prepared images need not tell
        used["inputs"] = f"{params.prepare.interpolation}, {params.data_seed}"
    return sections | {"classes": len(facts["classes"])} | used
