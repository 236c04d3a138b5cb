"""What the page shows, as plain values: ganline.report.collect fills it, ganline.report.page draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ganline.report.numbers import MetricRow, Protocol


class Sample(NamedTuple):
    """The sample grid of one training step."""

    step: int
    grid: np.ndarray
    """uint8 (h, w, C), laid out by `figures.image_grid`."""


class Part(NamedTuple):
    """What one part of a study found."""

    title: str
    left_out: str
    """Why there is nothing to show; "" where there is."""
    words: Sequence[str]
    tables: Sequence[Mapping[str, Any]]
    """Each with "title", "columns" (names) and "rows" (of texts)."""
    figures: Sequence[tuple[np.ndarray | bytes, Mapping[str, str]]]
    """Image uint8 (h, w, C), or the bytes of a GIF; and its "title" and "caption"."""
    numbers: Sequence[MetricRow]


class Study(NamedTuple):
    """What one study found."""

    name: str
    """As findings.json has it; a key of `wording.STUDIES`, or its title is made of it."""
    parts: list[Part]


class Pairs(NamedTuple):
    """What a translator was given, made, and should have made."""

    inputs: np.ndarray
    """uint8 (N, h, w, c)."""
    outputs: np.ndarray
    """uint8 (N, H, W, C)."""
    targets: np.ndarray | None
    """uint8 (N, H, W, C); None where nobody knows."""
    styles: np.ndarray | None = None
    """uint8 (N, H, W, C): in whose style each was made, of a translator that draws in styles."""


@dataclass(frozen=True)
class Content:
    """All that the page shows."""

    params: Mapping[str, Any]
    """params.yaml as plain dicts and values."""
    dataset: Mapping[str, Any]
    """dataset.json of the prepared data."""
    extractor: Mapping[str, Any]
    """extractor.json of the judge."""
    history: pd.DataFrame
    """Training curves; column "step" and any of those in `charts.CHARTS` and `charts.LOOKS`, with gaps."""
    samples: Sequence[Sample]
    """In the order of their steps; may be empty."""
    diagnosis: Mapping[str, Any]
    """diagnosis.json."""
    metrics: Mapping[str, float]
    """metrics.json; a metric's floor is called floor_<name>."""
    protocol: Protocol
    """protocol.json."""
    real: np.ndarray
    """Held-out images, uint8 (N, H, W, C)."""
    generated: np.ndarray
    """As many samples, uint8 (N, H, W, C)."""
    conditions: int
    """Classes or codes that `generated` is sorted by, equally many of each; 0 where the generator takes none."""
    pairs: Pairs | None
    """Of a translator; None of other models."""
    studies: Sequence[Study]
    """In the order of the page."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """extractor.json of the network beside the judge; empty where there is none."""
