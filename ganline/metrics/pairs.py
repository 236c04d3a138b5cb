"""What measures of outputs against their true partners share: numbers an image, and what these come to.

Row i of what is judged belongs to row i of what it is judged by. Every such number stands beside two baselines, what
who has learned nothing would get: the input copied, and the mean colour of the training targets.
"""

from collections.abc import Callable

import numpy as np

from ganline.metrics import checks


def per_pair(
    outputs: np.ndarray, targets: np.ndarray, name: str, compare: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> dict[str, float]:
    """Return `name`, the mean over N pairs, and name_stderr, its standard error over other pairs of the same kind.

    Args:
        outputs: uint8 (N, H, W, C).
        targets: as many of the same size.
        name: of the number.
        compare: gives one number, 0 or more, for each pair, float (N,).

    Raises:
        ValueError: not two such sets, fewer than 2 pairs, or `compare` refuses them.
    """
    outputs, targets = checks.image_pair(outputs, targets, name, rows=2)
    if len(outputs) != len(targets):
        raise ValueError(f"{name}: compares images in pairs, got {len(outputs)} and {len(targets)}")
    values = compare(outputs, targets)
    return {name: float(values.mean()), f"{name}_stderr": float(values.std(ddof=1) / np.sqrt(len(values)))}
