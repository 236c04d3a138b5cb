"""Turn pictures in pairs into prepared data of two views: images and their partners."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.core.files import whole_folder, write_json
from ganline.datasets import plausible, prepared
from ganline.datasets.decode_set import KEPT, decode_set
from ganline.datasets.pairs import PairedPictures, pictures_shown
from ganline.datasets.prepare import (
    COLUMNS,
    classes_of,
    facts_of,
    manifest_of,
    refuse_too_many_dropped,
    splits_of,
    write_manifest,
    write_rows,
)
from ganline.settings.schema import Prepare

VIEWS = ("images", "partners")
FILES = {"images": prepared.images_file, "partners": prepared.partners_file}


def prepare_pairs(raw: Path, destination: Path, dataset: str, settings: Prepare, seed: int) -> dict[str, Any]:
    """Write the prepared pairs of `raw` to `destination`, whole or not at all; as `ganline.datasets.prepare.prepare`.

    A pair is left out where either picture is unusable, and stands in one split as a whole, together with the pairs
    that share a picture with it. The manifest has a row for each picture, with its view and its partner's file.

    Raises:
        UserError, OSError: as `prepare`; or pictures miss a partner.
    """
    assert settings.pairs
    pictures = PairedPictures(raw, settings.pairs)
    views, wanted = (pictures.images, pictures.partners), (settings, settings.partners)
    with whole_folder(destination) as folder:
        pixels, manifests, said = [], [], list(pictures.said)
        for name, view, form in zip(VIEWS, views, wanted, strict=True):
            shape = (len(view.files), form.size, form.size, form.channels)
            pixels.append(prepared.new_array(folder / f"all_{name}.npy", shape))
            records, more = decode_set(view, form, pixels[-1])
            manifests.append(manifest_of(view.files, pictures.labels, records))
            said += more
        _drop_together(manifests)
        refuse_too_many_dropped(pd.concat(manifests), settings.max_dropped, raw)
        kept = np.flatnonzero(manifests[0]["status"] == KEPT)
        said += [sentence for values in pixels for sentence in plausible.look(values, kept, raw)]
        said += _unequal_shapes(manifests)
        classes = classes_of(manifests[0])
        labels = pd.Index(classes, dtype=object).get_indexer(manifests[0]["label"]).astype(np.int32)
        shown = pictures_shown([manifest["sha256"] for manifest in manifests])
        splits = splits_of(pictures.splits, manifests[0], shown, labels, settings.test_fraction, seed)
        for split in prepared.SPLITS:
            rows = np.flatnonzero(splits == split)
            for name, values in zip(VIEWS, pixels, strict=True):
                write_rows(FILES[name](folder, split), values, rows)
            if classes:
                np.save(prepared.labels_file(folder, split), labels[rows])
        shapes = [list(values.shape[1:]) for values in pixels]
        del pixels
        for name in VIEWS:
            (folder / f"all_{name}.npy").unlink()
        for i, manifest in enumerate(manifests):
            manifest["view"], manifest["partner"], manifest["split"] = VIEWS[i], views[1 - i].files, splits
        facts = facts_of(dataset, shapes[0], classes, manifests[0], pictures.ignored)
        facts |= {"partner_shape": shapes[1], "paired": True, "said": [*said, *facts["said"]]}
        write_json(folder / prepared.FACTS, facts)
        write_manifest(folder, pd.concat(manifests)[["view", *COLUMNS, "partner"]], pictures.ignored)
    return facts


def _drop_together(manifests: list[pd.DataFrame]) -> None:
    """Leave out the partners of unusable pictures, for the same reason."""
    found = [manifest["status"].copy() for manifest in manifests]
    for manifest, mine, theirs in zip(manifests, found, reversed(found), strict=True):
        alone = (mine == KEPT) & (theirs != KEPT)
        manifest.loc[alone, "status"] = theirs[alone].str.replace("dropped: ", "dropped: its partner: ", n=1)


def _unequal_shapes(manifests: list[pd.DataFrame]) -> list[str]:
    """Return a sentence where the pictures of a pair have other proportions: fitted, they may show different parts."""
    images, partners = (manifest[manifest["status"] == KEPT] for manifest in manifests)
    other = (images["width"] * partners["height"] != images["height"] * partners["width"]).to_numpy(bool)
    if not other.any():
        return []
    first = images["file"].to_numpy()[other][0]
    return [f"{other.sum()} pairs are of pictures with different proportions, such as that of {first}: do they match?"]
