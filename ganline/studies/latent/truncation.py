"""Truncation: fewer odd images against less variety."""

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.metrics.precision_recall import precision_recall
from ganline.report.plots import curves
from ganline.studies.finding import Figure, Finding, LeftOut, Number
from ganline.studies.latent.base import Space

TITLE = "Truncation"
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
HALF = 0.5
"""The level whose gain and loss are kept as numbers."""
SHOWN = 10
MOST = 1000
"""Samples, and real images, compared at a level at most."""
NEIGHBOURS = 3
"""k of precision and recall, as evaluate has it."""


def find(space: Space) -> Finding:
    """Return samples and their precision and recall as latents are cut off to the middle of the prior."""
    space.must_draw_fast()
    count = min(space.settings.samples, MOST, len(space.test))
    if count <= NEIGHBOURS:
        raise LeftOut(
            f"precision and recall by {NEIGHBOURS} neighbours need {NEIGHBOURS + 1} held-out images, and there are "
            f"{count}; a larger prepare.test_fraction holds out more"
        )
    real = space.test.features[np.linspace(0, len(space.test) - 1, count).astype(int)]
    scores = np.array([_score(space, psi, real) for psi in LEVELS])
    precision, recall = scores.T
    half, whole = LEVELS.index(HALF), LEVELS.index(1.0)
    gain, loss = float(precision[half] - precision[whole]), float(recall[whole] - recall[half])
    return Finding(
        {"samples": _rows(space), "curve": _chart(precision, recall)},
        {
            "precision_gain": Number(
                gain,
                f"Precision gained by truncation to {HALF}",
                "",
                "-1 to 1: what the middle half of the prior draws better than the whole. 0: truncation buys nothing.",
            ),
            "recall_loss": Number(
                loss,
                f"Recall lost by truncation to {HALF}",
                "",
                "-1 to 1: the variety that the middle half of the prior lacks. 0: variety comes from elsewhere.",
            ),
        },
        [_sentence(precision, recall)],
    )


def _score(space: Space, psi: float, real: np.ndarray) -> tuple[float, float]:
    drawn = space.samples
    latents, labels, features = (part[: len(real)] for part in (drawn.latents, drawn.labels, drawn.features))
    if psi < 1:
        features = space.look(space.generator.truncate(latents, psi), labels).features
    found = precision_recall(real, features, NEIGHBOURS, NEIGHBOURS)
    return found.precision, found.recall


def _rows(space: Space) -> Figure:
    generator, drawn = space.generator, space.samples
    rows = [generator.images(generator.truncate(drawn.latents[:SHOWN], psi), drawn.labels[:SHOWN]) for psi in LEVELS]
    return Figure(
        labelled_grid(np.concatenate(rows), [f"{psi:g}" for psi in LEVELS], [str(i) for i in range(SHOWN)]),
        "The same samples, cut off to the middle of the prior",
        "One column a sample, one row a level of truncation: the share of the prior, about its centre, that latents "
        "are drawn from. The last row is untouched. Towards the top samples get more typical and more alike.",
    )


def _chart(precision: np.ndarray, recall: np.ndarray) -> Figure:
    lines = {"precision (quality)": precision.tolist(), "recall (variety)": recall.tolist()}
    return Figure(
        curves(LEVELS, lines, "truncation: share of the prior that latents are drawn from"),
        "Quality against variety",
        "Precision is the share of samples that look like real images, recall the share of real images that samples "
        "reach. Where precision rises to the left, truncation buys quality, and recall is its price.",
    )


def _sentence(precision: np.ndarray, recall: np.ndarray) -> str:
    best = int(np.argmax(precision))
    if LEVELS[best] == 1.0:
        return "Truncation buys nothing here: precision is highest on the whole prior."
    return (
        f"Precision is highest, {precision[best]:.2f}, where latents are cut off to the middle "
        f"{100 * LEVELS[best]:.0f} % of the prior, against {precision[-1]:.2f} on all of it; recall goes from "
        f"{recall[-1]:.2f} to {recall[best]:.2f}."
    )
