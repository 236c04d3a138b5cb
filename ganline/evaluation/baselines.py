"""What a translator must beat: who copies the input, and who paints everything in the mean colour of the targets."""

import numpy as np

from ganline.datasets.resize import like

BASELINES = {
    "baseline_copied_": "the input copied",
    "baseline_mean_colour_": "the mean colour of the training targets",
}
"""What the names of their numbers begin with, and what they are."""
MEASURED = ("fid", "kid", "edge_agreement")
"""The measures beside which they stand, besides those of pairs."""
BESIDE = ("floor_", *BASELINES)
"""What the names of all numbers begin with that only stand beside a model's own."""


def baselines(inputs: np.ndarray, targets: np.ndarray, train: np.ndarray) -> dict[str, np.ndarray]:
    """Return by the keys of BASELINES what each makes of N inputs, uint8 (N, H', W', C').

    Args:
        inputs: uint8 (N, H, W, C).
        targets: uint8 (N, H', W', C'), of which only the shape counts; outputs have it, too.
        train: training targets, uint8 (M, H', W', C').
    """
    # A memory-mapped split is summed a part at a time.
    parts = [train[i : i + 1024].mean(axis=(1, 2)) for i in range(0, len(train), 1024)]
    colour = np.concatenate(parts).mean(axis=0).round().astype(np.uint8)
    copied, mean = like(inputs, targets.shape[1:]), np.zeros_like(targets) + colour
    return dict(zip(BASELINES, (copied, mean), strict=True))
