"""The real images as stages judge by them: with what the extractor said of each."""

from pathlib import Path

from ganline.core.files import read_arrays
from ganline.datasets.prepared import read_split
from ganline.metrics.record import Sample
from ganline.settings import paths
from ganline.settings.schema import Params


def real_images(params: Params, split: str, folder: Path | None = None) -> Sample:
    """Return all images of a split, "train" or "test", with what the extractor said of them.

    Of the extractor in another `folder` those images that it has looked at.
    """
    images, labels = read_split(paths.prepared(params), split)
    said = read_arrays((folder or paths.extractor(params)) / f"{split}_features.npz")
    if "rows" in said:
        images, labels = images[said["rows"]], None if labels is None else labels[said["rows"]]
    return Sample(images, said["features"], said["probabilities"], labels)
