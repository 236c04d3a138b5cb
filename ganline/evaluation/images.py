"""The real images as stages judge by them: with what the extractor said of each."""

from ganline.core.files import read_arrays
from ganline.datasets.prepared import read_split
from ganline.metrics.record import Sample
from ganline.settings import paths
from ganline.settings.schema import Params


def real_images(params: Params, split: str) -> Sample:
    """Return all images of a split, "train" or "test", with what the extractor said of them."""
    images, labels = read_split(paths.prepared(params), split)
    features = read_arrays(paths.extractor(params) / f"{split}_features.npz")
    return Sample(images, features["features"], features["probabilities"], labels)
