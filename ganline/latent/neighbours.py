"""The training images that lie nearest to given images, in a feature space: does the generator copy?"""

from typing import NamedTuple

import numpy as np

from ganline.core.matrices import product
from ganline.core.progress import Bar
from ganline.core.repeats import repeats

BLOCK = 256
SPARE = 8


class Neighbours(NamedTuple):
    """The nearest references of each query, nearest first."""

    indices: np.ndarray
    """int64, (queries, count): positions in the references; equally near ones stand in rising order."""
    distances: np.ndarray
    """float64, (queries, count): Euclidean."""


def nearest(queries: np.ndarray, references: np.ndarray, count: int, label: str = "Nearest images") -> Neighbours:
    """Return the `count` nearest references of each query, by Euclidean distance.

    Candidates are found block by block from float32 matrix products, with a few to spare; their distances are then
    taken again in float64 from the differences, which the products lose to cancellation where points are close.

    Args:
        queries: float32, (M, d).
        references: float32, (N, d), N >= count.
        count: neighbours of each query, >= 1.
        label: shown beside the progress bar.

    Raises:
        ValueError: shapes that do not match, or fewer references than `count`.
    """
    if queries.ndim != 2 or references.ndim != 2 or queries.shape[1] != references.shape[1]:
        raise ValueError(f"expected (M, d) and (N, d), found {queries.shape} and {references.shape}")
    if not 1 <= count <= len(references):
        raise ValueError(f"count = {count}: allowed is 1 to {len(references)}, the number of references")
    centre = references.mean(axis=0, dtype=np.float64).astype(np.float32)  # smaller norms, less cancellation
    centred = references - centre
    halves = np.einsum("nd,nd->n", centred, centred) / 2
    indices = np.empty((len(queries), count), np.int64)
    distances = np.empty((len(queries), count))
    with Bar(label, len(queries), unit="images") as bar:
        for first in range(0, len(queries), BLOCK):
            block = slice(first, first + BLOCK)
            candidates = _candidates(halves - product(queries[block] - centre, centred.T), count + SPARE)
            indices[block], distances[block] = _exact(queries[block], references, candidates, count)
            bar.advance(len(queries[block]))
    return Neighbours(indices, distances)


def _candidates(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the columns of the `count` lowest scores of each row, in rising order of column."""
    if count >= scores.shape[1]:
        return np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    return np.sort(np.argpartition(scores, count - 1, axis=1)[:, :count], axis=1)


def _exact(queries: np.ndarray, references: np.ndarray, candidates: np.ndarray, count: int) -> Neighbours:
    differences = queries[:, None].astype(np.float64) - references[candidates]
    distances = np.sqrt(np.einsum("mcd,mcd->mc", differences, differences))
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return Neighbours(np.take_along_axis(candidates, order, 1), np.take_along_axis(distances, order, 1))


def copying(samples: np.ndarray, held_out: np.ndarray) -> dict[str, float]:
    """Compare how near samples and held-out real images come to the training images.

    A generator that copies comes nearer than images it was never shown. One that only learned what the images have in
    common comes about as near; one that does not yet draw well stays farther away.

    Args:
        samples: float, (M,): the distance of each sample to its nearest training image.
        held_out: float, (N,): the same for real images that were not trained on.

    Held-out images that repeat a training image are left out: they were shown (`ganline.core.repeats`).

    Returns:
        The two medians, the first percentile of `held_out`, the share of samples nearer than that (about 0.01 where
        samples behave like held-out images), and how many of `held_out` were left out.

    Raises:
        ValueError: every held-out image repeats a training image, so none says what new ones are like.
    """
    usual = held_out[~repeats(held_out)]
    if not len(usual):
        raise ValueError("every held-out image repeats a training image, so none says how near new ones come")
    threshold = float(np.percentile(usual, 1))
    return {
        "median_distance_samples": float(np.median(samples)),
        "median_distance_held_out": float(np.median(usual)),
        "first_percentile_held_out": threshold,
        "share_of_samples_nearer": float(np.mean(samples < threshold)),
        "held_out_left_out": float(len(held_out) - len(usual)),
    }
