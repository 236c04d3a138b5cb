"""What images are like, in numbers: measurements of their pixels, what a classifier says, what a person marked.

An attribute has a score, and levels of it: from one on an image counts as having the attribute, below the other an edit
towards it may start. Where the generator is asked for a class, levels are those of each class by itself, so that "wide"
means wide for a shirt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

TOP, MIDDLE = 0.9, 0.5
"""Quantiles of a measurement: from TOP on an image counts as having it; edits start below MIDDLE."""
FIGURE = 0.15
"""Share of the range of values by which a pixel differs from the background to count as part of what is shown."""
BLOCK = 2**21
"""Values of images looked at together."""
CONFIDENCE = 0.95


class Seen(Protocol):
    """N images and what is known of them."""

    @property
    def measured(self) -> Mapping[str, np.ndarray]:
        """What `measurements` says of the images."""

    @property
    def features(self) -> np.ndarray:
        """float32 (N, d)."""

    @property
    def probabilities(self) -> np.ndarray:
        """float32 (N, K)."""


class Attribute(NamedTuple):
    """Something an image can have more or less of."""

    name: str
    score: Callable[[Seen], np.ndarray]
    """float64 (N,): the higher, the more of it."""
    level: np.ndarray
    """float64 (labels,): an image asked for as this label has the attribute from this score on."""
    start: np.ndarray
    """float64 (labels,): below this score an edit towards it may start."""
    members: np.ndarray
    """bool (N,): which of the samples that it was made from have it."""
    spread: float
    """Standard deviation of the score over those samples."""

    def has(self, seen: Seen, labels: np.ndarray) -> np.ndarray:
        """Return bool (N,): which images, asked for as `labels` int (N,), have the attribute."""
        return self.score(seen) >= self.level[labels]

    def lacks(self, seen: Seen, labels: np.ndarray) -> np.ndarray:
        """Return bool (N,): at which images an edit towards the attribute may start."""
        return self.score(seen) < self.start[labels]


class Rate(NamedTuple):
    """How often something succeeded."""

    successes: int
    trials: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.successes / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson interval of the share at 95 % (Wilson 1927)."""
        found = binomtest(self.successes, self.trials).proportion_ci(CONFIDENCE, method="wilson")
        return float(found.low), float(found.high)

    def clearly_above(self, other: "Rate", times: float) -> bool:
        """Return whether the share is at least `times` that of `other`, and the two intervals do not touch."""
        often = self.successes * other.trials >= times * other.successes * self.trials
        return often and self.interval[0] > other.interval[1]

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def rate(hits: np.ndarray) -> Rate:
    """Return the rate of bool (N,), N >= 1."""
    return Rate(int(hits.sum()), len(hits))


def measurements(images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what can be measured of images uint8 (N, H, W, C), C being 1 or 3: float64 (N,) by name.

    brightness, contrast: mean and deviation of the values, 0 to 1
    detail: mean difference of neighbouring pixels, 0 to 1
    redness, greenness, blueness: (colours only) a channel's mean less that of the two others, -1 to 1
    saturation: (colours only) mean of the largest less the smallest channel, 0 to 1

    The others look at the figure, which is what differs from the background (the median of the image's border):

    area: share of the image it covers
    width, height: standard deviation of its pixels' places, as a share of the image's side
    slant: how far its upper part leans to the right: columns a row, by least squares
    symmetry: overlap of the figure with its mirror image about its own middle, 0 to 1

    Images without a figure have 0 for all of these.

    Raises:
        ValueError: not such images.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"expected uint8 images (N, H, W, 1 or 3), found {images.dtype} {images.shape}")
    at_once = max(1, BLOCK // max(1, int(np.prod(images.shape[1:]))))
    parts = [_measured(images[i : i + at_once].astype(np.float32) / 255) for i in range(0, len(images), at_once)]
    return {name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]}


def _measured(values: np.ndarray) -> dict[str, np.ndarray]:
    grey = values.mean(axis=3)
    found = {
        "brightness": grey.mean(axis=(1, 2)),
        "contrast": grey.std(axis=(1, 2)),
        "detail": (np.abs(np.diff(grey, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)))
        / 2,
    }
    found |= _shape(_figure(values))
    if values.shape[3] == 3:
        means = values.mean(axis=(1, 2))
        for place, name in enumerate(("redness", "greenness", "blueness")):
            found[name] = 1.5 * means[:, place] - 0.5 * means.sum(axis=1)
        found["saturation"] = (values.max(axis=3) - values.min(axis=3)).mean(axis=(1, 2))
    return found


def _figure(values: np.ndarray) -> np.ndarray:
    """Return where images (N, H, W, C) in 0 to 1 differ from their background: bool (N, H, W)."""
    count, channels = len(values), values.shape[3]
    sides = (values[:, 0], values[:, -1], values[:, 1:-1, 0], values[:, 1:-1, -1])
    border = np.concatenate([side.reshape(count, -1, channels) for side in sides], axis=1)
    background = np.median(border, axis=1)[:, None, None]
    return np.abs(values - background).max(axis=3) > FIGURE


def _shape(figure: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measurements of figures bool (N, H, W)."""
    weights = figure.astype(np.float32)
    _, height, width = weights.shape
    mass = weights.sum(axis=(1, 2))
    safe = np.maximum(mass, 1)
    rows, columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    down, across = weights.sum(axis=2), weights.sum(axis=1)
    y, x = down @ rows / safe, across @ columns / safe
    # Centred before squaring, so that nothing cancels.
    off_y, off_x = rows - y[:, None], columns - x[:, None]
    var_y, var_x = (down * off_y**2).sum(axis=1) / safe, (across * off_x**2).sum(axis=1) / safe
    cov = np.einsum("nhw,nh,nw->n", weights, off_y, off_x, optimize=True) / safe
    slant = np.where(var_y > 1e-3, -cov / np.maximum(var_y, 1e-3), 0.0)
    return {
        "area": mass / (height * width),
        "width": np.sqrt(var_x) / width,
        "height": np.sqrt(var_y) / height,
        "slant": slant,
        "symmetry": _symmetry(figure, x),
    }


def _symmetry(figure: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return how figures (N, H, W) overlap (intersection over union) with themselves mirrored about `middle` (N,)."""
    width = figure.shape[2]
    columns = np.rint(2 * middle).astype(int)[:, None] - np.arange(width)
    inside = (columns >= 0) & (columns < width)
    mirrored = np.take_along_axis(figure, np.clip(columns, 0, width - 1)[:, None], axis=2) & inside[:, None]
    union = (figure | mirrored).sum(axis=(1, 2))
    return (figure & mirrored).sum(axis=(1, 2)) / np.maximum(union, 1)


def of_measurements(seen: Seen, labels: np.ndarray, conditions: int) -> list[Attribute]:
    """Return the measurements that differ among samples, as attributes; levels are those of each label.

    Args:
        seen: samples.
        labels: int (N,), what they were asked for.
        conditions: labels there are; 0 or 1 where the generator takes none.
    """
    found = []
    for name, values in seen.measured.items():
        groups = [values[labels == label] for label in range(max(1, conditions))]
        levels = np.array([np.quantile(group, [MIDDLE, TOP]) if len(group) else [0.0, np.inf] for group in groups])
        if (levels[:, 1] > levels[:, 0]).all():
            members = values >= levels[labels, 1]
            found.append(Attribute(name, _measurer(name), levels[:, 1], levels[:, 0], members, float(values.std())))
    return found


def _measurer(name: str) -> Callable[[Seen], np.ndarray]:
    return lambda seen: seen.measured[name]


def of_classes(names: Sequence[str], seen: Seen, conditions: int, count: int) -> list[Attribute]:
    """Return "looks like this class" for the classes that most samples look like: the class is the likeliest.

    Args:
        names: of the columns of the probabilities; none where these are no classes, and then nothing is returned.
        seen: samples.
        conditions: labels there are; 0 or 1 where the generator takes none.
        count: classes to return at most. Those that no sample looks like are left out, and one that all do.
    """
    found = []
    often = np.bincount(seen.probabilities.argmax(axis=1), minlength=len(names))
    for column in sorted(np.argsort(-often, kind="stable")[:count]) if names else ():
        score = _leader(column)
        values, zero = score(seen), np.zeros(max(1, conditions))
        if 0 < often[column] < len(seen.probabilities):
            found.append(Attribute(names[column], score, zero, zero, values >= 0, float(values.std())))
    return found


def _leader(column: int) -> Callable[[Seen], np.ndarray]:
    def score(seen: Seen) -> np.ndarray:
        others = np.delete(seen.probabilities, column, axis=1)
        return (seen.probabilities[:, column] - others.max(axis=1)).astype(np.float64)

    return score


def of_marks(name: str, marked: Sequence[int], seen: Seen, conditions: int) -> Attribute:
    """Return what a person marked as an attribute: a linear classifier of features, marked samples against the others.

    The person is taken to have looked at all samples up to the last one marked, so those before it that are not marked
    lack the attribute.

    Args:
        name: of the attribute.
        marked: indices of samples that have it.
        seen: the samples.
        conditions: labels there are; 0 or 1 where the generator takes none.

    Raises:
        ValueError: an index names no sample, none is marked, or all that were looked at are.
    """
    chosen = np.unique(np.asarray(marked, dtype=int))
    count = len(seen.features)
    if not len(chosen):
        raise ValueError(f"{name}: no sample is named")
    if wrong := [int(index) for index in chosen if not 0 <= index < count]:
        raise ValueError(f"{name}: {', '.join(map(str, wrong))}: samples are numbered 0 to {count - 1}")
    has = np.zeros(chosen[-1] + 1, bool)
    has[chosen] = True
    if has.all():
        raise ValueError(f"{name}: every sample up to number {chosen[-1]} is named, so none shows what lacks it")
    mean, deviation = seen.features.mean(axis=0), seen.features.std(axis=0) + 1e-6
    classifier = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    classifier.fit((seen.features[: len(has)] - mean) / deviation, has)

    def score(seen: Seen) -> np.ndarray:
        return classifier.decision_function((seen.features - mean) / deviation)

    members = np.zeros(count, bool)
    members[chosen] = True
    zero = np.zeros(max(1, conditions))
    return Attribute(name, score, zero, zero, members, float(score(seen).std()))
