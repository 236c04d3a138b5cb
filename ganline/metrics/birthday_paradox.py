"""Birthday paradox test: from how many different images does the generator seem to draw?

Arora et al. 2018, "Do GANs Learn the Distribution? Some Theory and Empirics". Of n images drawn evenly from s different
ones, each of the n(n - 1)/2 pairs is a pair of equals with probability 1/s. So the pairs of near-duplicates that are
found, here by their features and not by eye, tell the size of the support:

    support size = n(n - 1)/2 / pairs of near-duplicates

Two fakes are near-duplicates if they are no farther apart than real images rarely are: the first percentile of the
distance of a real image to the nearest other one, real images that come twice left out (`ganline.core.repeats`).

How to read it: beside the same number of training images, which have near-duplicates too. Far below it the generator
keeps coming back to the same pictures. Images that come unevenly often count by how often they come: if half of the
fakes are one image, the support size is below 4, whatever the other half.

Weakness: the features decide what counts as the same.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from ganline.core.repeats import repeats
from ganline.metrics import checks, distances
from ganline.metrics.record import Case, Measure, Number, error_of

PERCENTILE = 1.0
"""Of the real images' distances to their nearest other real image, below which fakes count as duplicates."""


class BirthdayParadox(NamedTuple):
    """What near-duplicates say of M fakes."""

    support_size: float
    """Pairs of fakes a near-duplicate pair. Where there is none, as if there were one: then it is no estimate, and only
    `at_least` holds."""
    standard_error: float
    """Of the support size, for near-duplicates that come independently of each other (Poisson)."""
    at_least: float
    """Which the support size exceeds with 95 % confidence, by the same assumption."""
    collisions: int
    """Pairs of near-duplicates."""
    duplicate_share: float
    """Share of the fakes that have a near-duplicate, 0 to 1."""
    duplicate_share_error: float
    """Its standard error by the same assumption; fakes have near-duplicates in pairs."""


def birthday_paradox(fake: np.ndarray, real: np.ndarray) -> BirthdayParadox:
    """Return what near-duplicates among fake features (M, d) say, by the distances among real ones (N, d).

    Raises:
        ValueError: not two finite matrices of as many dimensions, or fewer than two images in one.
    """
    fake, real = checks.pair(fake, real, "birthday paradox", rows=2)
    nearest = distances.nearest(real, real, 1, same=True).distances[:, 0]
    usual = nearest[~repeats(nearest)]
    threshold = np.percentile(usual, PERCENTILE) if len(usual) else 0.0
    limit = threshold**2 + distances.rounding(fake, fake)  # exact repeats count even where real images repeat too
    near = np.concatenate(
        distances.in_blocks(fake, fake, lambda _, block: np.count_nonzero(block <= limit, axis=1) - 1)
    )
    collisions, pairs = int(near.sum()) // 2, len(fake) * (len(fake) - 1) / 2
    support, share = pairs / max(collisions, 1), float(np.mean(near > 0))
    return BirthdayParadox(
        support,
        support / np.sqrt(max(collisions, 1)),
        float(pairs / (chi2.ppf(0.95, 2 * (collisions + 1)) / 2)),
        collisions,
        share,
        max(share, 2 / len(fake)) / float(np.sqrt(max(collisions, 1))),
    )


def _birthday_paradox(case: Case) -> dict[str, float]:
    found = birthday_paradox(case.sample.features, case.real.features)
    return {
        "support_size": found.support_size,
        "duplicate_share": found.duplicate_share,
        "support_size_at_least": found.at_least,
        "support_size_stderr": found.standard_error,
        "duplicate_share_stderr": found.duplicate_share_error,
    }


MEASURE = Measure(
    name="birthday_paradox",
    numbers={
        "support_size": Number(
            "Support size",
            "diversity",
            "higher",
            "From 1: from how many different images the generator seems to draw, by its near-duplicates. Far below "
            "its floor it keeps coming back to the same pictures. All pairs of fakes, if none is alike: then only "
            "support_size_at_least holds.",
        ),
        "duplicate_share": Number(
            "Fakes with a near-duplicate",
            "diversity",
            "lower",
            "0 to 1: share of fakes that nearly equal another fake. Real images have some too, see the floor.",
        ),
        "support_size_at_least": Number(
            "Support size, lower bound",
            "diversity",
            "",
            "What the support size exceeds with 95 % confidence (Poisson).",
            ranks=False,
        ),
        "support_size_stderr": error_of("Support size", "support_size", "by the count of pairs (Poisson)", "diversity"),
        "duplicate_share_stderr": error_of(
            "Fakes with a near-duplicate", "duplicate_share", "by the count of pairs (Poisson)", "diversity"
        ),
    },
    compute=_birthday_paradox,
    answers="From how many different images does the generator seem to draw?",
    misleads="Blurred or simple fakes lie close together and count as duplicates; a few images that come very "
    "often hide how many others there are.",
    source="Arora et al. 2018, Do GANs Learn the Distribution? Some Theory and Empirics",
    cost="1 s",
    usual=frozenset({"latents"}),
    protocol=lambda case: {
        "near_duplicate": f"no farther apart than percentile {PERCENTILE:g} of the distances of held-out "
        "images to their nearest other",
    },
)
