"""Images whose red, green and blue are three grey images drawn at random, such as Stacked MNIST.

Three of ten digits make 1,000 classes, which are known exactly and come about equally often: what tells how many modes
of the data a generator draws (Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Srivastava et al. 2017,
"VEEGAN"; Lin et al. 2018, "PacGAN"). PacGAN's code draws 128,000 training images and judges 26,000 samples; it draws
from all 70,000 digits, while here the dataset's own split is kept: held-out images are made of held-out digits.
"""

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ganline.core.errors import UserError
from ganline.core.files import whole_folder, write_json
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.datasets import prepared
from ganline.datasets.prepare import prepare
from ganline.settings.schema import Prepare

CHANNELS = 3
MOST = 10
"""Classes of a channel, at most: three of ten make a thousand, and judges tell all of them apart at once."""
CHUNK = 1024


def prepare_stacked(raw: Path, destination: Path, dataset: str, settings: Prepare, seed: int) -> dict[str, Any]:
    """Write images made of three images of `raw` to `destination`, whole or not at all.

    The images of `raw` are prepared as `ganline.datasets.prepare.prepare` does, in grey; the manifest is theirs. Of
    those of each split, settings.stacked says how many images are made: all three channels are drawn with replacement,
    as `seed` says. The class of an image is the number that the classes of its channels are the digits of, red first.

    Returns:
        The facts, as `ganline.datasets.prepared.read_facts` gives them, with `stacked`: the classes of a channel.

    Raises:
        UserError, OSError: as `prepare`; or there are no classes, or more than MOST.
    """
    assert settings.stacked
    counts = settings.stacked.model_dump()
    with whole_folder(destination) as folder:
        grey = folder / "grey"
        facts = prepare(raw, grey, dataset, settings.model_copy(update={"channels": 1, "stacked": None}), seed)
        _refuse_classes(dataset, facts["classes"])
        numbers = {}
        for split in prepared.SPLITS:
            images, labels = prepared.read_split(grey, split)
            rows = generator(seed, f"stacked/{split}").integers(len(images), size=(counts[split], CHANNELS))
            _write(prepared.images_file(folder, split), images, rows)
            of_channels = np.asarray(labels)[rows].T
            label = np.ravel_multi_index(tuple(of_channels), (len(facts["classes"]),) * CHANNELS)
            np.save(prepared.labels_file(folder, split), label.astype(np.int32))
            numbers[split] = _numbers(grey, split)[rows]
        facts |= stacked_facts(facts, counts) | _repeats(numbers)
        (grey / prepared.MANIFEST).rename(folder / prepared.MANIFEST)
        shutil.rmtree(grey)
        write_json(folder / prepared.FACTS, facts)
    return facts


def stacked_facts(facts: dict[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    """Return what is to be known of so many images made of three of those that `facts` tell of."""
    classes = facts["classes"]
    between = "" if all(len(name) == 1 for name in classes) else "+"
    return {
        "image_shape": [*facts["image_shape"][:2], CHANNELS],
        "classes": [between.join(names) for names in itertools.product(classes, repeat=CHANNELS)],
        "counts": counts,
        "stacked": classes,
    }


def _refuse_classes(dataset: str, classes: list[str]) -> None:
    if not 2 <= len(classes) <= MOST:
        raise UserError(
            f"prepare.stacked: {dataset} has {len(classes) or 'no'} classes; allowed are 2 to {MOST}, of which three "
            f"make up to {MOST**CHANNELS}"
        )


def _write(path: Path, images: np.ndarray, rows: np.ndarray) -> None:
    """Write images, uint8 (N, H, W, 3), of the grey images (M, H, W, 1) that `rows`, int (N, 3), names."""
    stacked = prepared.new_array(path, (len(rows), *images.shape[1:3], CHANNELS))
    images = np.array(images)  # read once: what is drawn at random from a file on a disk takes long
    starts = range(0, len(rows), CHUNK)
    for start in track(starts, f"stack {path.stem}", len(starts), "chunks"):
        chunk = images[rows[start : start + CHUNK], ..., 0]  # (n, 3, H, W)
        stacked[start : start + CHUNK] = np.moveaxis(chunk, 1, -1)
    stacked.flush()


def _numbers(grey: Path, split: str) -> np.ndarray:
    """Return a number for each image of a split, int64 (M,), equal where source images are equal."""
    manifest = prepared.read_manifest(grey)
    return pd.factorize(manifest["sha256"])[0][np.asarray(manifest["split"] == split)]


def _repeats(numbers: dict[str, np.ndarray]) -> dict[str, int]:
    """Return how many images are there again, and how many held-out ones are training images."""
    whole = {split: pd.Series(list(map(tuple, rows.tolist()))) for split, rows in numbers.items()}
    return {
        "duplicates": int(pd.concat(list(whole.values())).duplicated().sum()),
        "held_out_repeats": int(whole["test"].isin(set(whole["train"])).sum()),
    }
