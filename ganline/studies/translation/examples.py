"""The best, the middling and the worst of what it makes of held-out inputs, beside what should have come out."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.datasets.resize import like
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.translation.base import Translations

TITLE = "Input, output, target"
SHOWN = 6
"""Pairs of each kind."""
COLUMNS = ("input", "output", "target", "difference")
LEVELS = (5, 25, 50, 75, 95)
"""Percentiles in the table."""


def find(made: Translations) -> Finding:
    """Return pairs as rows of pictures, sorted by the distance of output and target, and how these are spread."""
    order = np.argsort(made.distances, kind="stable")
    count = min(SHOWN, len(order))
    middle = (len(order) - count) // 2
    kinds = {"best": order[:count], "median": order[middle : middle + count], "worst": order[::-1][:count]}
    figures = {
        name: Figure(
            rows(made, chosen),
            f"The {name}",
            f"The {count} of {len(order)} held-out pairs that are {WHERE[name]} by {made.measure}, which stands beside "
            "each row. Difference: between output and target, channel by channel; black where they are equal.",
        )
        for name, chosen in kinds.items()
    }
    beaten = {name: float(np.mean(made.distances < others)) for name, others in made.baselines.items()}
    numbers = {
        f"beats_{name}": Number(
            share,
            f"Outputs nearer to the target than {BASELINE[name]}",
            "higher",
            f"0 to 1: share of held-out pairs, by {made.measure}. 0.5 and less: of no more use than that.",
        )
        for name, share in beaten.items()
    }
    words = [
        f"Of {len(order)} held-out pairs, the output is nearer to its target than {BASELINE[name]} in {share:.0%} "
        f"({made.measure})."
        for name, share in beaten.items()
    ]
    return Finding(figures, numbers, words, tables=[spread(made)])


WHERE = {"best": "nearest to their targets", "median": "in the middle", "worst": "farthest from their targets"}
BASELINE = {
    "copied": "its input copied",
    "mean_colour": "the mean colour of the training targets",
    "bicubic": "its input enlarged bicubically",
    "mean_fill": "its hole filled with the mean of its surroundings",
}


def rows(made: Translations, chosen: np.ndarray) -> np.ndarray:
    """Return the pairs numbered `chosen` as rows of input, output, target and difference, uint8 (h, w, C)."""
    outputs, targets = made.outputs[chosen], made.targets[chosen]
    apart = np.abs(outputs.astype(np.int16) - targets).astype(np.uint8)
    cells = [like(made.inputs[chosen], targets.shape[1:]), outputs, targets, apart]
    names = [f"{made.distances[row]:.3f}" for row in chosen]
    return labelled_grid(np.stack(cells, axis=1).reshape(-1, *targets.shape[1:]), names, COLUMNS)


def spread(made: Translations) -> Table:
    """Return the percentiles of the distances of outputs and of the baselines."""
    series = {"output": made.distances} | {BASELINE[name]: others for name, others in made.baselines.items()}
    levels = [[name, *(f"{value:.3f}" for value in np.percentile(values, LEVELS))] for name, values in series.items()]
    return Table(f"Distance to the target ({made.measure})", ["", *(f"{level} %" for level in LEVELS)], levels)
