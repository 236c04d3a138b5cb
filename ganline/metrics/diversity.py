"""Variety within a class: how unlike two images of one kind are, in pixels and in features.

Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs": the mean MS-SSIM of random pairs of
images of one class, averaged over classes; and beside it the mean Euclidean distance of their features.

    mean over classes c of  mean over pairs (i, j) of c of  MS-SSIM(x_i, x_j)  or  |f_i - f_j|

How to read it: beside the same figure of real images. A higher similarity, or a smaller distance, says that a class is
drawn as fewer images than it has; none of it says that the images are good: noise is very diverse. Classes that are
missing altogether are not seen. No image is in two pairs, so pairs are independent and the standard error is that of
the generator's mean, not only of the choice of pairs.
"""

from typing import NamedTuple

import numpy as np

from ganline.core.abilities import lacking
from ganline.core.random import generator
from ganline.metrics import checks
from ganline.metrics.record import Case, Measure, Number, spread_of
from ganline.metrics.structural_similarity import ms_ssim, scales_that_fit

PAIRS = 2000
"""Pairs of images within classes, over all classes."""

_SMALLEST = 4
"""Images a class must have to count: two pairs, so that their spread is known."""


class ClassMean(NamedTuple):
    """The mean over classes of their pairs' mean, and its standard error."""

    mean: float
    standard_error: float


def image_similarity(images: np.ndarray, labels: np.ndarray, pairs: int, seed: int) -> ClassMean:
    """Return the mean MS-SSIM of pairs within a class, 0 to 1.

    Args:
        images: uint8 (N, H, W, C), 11 pixels a side or more.
        labels: integers (N,), the class of each; all 0 where no classes are known.
        pairs: how many, spread evenly over the classes; fewer where a class has fewer than twice its share.
        seed: fixes the pairs.

    Raises:
        ValueError: the arrays are not as said above, or no class has four images.
    """
    images = checks.images(images, "image similarity")
    first, second, classes = _pairs(labels, len(images), pairs, seed, "image similarity")
    return _mean_over_classes(ms_ssim(images[first], images[second]).values, classes)


def feature_spread(features: np.ndarray, labels: np.ndarray, pairs: int, seed: int) -> ClassMean:
    """Return the mean distance of pairs of features (N, d) within a class; for the rest see `image_similarity`."""
    features = checks.matrix(features, "feature spread")
    first, second, classes = _pairs(labels, len(features), pairs, seed, "feature spread")
    return _mean_over_classes(np.linalg.norm(features[first] - features[second], axis=1), classes)


def _pairs(
    labels: np.ndarray, count: int, pairs: int, seed: int, measure: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of the first and of the second image of every pair, and the class of the pair."""
    labels = checks.labels(labels, count, measure)
    names, sizes = np.unique(labels, return_counts=True)
    names = names[sizes >= _SMALLEST]
    if not len(names):
        raise ValueError(f"{measure}: needs a class of {_SMALLEST} images, got {count} images in {len(sizes)} classes")
    share = max(2, pairs // len(names))
    random = generator(seed, "diversity")
    rows = [random.permutation(np.flatnonzero(labels == name))[: 2 * share] for name in names]
    halves = [len(chosen) // 2 for chosen in rows]
    first = np.concatenate([chosen[:half] for chosen, half in zip(rows, halves, strict=True)])
    second = np.concatenate([chosen[half : 2 * half] for chosen, half in zip(rows, halves, strict=True)])
    return first, second, np.repeat(names, halves)


def _mean_over_classes(values: np.ndarray, classes: np.ndarray) -> ClassMean:
    groups = [values[classes == name] for name in np.unique(classes)]
    means = [group.mean() for group in groups]
    variances = [group.var(ddof=1) / len(group) for group in groups]
    return ClassMean(float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(groups)))


def _diversity(case: Case) -> dict[str, float]:
    sample = case.sample
    classes = sample.likeliest if _knows_classes(case) else np.zeros(len(sample), np.int64)
    alike = image_similarity(sample.images, classes, PAIRS, case.seed)
    apart = feature_spread(sample.features, classes, PAIRS, case.seed)
    return {
        "ms_ssim": alike.mean,
        "ms_ssim_stderr": alike.standard_error,
        "feature_spread": apart.mean,
        "feature_spread_stderr": apart.standard_error,
    }


def _knows_classes(case: Case) -> bool:
    return not lacking(("classes",), case.abilities)


MEASURE = Measure(
    "diversity",
    {
        "ms_ssim": Number(
            "MS-SSIM within a class",
            "diversity",
            "",
            "0 to 1: how alike two images of one class are. Above its floor the class is drawn as fewer images "
            "than it has; below it, images are noisy or ragged.",
        ),
        "ms_ssim_stderr": spread_of("MS-SSIM within a class"),
        "feature_spread": Number(
            "Feature distance within a class",
            "diversity",
            "",
            "0 or more: how far apart two images of one class are. Below its floor there is too little variety; "
            "above it, images are no clear members of their class.",
        ),
        "feature_spread_stderr": spread_of("feature distance within a class"),
    },
    _diversity,
    answers="Are images of one kind as unlike each other as real ones are?",
    misleads="Noise counts as variety, classes that are missing altogether are not seen, and repetition shows only "
    "once a class is down to a few images.",
    source="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs",
    cost="0.5 s",
    by_class=True,
    protocol=lambda case: {
        "pairs": PAIRS,
        "ms_ssim_scales": scales_that_fit(*case.real.images.shape[1:3]),
        "classes": "as the extractor sees them" if _knows_classes(case) else "none: pairs of any two images",
    },
)
