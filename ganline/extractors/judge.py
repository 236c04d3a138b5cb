"""Does the network whose features feed the metrics know anything of these images?

Features of a classifier that is no better than chance, or that saw a handful of images a class, are those of a random
network or of what it learned by heart. Numbers made of them still look like numbers.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

FEWEST = 5
"""Images of a class, in both splits together, from which something can be learned of it."""
WHAT = {"classifier": "class", "rotation": "rotation"}
INSTEAD = {
    "classifier": "extractor.kind=rotation, which needs no classes, or extractor.kind=efficientnet_lite0 or "
    "extractor.kind=inception, which were trained elsewhere, may know more",
    "rotation": "extractor.kind=efficientnet_lite0 or extractor.kind=inception, which were trained elsewhere, may know "
    "more",
}
INSTEAD_BESIDE = {
    "classifier": "extractor.beside=rotation, which needs no classes, may know more, and extractor.beside=null leaves "
    "the first to judge alone",
    "rotation": "extractor.beside=null leaves the first to judge alone",
}


def doubts(
    kind: Literal["classifier", "rotation"], accuracy: float, sizes: Sequence[int], beside: bool = False
) -> list[str]:
    """Return why the numbers made of an extractor's features say little, and what to do; empty where they do not.

    Twice chance is asked of it; of two classes, where that would be no mistake at all, half-way from chance to none.

    Args:
        kind: of the extractor.
        accuracy: of held-out images, averaged over the classes, 0 to 1.
        sizes: images of each class, or in each rotation, in both splits together.
        beside: whether it is the second judge.
    """
    what, chance = WHAT[kind], 1 / len(sizes)
    least, few = min(2 * chance, (1 + chance) / 2), sum(size < FEWEST for size in sizes)
    found = []
    if accuracy < least:
        found.append(
            f"it finds the {what} of {100 * accuracy:.1f} % of held-out images, where guessing finds "
            f"{100 * chance:.1f} % and a judge should find {100 * least:.1f} %"
        )
    if few:
        found.append(f"{few} of {len(sizes)} {what}{'s' if kind == 'rotation' else 'es'} have under {FEWEST} images")
    if not found:
        return []
    who = f"the second judge, extractor.beside={kind}," if beside else f"the extractor, {kind},"
    return [
        f"{who} knows little of these images: {'; '.join(found)}. What is measured in its features (Frechet distances, "
        f"KID, precision, coverage and more) says as little: {(INSTEAD_BESIDE if beside else INSTEAD)[kind]}"
    ]


def balanced_accuracy(likeliest: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose likeliest class, int (N,), is theirs, averaged over the classes there are."""
    return float(np.mean([np.mean(likeliest[labels == label] == label) for label in np.unique(labels)]))
