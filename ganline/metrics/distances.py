"""Distances between the features of images, and who is nearest to whom: what several metrics are made of.

Squared distances come as one matrix product a block, |x|^2 - 2 x.y + |y|^2. Blocks are of bounded size and are shared
out to threads (a product lets others run meanwhile); each is computed by one thread, in one way, so results do not
depend on how many there are.

Several measures ask the same of the same sets, the floors again: `closest` and `balls` remember what they answered.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from ganline.core.matrices import product

A = TypeVar("A")
B = TypeVar("B")

TILE = 1024
"""Rows and columns of a square block: 8 MiB of float64, which suits the processor's cache."""
FEWEST_ROWS = 128
"""Of a block as wide as a whole set; with fewer the product is slow."""
GROUP = 16
"""Columns of which only the smallest is looked at first; divides TILE."""
SPARE = 8
"""Candidates beyond the neighbours wanted, since float32 may order nearly equal distances wrongly."""
MOST_THREADS = 8
"""Each holds a block or two."""
REMEMBERED = 16
"""Newest answers that are kept: less than a MiB each, of 10,000 images and few neighbours."""


class Nearest(NamedTuple):
    """The nearest references of each query, nearest first."""

    indices: np.ndarray
    """int64 (queries, count): rows of the references; equally near ones in rising order, but where there are more than
    SPARE of them any may be left out."""
    distances: np.ndarray
    """float64 (queries, count): Euclidean."""


def in_blocks(rows: np.ndarray, columns: np.ndarray, reduce: Callable[[int, np.ndarray], A]) -> list[A]:
    """Return what `reduce` makes of the squared distances of rows (N, d) to columns (M, d), block by block.

    `reduce` is called in threads with the first row of a block and its float64 (some rows, M), which may be off by
    `rounding`, and so below 0.
    """
    centre = columns.mean(axis=0, dtype=np.float64)
    left, right = _left(rows, centre), _right(columns, centre)
    step = _step(len(columns))

    def visit(start: int) -> A:
        return reduce(start, product(left[start : start + step], right.T))

    return in_threads(visit, range(0, len(rows), step))


def rounding(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far squared distances within and between features (N, d) and (M, d) may be off."""
    centre = second.mean(axis=0, dtype=np.float64)
    return float(1e-12 * max(_right(points, centre)[:, -1].max() for points in (first, second)))


def squared_radii(points: np.ndarray, neighbours: Iterable[int]) -> list[np.ndarray]:
    """Return for each k in `neighbours`, 1 to N - 1, the squared distances to the k-th nearest other point: (N,).

    Each distance within points (N, d) is computed once and serves both ends.
    """
    neighbours = list(neighbours)
    count, most, centre = len(points), max(neighbours), points.mean(axis=0, dtype=np.float64)
    left, right = _padded(_left(points, centre), -2), _padded(_right(points, centre), -1)
    starts = range(0, count, TILE)
    found = np.full((len(left), len(starts), most), np.inf)  # for each point the nearest of each tile of others

    def visit(tile: tuple[int, int]) -> None:
        i, j = tile
        rows, columns = slice(starts[i], starts[i] + TILE), slice(starts[j], starts[j] + TILE)
        distances = product(left[rows], right[columns].T)
        if i == j:
            np.fill_diagonal(distances, np.inf)  # a point is no neighbour of its own
        else:
            _keep(found[columns, i], distances.T)
        _keep(found[rows, j], distances)

    in_threads(visit, [(i, j) for i in range(len(starts)) for j in range(i, len(starts))])
    ranked = np.sort(found[:count].reshape(count, -1), axis=1)
    return [np.maximum(ranked[:, k - 1], 0.0) for k in neighbours]


def nearest(queries: np.ndarray, references: np.ndarray, count: int, same: bool = False) -> Nearest:
    """Return the `count` nearest references (M, d) of each query (N, d), by Euclidean distance.

    Candidates come from products in float32, with a few to spare. Their distances are taken again in float64 from the
    differences, so that those of copies are exactly 0.

    Args:
        queries: any float, (N, d).
        references: any float, (M, d).
        count: 1 to M, or to M - 1 where `same`.
        same: the queries are the references, and none is its own neighbour.
    """
    centre = references.mean(axis=0, dtype=np.float64)
    left, right = _left(queries, centre, np.float32), _padded(_right(references, centre, np.float32), -1)
    wanted = min(count + SPARE, len(references) - same)
    step = _step(len(references))

    def visit(start: int) -> Nearest:
        rows = slice(start, start + step)
        scores = product(left[rows], right.T)
        if same:
            scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = np.inf
        among, columns = _candidates(scores, wanted)
        best = np.argpartition(among, wanted - 1, axis=1)[:, :wanted]
        candidates = np.sort(np.take_along_axis(columns, best, 1), axis=1)
        differences = references[candidates].astype(np.float64, copy=False) - queries[rows, None]
        distances = np.sqrt(np.einsum("ncd,ncd->nc", differences, differences))
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return Nearest(np.take_along_axis(candidates, order, 1), np.take_along_axis(distances, order, 1))

    return Nearest(*map(np.concatenate, zip(*in_threads(visit, range(0, len(queries), step)), strict=True)))


def _remembered(work: Callable[..., A]) -> Callable[..., A]:
    """Let `work` answer from memory what it was asked of equal arrays; what it answers must not be written to."""
    known: dict[tuple[Any, ...], A] = {}

    @wraps(work)
    def answer(*asked: Any) -> A:
        key = tuple(_content(each) if isinstance(each, np.ndarray) else each for each in asked)
        known[key] = found = known.pop(key) if key in known else work(*asked)
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
        return found

    return answer


def _content(array: np.ndarray) -> tuple[Any, ...]:
    return array.shape, array.dtype.str, hashlib.sha1(np.ascontiguousarray(array).data).digest()


@_remembered
def closest(queries: np.ndarray, references: np.ndarray) -> Nearest:
    """Return `nearest` of one reference."""
    return nearest(queries, references, 1)


@_remembered
def balls(points: np.ndarray, *neighbours: int) -> list[np.ndarray]:
    """Return `squared_radii`."""
    return squared_radii(points, neighbours)


def in_threads(work: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """Return what `work` makes of each item, in their order; each is made by one thread, its products, too."""
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _step(columns: int) -> int:
    return max(FEWEST_ROWS, min(TILE, TILE * TILE // columns))


def _right(points: np.ndarray, centre: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Return y, 1, |y|^2 of each point: with `_left` of others one product is their squared distances.

    Distances are differences of squares, which lose fewer digits the nearer the `centre` is to the points.
    """
    made: np.ndarray = np.empty((len(points), points.shape[1] + 2), dtype)
    moved = made[:, :-2]
    np.subtract(points, centre, out=moved, casting="same_kind")
    made[:, -2] = 1.0
    np.einsum("nd,nd->n", moved, moved, out=made[:, -1])
    return made


def _left(points: np.ndarray, centre: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Return -2 x, |x|^2, 1 of each point."""
    made = _right(points, centre, dtype)
    made[:, :-2] *= -2.0
    made[:, -2:] = made[:, :-3:-1].copy()
    return made


def _padded(factors: np.ndarray, squares: int) -> np.ndarray:
    """Add points that are infinitely far away, up to a whole number of groups; `squares` is the column of |x|^2."""
    count = len(factors)
    factors = np.pad(factors, ((0, -count % GROUP), (0, 0)), constant_values=1.0)
    factors[count:, squares] = np.inf
    return factors


def _keep(found: np.ndarray, distances: np.ndarray) -> None:
    """Write the smallest values of each row."""
    among, _ = _candidates(distances, found.shape[1])
    among.partition(min(found.shape[1], among.shape[1]) - 1, axis=1)
    found[:, : among.shape[1]] = among[:, : found.shape[1]]


def _candidates(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return some values of each row with the `count` smallest among them, and their columns; whole groups only.

    The smallest lie in the `count` groups with the smallest minima, and finding minima is far cheaper than sorting.
    """
    groups = values.shape[1] // GROUP
    grouped = values.reshape(len(values), GROUP, groups)
    chosen = np.argpartition(grouped.min(axis=1), min(count, groups) - 1, axis=1)[:, :count]
    among = grouped[np.arange(len(values))[:, None], :, chosen]
    columns = chosen[:, :, None] + groups * np.arange(GROUP)
    return among.reshape(len(values), -1), columns.reshape(len(values), -1)
