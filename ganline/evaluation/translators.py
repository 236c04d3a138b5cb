"""What judging a translator takes beside what judging any generator takes: true partners, and two baselines."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ganline.core.abilities import lacking
from ganline.evaluation.baselines import baselines
from ganline.metrics.record import Case, Measure, Sample
from ganline.settings import paths

if TYPE_CHECKING:
    from ganline.core.maker import Made
    from ganline.extractors.lpips import Lpips
    from ganline.extractors.network import Extractor


def lpips_for(
    measures: Iterable[Measure], abilities: frozenset[str], image_shape: Sequence[int]
) -> "Lpips | str | None":
    """Return the network of LPIPS, or why it cannot be had, where one of these measures looks through it.

    Args:
        measures: those asked for.
        abilities: what maker, data and extractor have.
        image_shape: (H, W, C) of what is compared.
    """
    from ganline.extractors import lpips

    if not any(measure.lpips and not lacking(measure.needs, abilities) for measure in measures):
        return None
    return lpips.ready(paths.LPIPS, paths.MANUAL / "lpips", image_shape)


def targets(made: "Made", extractor: "Extractor") -> Sample:
    """Return what each image should have been, row by row."""
    assert made.partners is not None
    return Sample(made.partners, *extractor.extract(made.partners))


def baseline_cases(
    made: "Made", train: np.ndarray, extractor: "Extractor", case: Callable[[Sample], Case]
) -> dict[str, Case]:
    """Return, by what the names of their numbers begin with, the cases of who has learned nothing.

    Args:
        made: what a translator made, with its inputs.
        train: training targets, uint8 (M, H, W, C).
        extractor: it describes what the baselines make.
        case: returns the case of whoever makes such images.
    """
    found = baselines(made.given["inputs"], made.images, train)
    return {prefix: case(Sample(images, *extractor.extract(images))) for prefix, images in found.items()}
