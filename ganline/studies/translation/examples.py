"""What it makes of held-out inputs, beside what should have come out, or what comes back where nobody knows."""

from collections.abc import Mapping, Sequence

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.datasets.resize import colours, like
from ganline.studies.finding import Figure, Finding, Number, Table
from ganline.studies.translation.base import Translations

TITLE = "Input and output"
SHOWN = 6
"""Pairs of each kind."""
LEVELS = (5, 25, 50, 75, 95)
"""Percentiles in the table."""


def find(made: Translations) -> Finding:
    """Return rows of pictures: of pairs the best, middling and worst, else some; and of the other direction some."""
    returned = None if made.back is None else made.back(made.outputs)
    found = beside_targets(made, returned) if made.targets is not None else unpaired(made, returned)
    if made.back and made.there and made.others is not None:
        chosen = np.arange(min(2 * SHOWN, len(made.others)))
        others, othered = made.others[chosen], made.othered[chosen]
        found.figures["back"] = Figure(
            sheet([others, othered, made.there(othered)], _numbered(chosen), ("image", "output", "back again")),
            "The other way round",
            "Held-out images of the target domain, what the way back makes of them, and what comes back of that. "
            "Nothing was picked by hand.",
        )
    return found


def unpaired(made: Translations, returned: np.ndarray | None) -> Finding:
    """Return some inputs, their outputs and, where there is a way back, what comes back of these."""
    chosen = np.linspace(0, len(made.inputs) - 1, min(2 * SHOWN, len(made.inputs))).astype(int)
    shown = {"input": made.inputs, "style": made.styles, "output": made.outputs, "back again": returned}
    figure = Figure(
        sheet(*_shown(shown, chosen, _numbered(chosen))),
        "There" + (" and back" if returned is not None else ""),
        f"{len(chosen)} of {len(made.inputs)} held-out inputs. Nothing was picked by hand, and nobody knows what "
        "should have come out.",
    )
    return Finding({"there": figure})


def beside_targets(made: Translations, returned: np.ndarray | None) -> Finding:
    """Return pairs as rows of pictures, sorted by the distance of output and target, and how these are spread."""
    order = np.argsort(made.distances, kind="stable")
    count = min(SHOWN, len(order))
    middle = (len(order) - count) // 2
    kinds = {"best": order[:count], "median": order[middle : middle + count], "worst": order[::-1][:count]}
    figures = {
        name: Figure(
            rows(made, chosen, returned),
            f"The {name}",
            f"The {count} of {len(order)} held-out pairs that are {WHERE[name]} by {made.measure}, which stands beside "
            "each row. Difference: between output and target, channel by channel; black where they are equal.",
        )
        for name, chosen in kinds.items()
    }
    return Finding(figures, *beaten(made), tables=[spread(made)])


def beaten(made: Translations) -> tuple[dict[str, Number], list[str]]:
    """Return how often outputs are nearer to their targets than the baselines, as numbers and sentences."""
    shares = {name: float(np.mean(made.distances < others)) for name, others in made.baselines.items()}
    numbers = {
        f"beats_{name}": Number(
            share,
            f"Outputs nearer to the target than {BASELINE[name]}",
            "higher",
            f"0 to 1: share of held-out pairs, by {made.measure}. 0.5 and less: of no more use than that.",
        )
        for name, share in shares.items()
    }
    words = [
        f"Of {len(made.distances)} held-out pairs, the output is nearer to its target than {BASELINE[name]} in "
        f"{share:.0%} ({made.measure})."
        for name, share in shares.items()
    ]
    return numbers, words


WHERE = {"best": "nearest to their targets", "median": "in the middle", "worst": "farthest from their targets"}
BASELINE = {
    "copied": "its input copied",
    "mean_colour": "the mean colour of the training targets",
    "bicubic": "its input enlarged bicubically",
    "mean_fill": "its hole filled with the mean of its surroundings",
}


def rows(made: Translations, chosen: np.ndarray, returned: np.ndarray | None = None) -> np.ndarray:
    """Return the pairs numbered `chosen` as rows of input, output, target and difference, uint8 (h, w, C).

    Where there are styles, and a way back, they and what comes back of all outputs, `returned`, join them.
    """
    assert made.targets is not None
    apart = np.abs(made.outputs.astype(np.int16) - made.targets).astype(np.uint8)
    shown = {
        "input": made.inputs, "style": made.styles, "output": made.outputs, "target": made.targets,
        "difference": apart, "back again": returned,
    }  # fmt: skip
    return sheet(*_shown(shown, chosen, [f"{made.distances[row]:.3f}" for row in chosen]))


def _shown(
    columns: Mapping[str, np.ndarray | None], chosen: np.ndarray, names: Sequence[str]
) -> tuple[list[np.ndarray], Sequence[str], list[str]]:
    """Return what `sheet` takes, of the images numbered `chosen` of the columns that there are."""
    known = {name: images[chosen] for name, images in columns.items() if images is not None}
    return list(known.values()), names, list(known)


def sheet(cells: Sequence[np.ndarray], names: Sequence[str], columns: Sequence[str]) -> np.ndarray:
    """Return sets of N images as columns under their names, a row for each of the N, uint8 (h, w, C).

    All take the size of the largest, and colours where one has some; alpha is left out.
    """
    cells = [colours(images) for images in cells]
    height, width, channels = (max(images.shape[axis] for images in cells) for axis in (1, 2, 3))
    shape = height, width, channels
    alike = [like(images, shape) for images in cells]
    return labelled_grid(np.stack(alike, axis=1).reshape(-1, *shape), names, columns)


def _numbered(chosen: np.ndarray) -> list[str]:
    return [str(row + 1) for row in chosen]


def spread(made: Translations) -> Table:
    """Return the percentiles of the distances of outputs and of the baselines."""
    series = {"output": made.distances} | {BASELINE[name]: others for name, others in made.baselines.items()}
    levels = [[name, *(f"{value:.3f}" for value in np.percentile(values, LEVELS))] for name, values in series.items()]
    return Table(f"Distance to the target ({made.measure})", ["", *(f"{level} %" for level in LEVELS)], levels)
