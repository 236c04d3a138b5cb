"""Truncation: fewer odd images against less variety."""

from collections.abc import Callable

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.metrics.precision_recall import precision_recall
from ganline.report.plots import curves
from ganline.studies.finding import Figure, Finding, LeftOut, Number
from ganline.studies.latent.base import Space
from ganline.studies.latent.w_space import Styles

TITLE = "Truncation"
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
HALF = 0.5
"""The level whose gain and loss are kept as numbers."""
SHOWN = 10
MOST = 1000
"""Samples, and real images, compared at a level at most."""
NEIGHBOURS = 3
"""k of precision and recall, as evaluate has it."""
MIDDLE = {False: "the middle half of the prior", True: "w half-way to its mean"}

Cut = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""Takes latents float32 (N, latent_dim), labels (N,) and psi to images uint8 (N, H, W, C)."""


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
    cut = _cut(space)
    scores = np.array([_score(space, cut, psi, real) for psi in LEVELS])
    precision, recall = scores.T
    half, whole = LEVELS.index(HALF), LEVELS.index(1.0)
    gain, loss = float(precision[half] - precision[whole]), float(recall[whole] - recall[half])
    return Finding(
        {"samples": _rows(space, cut), "curve": _chart(space, precision, recall)},
        {
            "precision_gain": Number(
                gain,
                f"Precision gained by truncation to {HALF}",
                "",
                f"-1 to 1: what {MIDDLE[_in_w(space)]} draws better than the whole. 0: truncation buys nothing.",
            ),
            "recall_loss": Number(
                loss,
                f"Recall lost by truncation to {HALF}",
                "",
                f"-1 to 1: the variety that {MIDDLE[_in_w(space)]} lacks. 0: variety comes from elsewhere.",
            ),
        },
        [_sentence(space, precision, recall)],
    )


def _in_w(space: Space) -> bool:
    return not space.lacks("w")


def _cut(space: Space) -> Cut:
    """Return what makes images of samples that are truncated: in w where there is one, else in the prior."""
    if not _in_w(space):
        maker = space.generator
        return lambda latents, labels, psi: maker.images(maker.truncate(latents, psi), labels)
    styles = Styles(space)
    return lambda latents, labels, psi: styles.images(styles.truncated(styles.of(latents), psi))


def _score(space: Space, cut: Cut, psi: float, real: np.ndarray) -> tuple[float, float]:
    drawn = space.samples
    latents, labels, features = (part[: len(real)] for part in (drawn.latents, drawn.labels, drawn.features))
    if psi < 1:
        features = space.told(latents, labels, cut(latents, labels, psi)).features
    found = precision_recall(real, features, NEIGHBOURS, NEIGHBOURS)
    return found.precision, found.recall


def _rows(space: Space, cut: Cut) -> Figure:
    drawn = space.samples
    rows = [cut(drawn.latents[:SHOWN], drawn.labels[:SHOWN], psi) for psi in LEVELS]
    grid = labelled_grid(np.concatenate(rows), [f"{psi:g}" for psi in LEVELS], [str(i) for i in range(SHOWN)])
    told = "The last row is untouched. Towards the top samples get more typical and more alike."
    if _in_w(space):
        return Figure(
            grid,
            "The same samples, nearer and nearer to the mean of w",
            f"One column a sample, one row a level psi: w is psi of its way from the mean of all w. {told}",
        )
    return Figure(
        grid,
        "The same samples, cut off to the middle of the prior",
        "One column a sample, one row a level of truncation: the share of the prior, about its centre, that latents "
        f"are drawn from. {told}",
    )


def _chart(space: Space, precision: np.ndarray, recall: np.ndarray) -> Figure:
    lines = {"precision (quality)": precision.tolist(), "recall (variety)": recall.tolist()}
    level = (
        "psi: share of the way from the mean of w"
        if _in_w(space)
        else ("truncation: share of the prior that latents are drawn from")
    )
    return Figure(
        curves(LEVELS, lines, level),
        "Quality against variety",
        "Precision is the share of samples that look like real images, recall the share of real images that samples "
        "reach. Where precision rises to the left, truncation buys quality, and recall is its price.",
    )


def _sentence(space: Space, precision: np.ndarray, recall: np.ndarray) -> str:
    best = int(np.argmax(precision))
    if LEVELS[best] == 1.0:
        whole = "w as it is" if _in_w(space) else "the whole prior"
        return f"Truncation buys nothing here: precision is highest on {whole}."
    where, whole = (
        (f"w is {LEVELS[best]:g} of its way from the mean", "w as it is")
        if _in_w(space)
        else (f"latents are cut off to the middle {100 * LEVELS[best]:.0f} % of the prior", "all of it")
    )
    return (
        f"Precision is highest, {precision[best]:.2f}, where {where}, against {precision[-1]:.2f} on {whole}; recall "
        f"goes from {recall[-1]:.2f} to {recall[best]:.2f}."
    )
