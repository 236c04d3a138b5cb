"""Turn source images into prepared data: decode, convert, crop, resize, split, and account for every image."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.datasets import idx, plausible, prepared, quickdraw, stylegan_records
from ganline.datasets.decode_set import KEPT, Record, decode_set
from ganline.datasets.pictures import PictureFolder
from ganline.datasets.split import held_out
from ganline.settings.schema import Prepare

COLUMNS = ["file", "label", "width", "height", "channels", "sha256", "split", "status", "duplicate_of"]

SourceImages = idx.IdxImages | quickdraw.QuickdrawImages | stylegan_records.RecordImages | PictureFolder


def prepare(raw: Path, destination: Path, dataset: str, settings: Prepare, seed: int) -> dict[str, Any]:
    """Write the prepared data of `raw` (idx files, bitmaps, records or pictures) to `destination`, whole or not at all.

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
    images = _open(raw, settings.size)
    with whole_folder(destination) as folder:
        # Which images are usable, hence the arrays' lengths, is known only at the end: decode into one array first.
        everything = folder / "everything.npy"
        shape = (len(images.files), settings.size, settings.size, settings.channels)
        pixels = prepared.new_array(everything, shape)
        records, said = decode_set(images, settings, pixels)
        manifest = manifest_of(images.files, images.labels, records)
        refuse_too_many_dropped(manifest, settings.max_dropped, raw)
        said += plausible.look(pixels, np.flatnonzero(manifest["status"] == KEPT), raw)
        classes = classes_of(manifest) if images.classes is None else images.classes
        labels = pd.Index(classes, dtype=object).get_indexer(manifest["label"]).astype(np.int32)
        shown = pd.factorize(manifest["sha256"])[0]
        manifest["split"] = splits_of(images.splits, manifest, shown, labels, settings.test_fraction, seed)
        for split in prepared.SPLITS:
            rows = np.flatnonzero(manifest["split"] == split)
            write_rows(prepared.images_file(folder, split), pixels, rows)
            if classes:
                np.save(prepared.labels_file(folder, split), labels[rows])
        del pixels
        everything.unlink()
        facts = facts_of(dataset, list(shape[1:]), classes, manifest, images.ignored)
        facts["said"] = [*images.said, *facts["said"], *said]
        write_json(folder / prepared.FACTS, facts)
        write_manifest(folder, manifest[COLUMNS], images.ignored)
    return facts


def _open(raw: Path, size: int) -> SourceImages:
    if idx.present(raw):
        return idx.IdxImages(raw)
    if stylegan_records.present(raw):
        return stylegan_records.RecordImages(raw, size)
    return quickdraw.QuickdrawImages(raw) if quickdraw.present(raw) else PictureFolder(raw)


def manifest_of(files: Sequence[str], labels: Sequence[str], records: list[Record]) -> pd.DataFrame:
    """Return the rows of the manifest but for the split."""
    manifest = pd.DataFrame(records, columns=Record._fields)
    manifest = manifest.astype(dict.fromkeys(["width", "height", "channels"], "Int64"))
    manifest["file"], manifest["label"] = files, labels
    first = manifest.groupby("sha256")["file"].transform("first")
    manifest["duplicate_of"] = first.where(first != manifest["file"], "")
    return manifest


def refuse_too_many_dropped(manifest: pd.DataFrame, limit: float, raw: Path) -> None:
    """Refuse (UserError) rows of which more than `limit` are not kept, or all."""
    dropped = manifest[manifest["status"] != KEPT]
    share = len(dropped) / len(manifest)
    if share <= limit and len(dropped) < len(manifest):
        return
    first = [f"  {row.file}: {row.status}" for row in dropped.head(10).itertuples()]
    raise UserError(
        f"{raw}: {len(dropped)} of {len(manifest)} images ({share:.1%}) are unusable, "
        f"prepare.max_dropped allows {limit:.1%}. The first ones:\n" + "\n".join(first)
    )


def classes_of(manifest: pd.DataFrame) -> list[str]:
    """Return the class names of the kept images in the order of their numbers, or nothing where they are unlabelled."""
    return sorted(set(manifest.loc[manifest["status"] == KEPT, "label"]) - {""})


def splits_of(
    own: Sequence[str] | None, manifest: pd.DataFrame, shown: np.ndarray, labels: np.ndarray, fraction: float, seed: int
) -> np.ndarray:
    """Return "train" or "test" for every kept image, "" for dropped ones.

    Args:
        own: the dataset's own split, or None.
        manifest: its rows.
        shown: a number for each row, integer (N,), equal for those that are to stay together.
        labels: class of each row, integer (N,).
        fraction: share to hold out, where the dataset has no split of its own.
        seed: of the choice.

    Raises:
        UserError: a split of the dataset's own is empty, or there is too little to hold out.
    """
    kept = np.asarray(manifest["status"] == KEPT)
    if own is not None:
        splits = np.where(kept, own, "")
        if empty := set(prepared.SPLITS) - set(splits):
            raise UserError(f"the dataset's own split has no usable image in: {', '.join(sorted(empty))}")
        return splits
    splits = np.full(len(manifest), "", dtype="<U5")
    splits[kept] = np.where(held_out(labels[kept], pd.factorize(shown[kept])[0], fraction, seed), "test", "train")
    return splits


def write_rows(path: Path, pixels: np.ndarray, rows: np.ndarray) -> None:
    """Write the images `rows`, int (N,), of `pixels`, uint8 (all, H, W, C), as a .npy."""
    images = prepared.new_array(path, (len(rows), *pixels.shape[1:]))
    for start in range(0, len(rows), 1024):
        images[start : start + 1024] = pixels[rows[start : start + 1024]]
    images.flush()


def write_manifest(folder: Path, manifest: pd.DataFrame, ignored: Mapping[str, str]) -> None:
    """Write the manifest, with a row for each file that is no picture in the order of the names."""
    if ignored:
        rows = pd.DataFrame({"file": list(ignored), "status": [f"ignored: {why}" for why in ignored.values()]})
        by = None if manifest["file"].is_monotonic_increasing else _place
        manifest = pd.concat([manifest, rows]).sort_values("file", kind="stable", key=by)
    manifest.to_csv(folder / prepared.MANIFEST, index=False, lineterminator="\n")


def _place(files: pd.Series) -> pd.Series:
    """Return what the images of one file, FILE#2 and FILE#10, are in their order by, as those of an array are."""
    return files.str.replace(r"#(\d+)$", lambda number: f"#{int(number[1]):012}", regex=True)


def _lost_classes(classes: list[str], manifest: pd.DataFrame) -> list[str]:
    lost = sorted(set(manifest["label"]) - {*classes, ""})
    return [f"no class is made of {', '.join(lost)}: no picture in it is usable"] if lost else []


def facts_of(
    dataset: str, image_shape: list[int], classes: list[str], manifest: pd.DataFrame, ignored: Mapping[str, str]
) -> dict[str, Any]:
    """Return what `ganline.datasets.prepared.read_facts` is to give, of the images' rows of the manifest."""
    kept = manifest["status"] == KEPT
    reasons = manifest.loc[~kept, "status"].str.removeprefix("dropped: ").value_counts()
    return {
        "dataset": dataset,
        "image_shape": image_shape,
        "classes": classes,
        "counts": {split: int((manifest["split"] == split).sum()) for split in prepared.SPLITS},
        "source_images": len(manifest),
        "dropped": {str(reason): int(count) for reason, count in reasons.items()},
        "ignored": dict(sorted(Counter(ignored.values()).items())),
        "said": _lost_classes(classes, manifest),
        "duplicates": int((kept & (manifest["duplicate_of"] != "")).sum()),
        "held_out_repeats": _held_out_repeats(manifest),
    }


def _held_out_repeats(manifest: pd.DataFrame) -> int:
    """Return how many test images equal a training image, as they may where the dataset has a split of its own."""
    shown = manifest.loc[manifest["split"] == "train", "sha256"]
    return int(manifest.loc[manifest["split"] == "test", "sha256"].isin(shown).sum())
