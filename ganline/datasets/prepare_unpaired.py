"""Turn the pictures of two domains into prepared data of two views that know of no pairs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.datasets import plausible, prepared
from ganline.datasets.decode_set import KEPT, decode_set
from ganline.datasets.domains import Domains
from ganline.datasets.prepare import (
    COLUMNS,
    facts_of,
    manifest_of,
    refuse_too_many_dropped,
    splits_of,
    write_manifest,
    write_rows,
)
from ganline.datasets.prepare_pairs import FILES, VIEWS
from ganline.settings.schema import Prepare

FEW = 50
"""Pictures to train on, of fewer of which a translator learns little but these."""


def prepare_unpaired(raw: Path, destination: Path, dataset: str, settings: Prepare, seed: int) -> dict[str, Any]:
    """Write the prepared domains of `raw` to `destination`, whole or not at all; as `ganline.datasets.prepare.prepare`.

    Each domain is prepared by itself: N images and M partners of which none belongs to an image. The manifest has a row
    for each picture, with its view.

    Raises:
        UserError, OSError: as `prepare`, of either domain; or one is empty, or has no picture that the other has not.
    """
    assert settings.pairs
    domains, forms = Domains(raw, settings.pairs), (settings, settings.partners)
    with whole_folder(destination) as folder:
        parts = []
        for i, (view, form) in enumerate(zip(VIEWS, forms, strict=True)):
            with _named(f"domain {domains.names[i]}"):
                parts.append(_write(folder, view, domains, i, form, seed, raw))
        said = [*domains.said, *(sentence for _, _, told in parts for sentence in told)]
        manifests = [manifest for manifest, _, _ in parts]
        said += _in_both(raw, domains.names, manifests)
        facts = _facts(dataset, [shape for _, shape, _ in parts], manifests, domains)
        facts["said"] = said
        write_json(folder / prepared.FACTS, facts)
        write_manifest(folder, pd.concat(manifests)[["view", *COLUMNS]], domains.ignored)
    return facts


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"{what}: {error}") from None


def _write(
    folder: Path, view: str, domains: Domains, number: int, form: Prepare, seed: int, raw: Path
) -> tuple[pd.DataFrame, list[int], list[str]]:
    """Write the arrays of one domain; return its manifest, the shape of a picture, and sentences."""
    pictures, name = domains.views[number], domains.names[number]
    everything = folder / "everything.npy"
    pixels = prepared.new_array(everything, (len(pictures.files), form.size, form.size, form.channels))
    records, said = decode_set(pictures, form, pixels)
    manifest = manifest_of(pictures.files, [""] * len(pictures.files), records)
    refuse_too_many_dropped(manifest, form.max_dropped, raw)
    said += plausible.look(pixels, np.flatnonzero(manifest["status"] == KEPT), raw)
    same, shown = np.zeros(len(manifest), np.int32), pd.factorize(manifest["sha256"])[0]
    splits = splits_of(domains.splits[number], manifest, shown, same, form.test_fraction, seed)
    manifest["split"], manifest["view"] = splits, view
    for split in prepared.SPLITS:
        write_rows(FILES[view](folder, split), pixels, np.flatnonzero(splits == split))
    shape = list(pixels.shape[1:])
    del pixels
    everything.unlink()
    if (count := int((splits == "train").sum())) < FEW:
        said.append(f"there are {count} pictures to train on: a translator learns these by heart, and little else")
    return manifest, shape, [f"{name}: {sentence}" for sentence in said]


def _in_both(raw: Path, names: Sequence[str], manifests: Sequence[pd.DataFrame]) -> list[str]:
    """Return a sentence where pictures lie in both domains; refuse (UserError) where one has none of its own."""
    contents = [set(manifest.loc[manifest["status"] == KEPT, "sha256"]) for manifest in manifests]
    both = contents[0] & contents[1]
    if both in contents:
        raise UserError(
            f"{raw}: {names[0]} and {names[1]} hold the same pictures ({len(both)} different ones are in both), so "
            "that there is nothing to translate; allowed are two folders with pictures of their own"
        )
    return [f"{len(both)} different pictures are both in {names[0]} and in {names[1]}"] if both else []


def _facts(
    dataset: str, shapes: Sequence[list[int]], manifests: Sequence[pd.DataFrame], domains: Domains
) -> dict[str, Any]:
    """Return the facts of the images, and of the partners what there is beside; sums of what counts files."""
    images, partners = (
        facts_of(dataset, shape, [], manifest, domains.ignored)
        for shape, manifest in zip(shapes, manifests, strict=True)
    )
    sums = {name: images[name] + partners[name] for name in ("source_images", "duplicates", "held_out_repeats")}
    dropped = {"dropped": dict(Counter(images["dropped"]) + Counter(partners["dropped"]))}
    beside = {"paired": False, "partner_shape": partners["image_shape"], "partner_counts": partners["counts"]}
    return images | sums | dropped | beside
