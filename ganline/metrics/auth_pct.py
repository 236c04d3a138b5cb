"""AuthPct: how many of the fakes are farther from their training image than this is from its own neighbour?

Alaa et al. 2022, "How Faithful is Your Synthetic Data? Sample-level Metrics for Evaluating and Auditing Generative
Models" (authenticity); as a percentage in Stein et al. 2023, "Exposing Flaws of Generative Model Evaluation Metrics and
Their Unfair Treatment of Diffusion Models". Let r be the training image nearest to a fake g, and r' the training image
nearest to r. The fake is authentic where

    | r - r' | < | r - g |

How to read it: below its floor, which is what held-out images score, fakes lie nearer to training images than new
images do: they repeat them. It takes one training image for each fake, so a copy shows wherever it lies, in a dense
place as in a sparse one, where `memorisation` has one threshold for all.

Given the training images each fake is judged by itself, so the standard error is binomial.

Its weakness: fakes that look like nothing real are all authentic, so it says nothing of quality and rises with noise;
and a training image that is there twice makes everything near it authentic but an exact copy.
"""

import numpy as np

from ganline.metrics import checks, distances
from ganline.metrics.memorisation import of_training_images
from ganline.metrics.record import Case, Measure, Number, error_of
from ganline.metrics.shares import BINOMIAL, standard_error

LEAST = 100
"""Fakes and training images: of fewer a percentage is no more than a guess."""


def authentic(fake: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return bool (M,): which fake features (M, d) are authentic beside training ones (T, d).

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than LEAST images in either.
    """
    fake, train = checks.pair(fake, train, "AuthPct", rows=LEAST)
    closest = distances.closest(fake, train)
    asked, place = np.unique(closest.indices[:, 0], return_inverse=True)
    # Each is its own nearest, at a distance of 0; the second nearest is the neighbour.
    apart = distances.nearest(train[asked], train, 2).distances[:, 1]
    return np.asarray(apart[place] < closest.distances[:, 0])


def _auth_pct(case: Case) -> dict[str, float]:
    share = float(authentic(case.sample.features, case.train.features).mean())
    return {"auth_pct": 100.0 * share, "auth_pct_stderr": 100.0 * standard_error(share, len(case.sample))}


MEASURE = Measure(
    name="auth_pct",
    numbers={
        "auth_pct": Number(
            "AuthPct",
            "novelty",
            "higher",
            "0 to 100 %: fakes farther from their nearest training image than that is from the next. Below its floor "
            "training images are repeated.",
        ),
        "auth_pct_stderr": error_of("AuthPct", "auth_pct", BINOMIAL, "novelty"),
    },
    compute=_auth_pct,
    answers="Are fakes nearer to training images than these are to each other?",
    misleads="Fakes that look like nothing real are all authentic; a copy of what the training images hold twice may "
    "be, too.",
    source="Alaa et al. 2022, How Faithful is Your Synthetic Data?; Stein et al. 2023, Exposing Flaws of Generative "
    "Model Evaluation Metrics and Their Unfair Treatment of Diffusion Models",
    cost="0.6 s (of 1,280 features 6 s)",
    floor="held_out",
    protocol=of_training_images,
)
