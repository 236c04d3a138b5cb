"""A quick look at what the generator draws, every so many steps: what losses cannot show.

Mode collapse does not show in the losses: in The GAN Book (Chaudhary 2024, Skill 3) those of the collapsed run lie in
the bands of healthy ones. So a few hundred images are drawn and held against as many training images, in the features
of the dataset's extractor where there is one, else in shrunken pixels. All is relative to the real images, so that one
threshold fits every dataset.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from ganline.core.random import generator
from ganline.core.repeats import repeats

IMAGES = 256
"""Drawn each time, and held against as many real ones: enough to tell 10 classes from 5, few enough to be quick."""
FIXED = 64
"""Latents that stay the same, and are also moved a little: what follows z, and what changes from look to look."""
NUDGE = 0.1
"""How far a latent is moved, in deviations of its prior."""
NEAR = 1.0
"""Percentile of the real images' distances to their nearest other real image: closer is a near-duplicate."""
NEIGHBOURS = 5
"""k of precision and coverage."""
SIDE = 8
"""Without an extractor, images are shrunk to this many pixels a side."""
FINE = 32
"""To this many, for likeness: enough to see strokes, few enough that large images cost no more."""
BLUR = 2.0
"""Deviation in pixels of the blur that likeness leaves out: what is smooth in a picture much else has too."""
FEWEST = 20
"""Different real images that a comparison takes."""

Describe = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
"""uint8 images (N, H, W, C) -> features (N, d), and class probabilities (N, K) or None."""


class CannotJudgeError(Exception):
    """The real images allow no comparison; the message says why."""


class Drawn(NamedTuple):
    """What the generator drew, uint8 (N, H, W, C) each."""

    fresh: np.ndarray
    """IMAGES of new latents; of inputs as many as there are."""
    fixed: np.ndarray
    """FIXED of latents, or of inputs, that are the same at every look."""
    nudged: np.ndarray | None = None
    """Of the same latents moved a little; None where there are no latents."""


class Probe:
    """Holds what is known of the real images, and measures drawn ones against it."""

    def __init__(self, images: np.ndarray, describe: Describe, seed: int) -> None:
        """Describe a sample of the training images, uint8 (N, H, W, C).

        Raises:
            CannotJudgeError: the images are too few or too much alike.
        """
        order = generator(seed, "diagnosis/real").permutation(len(images))
        chosen, others = np.sort(order[:IMAGES]), np.sort(order[IMAGES : 2 * IMAGES])
        self._describe = describe
        self._real, probabilities = self._finite(np.asarray(images[chosen]))
        different = len(np.unique(self._real, axis=0))
        if different < FEWEST:
            raise CannotJudgeError(
                f"of {len(chosen)} training images looked at only {different} differ, and a comparison needs {FEWEST}"
            )
        distances = _distances(self._real, self._real)
        np.fill_diagonal(distances, np.inf)
        self._radii = np.sort(distances, axis=1)[:, NEIGHBOURS - 1]
        nearest = distances.min(axis=1)
        usual = nearest[~repeats(nearest)]  # pictures that the data holds twice would set a limit of 0
        self._near = float(np.percentile(usual, NEAR)) if len(usual) else 0.0
        self._spread, self._rank = _spread(self._real), _rank(self._real)
        self._pixel_spread = max(_spread(_flat(images[chosen])), 1e-3)
        self._structure = _structure(images[chosen])
        self.classes = 0 if probabilities is None else probabilities.shape[1]
        self._entropy = None if probabilities is None else _entropy(probabilities)
        self._seen = 0.0 if probabilities is None else _seen(probabilities)
        # What as many other real images score in the fakes' place: the unit of the Frechet distance and of likeness.
        others = others if len(others) >= FEWEST else chosen
        self._floor = max(frechet(self._finite(np.asarray(images[others]))[0], self._real), 1e-3 * self._spread**2)
        self._likeness = max(_likeness(_structure(images[others]), self._structure), 1e-3)
        self._before: np.ndarray | None = None

    def measure(self, drawn: Drawn) -> dict[str, float]:
        """Return what the drawn images show.

        frechet: Frechet distance over what as many other real images have; 1 is as good as real.
        precision: share of drawn images that lie among real ones (inside the ball of a real image), 0 to 1.
        coverage: share of real images with a drawn one among their neighbours, 0 to 1.
        spread: root mean square distance between two images, over that of real ones; 0 where all are alike.
        pixel_spread: the same of the bare pixels. To an extractor all noise looks alike; its pixels do not.
        likeness: correlation of an image's structure with that of the real image most like it, over that of other real
            images. Whether images look like data at all: precision in features does not say, as far from the data
            features mean little.
        rank: effective number of directions of variety (exponential of the entropy of the covariance's spectrum, Roy &
            Vetterli 2007), over that of real ones.
        duplicates: share of images that have a near-duplicate among them, 0 to 1.
        sensitivity: distance an image moves when its latent moves a tenth of a deviation, over the real spread; where
            there are latents.
        drift: distance that images of fixed latents moved since the look before, over the real spread; NaN at first.
        class_entropy: bits of the likeliest classes less those of the real images; 0 is as even as they are.
        classes: classes that hold a tenth of an even share, over those among as many real images: of a thousand
            classes some hundred images can show no more than a quarter.
        """
        # The matrices are small: threads would wait for each other, on a busy machine for half a second.
        with threadpool_limits(1, "blas"):
            return self._measure(drawn)

    def _measure(self, drawn: Drawn) -> dict[str, float]:
        count, fixed_count = len(drawn.fresh), len(drawn.fixed)
        together, probabilities = self._finite(np.concatenate([part for part in drawn if part is not None]))
        fresh, fixed, nudged = np.split(together, [count, count + fixed_count])
        among, across = _distances(fresh, fresh), _distances(self._real, fresh)
        np.fill_diagonal(among, np.inf)
        found = {
            "frechet": frechet(fresh, self._real) / self._floor,
            "precision": float(np.mean((across <= self._radii[:, None]).any(axis=0))),
            "coverage": float(np.mean(across.min(axis=1) <= self._radii)),
            "spread": _spread(fresh) / self._spread,
            "pixel_spread": _spread(_flat(drawn.fresh)) / self._pixel_spread,
            "likeness": _likeness(_structure(drawn.fresh), self._structure) / self._likeness,
            "rank": _rank(fresh) / self._rank,
            "duplicates": float(np.mean(among.min(axis=1) < self._near)),
        }
        if len(nudged):
            found["sensitivity"] = self._moved(fixed, nudged)
        found["drift"] = np.nan if self._before is None else self._moved(self._before, fixed)
        self._before = fixed
        if self._entropy is not None and probabilities is not None:
            found["class_entropy"] = _entropy(probabilities[:count]) - self._entropy
            found["classes"] = _seen(probabilities[:count]) / self._seen
        return found

    def _moved(self, before: np.ndarray, after: np.ndarray) -> float:
        return float(np.linalg.norm(after - before, axis=1).mean()) / self._spread

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes: the features of the fixed latents' images at the last look."""
        return {} if self._before is None else {"probe/before": self._before}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self._before = state.get("probe/before")

    def _finite(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        features, probabilities = self._describe(images)
        return np.nan_to_num(np.asarray(features, np.float64)), probabilities


def pixels(images: np.ndarray) -> tuple[np.ndarray, None]:
    """Describe images by their shrunken pixels, for data without an extractor."""
    small = [cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).reshape(-1) for image in images]
    return np.stack(small).astype(np.float64) / 255, None


def _structure(images: np.ndarray) -> np.ndarray:
    """Return what is not smooth in images, as vectors of length 1 (0 where there is nothing), float32 (N, d)."""
    scale = min(1.0, FINE / max(images.shape[1:3]))
    found = []
    for image in images:
        small = image.astype(np.float32)
        if scale < 1:
            small = cv2.resize(small, (0, 0), fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found.append((small.reshape(*small.shape[:2], -1) - _blurred(small)).reshape(-1))
    rows = np.stack(found)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _blurred(image: np.ndarray) -> np.ndarray:
    blurred = cv2.GaussianBlur(image, (0, 0), BLUR)
    return blurred.reshape(*blurred.shape[:2], -1)


def _likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean over the first of the largest correlation with one of the second."""
    return float((first @ second.T).max(axis=1).mean())


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float64)


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))


def _spread(features: np.ndarray) -> float:
    return float(np.sqrt(2 * features.var(axis=0, ddof=1).sum()))


def _rank(features: np.ndarray) -> float:
    centred = features - features.mean(axis=0)
    values = np.maximum(np.linalg.eigvalsh(centred.T @ centred), 0)
    if values.sum() <= 1e-12 * max(1.0, float((features**2).sum())):
        return 1.0
    shares = values[values > 0] / values.sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))


def _entropy(probabilities: np.ndarray) -> float:
    shares = np.bincount(probabilities.argmax(axis=1)) / len(probabilities)
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log2(shares)))


def _seen(probabilities: np.ndarray) -> float:
    """Return the share of the classes that hold a tenth of an even share of the images."""
    count, classes = probabilities.shape
    shares = np.bincount(probabilities.argmax(axis=1), minlength=classes) / count
    return float(np.mean(shares >= 0.1 / classes))


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Frechet distance between two sets of features, float64 (N, d) and (M, d)."""
    # As in ganline.metrics.frechet, which this package does not know; plain, since there are only some hundred images.
    difference = first.mean(axis=0) - second.mean(axis=0)
    one, other = ((part - part.mean(axis=0)) / np.sqrt(len(part) - 1) for part in (first, second))
    overlap = np.linalg.svd(one @ other.T, compute_uv=False).sum()
    return max(0.0, float(difference @ difference + (one**2).sum() + (other**2).sum() - 2 * overlap))
