"""Times pretrained feature networks on images of 64x64, and says whether they tell worse pictures from better ones.

Run: python -m benchmarks.networks KIND ...

Of Twitter's emoji one half is held against the other: as it is, blurred (Gaussian, 1 pixel), as Google draws it, and
noisy (Gaussian, deviation 32). What is printed is the kernel distance (KID) with its standard error. Emoji and weights
are fetched into folders of this project, and kept.
"""

import resource
import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.asked import asked
from ganline.core.random import generator
from ganline.datasets import sources
from ganline.extractors.networks import pretrained
from ganline.metrics.kid import kernel_distance
from ganline.settings import paths
from ganline.settings.networks import NETWORKS, Kind

VENDORS = ("twitter", "google")
BLUR, NOISE = 1.0, 32.0
SUBSETS, SUBSET = 20, 500
KINDS: tuple[Kind, ...] = ("efficientnet_lite0", "squeezenet")


def emoji(vendor: str, folder: Path) -> dict[str, np.ndarray]:
    """Return a vendor's emoji over white, uint8 (64, 64, 3), by file; fetched into `folder` unless they are there."""
    if not folder.exists():
        sources.fetch(f"emoji_{vendor}", Path(f"conf/sources/emoji_{vendor}.yaml"), folder, paths.MANUAL / vendor)
    found = {}
    for file in sorted(folder.rglob("*.png")):
        picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(np.float32)
        alpha = picture[..., 3:] / 255
        found[file.name] = np.rint(picture[..., 2::-1] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return found


def worse(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return half of the emoji of one vendor, and what is held against it, from the best to the worst."""
    names = sorted(first.keys() & second.keys())
    order = generator(0, "benchmarks/networks").permutation(len(names))
    half, rest = np.split(order, [len(names) // 2])
    images = np.stack([first[name] for name in names])
    noise = generator(0, "benchmarks/networks/noise").normal(0, NOISE, images[rest].shape)
    return images[half], {
        "other half": images[rest],
        "blurred": np.stack([cv2.GaussianBlur(image, (0, 0), BLUR) for image in images[rest]]),
        "other vendor": np.stack([second[names[row]] for row in rest]),
        "noisy": np.clip(np.rint(images[rest] + noise), 0, 255).astype(np.uint8),
    }


def main(kinds: list[str]) -> None:
    """Print the table."""
    first, second = (emoji(vendor, Path("data/downloaded") / f"emoji_{vendor}") for vendor in VENDORS)
    half, others = worse(first, second)
    table = Table("network", "ms an image, processor", "wall", "MiB", *others, title=f"KID to {len(half)} emoji")
    for kind in KINDS if not kinds else [name for name in NETWORKS if name in kinds]:
        extractor = pretrained(kind, half.shape[1:], None, paths.MANUAL)
        extractor.extract(half[: extractor.batch_size])  # compiles
        wall, busy = time.perf_counter(), time.process_time()
        features = extractor.extract(half).features
        spent = [(time.process_time() - busy) / len(half), (time.perf_counter() - wall) / len(half)]
        seen = [extractor.extract(images).features for images in others.values()]
        found = [kernel_distance(one, features, SUBSETS, SUBSET, 0) for one in seen]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        told = [f"{each.mean:.4g} ± {each.standard_error:.2g}" for each in found]
        table.add_row(kind, *(f"{seconds * 1e3:.1f}" for seconds in spent), str(peak), *told)
    Console().print(table)


if __name__ == "__main__":
    main(asked("benchmarks.networks", __doc__, "KIND", [kind for kind, known in NETWORKS.items() if known.fetched]))
