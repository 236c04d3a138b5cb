"""Prepared images as the zip that StyleGAN trains on (Karras et al., dataset_tool.py of stylegan2-ada-pytorch and 3).

00000/img00000000.png and so on, a thousand to a folder, uncompressed, and dataset.json: {"labels": [[file, class],
...]}, or null where there are no classes. Beside the labels stands "classes", their names in the order of their
numbers, which StyleGAN does not look at and `ganline.datasets.dataset_json` reads again.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import cv2
import numpy as np

from ganline.core.errors import UserError
from ganline.core.files import whole_file
from ganline.core.progress import Bar
from ganline.datasets import dataset_json, prepared


def write(folder: Path, target: Path, splits: Sequence[str] = prepared.SPLITS) -> int:
    """Write the images of prepared data to the zip `target`, whole or not at all; equal images give equal bytes.

    Args:
        folder: the prepared data.
        target: the .zip, which is not there yet.
        splits: "train", "test" or both, whose images follow each other in this order.

    Returns:
        How many images were written.

    Raises:
        UserError: there is no prepared data, it is none that StyleGAN takes, or `target` is there or no .zip.
        OSError: the disk is full.
    """
    facts = prepared.read_facts(folder)
    _refuse(folder, facts, target)
    found = [prepared.read_split(folder, split) for split in splits]
    rows: list[list[str | int]] = []
    count = sum(len(images) for images, _ in found)
    with whole_file(target) as temporary, ZipFile(temporary, "w") as packed, Bar("zip", count, unit="images") as bar:
        for images, labels in found:
            for i, image in enumerate(images):
                name = file_name(len(rows))
                packed.writestr(ZipInfo(name), _png(image))
                rows.append([name, 0 if labels is None else int(labels[i])])
                bar.advance()
        classes = facts["classes"]
        content = {"labels": rows, "classes": classes} if classes else {"labels": None}
        packed.writestr(ZipInfo(dataset_json.NAME), json.dumps(content))
    return count


def file_name(number: int) -> str:
    """Return what StyleGAN calls the picture of this number, from 0: 00012/img00012345.png."""
    digits = f"{number:08}"
    return f"{digits[:5]}/img{digits}.png"


def _refuse(folder: Path, facts: dict[str, Any], target: Path) -> None:
    """Refuse (UserError) what StyleGAN could not train on, and targets that are none."""
    height, width, _ = facts["image_shape"]
    if height & (height - 1):
        near = 2 ** (height.bit_length() - 1)
        raise UserError(
            f"{folder}: its images have {height}x{width} pixels, and StyleGAN takes powers of two; prepare them again "
            f"with prepare.size={near} or {2 * near}"
        )
    if "partner_shape" in facts:
        raise UserError(f"{folder} has two views, images and their partners, and StyleGAN's zip holds one")
    if target.suffix.lower() != ".zip":
        raise UserError(f"{target}: StyleGAN takes a .zip")
    if target.exists():
        raise UserError(f"{target} is there already: delete it, or take another name")


def _png(image: np.ndarray) -> bytes:
    """Return uint8 (H, W, 1) or (H, W, 3) as a PNG, grey or RGB."""
    return cv2.imencode(".png", image[..., ::-1] if image.shape[2] == 3 else image)[1].tobytes()
