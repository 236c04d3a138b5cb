"""Turn source images into prepared data: decode, convert, crop, resize, split, and account for every image."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.datasets import idx, plausible, prepared, quickdraw
from ganline.datasets.decode_set import KEPT, Record, decode_set
from ganline.datasets.pictures import PictureFolder
from ganline.datasets.split import held_out
from ganline.settings.schema import Prepare

COLUMNS = ["file", "label", "width", "height", "channels", "sha256", "split", "status", "duplicate_of"]

SourceImages = idx.IdxImages | quickdraw.QuickdrawImages | PictureFolder


def prepare(raw: Path, destination: Path, dataset: str, settings: Prepare, seed: int) -> dict[str, Any]:
    """Write the prepared data of `raw` (idx files, bitmaps or pictures) to `destination`, whole or not at all.

    Unusable images are left out. Exact duplicates (equal bytes) are marked in the manifest and kept. The dataset's own
    split is taken where it has one, else a share of every class is held out by `seed`, duplicates on one side. Files
    that are no pictures are listed in the manifest and count for nothing.

    Returns:
        The facts, as `ganline.datasets.prepared.read_facts` gives them.

    Raises:
        UserError: the source images are not laid out as allowed, too many are unusable, fewer than 2 are usable, a
            split of the dataset's own has none, or all that come out are black, white or of one grey.
        OSError: the disk is full.
    """
    images = _open(raw)
    with whole_folder(destination) as folder:
        # Which images are usable, hence the arrays' lengths, is known only at the end: decode into one array first.
        everything = folder / "everything.npy"
        shape = (len(images.files), settings.size, settings.size, settings.channels)
        pixels = prepared.new_array(everything, shape)
        records, said = decode_set(images, settings, pixels)
        manifest = _manifest(images, records)
        _refuse_too_many_dropped(manifest, settings.max_dropped, raw)
        said += plausible.look(pixels, np.flatnonzero(manifest["status"] == KEPT), raw)
        classes = _classes(images, manifest)
        labels = pd.Index(classes, dtype=object).get_indexer(manifest["label"]).astype(np.int32)
        manifest["split"] = _splits(images, manifest, labels, settings.test_fraction, seed)
        for split in prepared.SPLITS:
            rows = np.flatnonzero(manifest["split"] == split)
            _write_split(folder, split, pixels, rows, labels if classes else None)
        del pixels
        everything.unlink()
        facts = _facts(dataset, list(shape[1:]), classes, manifest, images)
        facts["said"] += said
        write_json(folder / prepared.FACTS, facts)
        _with_ignored(manifest, images.ignored).to_csv(folder / prepared.MANIFEST, index=False, lineterminator="\n")
    return facts


def _open(raw: Path) -> SourceImages:
    if idx.present(raw):
        return idx.IdxImages(raw)
    return quickdraw.QuickdrawImages(raw) if quickdraw.present(raw) else PictureFolder(raw)


def _manifest(images: SourceImages, records: list[Record]) -> pd.DataFrame:
    manifest = pd.DataFrame(records, columns=Record._fields)
    manifest = manifest.astype(dict.fromkeys(["width", "height", "channels"], "Int64"))
    manifest["file"], manifest["label"] = images.files, images.labels
    first = manifest.groupby("sha256")["file"].transform("first")
    manifest["duplicate_of"] = first.where(first != manifest["file"], "")
    return manifest


def _refuse_too_many_dropped(manifest: pd.DataFrame, limit: float, raw: Path) -> None:
    dropped = manifest[manifest["status"] != KEPT]
    share = len(dropped) / len(manifest)
    if share <= limit and len(dropped) < len(manifest):
        return
    first = [f"  {row.file}: {row.status}" for row in dropped.head(10).itertuples()]
    raise UserError(
        f"{raw}: {len(dropped)} of {len(manifest)} images ({share:.1%}) are unusable, "
        f"prepare.max_dropped allows {limit:.1%}. The first ones:\n" + "\n".join(first)
    )


def _classes(images: SourceImages, manifest: pd.DataFrame) -> list[str]:
    """Return the class names in the order of their numbers, or nothing where the images are unlabelled."""
    if images.classes is not None:
        return images.classes
    return sorted(set(manifest.loc[manifest["status"] == KEPT, "label"]) - {""})


def _splits(images: SourceImages, manifest: pd.DataFrame, labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Return "train" or "test" for every kept image, "" for dropped ones."""
    kept = np.asarray(manifest["status"] == KEPT)
    if images.splits is not None:
        splits = np.where(kept, images.splits, "")
        if empty := set(prepared.SPLITS) - set(splits):
            raise UserError(f"the dataset's own split has no usable image in: {', '.join(sorted(empty))}")
        return splits
    splits = np.full(len(manifest), "", dtype="<U5")
    pictures = pd.factorize(manifest.loc[kept, "sha256"])[0]
    splits[kept] = np.where(held_out(labels[kept], pictures, fraction, seed), "test", "train")
    return splits


def _write_split(folder: Path, split: str, pixels: np.ndarray, rows: np.ndarray, labels: np.ndarray | None) -> None:
    shape = (len(rows), *pixels.shape[1:])
    images = prepared.new_array(prepared.images_file(folder, split), shape)
    for start in range(0, len(rows), 1024):
        images[start : start + 1024] = pixels[rows[start : start + 1024]]
    images.flush()
    if labels is not None:
        np.save(prepared.labels_file(folder, split), labels[rows])


def _with_ignored(manifest: pd.DataFrame, ignored: Mapping[str, str]) -> pd.DataFrame:
    """Return the manifest's columns, with a row for each file that is no picture in the order of the names."""
    if not ignored:
        return manifest[COLUMNS]
    rows = pd.DataFrame({"file": list(ignored), "status": [f"ignored: {why}" for why in ignored.values()]})
    return pd.concat([manifest[COLUMNS], rows]).sort_values("file", kind="stable")


def _lost_classes(classes: list[str], manifest: pd.DataFrame) -> list[str]:
    lost = sorted(set(manifest["label"]) - {*classes, ""})
    return [f"no class is made of {', '.join(lost)}: no picture in it is usable"] if lost else []


def _facts(
    dataset: str, image_shape: list[int], classes: list[str], manifest: pd.DataFrame, images: SourceImages
) -> dict[str, Any]:
    kept = manifest["status"] == KEPT
    reasons = manifest.loc[~kept, "status"].str.removeprefix("dropped: ").value_counts()
    return {
        "dataset": dataset,
        "image_shape": image_shape,
        "classes": classes,
        "counts": {split: int((manifest["split"] == split).sum()) for split in prepared.SPLITS},
        "source_images": len(manifest),
        "dropped": {str(reason): int(count) for reason, count in reasons.items()},
        "ignored": dict(sorted(Counter(images.ignored.values()).items())),
        "said": [*images.said, *_lost_classes(classes, manifest)],
        "duplicates": int((kept & (manifest["duplicate_of"] != "")).sum()),
        "held_out_repeats": _held_out_repeats(manifest),
    }


def _held_out_repeats(manifest: pd.DataFrame) -> int:
    """Return how many test images equal a training image, as they may where the dataset has a split of its own."""
    shown = manifest.loc[manifest["split"] == "train", "sha256"]
    return int(manifest.loc[manifest["split"] == "test", "sha256"].isin(shown).sum())
