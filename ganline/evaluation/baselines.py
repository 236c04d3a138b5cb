"""What a translator must beat: who copies the input, who paints all in one colour, and where it applies two more.

Of images that are smaller than their targets also who enlarges them bicubically; of images with a hole also who fills
it with the mean of its surroundings.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from ganline.datasets.resize import colours, enlarged, like

BASELINES = {
    "baseline_copied_": "the input copied",
    "baseline_mean_colour_": "the mean colour of the training targets",
    "baseline_bicubic_": "the input enlarged bicubically",
    "baseline_mean_fill_": "the hole filled with the mean of its surroundings",
}
"""What the names of their numbers begin with, and what they are."""
SURROUNDINGS = 3
"""Pixels round a hole whose mean fills it."""
MEASURED = ("frechet", "kid", "edge_agreement")
"""The measures beside which they stand, besides those of pairs."""
BESIDE = ("floor_", *BASELINES)
"""What the names of all numbers begin with that only stand beside a model's own."""


def baselines(inputs: np.ndarray, targets: np.ndarray, train: np.ndarray) -> dict[str, np.ndarray]:
    """Return by those keys of BASELINES that apply what each makes of N inputs, uint8 (N, H', W', C').

    Args:
        inputs: uint8 (N, H, W, C); a fourth channel is alpha, 0 in holes.
        targets: uint8 (N, H', W', C'), of which only the shape counts; outputs have it, too.
        train: training targets, uint8 (M, H', W', C').
    """
    # A memory-mapped split is summed a part at a time.
    parts = [train[i : i + 1024].mean(axis=(1, 2)) for i in range(0, len(train), 1024)]
    colour = np.concatenate(parts).mean(axis=0).round().astype(np.uint8)
    found = {"baseline_copied_": copied(inputs, targets.shape[1:])}
    found["baseline_mean_colour_"] = np.zeros_like(targets) + colour
    if inputs.shape[1] < targets.shape[1]:
        found["baseline_bicubic_"] = like(enlarged(colours(inputs), targets.shape[1:]), targets.shape[1:])
    if inputs.shape[3] == 4:
        found["baseline_mean_fill_"] = np.array([filled(each) for each in inputs]).reshape(targets.shape)
    return found


def copied(inputs: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return inputs uint8 (N, H, W, C) in the `shape` (H', W', C') of targets; of smaller ones pixels are repeated."""
    times = shape[0] // inputs.shape[1]
    larger = inputs.repeat(max(1, times), axis=1).repeat(max(1, times), axis=2)
    return like(larger, shape)


def filled(image: np.ndarray) -> np.ndarray:
    """Return an image uint8 (H, W, 4) with its hole filled with the mean of its surroundings, uint8 (H, W, 3)."""
    hidden = (image[..., 3] == 0).astype(np.uint8)
    near = cv2.dilate(hidden, np.ones((2 * SURROUNDINGS + 1,) * 2, np.uint8)) > hidden
    colour = image[near][:, :3].mean(axis=0).round() if near.any() else 128
    return np.where(hidden[..., None] == 1, colour, image[..., :3]).astype(np.uint8)


def scored(numbers: Mapping[str, float], name: str) -> dict[str, float]:
    """Return what those who have learned nothing score in a number, by what they are; of most models that is empty."""
    return {who: numbers[prefix + name] for prefix, who in BASELINES.items() if prefix + name in numbers}
