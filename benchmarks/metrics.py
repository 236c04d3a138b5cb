"""Times our Frechet distance and our precision, recall, density and coverage beside the usual ways, in turns.

Run: make bench (with the training step), or python -m benchmarks.metrics
Each measurement is a fresh process that makes its features (seeded), then computes; its time and the memory it grew by
are taken inside. Every number of a row comes from the same minutes on the same machine; compare ratios, not times.
"""

import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import linalg
from threadpoolctl import threadpool_info

from benchmarks.asked import asked
from ganline.metrics.frechet import frechet_distance
from ganline.metrics.precision_recall import precision_recall

ROUNDS = 3
NEIGHBOURS = 5


def ours_frechet(first: np.ndarray, second: np.ndarray) -> None:
    """Singular values of the product of the two roots."""
    frechet_distance(first, second)


def usual_frechet(first: np.ndarray, second: np.ndarray) -> float:
    """What pytorch-fid 0.3 computes: covariances, then the square root of their product as a full matrix."""
    means = [features.mean(axis=0) for features in (first, second)]
    covariances = [np.cov(features, rowvar=False) for features in (first, second)]
    root = linalg.sqrtm(covariances[0] @ covariances[1])
    if not np.isfinite(root).all():  # singular: once more with a little on the diagonal
        little = np.eye(len(root)) * 1e-6
        root = linalg.sqrtm((covariances[0] + little) @ (covariances[1] + little))
    difference = means[0] - means[1]
    return float(difference @ difference + sum(map(np.trace, covariances)) - 2 * np.trace(root.real))


def ours_neighbours(first: np.ndarray, second: np.ndarray) -> None:
    """All four in one pass over blocks of distances."""
    precision_recall(first, second, NEIGHBOURS, NEIGHBOURS)


def prdc_neighbours(first: np.ndarray, second: np.ndarray) -> None:
    """The package of density's and coverage's authors: three whole matrices of distances."""
    from prdc import compute_prdc

    compute_prdc(first, second, NEIGHBOURS)


CASES: list[tuple[str, Callable, Callable, int, int]] = [
    *(
        (f"Frechet distance, d = 2048, {count:,} images", ours_frechet, usual_frechet, count, 2048)
        for count in (500, 2_000, 10_000)
    ),
    *(
        (
            f"precision, recall, density, coverage, d = {width}, 10,000 images",
            ours_neighbours,
            prdc_neighbours,
            10_000,
            width,
        )
        for width in (64, 512)
    ),
]


def work(pipe: Connection, compute: Callable, count: int, width: int) -> None:
    """Compute once; send the seconds by the clock, those of the processor, and the megabytes grown by."""
    draw = np.random.default_rng(0)
    mix = draw.normal(size=(width, width)) / np.sqrt(width)
    first = np.maximum(draw.normal(size=(count, width)) @ mix, 0)
    second = np.maximum(draw.normal(size=(count, width)) @ mix + 0.1, 0)
    compute(first[:50, :40], second[:50, :40])  # imports and threads are not what is timed
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    compute(first, second)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pipe.send((seconds, busy, (after.ru_maxrss - before.ru_maxrss) / 1024))


def measure(compute: Callable, count: int, width: int) -> tuple[float, float, float]:
    """Return what `work` found in a process of its own."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe(duplex=False)
    # No daemon: in one, prdc would be refused its parallel jobs.
    process = context.Process(target=work, args=(theirs, compute, count, width))
    process.start()
    found: tuple[float, float, float] = pipe.recv()
    process.join()
    return found


def kernels() -> str:
    """Return for which processor each library of linear algebra here has its kernels, a line each."""
    lines = [
        f"{Path(each['filepath']).parent.name}: {each['internal_api']} {each['version'] or 'of unknown version'}, "
        f"kernels for {each.get('architecture') or 'what it does not say'}, {each['num_threads']} threads"
        for each in threadpool_info()
        if each["user_api"] == "blas"
    ]
    return "\n".join(["Our measures' products are SciPy's (ganline/core/matrices.py).", *lines])


def main() -> None:
    """Print the kernels and the table."""
    columns = ("measure", "ours, s", "usual way, s", "times as fast", "ours, MB", "usual way, MB")
    table = Table(*columns, title=f"Metrics beside the usual ways, median of {ROUNDS} rounds")
    console = Console()
    console.print(kernels(), highlight=False)
    for name, ours, theirs, count, width in CASES:
        found: dict[Callable, list[tuple[float, float, float]]] = {ours: [], theirs: []}
        for i in range(ROUNDS):
            for compute in found:
                console.print(f"{name}: round {i + 1} of {ROUNDS}, {compute.__name__}", style="dim")
                found[compute].append(measure(compute, count, width))
        seconds, _, memory = (
            {way: statistics.median(values) for way, values in zip(found, column, strict=True)}
            for column in zip(*(zip(*found[way], strict=True) for way in found), strict=True)
        )
        table.add_row(
            name,
            f"{seconds[ours]:.2f}",
            f"{seconds[theirs]:.2f}",
            f"{seconds[theirs] / seconds[ours]:.1f}",
            f"{memory[ours]:.0f}",
            f"{memory[theirs]:.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    asked("benchmarks.metrics", __doc__)
    main()
